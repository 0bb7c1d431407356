"""What every AWS client of Pinhole has in common: when it is loaded, its time-outs, how its failures are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection

from pinhole.errors import Unavailable

if TYPE_CHECKING:
    from botocore.config import Config


def client(service: str, config: "Config | None" = None, endpoint_url: str | None = None) -> Any:
    """A client of an AWS service. config: what is special about it.

    A service that is down is told at once, and the caller (a person, a queue) tries again.
    """
    # Only here: it takes as long to import as half of all else, and most requests need none of it.
    import boto3
    from botocore.config import Config

    common = Config(connect_timeout=2, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 2})
    own = common if config is None else common.merge(config)
    return boto3.client(service, config=own, endpoint_url=endpoint_url)  # type: ignore[call-overload]


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
