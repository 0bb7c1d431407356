"""Every hour: remove full-size renditions that nobody has asked for in a long time."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.full_size import expire_full_sizes
from pinhole.operations.schedules import record


def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """How many items had one that was removed."""
    return record("expire_full_sizes", lambda: {"removed": expire_full_sizes()})
