"""The `totp` table: the secret that a user shares with an app that shows codes, one at most."""

from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import scalar_row


def begin(conn: Connection, user_id: int, secret: bytes) -> bool:
    """Keep a secret that is to be confirmed, in place of another such one. False where one is confirmed already."""
    return (
        conn.execute(
            """
            INSERT INTO totp (user_id, secret) VALUES (%s, %s)
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = now(), last_step = 0
            WHERE totp.confirmed_at IS NULL
            """,
            [user_id, secret],
        ).rowcount
        == 1
    )


def read_pending(conn: Connection, user_id: int, lifetime: timedelta) -> bytes | None:
    """The secret that waits to be confirmed; None where there is none, or it is older than `lifetime`."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT secret FROM totp WHERE user_id = %s AND confirmed_at IS NULL AND created_at > now() - %s",
            [user_id, lifetime],
        ).fetchone()


def confirm(conn: Connection, user_id: int, secret: bytes, step: int) -> bool:
    """Have this secret be asked for from now on; `step` is used up. False where it waits no more."""
    return (
        conn.execute(
            "UPDATE totp SET confirmed_at = now(), last_step = %s"
            " WHERE user_id = %s AND secret = %s AND confirmed_at IS NULL",
            [step, user_id, secret],
        ).rowcount
        == 1
    )


def confirmed_at(conn: Connection, user_id: int) -> datetime | None:
    """Since when codes are asked of a user; None: they are not."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT confirmed_at FROM totp WHERE user_id = %s", [user_id]).fetchone()


def read_secret(conn: Connection, user_id: int) -> bytes | None:
    """The confirmed secret of a user, if there is one."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT secret FROM totp WHERE user_id = %s AND confirmed_at IS NOT NULL", [user_id]
        ).fetchone()


def use(conn: Connection, user_id: int, secret: bytes, step: int) -> bool:
    """Use up a step of a confirmed secret, and all before it. False where it was: of two at once one gets it."""
    return (
        conn.execute(
            "UPDATE totp SET last_step = %(step)s"
            " WHERE user_id = %(user_id)s AND secret = %(secret)s AND confirmed_at IS NOT NULL"
            " AND last_step < %(step)s",
            {"user_id": user_id, "secret": secret, "step": step},
        ).rowcount
        == 1
    )


def delete(conn: Connection, user_id: int) -> None:
    """Forget a user's secret, pending or confirmed."""
    conn.execute("DELETE FROM totp WHERE user_id = %s", [user_id])
