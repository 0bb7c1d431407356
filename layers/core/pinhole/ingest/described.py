"""Everything a file says about itself, as the rows of its item."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from pinhole import places
from pinhole.accounts import onboarding
from pinhole.db import statement, transaction
from pinhole.imaging import capture_time, metadata
from pinhole.imaging.capture_time import CaptureTime
from pinhole.imaging.facts import Facts
from pinhole.imaging.file_type import FileType
from pinhole.places import Place
from pinhole.settings import settings
from pinhole.tables import item_metadata, media_item, search_text
from pinhole.tables.item_metadata import ItemMetadata, Layer
from pinhole.tables.media_item import Item, Shape
from pinhole.tables.original_file import OriginalFile

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Description:
    """What is written of an item whose file was read: for the grid, beyond it, and as the file's own word."""

    shape: Shape
    metadata: ItemMetadata
    said: dict[str, Any]


def describe(item: Item, file: OriginalFile, path: Path, file_type: FileType) -> Description:
    """Read a file's metadata, and work out when and where it was taken. Raises FileRejected."""
    read = metadata.read(path, file_type, settings().max_pixels, file.filename)
    fallback = statement(onboarding.fallback_timezone)
    taken = capture_time.resolve(
        read.time, file.filename, file.modified_at, item.created_at, fallback, datetime.now(UTC)
    )
    place = _place(read.latitude, read.longitude)
    shape = Shape(
        kind=file_type.kind,
        width=read.width,
        height=read.height,
        duration_ms=read.duration_ms,
        taken_at_local=taken.taken_at_local,
        taken_at_utc=taken.taken_at_utc,
        utc_offset_seconds=taken.utc_offset_seconds,
        timezone_name=taken.timezone_name,
        time_source=taken.time_source,
        time_confidence=taken.time_confidence,
        sort_timestamp=taken.sort_timestamp,
        has_clip=read.clip is not None,
        is_projected=read.projection is not None,
        place_name=None if place is None else place.name,
    )
    beyond = ItemMetadata(
        **_fields(Facts, read),
        **({} if place is None else _fields(Place, place)),
        motion_offset=read.clip.offset if read.clip else None,
        motion_bytes=read.clip.size_bytes if read.clip else None,
    )
    return Description(shape, beyond, _said(taken, beyond))


def commit(conn: Connection, item: Item, described: Description) -> bool:
    """Write what was read. False for an item that was read before: of that only what was lost is written again."""
    first = media_item.commit_metadata(conn, item.owner_id, item.id, described.shape)
    item_metadata.insert(conn, item.owner_id, item.id, described.metadata)
    item_metadata.say(conn, item.owner_id, item.id, Layer.FILE, described.said)
    search_text.refresh(conn, item.owner_id, [item.id])
    return first


def _fields(kind: "type[DataclassInstance]", values: object) -> dict[str, Any]:
    return {each.name: getattr(values, each.name) for each in fields(kind)}


def _said(taken: CaptureTime, read: ItemMetadata) -> dict[str, Any]:
    """What the file says of what a sidecar or a person may say otherwise; nothing where it is silent."""
    said: dict[str, Any] = {
        "time": {
            "takenAtLocal": taken.taken_at_local.isoformat(),
            "takenAtUtc": None if taken.taken_at_utc is None else taken.taken_at_utc.isoformat(),
            "utcOffsetSeconds": taken.utc_offset_seconds,
            "timezoneName": taken.timezone_name,
            "source": taken.time_source,
            "confidence": taken.time_confidence,
        }
    }
    if read.latitude is not None:
        said["position"] = {
            "latitude": read.latitude,
            "longitude": read.longitude,
            "altitudeM": read.altitude_m,
            "directionDeg": read.direction_deg,
        }
    plain = {name: getattr(read, name) for name in ("rating", "title", "description", "keywords")}
    return said | {name: value for name, value in plain.items() if value not in (None, ())}


def _place(latitude: float | None, longitude: float | None) -> Place | None:
    if latitude is None or longitude is None:
        return None
    with transaction() as conn:
        return places.find(conn, latitude, longitude)
