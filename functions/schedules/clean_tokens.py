"""Every hour: delete what has run out of tokens, sessions, tickets, counted attempts and mails."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.accounts.cleaning import clean_tokens
from pinhole.operations.schedules import record
from pinhole.telemetry import logger


def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """How many rows of each kind were deleted."""
    deleted = record("clean_tokens", lambda: asdict(clean_tokens()))
    logger.info("tokens_cleaned", extra=deleted)
    return deleted
