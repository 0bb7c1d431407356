"""One month of a list of photos: its items in columns, with signatures for their renditions."""

import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Self

from psycopg import Connection
from psycopg.sql import SQL, Composable, Composed, Placeholder

from pinhole import media_url
from pinhole.errors import FieldError, Invalid
from pinhole.lists import ItemList

PAGE_ITEMS = 5_000

Kind = Literal["photo", "video"]

_KINDS: tuple[Kind, ...] = ("photo", "video")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place in a month at which a page begins: what orders its first item, in Unix microseconds, and its id.

    A place and no item, so that the page is found though the item was hidden, moved or deleted since. Opaque on the
    wire, but not signed: whatever it says, it only names a place in a month of the caller.
    """

    microseconds: tuple[int, ...]
    item_id: str

    def __str__(self) -> str:
        return ".".join(map(str, [*self.microseconds, self.item_id]))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is not of the form."""
        *microseconds, item_id = text.split(".")
        return cls(tuple(map(int, microseconds)), item_id)

    @property
    def moments(self) -> list[datetime]:
        """What orders it; the first or the last moment there is, where it lies beyond."""
        return [_moment(number) for number in self.microseconds]


def _moment(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return _FIRST if microseconds < 0 else _LAST


@dataclass(frozen=True, slots=True)
class MonthPage:
    """Items of one month in parallel columns, in the order of their list.

    ratios, flags: a byte per item; of flags the bits 1 favourite, 2 clip, 4 stack, 8 projection. durations_ms: 0 for a
    photo. taken_at_local: ISO 8601 without a zone.
    thumb_hashes: empty, and versions: 0, for a video without renditions.
    places: each name that an item has, once; place_numbers: of each item which of them, counted from 1, and 0 for none.
    signatures: each is for all renditions of its item, until `thumb_expires` (Unix seconds), by key `key_id`.
    next_cursor: None on the last page.
    """

    month: date
    revision: int
    ids: list[str]
    ratios: bytes
    kinds: list[Kind]
    flags: bytes
    durations_ms: tuple[int, ...]
    taken_at_local: list[str]
    thumb_hashes: list[bytes]
    item_keys: list[str]
    versions: tuple[int, ...]
    places: list[str]
    place_numbers: list[int]
    signatures: list[str]
    key_id: str
    thumb_expires: int
    next_cursor: Cursor | None


# A hash below 2^53, to which JavaScript counts, of which items there are and of all that was ever changed of each:
# two readers that see the same one see the same items, in the same order.
HASH = SQL("coalesce(bit_xor(hashtextextended(id, revision)) & 9007199254740991, 0)")

_REVISION_OF_TIMELINE = SQL(
    "coalesce((SELECT revision FROM timeline_month WHERE viewer_id = %(viewer_id)s AND month = %(month)s), 0)"
)
_REVISION_OF_LIST = SQL("(SELECT {hash} FROM media_item WHERE {where} AND {section} = %(month)s)")

# One statement, so that a page and its revision are of one moment. The server puts the columns together, in the order
# of the subquery, since reading a value out of a long text takes a fraction of reading one out of a row. Numbers are
# packed, the highest byte first; no id or key has a comma. Of the server's ways to write a time, JSON's is always
# ISO 8601.
_PAGE = SQL(
    """
    SELECT
        {revision},
        string_agg(id, ','),
        string_agg(int2send(ratio), ''),
        string_agg(CASE kind WHEN 'video' THEN '\\x01'::bytea ELSE '\\x00' END, ''),
        string_agg(int2send(flags), ''),
        string_agg(int4send(coalesce(duration_ms, 0)), ''),
        json_agg(taken_at_local)::text,
        array_agg(coalesce(thumb_hash, '')),
        string_agg(item_key, ','),
        string_agg(int4send(rendition_version), ''),
        array_agg(coalesce(place_name, '')),
        ARRAY(SELECT (extract(epoch FROM moment) * 1000000)::bigint FROM unnest(min(moments)) AS moment)
    FROM (
        SELECT id, ratio, kind, flags, duration_ms, taken_at_local, thumb_hash, item_key, rendition_version,
            place_name, ARRAY[{moments}] AS moments
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
    current, ids, ratios, videos, flags, durations, taken, thumb_hashes, item_keys, versions, names, last = row
    page = slice(PAGE_ITEMS)
    all_ids, keys = _texts(ids), _texts(item_keys)[page]
    numbers = {"": 0}
    place_numbers = [numbers.setdefault(name, len(numbers)) for name in (names or [])[page]]
    return MonthPage(
        month=month,
        revision=current,
        ids=all_ids[page],
        ratios=_bytes(ratios)[page],
        kinds=[_KINDS[video] for video in videos or b""][page],
        flags=_bytes(flags)[page],
        durations_ms=_numbers(durations)[page],
        taken_at_local=taken[2:-2].split('", "')[page] if taken else [],
        thumb_hashes=(thumb_hashes or [])[page],
        item_keys=keys,
        versions=_numbers(versions)[page],
        places=list(numbers)[1:],
        place_numbers=place_numbers,
        signatures=media_url.sign_all(keys, expires),
        key_id=media_url.key_id(),
        thumb_expires=expires,
        next_cursor=Cursor(tuple(last), all_ids[PAGE_ITEMS]) if len(all_ids) > PAGE_ITEMS else None,
    )


def _texts(joined: str | None) -> list[str]:
    return [] if joined is None else joined.split(",")


def _bytes(packed: bytes | None) -> bytes:
    """The lower of two bytes each."""
    return b"" if packed is None else packed[1::2]


def _numbers(packed: bytes | None) -> tuple[int, ...]:
    """Of four bytes each."""
    return () if packed is None else struct.unpack(f">{len(packed) // 4}i", packed)
