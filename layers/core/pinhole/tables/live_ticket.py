"""Tickets that open one WebSocket, once. Only their hash is kept."""

from datetime import datetime

from psycopg import Connection


def add(conn: Connection, user_id: int, ticket_hash: bytes, expires_at: datetime) -> None:
    """Keep a new ticket's SHA-256."""
    conn.execute(
        "INSERT INTO live_ticket (ticket_hash, user_id, expires_at) VALUES (%s, %s, %s)",
        (ticket_hash, user_id, expires_at),
    )


def redeem(conn: Connection, ticket_hash: bytes) -> int | None:
    """Use up a ticket: its user's id, or None when it is unknown, used or expired. Of two at once, one."""
    row = conn.execute(
        "DELETE FROM live_ticket WHERE ticket_hash = %s AND expires_at > now() RETURNING user_id",
        (ticket_hash,),
    ).fetchone()
    return None if row is None else int(row[0])


def delete_expired(conn: Connection) -> int:
    """Forget tickets that nobody used in time. Returns how many."""
    return conn.execute("DELETE FROM live_ticket WHERE expires_at <= now()").rowcount
