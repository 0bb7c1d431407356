"""What the grid shows of items, in parallel columns, with signatures for their renditions."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from psycopg.sql import SQL

from pinhole import media_url

Kind = Literal["photo", "video"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_KINDS: tuple[Kind, ...] = ("photo", "video")

SOURCE = SQL("id, ratio, kind, flags, duration_ms, taken_at_local, thumb_hash, item_key, rendition_version, place_name")
"""Columns of `media_item` of which COLUMNS are made: of rows in their order."""

# The server puts the columns together, in the order of the subquery, since reading a value out of a long text takes a
# fraction of reading one out of a row. Numbers are packed, the highest byte first; no id or key has a comma. Of the
# server's ways to write a time, JSON's is always ISO 8601.
COLUMNS = SQL(
    """
    string_agg(id, ','),
    string_agg(int2send(ratio), ''),
    string_agg(CASE kind WHEN 'video' THEN '\\x01'::bytea ELSE '\\x00' END, ''),
    string_agg(int2send(flags), ''),
    string_agg(int4send(coalesce(duration_ms, 0)), ''),
    json_agg(taken_at_local)::text,
    array_agg(coalesce(thumb_hash, '')),
    string_agg(item_key, ','),
    string_agg(int4send(rendition_version), ''),
    array_agg(coalesce(place_name, ''))
    """
)
"""Ten aggregates for `Columns.of`, to be read in binary."""


@dataclass(frozen=True, slots=True)
class Columns:
    """An element per item, in the order of its list.

    ratios, flags: a byte per item; of flags the bits 1 favourite, 2 clip, 4 stack, 8 projection. durations_ms: 0 for a
    photo. taken_at_local: ISO 8601 without a zone.
    thumb_hashes: empty, and versions: 0, for a video without renditions.
    places: each name that an item has, once; place_numbers: of each item which of them, counted from 1, and 0 for none.
    signatures: each is for all renditions of its item, until `thumb_expires` (Unix seconds), by key `key_id`.
    """

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

    @classmethod
    def of(cls, row: tuple[Any, ...], most: int, expires: int) -> Self:
        """The first `most` items of what COLUMNS read. expires: when the signatures run out, Unix seconds."""
        ids, ratios, videos, flags, durations, taken, thumb_hashes, item_keys, versions, names = row
        page = slice(most)
        keys = texts(item_keys)[page]
        numbers = {"": 0}
        place_numbers = [numbers.setdefault(name, len(numbers)) for name in (names or [])[page]]
        return cls(
            ids=texts(ids)[page],
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
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place in a list at which a page begins: what orders its first item, in Unix microseconds, and its id.

    A place and no item, so that the page is found though the item was hidden, moved or deleted since. Opaque on the
    wire, but not signed: whatever it says, it only names a place in a list of the caller.
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


def texts(joined: str | None) -> list[str]:
    """What was put together with commas between."""
    return [] if joined is None else joined.split(",")


def _bytes(packed: bytes | None) -> bytes:
    """The lower of two bytes each."""
    return b"" if packed is None else packed[1::2]


def _numbers(packed: bytes | None) -> tuple[int, ...]:
    """Of four bytes each."""
    return () if packed is None else struct.unpack(f">{len(packed) // 4}i", packed)
