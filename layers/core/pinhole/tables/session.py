"""The `session` table: one row per login."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.ids import new_id
from pinhole.tables.user import User


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of who logs in: the address that limits count by, and what the client calls itself."""

    address: str | None = None
    user_agent: str | None = None


UNKNOWN = Client()


@dataclass(frozen=True, slots=True)
class Login:
    """A session as its user sees it among theirs. last_seen_at: when it was last renewed."""

    id: str
    user_agent: str | None
    address: str | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A login that has not ended, with its user as they are now."""

    id: str
    user: User


def insert(conn: Connection, user_id: int, client: Client = UNKNOWN) -> str:
    """Begin a session; its id."""
    session_id = new_id()
    conn.execute(
        "INSERT INTO session (id, user_id, address, user_agent) VALUES (%s, %s, %s, %s)",
        [session_id, user_id, client.address, client.user_agent],
    )
    return session_id


def read_open(conn: Connection, session_id: str) -> Session | None:
    """The session, unless it ended or its user is gone or disabled."""
    row = conn.execute(
        """
        SELECT session.id, users.id, users.name, users.role, users.folder
        FROM session JOIN users ON users.id = session.user_id
        WHERE session.id = %s AND session.ended_at IS NULL AND users.disabled_at IS NULL
        """,
        [session_id],
        prepare=True,
    ).fetchone()
    return None if row is None else Session(row[0], User(*row[1:]))


def list_open(conn: Connection, of: Session, limit: int) -> list[Login]:
    """This session and others of its user that have not ended and can still be renewed, the one seen last first.

    Beside this one at most `limit`, those seen last.
    """
    with conn.cursor(row_factory=class_row(Login)) as cursor:
        return cursor.execute(
            """
            (SELECT id, user_agent, address, created_at, last_seen_at FROM session
             WHERE user_id = %(user_id)s AND ended_at IS NULL AND id <> %(id)s
               AND EXISTS (SELECT FROM refresh_token WHERE session_id = session.id AND expires_at > now())
             ORDER BY last_seen_at DESC LIMIT %(limit)s)
            UNION ALL
            SELECT id, user_agent, address, created_at, last_seen_at FROM session WHERE id = %(id)s
            ORDER BY last_seen_at DESC, id
            """,
            {"id": of.id, "user_id": of.user.id, "limit": limit},
        ).fetchall()


def see(conn: Connection, session_id: str, client: Client) -> None:
    """Keep that a session was renewed just now, and by whom."""
    conn.execute(
        "UPDATE session SET last_seen_at = now(), address = %s, user_agent = %s WHERE id = %s",
        [client.address, client.user_agent, session_id],
    )


def end(conn: Connection, user_id: int, session_id: str) -> bool:
    """End one session of a user, and with it every token that names it. False when they have no such open one."""
    return (
        conn.execute(
            "UPDATE session SET ended_at = now() WHERE id = %s AND user_id = %s AND ended_at IS NULL",
            [session_id, user_id],
        ).rowcount
        == 1
    )


def end_others(conn: Connection, user_id: int, session_id: str) -> None:
    """End every session of a user but this one."""
    conn.execute(
        "UPDATE session SET ended_at = now() WHERE user_id = %s AND id <> %s AND ended_at IS NULL",
        [user_id, session_id],
    )


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


def delete_some(conn: Connection, user_id: int, limit: int) -> int:
    """Delete sessions of a user, and the tokens of these, so many at most. How many."""
    return conn.execute(
        "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE user_id = %s ORDER BY last_seen_at LIMIT %s)",
        [user_id, limit],
    ).rowcount
