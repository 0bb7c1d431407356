"""Table `outbox`: the journal of a library, from which it can be rebuilt, edits undone, and others told.

Each row is written in the transaction that makes the change. Numbers per owner are for the reader that needs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pinhole.db import readable_json


class Change(StrEnum):
    """What happened; the comment gives `before` and `after`."""

    BORN = "born"  # nothing; {itemKey, objectKey, sha256}
    ORIGINAL_REPLACED = "original_replaced"  # {objectKey}; {objectKey}
    JOINED = "joined"  # {itemId}, which leads here from now on; {itemKey, objectKey, sha256, clipKey}
    EDITED = "edited"  # what a person said and did, where it differs: as `pinhole.edits.said` has it


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


def add_edits(
    conn: Connection,
    owner_id: int,
    actor_id: int,
    change_id: str,
    edits: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """Write down what a change did to items, by their ids: what differs, before and after."""
    conn.execute(
        """
        INSERT INTO outbox (owner_id, actor_id, subject_kind, subject_id, change, before, after, change_id)
        SELECT %s, %s, 'item', item_id, 'edited', edit->0, edit->1, %s FROM jsonb_each(%s) AS each (item_id, edit)
        """,
        (owner_id, actor_id, change_id, readable_json(edits)),
    )


def count_edits(conn: Connection, owner_id: int, change_id: str) -> int:
    """How many items a change did something to."""
    [(number,)] = conn.execute(
        "SELECT count(*) FROM outbox WHERE owner_id = %s AND change_id = %s", (owner_id, change_id)
    )
    return int(number)


def list_edits(
    conn: Connection, owner_id: int, change_id: str, item_ids: Sequence[str]
) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What a change did to these items, by their ids: what differed, before and after."""
    found = conn.execute(
        "SELECT subject_id, before, after FROM outbox WHERE owner_id = %s AND change_id = %s AND subject_id = ANY(%s)",
        (owner_id, change_id, list(item_ids)),
    )
    return {item_id: (before, after) for item_id, before, after in found}


def weigh_edits(conn: Connection, owner_id: int, change_id: str, item_ids: Sequence[str]) -> dict[str, int]:
    """How many bytes of JSON `list_edits` would read of each of these items, by id."""
    return dict(
        conn.execute(
            "SELECT subject_id, octet_length(before::text) + octet_length(after::text) FROM outbox"
            " WHERE owner_id = %s AND change_id = %s AND subject_id = ANY(%s)",
            (owner_id, change_id, list(item_ids)),
        ).fetchall()
    )


def page_of_edits(conn: Connection, owner_id: int, change_id: str, after: str, limit: int) -> list[str]:
    """Ids of items that a change did something to, behind `after`, in their order."""
    found = conn.execute(
        "SELECT subject_id FROM outbox WHERE owner_id = %s AND change_id = %s AND subject_id > %s"
        " ORDER BY subject_id LIMIT %s",
        (owner_id, change_id, after, limit),
    )
    return [item_id for (item_id,) in found]


def delete_some(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete the journal of an owner, so many rows at most, the oldest first. How many."""
    return conn.execute(
        """
        DELETE FROM outbox WHERE owner_id = %(owner_id)s AND (transaction_id, id) IN (
            SELECT transaction_id, id FROM outbox WHERE owner_id = %(owner_id)s
            ORDER BY outbox.transaction_id, outbox.id LIMIT %(limit)s
        )
        """,
        {"owner_id": owner_id, "limit": limit},
    ).rowcount
