"""The `passkey` table: credentials by WebAuthn, each of one user and for one host."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole.ids import new_id
from pinhole.tables.user import User


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as it is kept. rp_id: the host it was made for; public_key: as COSE has it."""

    id: str
    name: str
    credential_id: bytes
    public_key: bytes
    rp_id: str
    transports: list[str]
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What an authenticator told of a passkey that it made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    rp_id: str
    transports: list[str]
    backed_up: bool


_COLUMNS = SQL("id, name, credential_id, public_key, rp_id, transports, backed_up, created_at, last_used_at")


def insert(conn: Connection, user_id: int, name: str, made: NewCredential) -> Passkey | None:
    """Add a passkey; None where its credential is known already, whoever's it is."""
    with conn.cursor(row_factory=class_row(Passkey)) as cursor:
        return cursor.execute(
            SQL(
                """
                INSERT INTO passkey
                    (id, user_id, name, credential_id, public_key, sign_count, rp_id, transports, backed_up)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (credential_id) DO NOTHING
                RETURNING {columns}
                """
            ).format(columns=_COLUMNS),
            [
                new_id(),
                user_id,
                name,
                made.credential_id,
                made.public_key,
                made.sign_count,
                made.rp_id,
                made.transports,
                made.backed_up,
            ],
        ).fetchone()


def list_of(conn: Connection, user_id: int) -> list[Passkey]:
    """A user's passkeys, the newest first."""
    with conn.cursor(row_factory=class_row(Passkey)) as cursor:
        return cursor.execute(
            SQL("SELECT {columns} FROM passkey WHERE user_id = %s ORDER BY created_at DESC, id").format(
                columns=_COLUMNS
            ),
            [user_id],
        ).fetchall()


def find(conn: Connection, credential_id: bytes) -> tuple[User, Passkey] | None:
    """A passkey and whose it is. None for no passkey, and for one of a disabled user.

    Its user stays enabled until the transaction ends, since a session may begin by it.
    """
    row = conn.execute(
        """
        SELECT users.id, users.name, role, folder,
               passkey.id, passkey.name, credential_id, public_key, rp_id, transports, backed_up, passkey.created_at,
               last_used_at
        FROM passkey JOIN users ON users.id = passkey.user_id
        WHERE credential_id = %s AND disabled_at IS NULL
        FOR SHARE OF users
        """,
        [credential_id],
    ).fetchone()
    return None if row is None else (User(*row[:4]), Passkey(*row[4:]))


def use(conn: Connection, user_id: int, credential_id: bytes, sign_count: int, *, backed_up: bool) -> bool:
    """Keep that a passkey was shown, and how often its authenticator says that it was.

    False where that is no more often than it said before: then two have it (WebAuthn, 6.1.1). Some don't count and say
    0 each time. False too where the user has it no more.
    """
    return (
        conn.execute(
            """
            UPDATE passkey SET sign_count = %(count)s, backed_up = %(backed_up)s, last_used_at = now()
            WHERE credential_id = %(credential_id)s AND user_id = %(user_id)s
              AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
            """,
            {"credential_id": credential_id, "user_id": user_id, "count": sign_count, "backed_up": backed_up},
        ).rowcount
        == 1
    )


def delete(conn: Connection, user_id: int, passkey_id: str) -> bool:
    """Forget a passkey of a user. False when they have no such one."""
    return conn.execute("DELETE FROM passkey WHERE id = %s AND user_id = %s", [passkey_id, user_id]).rowcount == 1


def delete_all(conn: Connection, user_id: int) -> None:
    """Forget all passkeys of a user."""
    conn.execute("DELETE FROM passkey WHERE user_id = %s", [user_id])
