"""Table `search_text`: what a search by words looks through. The database makes its documents, of other tables."""

from collections.abc import Sequence

from psycopg import Connection


def refresh(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> None:
    """Write what these items are found by, as they are now: in the transaction that changed them, after it did.

    The items are locked by it, in the order of their ids.
    """
    if item_ids:
        conn.execute("SELECT refresh_search_text(%s, %s)", (owner_id, list(item_ids)))


def make_stale(conn: Connection) -> None:
    """Have all of it written anew, by and by: from the commit on other models answer, or what they saw is gone."""
    conn.execute("UPDATE search_epoch SET number = number + 1")


def refresh_stale(conn: Connection, limit: int) -> int:
    """Write some of what is out of date, of so many items at most, and leave alone what others hold. Of how many."""
    stale = conn.execute(
        """
        SELECT owner_id, item_id FROM search_text JOIN media_item USING (owner_id)
        WHERE id = item_id AND epoch < (SELECT number FROM search_epoch)
        ORDER BY epoch LIMIT %s FOR NO KEY UPDATE OF media_item SKIP LOCKED
        """,
        (limit,),
    ).fetchall()
    owners: dict[int, list[str]] = {}
    for owner_id, item_id in stale:
        owners.setdefault(owner_id, []).append(item_id)
    # In one order, lest two who write new names of the same owners wait for each other.
    for owner_id, item_ids in sorted(owners.items()):
        refresh(conn, owner_id, item_ids)
    return len(stale)


def delete_some_values(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete names that an owner's items were found by, so many at most. How many."""
    return conn.execute(
        """
        DELETE FROM search_value WHERE owner_id = %(owner_id)s AND (filter, value) IN (
            SELECT filter, value FROM search_value WHERE owner_id = %(owner_id)s ORDER BY filter, value LIMIT %(limit)s
        )
        """,
        {"owner_id": owner_id, "limit": limit},
    ).rowcount
