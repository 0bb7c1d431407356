"""What every AWS client of Pinhole has in common: its time-outs, and how its failures are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from pinhole.errors import Unavailable

# A service that is down is told at once, and the caller (a person, a queue) tries again.
CONFIG = Config(connect_timeout=2, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})


@contextmanager
def answering(service: str) -> Iterator[None]:
    """Tell a service that can't be reached, or answers with its own failure, as Unavailable."""
    try:
        yield
    except (NoConnection, HTTPClientError, IncompleteReadError) as error:
        raise Unavailable(f"The {service} does not answer.") from error
    except ClientError as error:
        if status(error) >= 500 or status(error) in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
            raise Unavailable(f"The {service} is not ready.") from error
        raise


def status(error: ClientError) -> int:
    """HTTP status of an error answer."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
