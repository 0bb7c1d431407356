"""Lists of photos on the wire, as JSON and as protobuf: their months, and the items of a month."""

import re
import time
from base64 import b64encode
from binascii import b2a_base64
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zlib import crc32

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.requests import Request
from api.responses import Answer, NotModified, Raw
from api.wire import WireModel
from pinhole import media_url
from pinhole.accounts import User
from pinhole.db import statement
from pinhole.grid import Columns, Cursor
from pinhole.imaging.sizes import HEIGHTS
from pinhole.lists import ItemList
from pinhole.settings import settings
from pinhole.timeline import month as one_month
from pinhole.timeline.covers import Covers
from pinhole.timeline.month import MonthPage
from pinhole.timeline.months import Timeline

if TYPE_CHECKING:
    from api import timeline_pb2

PROTOBUF = "application/x-protobuf"
_RENDITIONS = ", ".join(f"{height}.webp" for height in sorted(HEIGHTS))


def _first_day(month: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError("is no month such as 2024-07")
    return date.fromisoformat(f"{month}-01")


Month = Annotated[
    date,
    BeforeValidator(_first_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$", "examples": ["2024-07"]}),
]


class MonthSummary(WireModel):
    month: str = Field(examples=["2024-07"])
    count: int
    revision: int = Field(description="Moves with every change of what is in the month")
    ratios: str = Field(
        description="Base64 of a byte per item, in item order: clamp(round(50 * log2(width / height)) + 128, 0, 255)"
    )


class LibraryTimeline(WireModel):
    """Months that have items, newest first."""

    revision: int = Field(
        description="Moves with every change of what is in the list: that of the timeline grows, others only differ"
    )
    as_of: str = Field(description="The moment of which it is, for edits of all that is in the list: not to be read")
    months: list[MonthSummary]


class ItemColumns(WireModel):
    """Parallel arrays with an element per item.

    Renditions: `{mediaBaseUrl}/media/{itemKey}/{version}/{name}?e={thumbExpires}&k={keyId}&s={signature}`; `signatures`
    tells the names.
    """

    ids: list[str]
    ratios: str = Field(description="Base64 of a byte per item, as in the timeline")
    kinds: list[Literal["photo", "video"]]
    flags: list[int] = Field(description="Bits of each item: 1 favourite, 2 clip, 4 stack, 8 projection")
    durations_ms: tuple[int, ...] = Field(description="0 for a photo")
    taken_at_local: list[str] = Field(description="What the clock on the wall said: ISO 8601, no zone")
    thumb_hashes: list[str] = Field(description="Base64; empty for a video without renditions")
    item_keys: list[str]
    versions: tuple[int, ...] = Field(description="Of the renditions; 0 for a video without renditions")
    places: list[str] = Field(description="Names of places, each once", examples=[["Naples, Italy"]])
    place_numbers: list[int] = Field(
        description="Of each item which of `places`, counted from 1; 0 where none is known"
    )
    signatures: list[str] = Field(description=f"Each covers all renditions of its item: {_RENDITIONS}")
    key_id: str
    thumb_expires: int = Field(description="When the signatures run out, Unix seconds")
    media_base_url: str = Field(description="Host of the media; empty where it is the site itself")


class MonthItems(ItemColumns):
    """Parallel arrays with an element per item, newest first; at the same moment, the greater id first.

    Renditions: `{mediaBaseUrl}/media/{itemKey}/{version}/{name}?e={thumbExpires}&k={keyId}&s={signature}`; `signatures`
    tells the names.
    """

    month: str = Field(examples=["2024-07"])
    revision: int = Field(description="Of the moment of this page; a later page may have a later one")
    next_cursor: str | None = Field(description="Asks for the items that follow; null where none do")


class LibraryCovers(WireModel):
    """Parallel arrays with an element per photo: of the newest month first, of each month the best photo first.

    A month has at most four, and none where nothing of it can be shown. Renditions are addressed as those of a month.
    """

    revision: int = Field(description="Of the timeline, at the moment of which they are")
    months: list[str] = Field(description="In which month each is", examples=[["2024-07", "2024-07", "2024-06"]])
    ids: list[str]
    ratios: str = Field(description="Base64 of a byte per photo, as in the timeline")
    thumb_hashes: list[str] = Field(description="Base64")
    item_keys: list[str]
    versions: list[int] = Field(description="Of the renditions")
    signatures: list[str] = Field(description=f"Each covers all renditions of its photo: {_RENDITIONS}")
    key_id: str
    thumb_expires: int = Field(description="When the signatures run out, Unix seconds")
    media_base_url: str = Field(description="Host of the media; empty where it is the site itself")


class MonthQuery(WireModel):
    cursor: str | None = Field(
        None, pattern=r"^(-?[0-9]{1,18}\.){1,2}[0-9A-Za-z]{12}$", description="`nextCursor` of an earlier page"
    )


def signed_until(caller: User) -> int:
    """When signatures that are made now run out, Unix seconds."""
    return media_url.thumb_expiry(caller.id, time.time())


def entity_tag(request: Request, revision: int, expires: int) -> str:
    """Weak, since the gateway compresses: what is the same is the content, not its bytes.

    expires: `signed_until` as it was before the content was read, so that none is taken for one that lasts longer.
    """
    form = "protobuf" if request.prefers(PROTOBUF) else "json"
    host = crc32(settings().media_base_url.encode())
    return f'W/"{revision}-{expires}-{media_url.key_id()}-{host:x}-{form}"'


def months_answer(request: Request, timeline: Timeline, expires: int) -> Answer | Raw:
    """The months of a list, in the form that the client asks for. expires: as of `entity_tag`."""
    etag = entity_tag(request, timeline.revision, expires)
    if request.prefers(PROTOBUF):
        return Raw(_timeline_message(timeline).SerializeToString(), PROTOBUF, etag)
    return Answer(_timeline_model(timeline), etag=etag)


def covers_answer(request: Request, covers: Covers, expires: int) -> Answer:
    """The covers of the timeline. expires: as of `entity_tag`."""
    model = LibraryCovers(
        revision=covers.revision,
        months=[f"{month:%Y-%m}" for month in covers.months],
        ids=covers.ids,
        ratios=b64encode(covers.ratios).decode(),
        thumb_hashes=[b64encode(thumb_hash).decode() for thumb_hash in covers.thumb_hashes],
        item_keys=covers.item_keys,
        versions=covers.versions,
        signatures=covers.signatures,
        key_id=covers.key_id,
        thumb_expires=covers.thumb_expires,
        media_base_url=settings().media_base_url,
    )
    return Answer(model, etag=entity_tag(request, covers.revision, expires))


def month_answer(
    caller: User, request: Request, items: ItemList, month: date, cursor: str | None
) -> Answer | Raw | NotModified:
    """A page of a month, in the form that the client asks for, unless it has it.

    Raises Invalid where the cursor is one of another list.
    """
    expires = signed_until(caller)
    if request.is_conditional:
        current = statement(lambda conn: one_month.revision(conn, caller.id, items, month))
        if request.holds(etag := entity_tag(request, current, expires)):
            return NotModified(etag)
    begin = None if cursor is None else Cursor.parse(cursor)
    page = statement(lambda conn: one_month.read(conn, caller.id, items, month, begin, expires))
    etag = entity_tag(request, page.revision, expires)
    if request.prefers(PROTOBUF):
        return Raw(_month_message(page).SerializeToString(), PROTOBUF, etag)
    return Answer(_month_model(page), etag=etag)


def _timeline_model(timeline: Timeline) -> LibraryTimeline:
    return LibraryTimeline(
        revision=timeline.revision,
        as_of=timeline.as_of,
        months=[
            MonthSummary(
                month=f"{month.month:%Y-%m}",
                count=len(month.ratios),
                revision=month.revision,
                ratios=b64encode(month.ratios).decode(),
            )
            for month in timeline.months
        ],
    )


def _timeline_message(timeline: Timeline) -> "timeline_pb2.Timeline":
    from api import timeline_pb2  # only here: it takes time to load, and most clients ask for JSON

    return timeline_pb2.Timeline(
        revision=timeline.revision,
        as_of=timeline.as_of,
        months=[
            timeline_pb2.TimelineMonth(
                month=f"{month.month:%Y-%m}",
                count=len(month.ratios),
                revision=month.revision,
                ratios=month.ratios,
            )
            for month in timeline.months
        ],
    )


def column_values(columns: Columns) -> dict[str, Any]:
    """The fields of `ItemColumns`, not validated: they come from the database, and are long."""
    return {
        "ids": columns.ids,
        "ratios": b64encode(columns.ratios).decode(),
        "kinds": columns.kinds,
        "flags": list(columns.flags),
        "durations_ms": columns.durations_ms,
        "taken_at_local": columns.taken_at_local,
        "thumb_hashes": b"".join(map(b2a_base64, columns.thumb_hashes)).decode().split("\n")[:-1],
        "item_keys": columns.item_keys,
        "versions": columns.versions,
        "places": columns.places,
        "place_numbers": columns.place_numbers,
        "signatures": columns.signatures,
        "key_id": columns.key_id,
        "thumb_expires": columns.thumb_expires,
        "media_base_url": settings().media_base_url,
    }


def _month_model(page: MonthPage) -> MonthItems:
    return MonthItems.model_construct(
        month=f"{page.month:%Y-%m}",
        revision=page.revision,
        next_cursor=None if page.next_cursor is None else str(page.next_cursor),
        **column_values(page.columns),
    )


def _month_message(page: MonthPage) -> "timeline_pb2.Month":
    from api import timeline_pb2

    columns = page.columns
    return timeline_pb2.Month(
        month=f"{page.month:%Y-%m}",
        revision=page.revision,
        ids=columns.ids,
        ratios=columns.ratios,
        kinds=columns.kinds,
        flags=columns.flags,
        durations_ms=columns.durations_ms,
        taken_at_local=columns.taken_at_local,
        thumb_hashes=columns.thumb_hashes,
        item_keys=columns.item_keys,
        versions=columns.versions,
        places=columns.places,
        place_numbers=columns.place_numbers,
        signatures=columns.signatures,
        key_id=columns.key_id,
        thumb_expires=columns.thumb_expires,
        media_base_url=settings().media_base_url,
        next_cursor=None if page.next_cursor is None else str(page.next_cursor),
    )
