"""Every few minutes: send again what the queue has lost."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.operations.requeue import requeue_stale
from pinhole.operations.schedules import record
from pinhole.settings import settings


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Event: a schedule's, or `{"staleAfterSeconds": 0}` when a queue is known to have lost all its messages."""
    seconds = event.get("staleAfterSeconds", settings().stale_after_seconds)
    return record("requeue_stale", lambda: {"sent": requeue_stale(timedelta(seconds=seconds))})
