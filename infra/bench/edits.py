"""Edits of many items by the API's handler, and their undo, against the bare UPDATE of as many rows."""

from collections.abc import Iterator
from functools import partial

from psycopg import Connection

from infra.bench.api import Api, large_library
from infra.bench.rows import Aim, Row, clocked, medians, progress
from pinhole.tables import notice

ITEMS = 100_000
REPEATS = 10
# Beside the UPDATE there are a call, a change, a row of the journal for each item, and the months.
ONE_MS = 25
MOST_TIMES = 5


def measure() -> Iterator[Row]:
    """Rows of favourites that are made of items all over the library, and taken back: milliseconds, warm."""
    with large_library(ITEMS) as (api, conn, owner_id, _):
        # There is no queue here, and none is asked while another message is on its way.
        notice.add_library_changed(conn, owner_id, [])
        conn.execute("UPDATE notice SET requested_at = 'infinity'")
        for count in (1, 1_000, 10_000):
            progress(f"Edits of {count:,}, {REPEATS} times")
            yield from _rows(api, conn, owner_id, count)


def _rows(api: Api, conn: Connection, owner_id: int, count: int) -> Iterator[Row]:
    ids = [
        row[0]
        for row in conn.execute(
            "SELECT id FROM media_item WHERE owner_id = %s AND NOT favourite ORDER BY md5(id) LIMIT %s",
            (owner_id, 2 * count),
        )
    ]
    of_api, of_sql = ids[:count], ids[count:]
    changes: list[str] = []

    def edit() -> None:
        change = api.send("PATCH", "/items", {"ids": of_api, "set": {"favourite": True}})
        assert change["done"] == count, change
        changes.append(change["id"])

    def undo() -> None:
        change = api.send("POST", "/changes/{change_id}/undo", change_id=changes.pop())
        assert change["done"] == count, change

    bare = partial(
        conn.execute,
        "UPDATE media_item SET favourite = NOT favourite, revision = revision + 1 WHERE owner_id = %s AND id = ANY(%s)",
        (owner_id, of_sql),
    )
    took = medians({"edit": clocked(edit), "undo": clocked(undo), "SQL": clocked(bare)}, REPEATS)
    aim = Aim("ours", ONE_MS) if count == 1 else Aim("ratio", MOST_TIMES)
    for name, label in (("edit", "favourites"), ("undo", "undo")):
        yield Row(f"{ITEMS:,} items: {label}, {count:,}", "ms", took[name], took["SQL"], "the bare UPDATE", aim)
