"""Lists beside the timeline: the API's handler in this process, against the bare SQL of the same data."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL

from infra.bench import library
from infra.bench.api import Api, large_library
from infra.bench.rows import Aim, Row, clocked, medians, progress
from pinhole.filenames import folder_key
from pinhole.lists import ItemList

ITEMS = 100_000
REPEATS = 30
LISTS = [ItemList(name) for name in ("favourites", "archive", "trash", "recent")] + [ItemList("folder", "Pictures")]
# Of little the call itself takes most: no more than this.
LIST_MS, MONTH_MS, NOT_MODIFIED_MS = 15, 10, 5
LARGE_LIST, LARGE_MONTH = 10_000, 1_000

# A hundredth is archived, another lies in the trash; what was taken arrived a day later; a month lies in a folder.
_PUT_AWAY = """
    UPDATE media_item SET created_at = taken_at_utc + interval '1 day',
        visibility = CASE WHEN number %% 100 = 1 THEN 'archive' ELSE visibility END,
        trashed_at = CASE WHEN number %% 100 = 2 THEN taken_at_utc + interval '1 year' END,
        folder = CASE WHEN month = %(month)s THEN %(folder)s ELSE folder END
    FROM (SELECT id, row_number() OVER () AS number FROM media_item WHERE owner_id = %(owner_id)s) AS numbered
    WHERE owner_id = %(owner_id)s AND media_item.id = numbered.id
"""
_RATIOS = SQL("SELECT {section}, array_agg(ratio ORDER BY {order}) FROM media_item WHERE {where} GROUP BY 1")
_MONTH = SQL(
    """
    SELECT id, ratio, kind::text, coalesce(duration_ms, 0), taken_at_local, thumb_hash, item_key, rendition_version,
        flags
    FROM media_item WHERE {where} AND {section} = %(month)s ORDER BY {order}
    """
)


def measure() -> Iterator[Row]:
    """Rows of each list, of its months and of its largest month: milliseconds, warm."""
    with large_library(ITEMS) as (api, conn, owner_id, _):
        folder = folder_key("Pictures")
        conn.execute(_PUT_AWAY, {"owner_id": owner_id, "month": library.LARGEST_MONTH, "folder": folder})
        conn.execute("VACUUM ANALYZE media_item")
        for items in LISTS:
            progress(f"Reading {items.name}, {REPEATS} times each")
            yield from _rows(api, conn, owner_id, items)


def _rows(api: Api, conn: Connection, owner_id: int, items: ItemList) -> Iterator[Row]:
    parts = {"section": items.section, "order": items.order, "where": items.where}
    parameters = items.parameters(owner_id)
    query = {} if items.path is None else {"path": [items.path]}
    etag = api.get("/lists/{list}", query=query, list=items.name)["headers"]["ETag"]

    def ratios() -> list[Any]:
        return conn.execute(_RATIOS.format(**parts), parameters, binary=True).fetchall()

    sizes: dict[date, int] = {month: len(of_month) for month, of_month in ratios()}
    largest = max(sizes, key=lambda month: sizes[month])

    def month() -> list[Any]:
        return conn.execute(_MONTH.format(**parts), {**parameters, "month": largest}, binary=True).fetchall()

    name, of_month = items.name, f"{largest:%Y-%m}"
    took = medians(
        {
            "ratios": clocked(ratios),
            "list": clocked(lambda: api.get("/lists/{list}", query=query, list=name)),
            "304": clocked(lambda: api.get("/lists/{list}", query=query, list=name, etag=etag)),
            "SQL": clocked(month),
            "month": clocked(lambda: api.get("/lists/{list}/{month}", query=query, list=name, month=of_month)),
        },
        REPEATS,
    )
    label = f"{ITEMS:,} items: {name}"
    count = sum(sizes.values())
    aim = Aim("ratio", 1.5) if count >= LARGE_LIST else Aim("ours", LIST_MS)
    whole = f"{label} ({count:,} items, {len(sizes)} months)"
    yield Row(whole, "ms", took["list"], took["ratios"], "its ratios by SQL", aim)
    yield Row(f"{label}, 304", "ms", took["304"], aim=Aim("ours", NOT_MODIFIED_MS))
    aim = Aim("ratio", 2.5) if sizes[largest] >= LARGE_MONTH else Aim("ours", MONTH_MS)
    yield Row(f"{label}: month ({sizes[largest]:,} items)", "ms", took["month"], took["SQL"], "its SQL", aim)
