"""One media item, with everything its owner may know of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection, sql
from psycopg.rows import class_row

from pinhole.errors import NotFound


@dataclass(frozen=True, slots=True)
class Item:
    """A visible item; the fields are the columns of media_item.

    renditions: name (such as `240.webp`), width, height and bytes of each. colours: 0xRRGGBB, most frequent
    first. A video without renditions has neither, nor a thumb_hash, and its rendition_version is 0.
    """

    id: str
    item_key: str
    object_key: str
    kind: Literal["photo", "video"]
    filename: str
    mime_type: str
    size_bytes: int
    created_at: datetime
    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    original_taken_at_local: datetime | None
    original_taken_at_utc: datetime | None
    original_utc_offset_seconds: int | None
    original_timezone_name: str | None
    time_source: str | None
    time_confidence: Literal["high", "medium", "low"]
    camera_make: str | None
    camera_model: str | None
    lens_model: str | None
    focal_length_mm: float | None
    f_number: float | None
    exposure_seconds: float | None
    iso: int | None
    rating: int | None
    title: str | None
    description: str | None
    keywords: list[str]
    latitude: float | None
    longitude: float | None
    altitude_m: float | None
    direction_deg: float | None
    country_code: str | None
    country: str | None
    region: str | None
    city: str | None
    neighbourhood: str | None
    projection: str | None
    field_of_view_deg: float | None
    is_hdr: bool
    is_night: bool
    is_screenshot: bool
    is_animated: bool
    burst_id: str | None
    motion_bytes: int | None
    exif: dict[str, Any] | None
    rendition_version: int
    renditions: list[dict[str, Any]] | None
    thumb_hash: bytes | None
    colours: list[int] | None


_SELECT = sql.SQL("SELECT {} FROM media_item WHERE id = %s AND owner_id = %s AND visible").format(
    sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(Item))
)


def read(conn: Connection, owner_id: int, item_id: str) -> Item:
    """Read an item. Raises NotFound where the owner has no such visible item."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        item = cursor.execute(_SELECT, (item_id, owner_id)).fetchone()
    if item is None:
        raise NotFound("There is no such item.")
    return item
