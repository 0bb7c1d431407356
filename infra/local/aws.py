"""Clients of the AWS services that this machine plays.

What the shell says about AWS, and its proxies, is meant for the true one: nothing of it reaches these clients.
"""

import os
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

REGION = "us-east-1"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# Variables that would lead clients elsewhere which are made by the product itself, and so not here.
OF_THE_SHELL = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", *PROXIES, *map(str.lower, PROXIES))


def client(service: Any, endpoint: str, access_key: str, secret_key: str, config: Config | None = None) -> Any:
    """A boto3 client of what listens at `endpoint`."""
    return _session().client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(proxies={}).merge(config or Config()),
    )


@cache
def _session() -> boto3.Session:
    own = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=own))
