"""Every hour: end uploads whose time is over, and clean up after those that ended without an item of their own."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.operations.schedules import record
from pinhole.uploads.expiry import expire_uploads


def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """How many uploads were sent to ingest after all, aborted, and cleaned up after."""
    return record("expire_uploads", lambda: asdict(expire_uploads()))
