"""Every minute: write anew what items are found by, where models answer that did not before, or an upgrade needs it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.operations.schedules import record
from pinhole.search.upkeep import refresh_stale

SECONDS = 50


def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Of how many items it was written."""
    return record("refresh_search_texts", lambda: {"refreshed": refresh_stale(SECONDS)})
