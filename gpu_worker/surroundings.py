"""What a start finds around it: the product beside it in a checkout, the packages, and what the environment says.

Only what Python brings is imported here, but where more is there already: it is what says that packages are missing.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

LAYERS = Path(__file__).resolve().parent.parent / "layers"
TORCH = ("torch", "torchvision", "sentence_transformers", "transformers")
OURS = ("gpu_worker", "pinhole", "pinhole_models")
SETTINGS = ("PINHOLE_DATABASE_URL", "PINHOLE_ORIGINALS_BUCKET", "PINHOLE_RENDITIONS_BUCKET")
QUEUES = {
    "ml": ("PINHOLE_ML_QUEUE_URL", "PINHOLE_ML_BULK_QUEUE_URL"),
    "captions": (),
    "video": (
        *("PINHOLE_VIDEO_SHORT_QUEUE_URL", "PINHOLE_VIDEO_SHORT_BULK_QUEUE_URL"),
        *("PINHOLE_VIDEO_QUEUE_URL", "PINHOLE_VIDEO_BULK_QUEUE_URL"),
        *("PINHOLE_ML_QUEUE_URL", "PINHOLE_ML_BULK_QUEUE_URL", "PINHOLE_LIVE_QUEUE_URL"),
    ),
}
"""By what a worker works on: those that it takes from, and those that it sends to."""


def find_product() -> None:
    """Have what lies in layers imported from the checkout that this lies in, where it is not to be found otherwise."""
    for layer, package in (("core", "pinhole"), ("models", "pinhole_models")):
        if find_spec(package) is None:
            sys.path.append(str(LAYERS / layer))


def without(error: ModuleNotFoundError) -> str:
    """What to do where a package is missing: a sentence. Raises the error where it is none that is installed."""
    package = (error.name or "").partition(".")[0]
    if not package or package in OURS:
        raise error
    lacks = f"{package} is not installed here: use"
    if package in TORCH:
        return (
            f"{lacks} the container that is built with RUNTIME=torch (gpu_worker/Dockerfile), or .venv-torch/bin/python"
            " -m gpu_worker, once python -m infra test --torch has made that"
        )
    return f"{lacks} .venv/bin/python -m gpu_worker, once python -m infra models has made that"


def complaint(works_on: str) -> str | None:
    """What the environment lacks, or has wrong, for a worker that works on this; None: nothing."""
    from botocore.session import Session
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict
    from pydantic import ValidationError

    from pinhole.settings import settings

    # What Lambda and containers on AWS are given; boto3 reads only the other.
    if region := os.environ.get("AWS_REGION"):
        os.environ.setdefault("AWS_DEFAULT_REGION", region)
    session = Session()
    missing = [name for name in (*SETTINGS, *QUEUES[works_on]) if not os.environ.get(name)]
    if not session.get_config_variable("region"):
        missing.append("AWS_REGION")
    if missing:
        return f"The environment lacks {', '.join(missing)}: docs/operations.md tells what a worker is given"
    if session.get_credentials() is None:
        return "There are no credentials of AWS, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    try:
        conninfo_to_dict(settings().database_url)
    except ValidationError as error:
        return "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
    except ProgrammingError:  # its text quotes the password
        return "PINHOLE_DATABASE_URL is no address like postgresql://…"
    return None
