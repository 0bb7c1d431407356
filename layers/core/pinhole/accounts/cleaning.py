"""What has run out of tokens, sessions, tickets, counted attempts and mails, and is deleted."""

from dataclasses import dataclass

from pinhole.accounts import limits
from pinhole.db import transaction
from pinhole.tables import live_ticket, login_ticket, mail, rate_limit, refresh_token, session


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows of each kind were deleted."""

    refresh_tokens: int
    sessions: int
    live_tickets: int
    login_tickets: int
    rate_limits: int
    mails: int


def clean_tokens() -> Cleaned:
    """Delete all that has run out."""
    with transaction() as conn:
        sessions_of_expired = refresh_token.delete_expired(conn)
        return Cleaned(
            refresh_tokens=len(sessions_of_expired),
            sessions=session.delete_spent(conn, sessions_of_expired),
            live_tickets=live_ticket.delete_expired(conn),
            login_tickets=login_ticket.delete_expired(conn),
            rate_limits=rate_limit.delete_past(conn, limits.WINDOW),
            mails=mail.delete_expired(conn),
        )
