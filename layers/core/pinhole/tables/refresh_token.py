"""The `refresh_token` table. Used tokens stay until they expire, so that a second use is seen."""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.tables.session import Session
from pinhole.tables.user import User

GRACE = timedelta(seconds=10)
"""How long the token that a session used last stays good: the answer that brought the next may have been lost."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a token that could not be used."""

    user_id: int
    session_open: bool
    used: bool
    verified: bool


def insert(conn: Connection, selector: str, verifier_hash: bytes, session_id: str, lifetime: timedelta) -> None:
    """Add a token. verifier_hash: 32 bytes; what it is the hash of is nowhere kept."""
    conn.execute(
        """
        INSERT INTO refresh_token (selector, verifier_hash, session_id, expires_at)
        VALUES (%s, %s, %s, now() + %s)
        """,
        [selector, verifier_hash, session_id, lifetime],
    )


def use(conn: Connection, selector: str, verifier_hash: bytes) -> Session | None:
    """Use up a token, unexpired, of an open session: unused, or what this session used last, GRACE ago at most.

    None too where its user is disabled.
    """
    row = conn.execute(
        """
        UPDATE refresh_token SET used_at = coalesce(used_at, now())
        FROM session JOIN users ON users.id = session.user_id
        WHERE selector = %(selector)s AND verifier_hash = %(verifier_hash)s AND expires_at > now()
          AND (used_at IS NULL OR (
            used_at > now() - %(grace)s
            AND NOT EXISTS (
                SELECT FROM refresh_token AS later
                WHERE later.session_id = refresh_token.session_id AND later.used_at > refresh_token.used_at
            )
          ))
          AND session.id = refresh_token.session_id AND session.ended_at IS NULL AND users.disabled_at IS NULL
        RETURNING session.id, users.id, users.name, users.role, users.folder
        """,
        {"selector": selector, "verifier_hash": verifier_hash, "grace": GRACE},
    ).fetchone()
    return None if row is None else Session(row[0], User(*row[1:]))


def trace(conn: Connection, selector: str, verifier_hash: bytes) -> Trace | None:
    """Whose token this is, what became of it, and whether the verifier is its own. None when unknown."""
    with conn.cursor(row_factory=class_row(Trace)) as cursor:
        return cursor.execute(
            """
            SELECT session.user_id, session.ended_at IS NULL AS session_open, used_at IS NOT NULL AS used,
                   verifier_hash = %s AS verified
            FROM refresh_token JOIN session ON session.id = refresh_token.session_id
            WHERE selector = %s
            """,
            [verifier_hash, selector],
        ).fetchone()


def delete_expired(conn: Connection) -> list[str]:
    """Delete what has run out. The session of each token."""
    rows = conn.execute("DELETE FROM refresh_token WHERE expires_at < now() RETURNING session_id")
    return [session_id for (session_id,) in rows]
