"""Table `stored_sum`: what is stored for owners of much, as it was summed up last."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Stored:
    """Of one owner. items: those that they may see."""

    originals_bytes: int
    renditions_bytes: int
    items: int


def get(conn: Connection, owner_id: int, items_a_second: int) -> Stored | None:
    """The owner's sum, if it was made no more seconds ago than it has items, divided by this."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(
            """
            SELECT originals_bytes, renditions_bytes, items FROM stored_sum
            WHERE owner_id = %s AND summed_at > now() - make_interval(secs => items / %s::double precision)
            """,
            (owner_id, items_a_second),
        ).fetchone()


def list_young(conn: Connection, owner_ids: Sequence[int], seconds: float) -> dict[int, Stored]:
    """Of these owners the sums that were made no more seconds ago."""
    found = conn.execute(
        """
        SELECT owner_id, originals_bytes, renditions_bytes, items FROM stored_sum
        WHERE owner_id = ANY(%s) AND summed_at > now() - make_interval(secs => %s)
        """,
        (list(owner_ids), seconds),
    )
    return {owner_id: Stored(*sums) for owner_id, *sums in found}


def keep(conn: Connection, owner_id: int, stored: Stored) -> None:
    """Keep what was summed up now, unless the owner is gone meanwhile."""
    conn.execute(
        """
        INSERT INTO stored_sum (owner_id, originals_bytes, renditions_bytes, items)
        SELECT id, %s, %s, %s FROM users WHERE id = %s FOR KEY SHARE
        ON CONFLICT (owner_id) DO UPDATE SET originals_bytes = excluded.originals_bytes,
            renditions_bytes = excluded.renditions_bytes, items = excluded.items, summed_at = excluded.summed_at
        """,
        (stored.originals_bytes, stored.renditions_bytes, stored.items, owner_id),
    )


def forget(conn: Connection, owner_id: int) -> None:
    """Forget the sum of an owner."""
    conn.execute("DELETE FROM stored_sum WHERE owner_id = %s", (owner_id,))
