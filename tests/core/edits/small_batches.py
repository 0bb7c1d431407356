"""The function of large changes, where a batch is three items: for workers that are processes of their own."""

from typing import Any

from changes import handler
from pinhole.edits import job

ITEMS = 3


def handle(event: dict[str, Any], context: Any) -> Any:
    """As `changes.handler.handle`."""
    job.BATCH = ITEMS
    return handler.handle(event, context)
