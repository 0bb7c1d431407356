"""Table `search_text`: what a search by words looks through. Its documents are made by the database, of other tables."""

from collections.abc import Sequence

from psycopg import Connection


def refresh(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> None:
    """Write what these items are found by, as they are now: in the transaction that changed them, after it did.

    The items are locked by it, in the order of their ids.
    """
    if item_ids:
        conn.execute("SELECT refresh_search_text(%s, %s)", (owner_id, list(item_ids)))


def make_stale(conn: Connection) -> None:
    """Have all that is written by now written anew, by and by: other models answer from the commit on."""
    conn.execute("UPDATE search_text_state SET stale_before = clock_timestamp()")


def refresh_stale(conn: Connection, limit: int) -> int:
    """Write some of what is out of date, of so many items at most, and leave alone what others hold. Of how many."""
    stale = conn.execute(
        """
        SELECT owner_id, item_id FROM search_text
        WHERE written_at < (SELECT stale_before FROM search_text_state)
        ORDER BY written_at LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        (limit,),
    ).fetchall()
    owners: dict[int, list[str]] = {}
    for owner_id, item_id in stale:
        owners.setdefault(owner_id, []).append(item_id)
    for owner_id, item_ids in sorted(owners.items()):
        refresh(conn, owner_id, item_ids)
    return len(stale)
