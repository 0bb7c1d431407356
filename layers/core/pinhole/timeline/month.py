"""One month of a list of photos: its items in columns."""

from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Placeholder

from pinhole import grid
from pinhole.errors import FieldError, Invalid
from pinhole.grid import Columns, Cursor
from pinhole.lists import ItemList

PAGE_ITEMS = 5_000


@dataclass(frozen=True, slots=True)
class MonthPage:
    """Items of one month, in the order of their list. next_cursor: None on the last page."""

    month: date
    revision: int
    columns: Columns
    next_cursor: Cursor | None


# A hash below 2^53, to which JavaScript counts, of which items there are and of all that was ever changed of each:
# two readers that see the same one see the same items, in the same order.
HASH = SQL("coalesce(bit_xor(hashtextextended(id, revision)) & 9007199254740991, 0)")

_REVISION_OF_TIMELINE = SQL(
    "coalesce((SELECT revision FROM timeline_month WHERE viewer_id = %(viewer_id)s AND month = %(month)s), 0)"
)
_REVISION_OF_LIST = SQL("(SELECT {hash} FROM media_item WHERE {where} AND {section} = %(month)s)")

# One statement, so that a page and its revision are of one moment.
_PAGE = SQL(
    """
    SELECT
        {revision}, {columns},
        ARRAY(SELECT (extract(epoch FROM moment) * 1000000)::bigint FROM unnest(min(moments)) AS moment)
    FROM (
        SELECT {source}, ARRAY[{moments}] AS moments
        FROM media_item
        WHERE {where} AND {section} = %(month)s AND ({moments}, id) <= ({begin}, %(id)s)
        ORDER BY {order} LIMIT %(limit)s
    ) AS page
    """
)


def revision(conn: Connection, viewer_id: int, items: ItemList, month: date) -> int:
    """The month's revision, 0 where nothing was ever in it."""
    [(current,)] = conn.execute(
        SQL("SELECT {}").format(_revision(items)), {**items.parameters(viewer_id), "month": month}
    )
    return int(current)


def _revision(items: ItemList) -> Composable:
    if items.name == "timeline":
        return _REVISION_OF_TIMELINE
    return _REVISION_OF_LIST.format(hash=HASH, where=items.where, section=items.section)


def _page(items: ItemList) -> Composed:
    return _PAGE.format(
        revision=_revision(items),
        columns=grid.COLUMNS,
        source=grid.SOURCE,
        where=items.where,
        section=items.section,
        moments=SQL(", ").join(items.moments),
        begin=SQL(", ").join(
            SQL("{}::timestamptz").format(Placeholder(f"moment{n}")) for n in range(len(items.moments))
        ),
        order=items.order,
    )


def read(
    conn: Connection, viewer_id: int, items: ItemList, month: date, cursor: Cursor | None, expires: int
) -> MonthPage:
    """Read the first page, or the one that begins at `cursor`, as it is now.

    expires: when the signatures run out, Unix seconds. Raises Invalid for a cursor of a list of another order.
    """
    moments = ["infinity"] * len(items.moments) if cursor is None else cursor.moments
    if len(moments) != len(items.moments):
        raise Invalid("There is no such page.", FieldError("cursor", "is of another list"))
    row = conn.execute(
        _page(items),
        {
            **items.parameters(viewer_id),
            **{f"moment{n}": moment for n, moment in enumerate(moments)},
            "month": month,
            "id": "" if cursor is None else cursor.item_id,
            "limit": PAGE_ITEMS + 1,
        },
        binary=True,
    ).fetchone()
    assert row is not None
    current, *columns, last = row
    all_ids = grid.texts(columns[0])
    return MonthPage(
        month=month,
        revision=current,
        columns=Columns.of(tuple(columns), PAGE_ITEMS, expires),
        next_cursor=Cursor(tuple(last), all_ids[PAGE_ITEMS]) if len(all_ids) > PAGE_ITEMS else None,
    )
