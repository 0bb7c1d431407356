"""Whether the database, the object store and the queues answer, asked anew and never for long."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Literal

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from pinhole import aws
from pinhole.settings import settings
from pinhole.telemetry import logger

_SECONDS = 2  # the least that libpq knows


def check() -> dict[str, bool]:
    """Part → whether it answers: `database`, `objects`, `queues`. Asked all at once."""
    checks = {"database": _database(), "objects": _objects(), "queues": _queues()}
    with ThreadPoolExecutor(len(checks)) as pool:
        return dict(zip(checks, pool.map(_answers, checks, checks.values()), strict=True))


def _answers(part: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (psycopg.OperationalError, BotoCoreError, ClientError):
        logger.exception("part_unavailable", extra={"part": part})
        return False
    return True


def _database() -> Callable[[], object]:
    # A connection of its own: the process's may be in the middle of waiting for a server that hangs.
    def ask() -> object:
        with psycopg.connect(
            settings().database_url,
            autocommit=True,
            connect_timeout=_SECONDS,
            options=f"-c statement_timeout={_SECONDS}s",
        ) as conn:
            return conn.execute("SELECT FROM users LIMIT 1")

    return ask


def _objects() -> Callable[[], object]:
    s3 = _client("s3")
    return lambda: s3.head_bucket(Bucket=settings().originals_bucket)


def _queues() -> Callable[[], object]:
    sqs = _client("sqs")
    return lambda: sqs.get_queue_attributes(QueueUrl=settings().ingest_queue_url, AttributeNames=["QueueArn"])


@cache
def _client(service: Literal["s3", "sqs"]) -> Any:
    # Made before they are used at the same time: making one is not safe in threads.
    from botocore.config import Config

    brief = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 1})
    return aws.client(service, brief)
