"""Table `past_search`: what people searched for."""

from psycopg import Connection


def note(conn: Connection, owner_id: int, typed: str, most: int) -> None:
    """Write that somebody searched for it now, and forget all but the newest.

    What others of theirs are writing is left to them: two who wait for each other would both be in vain.
    """
    conn.execute(
        """
        INSERT INTO past_search (owner_id, typed, searched_at) VALUES (%s, %s, clock_timestamp())
        ON CONFLICT (owner_id, typed) DO UPDATE SET searched_at = EXCLUDED.searched_at
        """,
        (owner_id, typed),
    )
    conn.execute(
        """
        DELETE FROM past_search WHERE owner_id = %(owner_id)s AND typed IN (
            SELECT typed FROM past_search WHERE owner_id = %(owner_id)s ORDER BY searched_at DESC OFFSET %(most)s
            FOR UPDATE SKIP LOCKED
        )
        """,
        {"owner_id": owner_id, "most": most},
    )


def forget(conn: Connection, owner_id: int, typed: str | None) -> None:
    """Forget that somebody searched for it; None: all that they searched for."""
    conn.execute(
        "DELETE FROM past_search WHERE owner_id = %(owner_id)s AND (%(typed)s::text IS NULL OR typed = %(typed)s)",
        {"owner_id": owner_id, "typed": typed},
    )


def delete_some(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete what somebody searched for, so much of it at most. How much."""
    return conn.execute(
        "DELETE FROM past_search WHERE owner_id = %(owner_id)s AND typed IN"
        " (SELECT typed FROM past_search WHERE owner_id = %(owner_id)s ORDER BY typed LIMIT %(limit)s)",
        {"owner_id": owner_id, "limit": limit},
    ).rowcount
