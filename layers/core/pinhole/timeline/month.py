"""One month of a library: its items in columns, with signatures for their renditions."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Self

from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access, media_url
from pinhole.errors import Conflict, FieldError, Invalid
from pinhole.tables import timeline_month

PAGE_ITEMS = 5_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last item of a page, and the month's revision that the page was of.

    Opaque on the wire, but not signed: whatever it says, it only names a place in a month of the caller.
    """

    revision: int
    item_id: str

    def __str__(self) -> str:
        return f"{self.revision}.{self.item_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is not of the form."""
        revision, _, item_id = text.partition(".")
        return cls(int(revision), item_id)


@dataclass(frozen=True, slots=True)
class MonthPage:
    """Items of one month in parallel columns, in the order of the timeline: `sort_timestamp desc, id desc`.

    durations_ms: 0 for a photo. thumb_hashes: empty, and versions: 0, for a video without renditions.
    signatures: each is for all renditions of its item, until `thumb_expires` (Unix seconds), by key `key_id`.
    next_cursor: None on the last page.
    """

    month: date
    revision: int
    ids: tuple[str, ...]
    ratios: bytes
    kinds: tuple[Literal["photo", "video"], ...]
    durations_ms: tuple[int, ...]
    taken_at_local: tuple[datetime, ...]
    thumb_hashes: tuple[bytes, ...]
    item_keys: tuple[str, ...]
    versions: tuple[int, ...]
    signatures: list[str]
    key_id: str
    thumb_expires: int
    next_cursor: Cursor | None


_PAGE = SQL(
    """
    SELECT id, ratio, kind::text, coalesce(duration_ms, 0), taken_at_local, coalesce(thumb_hash, ''), item_key,
        rendition_version
    FROM media_item
    WHERE {listed} AND month = %(month)s AND (sort_timestamp, id) < (%(taken)s::timestamptz, %(id)s)
    ORDER BY sort_timestamp DESC, id DESC LIMIT %(limit)s
    """
).format(listed=access.LISTED)


def revision(conn: Connection, viewer_id: int, month: date, cursor: Cursor | None) -> int:
    """The month's revision, 0 where nothing was ever visible.

    Raises Conflict (`month_changed`) when the cursor is of another revision: pages of two don't fit together.
    """
    current = timeline_month.month_revision(conn, viewer_id, month)
    if cursor is not None and cursor.revision != current:
        raise Conflict("The month has changed; begin again at its first page.", code="month_changed")
    return current


def read(conn: Connection, viewer_id: int, month: date, current: int, cursor: Cursor | None, expires: int) -> MonthPage:
    """Read the first page, or the one after `cursor`.

    current: the month's revision, as `revision` told it in the same snapshot, so that a page is of one revision.
    expires: when the signatures run out, Unix seconds. Raises Invalid for a cursor that no page gave.
    """
    after = ("infinity", "") if cursor is None else _place(conn, viewer_id, month, cursor)
    rows = conn.execute(
        _PAGE,
        {"viewer_id": viewer_id, "month": month, "taken": after[0], "id": after[1], "limit": PAGE_ITEMS + 1},
        binary=True,
    ).fetchall()
    page = rows[:PAGE_ITEMS]
    columns = zip(*page, strict=True) if page else ((),) * 8
    ids, ratios, kinds, durations, taken, thumb_hashes, keys, versions = columns
    return MonthPage(
        month=month,
        revision=current,
        ids=ids,
        ratios=bytes(ratios),
        kinds=kinds,
        durations_ms=durations,
        taken_at_local=taken,
        thumb_hashes=thumb_hashes,
        item_keys=keys,
        versions=versions,
        signatures=media_url.sign_all(keys, expires),
        key_id=media_url.key_id(),
        thumb_expires=expires,
        next_cursor=Cursor(current, ids[-1]) if len(rows) > PAGE_ITEMS else None,
    )


def _place(conn: Connection, viewer_id: int, month: date, cursor: Cursor) -> tuple[datetime, str]:
    """Where the cursor's item stands. In the cursor's revision it is there, unless the cursor was made up."""
    row = conn.execute(
        SQL("SELECT sort_timestamp, id FROM media_item WHERE id = %(id)s AND month = %(month)s AND {listed}").format(
            listed=access.LISTED
        ),
        {"viewer_id": viewer_id, "id": cursor.item_id, "month": month},
    ).fetchone()
    if row is None:
        raise Invalid("There is no such page.", FieldError("cursor", "was not given by an earlier page"))
    return row
