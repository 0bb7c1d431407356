"""Tickets that open one WebSocket of a session, once. Only their hash is kept."""

from datetime import datetime

from psycopg import Connection


def add(conn: Connection, session_id: str, ticket_hash: bytes, expires_at: datetime, kept: int) -> None:
    """Keep a new ticket's SHA-256, and of the session's others the newest, so that they are `kept` in all."""
    conn.execute(
        """
        DELETE FROM live_ticket WHERE ticket_hash IN (
            SELECT ticket_hash FROM live_ticket WHERE session_id = %s ORDER BY expires_at DESC OFFSET %s)
        """,
        (session_id, kept - 1),
    )
    conn.execute(
        "INSERT INTO live_ticket (ticket_hash, session_id, expires_at) VALUES (%s, %s, %s)",
        (ticket_hash, session_id, expires_at),
    )


def redeem(conn: Connection, ticket_hash: bytes) -> str | None:
    """Use up a ticket: its session's id. None when it is unknown, used or expired, or may open nothing any more.

    That is when the session ended, or its user is disabled.

    Of two who try at once one gets it.
    """
    row = conn.execute(
        """
        DELETE FROM live_ticket USING session JOIN users ON users.id = session.user_id
        WHERE ticket_hash = %s AND expires_at > now() AND session.id = session_id
          AND session.ended_at IS NULL AND users.disabled_at IS NULL
        RETURNING session_id
        """,
        (ticket_hash,),
    ).fetchone()
    return None if row is None else str(row[0])


def delete_expired(conn: Connection) -> int:
    """Forget tickets that nobody used in time. Returns how many."""
    return conn.execute("DELETE FROM live_ticket WHERE expires_at <= now()").rowcount
