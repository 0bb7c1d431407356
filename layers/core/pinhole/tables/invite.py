"""The `invite` table. Of a token only its hash is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.ids import new_id

InviteState = Literal["open", "used", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite as administrators see it. made_by, used_by: names; None where that user is gone, or there is none."""

    id: str
    state: InviteState
    folder: str | None
    quota_bytes: int | None
    made_by: str | None
    used_by: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user of an invite gets. folder: None: made from their name; quota_bytes: None: what the setting says.

    email: where the link that they followed was sent; None: it was handed to them in another way.
    """

    invite_id: str
    folder: str | None
    quota_bytes: int | None
    email: str | None


def insert(
    conn: Connection,
    token_hash: bytes,
    folder: str | None,
    quota_bytes: int | None,
    made_by: int,
    expires_at: datetime,
) -> tuple[str, datetime]:
    """Add an open invite; its id, and when it was made. token_hash: SHA-256."""
    [row] = conn.execute(
        """
        INSERT INTO invite (id, token_hash, folder, quota_bytes, made_by, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        RETURNING id, created_at
        """,
        [new_id(), token_hash, folder, quota_bytes, made_by, expires_at],
    )
    return row


def list_newest(conn: Connection, most: int) -> list[Invite]:
    """Invites, the newest first, at most so many."""
    with conn.cursor(row_factory=class_row(Invite)) as cursor:
        return cursor.execute(
            """
            SELECT invite.id, invite.folder, invite.quota_bytes, maker.name AS made_by, guest.name AS used_by,
                   invite.created_at, invite.expires_at, invite.used_at,
                   CASE WHEN used_at IS NOT NULL THEN 'used' WHEN revoked_at IS NOT NULL THEN 'revoked'
                        WHEN expires_at <= now() THEN 'expired' ELSE 'open' END AS state
            FROM invite
            LEFT JOIN users AS maker ON maker.id = made_by
            LEFT JOIN users AS guest ON guest.id = used_by
            ORDER BY invite.created_at DESC
            LIMIT %s
            """,
            [most],
        ).fetchall()


def end_of_open(conn: Connection, token_hash: bytes) -> datetime | None:
    """When the open invite with this token, its own or that of a mail, expires. None when there is none."""
    row = conn.execute(
        """
        SELECT expires_at FROM invite
        WHERE (token_hash = %(token_hash)s
               OR id = (SELECT invite_id FROM mail WHERE kind = 'invite' AND token_hash = %(token_hash)s))
          AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
        """,
        {"token_hash": token_hash},
    ).fetchone()
    return None if row is None else row[0]


def is_open(conn: Connection, invite_id: str) -> bool:
    """Whether this invite may still be used."""
    found = conn.execute(
        "SELECT FROM invite WHERE id = %s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()",
        [invite_id],
    )
    return found.fetchone() is not None


def use(conn: Connection, token_hash: bytes) -> Terms | None:
    """Use up the open invite with this token, its own or that of a mail: what it brings.

    None when there is none; of two at once one gets it.
    """
    with conn.cursor(row_factory=class_row(Terms)) as cursor:
        return cursor.execute(
            """
            UPDATE invite SET used_at = now()
            WHERE (token_hash = %(token_hash)s
                   OR id = (SELECT invite_id FROM mail WHERE kind = 'invite' AND token_hash = %(token_hash)s))
              AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
            RETURNING id AS invite_id, folder, quota_bytes,
                      (SELECT address FROM mail WHERE kind = 'invite' AND token_hash = %(token_hash)s) AS email
            """,
            {"token_hash": token_hash},
        ).fetchone()


def revoke_of(conn: Connection, user_id: int) -> None:
    """Revoke the open invites that a user made."""
    conn.execute(
        "UPDATE invite SET revoked_at = now()"
        " WHERE made_by = %s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()",
        [user_id],
    )


def keep_user(conn: Connection, invite_id: str, user_id: int) -> None:
    """Keep who came by an invite that was used."""
    conn.execute("UPDATE invite SET used_by = %s WHERE id = %s", [user_id, invite_id])


def revoke(conn: Connection, invite_id: str) -> Literal["revoked", "used"] | None:
    """End an invite, unless it was used: what it is then. None when there is no such one."""
    row = conn.execute(
        """
        UPDATE invite SET revoked_at = CASE WHEN used_at IS NULL THEN coalesce(revoked_at, now()) END
        WHERE id = %s
        RETURNING CASE WHEN used_at IS NULL THEN 'revoked' ELSE 'used' END
        """,
        [invite_id],
    ).fetchone()
    return None if row is None else row[0]
