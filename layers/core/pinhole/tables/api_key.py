"""The `api_key` table. Of a key only its hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.ids import new_id
from pinhole.tables.user import User

Scope = Literal["upload", "read", "all"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its user sees it. last_used_at: to the minute; None: never."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None


def insert(
    conn: Connection, user_id: int, name: str, scopes: Sequence[Scope], token_hash: bytes, most: int
) -> ApiKey | None:
    """Add a key; None where the user has `most` of them. token_hash: SHA-256. Lock the user before."""
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            """
            INSERT INTO api_key (id, user_id, name, scopes, token_hash)
            SELECT %(id)s, %(user_id)s, %(name)s, %(scopes)s, %(token_hash)s
            WHERE (SELECT count(*) FROM api_key WHERE user_id = %(user_id)s) < %(most)s
            RETURNING id, name, scopes, created_at, last_used_at
            """,
            {
                "id": new_id(),
                "user_id": user_id,
                "name": name,
                "scopes": list(scopes),
                "token_hash": token_hash,
                "most": most,
            },
        ).fetchone()


def use(conn: Connection, token_hash: bytes) -> tuple[User, frozenset[Scope]] | None:
    """Whose key this is, as they are now, and what it opens. None for no key, and for one of a disabled user."""
    row = conn.execute(
        """
        WITH used AS (
            UPDATE api_key SET last_used_at = now()
            WHERE token_hash = %(hash)s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        )
        SELECT api_key.scopes, users.id, users.name, users.role, users.folder
        FROM api_key JOIN users ON users.id = api_key.user_id
        WHERE api_key.token_hash = %(hash)s AND users.disabled_at IS NULL
        """,
        {"hash": token_hash},
        prepare=True,
    ).fetchone()
    return None if row is None else (User(*row[1:]), frozenset(row[0]))


def list_of(conn: Connection, user_id: int) -> list[ApiKey]:
    """A user's keys, the newest first."""
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            "SELECT id, name, scopes, created_at, last_used_at FROM api_key WHERE user_id = %s"
            " ORDER BY created_at DESC, id",
            [user_id],
        ).fetchall()


def delete(conn: Connection, user_id: int, key_id: str) -> bool:
    """Revoke a key of a user: it opens nothing from now on. False when they have no such one."""
    return conn.execute("DELETE FROM api_key WHERE id = %s AND user_id = %s", [key_id, user_id]).rowcount == 1
