"""What a library takes in the object store."""

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import access
from pinhole.db import statement, transaction
from pinhole.tables import stored_sum
from pinhole.tables.stored_sum import Stored

__all__ = ["ITEMS_A_SECOND", "Stored", "of_owners", "read", "sum_up"]

# Summing up takes half a second for a million items, and who looks on asks every five seconds while photos come in. So
# from 20,000 items on a sum is good for a second each 20,000: that is a hundredth of the time, however many look.
ITEMS_A_SECOND = 20_000
# Whoever looks at all owners sums up all that is stored: once in so many seconds, however many look.
ALL_OWNERS_SECONDS = 60

_SUM = SQL(
    """
    SELECT
        (SELECT coalesce(sum(size_bytes), 0)::bigint FROM original_file WHERE owner_id = %(viewer_id)s)
            AS originals_bytes,
        (SELECT coalesce(sum(size_bytes), 0)::bigint FROM rendition WHERE owner_id = %(viewer_id)s) AS renditions_bytes,
        (SELECT count(*) FROM media_item WHERE {may_see}) AS items
    """
).format(may_see=access.MAY_SEE)


def read(viewer_id: int) -> Stored:
    """What is stored, also of what is not shown; not what is still to be uploaded. Of much: some seconds ago.

    Raises Unavailable.
    """
    kept = statement(lambda conn: stored_sum.get(conn, viewer_id, ITEMS_A_SECOND))
    if kept is not None:
        return kept
    with transaction() as conn:
        stored = sum_up(conn, viewer_id)
        if stored.items >= ITEMS_A_SECOND:
            stored_sum.keep(conn, viewer_id, stored)
    return stored


def of_owners(owner_ids: Sequence[int]) -> dict[int, Stored]:
    """What is stored of each of these: a minute ago at most, and kept for others who ask.

    Costs some milliseconds where that is kept of all; else half a second for a million items. Raises Unavailable.
    """
    stored = statement(lambda conn: stored_sum.list_young(conn, owner_ids, ALL_OWNERS_SECONDS))
    for owner_id in owner_ids:
        if owner_id not in stored:
            with transaction() as conn:
                stored[owner_id] = sum_up(conn, owner_id)
                stored_sum.keep(conn, owner_id, stored[owner_id])
    return stored


def sum_up(conn: Connection, viewer_id: int) -> Stored:
    """The same as it is now."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        stored = cursor.execute(_SUM, {"viewer_id": viewer_id}).fetchone()
    assert stored is not None
    return stored
