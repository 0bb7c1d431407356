"""Table `outbox`: the journal of a library, from which it can be rebuilt, edits undone, and others told.

Each row is written in the transaction that makes the change. Numbers per owner are for the reader that needs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


class Change(StrEnum):
    """What happened; the comment gives `before` and `after`."""

    BORN = "born"  # nothing; {itemKey, objectKey, sha256}
    ORIGINAL_REPLACED = "original_replaced"  # {objectKey}; {objectKey}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of an item. transaction_id and id: the place in the order in which a reader takes them."""

    transaction_id: int
    id: int
    actor_id: int | None
    subject_id: str
    change: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def add(
    conn: Connection,
    owner_id: int,
    item_id: str,
    change: Change,
    *,
    actor_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down a change of an item. actor_id: who made it; None where nobody did."""
    conn.execute(
        "INSERT INTO outbox (owner_id, actor_id, subject_kind, subject_id, change, before, after)"
        " VALUES (%s, %s, 'item', %s, %s, %s, %s)",
        (owner_id, actor_id, item_id, change, before and Jsonb(dict(before)), after and Jsonb(dict(after))),
    )


def list_settled(conn: Connection, owner_id: int, after: tuple[int, int], limit: int) -> list[Entry]:
    """The changes of an owner behind the place `after` (transaction, id; (0, 0): from the first), in order.

    Of transactions below the snapshot's xmin alone: all that are older have ended, so that nothing appears later in
    front of what was read.
    """
    with conn.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            """
            SELECT transaction_id::text::bigint, id, actor_id, subject_id, change, before, after FROM outbox
            WHERE owner_id = %s AND (transaction_id, id) > (%s::text::xid8, %s)
              AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY outbox.transaction_id, outbox.id LIMIT %s
            """,
            (owner_id, after[0], after[1], limit),
        ).fetchall()
