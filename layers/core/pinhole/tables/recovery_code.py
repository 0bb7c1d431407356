"""The `recovery_code` table. Of a code only its hash is kept."""

from collections.abc import Iterable

from psycopg import Connection
from psycopg.rows import scalar_row


def replace(conn: Connection, user_id: int, code_hashes: Iterable[bytes]) -> None:
    """Have these be a user's codes, and no other. Their SHA-256."""
    delete(conn, user_id)
    conn.execute(
        "INSERT INTO recovery_code (user_id, code_hash) SELECT %s, unnest(%s::bytea[])", [user_id, list(code_hashes)]
    )


def count_left(conn: Connection, user_id: int) -> int:
    """How many of a user's codes were not used."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        left = cursor.execute(
            "SELECT count(*) FROM recovery_code WHERE user_id = %s AND used_at IS NULL", [user_id]
        ).fetchone()
    assert left is not None, "a count is one row"
    return int(left)


def use(conn: Connection, user_id: int, code_hash: bytes) -> bool:
    """Use up a code. False where it is none of this user's, or was used: of two at once one gets it."""
    return (
        conn.execute(
            "UPDATE recovery_code SET used_at = now() WHERE user_id = %s AND code_hash = %s AND used_at IS NULL",
            [user_id, code_hash],
        ).rowcount
        == 1
    )


def delete(conn: Connection, user_id: int) -> None:
    """Forget a user's codes."""
    conn.execute("DELETE FROM recovery_code WHERE user_id = %s", [user_id])
