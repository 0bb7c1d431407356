"""What comes of a message whose work fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from pinhole import queues
from pinhole.stages.moves import backoff_seconds
from pinhole.telemetry import logger


@contextmanager
def coming_back(queue_url: str, receipt_handle: str, receive_count: int, **about: object) -> Iterator[None]:
    """What fails is logged with what it is about, and raised; its message comes back sooner than after the time-out."""
    try:
        yield
    except Exception:
        logger.warning("attempt_failed", extra=about, exc_info=True)
        queues.change_visibility(queue_url, receipt_handle, backoff_seconds(receive_count))
        raise
