"""The `session` table: one row per login."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection

from pinhole.ids import new_id
from pinhole.tables.user import User


@dataclass(frozen=True, slots=True)
class Session:
    """A login that has not ended, with its user as they are now."""

    id: str
    user: User


def insert(conn: Connection, user_id: int) -> str:
    """Begin a session; its id."""
    session_id = new_id()
    conn.execute("INSERT INTO session (id, user_id) VALUES (%s, %s)", [session_id, user_id])
    return session_id


def read_open(conn: Connection, session_id: str) -> Session | None:
    """The session, unless it ended or its user is gone."""
    row = conn.execute(
        """
        SELECT session.id, users.id, users.name, users.role, users.folder
        FROM session JOIN users ON users.id = session.user_id
        WHERE session.id = %s AND session.ended_at IS NULL
        """,
        [session_id],
        prepare=True,
    ).fetchone()
    return None if row is None else Session(row[0], User(*row[1:]))


def end(conn: Connection, session_id: str) -> None:
    """End one session, and with it every token that names it."""
    conn.execute("UPDATE session SET ended_at = now() WHERE id = %s AND ended_at IS NULL", [session_id])


def end_all(conn: Connection, user_id: int) -> None:
    """End every session of a user."""
    conn.execute("UPDATE session SET ended_at = now() WHERE user_id = %s AND ended_at IS NULL", [user_id])


def delete_spent(conn: Connection, session_ids: Sequence[str]) -> int:
    """Of these delete those whose last refresh token is gone: an access token has run out long before. How many."""
    return conn.execute(
        """
        DELETE FROM session
        WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM refresh_token WHERE session_id = session.id)
        """,
        [list(session_ids)],
    ).rowcount
