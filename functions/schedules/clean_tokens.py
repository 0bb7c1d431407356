"""Every hour: delete what has run out of tokens, sessions, tickets and counted attempts."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole.accounts import limits
from pinhole.db import transaction
from pinhole.tables import live_ticket, rate_limit, refresh_token, session
from pinhole.telemetry import logger


def handle(_event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """How many rows of each kind were deleted."""
    with transaction() as conn:
        sessions_of_expired = refresh_token.delete_expired(conn)
        deleted = {
            "refresh_tokens": len(sessions_of_expired),
            "sessions": session.delete_spent(conn, sessions_of_expired),
            "live_tickets": live_ticket.delete_expired(conn),
            "rate_limits": rate_limit.delete_past(conn, limits.WINDOW),
        }
    logger.info("tokens_cleaned", extra=deleted)
    return deleted
