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


def insert(
    conn: Connection, name: str, password_hash: str, role: Role, folder: str, quota_bytes: int | None = None
) -> User:
    """Add a user with `folder`, or `folder-2`, … where that one equals or holds another's, as `folder_is_free` says.

    A folder inside another one has no such way out: callers give one component, or a checked path.
    quota_bytes: None: what the setting says.
    Raises psycopg.errors.UniqueViolation when the name is taken, in whatever spelling that has the same `name_key`.
    """
    with conn.cursor(row_factory=class_row(User)) as cursor:
        cursor.execute(
            """
            WITH taken AS MATERIALIZED (
                SELECT folder FROM users
                UNION ALL
                SELECT folder FROM kept_folder
                UNION ALL
                SELECT folder FROM invite
                WHERE folder IS NOT NULL AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
            )
            INSERT INTO users (id, name, name_key, password_hash, role, folder, quota_bytes)
            SELECT %(id)s, %(name)s, %(name_key)s, %(password_hash)s, %(role)s, candidate, %(quota_bytes)s
            FROM (SELECT n, CASE n WHEN 1 THEN %(folder)s ELSE %(folder)s || '-' || n END AS candidate
                  FROM generate_series(1, (SELECT count(*) + 1 FROM taken)) AS n) AS candidates
            WHERE NOT EXISTS (
                SELECT FROM taken
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
                "quota_bytes": quota_bytes,
            },
        )
        user = cursor.fetchone()
    assert user is not None, f"{folder} lies in a folder that is taken"
    return user


def find_owner(conn: Connection, folders: Sequence[str]) -> tuple[int, str] | None:
    """Id and folder of the user who owns what lies in these folders, each within the one before it.

    That is the user whose folder is the longest of them. None where they are being deleted: what arrives then is
    nobody's. Reads no more of a user than ingest may.
    """
    return conn.execute(
        """
        SELECT id, folder FROM users
        WHERE folder = ANY(%s) AND NOT EXISTS (SELECT FROM deletion WHERE user_id = users.id)
        ORDER BY length(folder) DESC LIMIT 1
        """,
        [list(folders)],
    ).fetchone()


def read_credentials(conn: Connection, key: str) -> tuple[User, str] | None:
    """The user whose `name_key` this is, else the one whose e-mail address has it, and their password hash.

    None for one who is disabled, too.
    """
    row = conn.execute(
        """
        SELECT id, name, role, folder, password_hash FROM users
        WHERE (name_key = %(key)s OR email_key = %(key)s) AND disabled_at IS NULL
        ORDER BY name_key = %(key)s DESC
        LIMIT 1
        """,
        {"key": key},
    ).fetchone()
    return None if row is None else (User(*row[:4]), row[4])


def read_password_hash(conn: Connection, user_id: int) -> str | None:
    """The hash of a user's password. None for one who is gone or disabled."""
    row = conn.execute("SELECT password_hash FROM users WHERE id = %s AND disabled_at IS NULL", [user_id]).fetchone()
    return None if row is None else str(row[0])


def read_email(conn: Connection, user_id: int) -> str | None:
    """The e-mail address that a user has confirmed."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT email FROM users WHERE id = %s", [user_id]).fetchone()


def lock_of_email(conn: Connection, email_key: str) -> tuple[int, str, str, str] | None:
    """Id, name, address and password hash of the user with this address; nobody else changes their row meanwhile.

    None for one who is disabled, too.
    """
    return conn.execute(
        """
        SELECT id, name, email, password_hash FROM users
        WHERE email_key = %s AND disabled_at IS NULL FOR NO KEY UPDATE
        """,
        [email_key],
    ).fetchone()


def enabled_name(conn: Connection, user_id: int) -> str | None:
    """What a user is called. None for one who is gone or disabled."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT name FROM users WHERE id = %s AND disabled_at IS NULL", [user_id]).fetchone()


def change_email(conn: Connection, user_id: int, email: str | None, email_key: str | None) -> bool:
    """Give a user who is not disabled another e-mail address, or none. False where there is no such user.

    Raises psycopg.errors.UniqueViolation when another user has it.
    """
    return (
        conn.execute(
            "UPDATE users SET email = %s, email_key = %s WHERE id = %s AND disabled_at IS NULL",
            [email, email_key, user_id],
        ).rowcount
        == 1
    )


def email_is_taken(conn: Connection, email_key: str) -> bool:
    """Whether a user has this e-mail address."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT EXISTS (SELECT FROM users WHERE email_key = %s)", [email_key]).fetchone() is True


def keep_password_hash(conn: Connection, user_id: int, password_hash: str) -> bool:
    """Have the password stay this one, and the user enabled, until the transaction ends. False where it is not so."""
    found = conn.execute(
        "SELECT FROM users WHERE id = %s AND password_hash = %s AND disabled_at IS NULL FOR SHARE",
        [user_id, password_hash],
    )
    return found.fetchone() is not None


def change_password_hash(conn: Connection, user_id: int, before: str, after: str) -> bool:
    """Keep a new hash of the password in place of `before`. False where it is another by now."""
    return (
        conn.execute(
            "UPDATE users SET password_hash = %s WHERE id = %s AND password_hash = %s AND disabled_at IS NULL",
            [after, user_id, before],
        ).rowcount
        == 1
    )


def rename(conn: Connection, user_id: int, name: str) -> None:
    """Give a user another name. Raises psycopg.errors.UniqueViolation as `insert` does."""
    conn.execute("UPDATE users SET name = %s, name_key = %s WHERE id = %s", [name, name_key(name), user_id])


def folder_is_free(conn: Connection, folder: str) -> bool:
    """Whether a folder neither equals, nor holds, nor lies in that of a user or of an open invite, or a kept one."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(
            """
            SELECT NOT EXISTS (
                SELECT FROM (
                    SELECT folder FROM users
                    UNION ALL
                    SELECT folder FROM kept_folder
                    UNION ALL
                    SELECT folder FROM invite
                    WHERE folder IS NOT NULL AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
                ) AS taken
                WHERE starts_with(folder || '/', %(folder)s || '/') OR starts_with(%(folder)s || '/', folder || '/')
            )
            """,
            {"folder": folder},
        )
        return cursor.fetchone() is True


def find_id(conn: Connection, key: str) -> int | None:
    """Id of the user whose `name_key` this is, disabled or not."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT id FROM users WHERE name_key = %s", [key]).fetchone()


def has_administrator(conn: Connection) -> bool:
    """Whether there is an administrator who is not disabled."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return (
            cursor.execute(
                "SELECT EXISTS (SELECT FROM users WHERE role = 'administrator' AND disabled_at IS NULL)"
            ).fetchone()
            is True
        )


def change_role(conn: Connection, user_id: int, role: Role) -> None:
    """Make an administrator or a member of a user."""
    conn.execute("UPDATE users SET role = %s WHERE id = %s", [role, user_id])


def set_disabled(conn: Connection, user_id: int, *, disabled: bool) -> None:
    """Let a user in nowhere from now on, or again; whoever is disabled already stays so since then."""
    conn.execute(
        "UPDATE users SET disabled_at = CASE WHEN %s THEN coalesce(disabled_at, now()) END WHERE id = %s",
        [disabled, user_id],
    )


def change_quota(conn: Connection, user_id: int, quota_bytes: int | None) -> None:
    """Let a user have so many bytes of originals; None: as many as the setting says."""
    conn.execute("UPDATE users SET quota_bytes = %s WHERE id = %s", [quota_bytes, user_id])


def read_quota(conn: Connection, user_id: int) -> int | None:
    """How many bytes of originals are set for this user; None: none are."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT quota_bytes FROM users WHERE id = %s", [user_id]).fetchone()


def hold(conn: Connection, user_id: int) -> bool:
    """Have this user's row until the end of the transaction: what is counted of them is still so when more is added.

    False for one who is gone or disabled by now.
    """
    row = conn.execute("SELECT disabled_at IS NULL FROM users WHERE id = %s FOR NO KEY UPDATE", [user_id]).fetchone()
    return row is not None and row[0] is True


def exists(conn: Connection, user_id: int) -> bool:
    """Whether there is such a user, disabled or not."""
    return conn.execute("SELECT FROM users WHERE id = %s", [user_id]).fetchone() is not None


def delete(conn: Connection, user_id: int) -> None:
    """Delete a user of whom nothing is left but what goes with their row.

    Raises psycopg.errors.ForeignKeyViolation where something came meanwhile.
    """
    conn.execute("DELETE FROM users WHERE id = %s", [user_id])
