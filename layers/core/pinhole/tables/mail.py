"""The `mail` table: what is to be sent about accounts, and which tokens of it are good. Of a token its hash is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from pinhole.ids import new_id

Kind = Literal["confirm", "reset", "invite", "password_changed", "email_changed", "factors_changed", "key_made"]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to send. user_id: of a reset None until it is known who has the address; invite_id: of an invite."""

    id: str
    kind: Kind
    user_id: int | None
    invite_id: str | None
    address: str
    address_key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """What a token was sent for. password_hash: of a reset, as it was when the token was made."""

    user_id: int | None
    invite_id: str | None
    address: str
    address_key: str
    password_hash: str | None


def insert(
    conn: Connection,
    kind: Kind,
    address: str,
    address_key: str,
    lifetime: timedelta,
    *,
    user_id: int | None = None,
    invite_id: str | None = None,
) -> str:
    """Add a mail that waits; its id. lifetime: after that it is not sent, and its token is not good."""
    mail_id = new_id()
    conn.execute(
        """
        INSERT INTO mail (id, kind, address, address_key, user_id, invite_id, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, now() + %s)
        """,
        [mail_id, kind, address, address_key, user_id, invite_id, lifetime],
    )
    return mail_id


def insert_notice(conn: Connection, kind: Kind, user_id: int, lifetime: timedelta) -> str | None:
    """Add a mail to the address that a user has now; its id. None where they have none."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            INSERT INTO mail (id, kind, address, address_key, user_id, expires_at)
            SELECT %s, %s, email, email_key, id, now() + %s FROM users WHERE id = %s AND email IS NOT NULL
            RETURNING id
            """,
            [new_id(), kind, lifetime, user_id],
        ).fetchone()


def claim(conn: Connection, mail_id: str, lease: timedelta) -> Mail | None:
    """A mail that waits, for nobody else to send so long. None where it does not wait, or somebody is sending it."""
    with conn.cursor(row_factory=class_row(Mail)) as cursor:
        return cursor.execute(
            """
            UPDATE mail SET attempts = attempts + 1, touched_at = now(), leased_until = now() + %s
            WHERE id = %s AND state = 'waiting' AND expires_at > now()
              AND (leased_until IS NULL OR leased_until < now())
            RETURNING id, kind, user_id, invite_id, address, address_key, expires_at
            """,
            [lease, mail_id],
        ).fetchone()


def keep_token(
    conn: Connection, mail_id: str, token_hash: bytes, user_id: int | None, password_hash: str | None = None
) -> None:
    """Keep which token opens what a mail is about, in place of one that an earlier attempt may have sent."""
    conn.execute(
        "UPDATE mail SET token_hash = %s, user_id = %s, password_hash = %s WHERE id = %s",
        [token_hash, user_id, password_hash, mail_id],
    )


def finish(conn: Connection, mail_id: str, state: Literal["sent", "dropped"]) -> None:
    """Note that a mail was sent, or that there is nobody to send it to."""
    conn.execute(
        "UPDATE mail SET state = %s, sent_at = now(), leased_until = NULL WHERE id = %s AND state = 'waiting'",
        [state, mail_id],
    )


def release(conn: Connection, mail_id: str) -> None:
    """Let others try: this attempt has failed."""
    conn.execute("UPDATE mail SET leased_until = NULL WHERE id = %s", [mail_id])


def fail(conn: Connection, mail_id: str, attempts: int) -> bool:
    """Send it no more, if so many attempts have failed. Whether that is so."""
    return (
        conn.execute(
            "UPDATE mail SET state = 'failed' WHERE id = %s AND state = 'waiting' AND attempts >= %s",
            [mail_id, attempts],
        ).rowcount
        == 1
    )


def touch_stale(conn: Connection, before: datetime, limit: int) -> list[str]:
    """Ids of mails that wait, and that no one has touched since `before`; now they are touched."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            UPDATE mail SET touched_at = now()
            FROM (
                SELECT id FROM mail WHERE state = 'waiting' AND touched_at < %s AND expires_at > now()
                ORDER BY touched_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
            ) AS stale
            WHERE mail.id = stale.id
            RETURNING mail.id
            """,
            [before, limit],
        ).fetchall()


def count_resets(conn: Connection, address_key: str, within: timedelta) -> int:
    """How many resets were sent to this address lately."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        counted = cursor.execute(
            """
            SELECT count(*) FROM mail
            WHERE kind = 'reset' AND address_key = %s AND sent_at > now() - %s AND state = 'sent'
            """,
            [address_key, within],
        ).fetchone()
    return int(counted or 0)


def is_open(conn: Connection, kind: Kind, token_hash: bytes) -> bool:
    """Whether a token of this kind is good."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return (
            cursor.execute(
                """
                SELECT EXISTS (
                    SELECT FROM mail
                    WHERE token_hash = %s AND kind = %s AND used_at IS NULL AND expires_at > now())
                """,
                [token_hash, kind],
            ).fetchone()
            is True
        )


def use(conn: Connection, kind: Kind, token_hash: bytes) -> Used | None:
    """Use up a token: what it was sent for. None where it is not good; of two at once one gets it."""
    with conn.cursor(row_factory=class_row(Used)) as cursor:
        return cursor.execute(
            """
            UPDATE mail SET used_at = now()
            WHERE token_hash = %s AND kind = %s AND used_at IS NULL AND expires_at > now()
            RETURNING user_id, invite_id, address, address_key, password_hash
            """,
            [token_hash, kind],
        ).fetchone()


def end_tokens(conn: Connection, user_id: int, kinds: Sequence[Kind]) -> None:
    """Have tokens of these kinds that a user was sent be good no more, and what waits of them not be sent."""
    conn.execute(
        """
        UPDATE mail SET token_hash = NULL, expires_at = least(expires_at, now())
        WHERE user_id = %s AND kind = ANY(%s) AND used_at IS NULL
        """,
        [user_id, list(kinds)],
    )


def end_older_resets(conn: Connection, user_id: int, newest: str) -> None:
    """Have the resets that a user was sent before this one be good no more."""
    conn.execute(
        "UPDATE mail SET token_hash = NULL WHERE user_id = %s AND kind = 'reset' AND id <> %s AND used_at IS NULL",
        [user_id, newest],
    )


def pending_address(conn: Connection, user_id: int) -> str | None:
    """The address that a user has still to confirm."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            SELECT address FROM mail
            WHERE user_id = %s AND kind = 'confirm' AND used_at IS NULL AND expires_at > now()
              AND state IN ('waiting', 'sent')
            ORDER BY created_at DESC LIMIT 1
            """,
            [user_id],
        ).fetchone()


def delete_expired(conn: Connection) -> int:
    """Delete mails whose time is over. How many."""
    return conn.execute("DELETE FROM mail WHERE expires_at < now()").rowcount
