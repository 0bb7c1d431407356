"""The `users` table."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from pinhole.ids import new_user_id

Role = Literal["administrator", "member"]


@dataclass(frozen=True, slots=True)
class User:
    """folder: S3 prefix of this user's originals, without a slash at either end."""

    id: int
    name: str
    role: Role
    folder: str


def name_key(name: str) -> str:
    """What a user is found by: the same for names that differ only in case, composition or space around them.

    Unicode's canonical caseless match (The Unicode Standard, 3.13, D145), composed. PostgreSQL's lower() is another in
    each collation, so the key is kept.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold()).strip()


def lock(conn: Connection) -> None:
    """Keep others from adding users until the transaction ends; reading goes on."""
    conn.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")


def exists_any(conn: Connection) -> bool:
    """Whether anybody has registered yet."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT EXISTS (SELECT FROM users)").fetchone() is True


def insert(conn: Connection, name: str, password_hash: str, role: Role, folder: str) -> User:
    """Add a user with `folder`, or `folder-2`, … where that one equals or holds another user's folder.

    A folder inside another user's has no such way out: callers give one component, or a checked path.
    Raises psycopg.errors.UniqueViolation when the name is taken, in whatever spelling that has the same `name_key`.
    """
    with conn.cursor(row_factory=class_row(User)) as cursor:
        cursor.execute(
            """
            INSERT INTO users (id, name, name_key, password_hash, role, folder)
            SELECT %(id)s, %(name)s, %(name_key)s, %(password_hash)s, %(role)s, candidate
            FROM (SELECT n, CASE n WHEN 1 THEN %(folder)s ELSE %(folder)s || '-' || n END AS candidate
                  FROM generate_series(1, (SELECT count(*) + 1 FROM users)) AS n) AS candidates
            WHERE NOT EXISTS (
                SELECT FROM users
                WHERE starts_with(folder || '/', candidate || '/')
                   OR starts_with(candidate || '/', folder || '/'))
            ORDER BY n
            LIMIT 1
            RETURNING id, name, role, folder
            """,
            {
                "id": new_user_id(),
                "name": name,
                "name_key": name_key(name),
                "password_hash": password_hash,
                "role": role,
                "folder": folder,
            },
        )
        user = cursor.fetchone()
    assert user is not None, f"{folder} lies in the folder of another user"
    return user


def find_owner(conn: Connection, folders: Sequence[str]) -> tuple[int, str] | None:
    """Id and folder of the user who owns what lies in these folders, each within the one before it.

    That is the user whose folder is the longest of them. Reads no more of a user than ingest may.
    """
    return conn.execute(
        "SELECT id, folder FROM users WHERE folder = ANY(%s) ORDER BY length(folder) DESC LIMIT 1", [list(folders)]
    ).fetchone()


def read_credentials(conn: Connection, key: str) -> tuple[User, str] | None:
    """The user whose `name_key` this is, and their password hash."""
    row = conn.execute("SELECT id, name, role, folder, password_hash FROM users WHERE name_key = %s", [key]).fetchone()
    return None if row is None else (User(*row[:4]), row[4])


def change_password_hash(conn: Connection, user_id: int, password_hash: str) -> None:
    """Keep a new hash of the password."""
    conn.execute("UPDATE users SET password_hash = %s WHERE id = %s", [password_hash, user_id])
