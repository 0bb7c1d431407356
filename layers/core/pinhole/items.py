"""One media item, with everything its owner may know of it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Identifier

from pinhole import access
from pinhole.errors import NotFound
from pinhole.media_url import LONGEST_LIFE
from pinhole.tables import item_redirect, rendition


@dataclass(frozen=True, slots=True)
class FullItem:
    """An item that may be opened; most fields are columns of media_item, item_metadata or its main original_file.

    said_time: the capture time as the file says it, as `item_statement` has it. said_by_person: of what a person said
    something, as keys of it. renditions: name (such as `240.webp`), version, width, height and bytes of each that
    shows its whole picture, largest first; none that may go while a URL of it is valid. colours: 0xRRGGBB, most
    frequent first. A video without renditions has neither, nor a thumb_hash, and its rendition_version is 0.
    """

    id: str
    revision: int
    item_key: str
    kind: Literal["photo", "video"]
    created_at: datetime
    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: str | None
    time_confidence: Literal["high", "medium", "low"]
    favourite: bool
    visibility: Literal["timeline", "archive"]
    trashed_at: datetime | None
    has_clip: bool
    rendition_version: int
    thumb_hash: bytes | None
    object_key: str
    filename: str
    relative_path: str | None
    mime_type: str
    size_bytes: int
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
    video_codec: str | None
    audio_codec: str | None
    frame_rate: float | None
    capture_frame_rate: float | None
    bit_rate: int | None
    burst_id: str | None
    colours: list[int] | None
    exif: dict[str, Any] | None
    said_time: dict[str, Any] | None
    said_by_person: list[str]
    renditions: list[dict[str, Any]]


_OF_OTHER_TABLES: dict[str, Composable] = {
    "said_time": SQL("statement.said->'time' AS said_time"),
    "said_by_person": SQL(
        """
        ARRAY(
            SELECT jsonb_object_keys(said) FROM item_statement AS person
            WHERE person.owner_id = media_item.owner_id AND person.item_id = media_item.id AND person.layer = 'person'
            ORDER BY 1
        ) AS said_by_person
        """
    ),
    "renditions": SQL(
        """
        ARRAY(
            SELECT jsonb_build_object(
                'name', name, 'version', version, 'width', width, 'height', height, 'size_bytes', size_bytes)
            FROM rendition
            WHERE rendition.owner_id = media_item.owner_id AND rendition.item_id = media_item.id
              AND (expires_at IS NULL OR expires_at > now() + make_interval(secs => %(life)s)) AND {pictures}
            ORDER BY rendition.height DESC, name DESC
        ) AS renditions
        """
    ).format(pictures=rendition.PICTURES),
}
_OF_ITEM = {"id", "item_key", "kind", "created_at", "width", "height", "rendition_version", "thumb_hash"}


def _column(name: str) -> Composable:
    return _OF_OTHER_TABLES.get(name) or (Identifier("media_item", name) if name in _OF_ITEM else Identifier(name))


_SELECT = SQL(
    """
    SELECT {columns} FROM media_item
    JOIN item_metadata ON item_metadata.owner_id = media_item.owner_id AND item_metadata.item_id = media_item.id
    JOIN original_file
        ON original_file.owner_id = media_item.owner_id AND original_file.item_id = media_item.id AND role = 'main'
    LEFT JOIN item_statement AS statement
        ON statement.owner_id = media_item.owner_id AND statement.item_id = media_item.id AND statement.layer = 'file'
    WHERE media_item.id = %(item_id)s AND {may_open}
    """
).format(columns=SQL(", ").join(_column(field.name) for field in fields(FullItem)), may_open=access.MAY_OPEN)


def read(conn: Connection, viewer_id: int, item_id: str) -> FullItem:
    """Read an item. Raises NotFound where there is none that the viewer may open."""
    item_id = item_redirect.follow(conn, viewer_id, item_id)
    with conn.cursor(row_factory=class_row(FullItem)) as cursor:
        item = cursor.execute(_SELECT, {"viewer_id": viewer_id, "item_id": item_id, "life": LONGEST_LIFE}).fetchone()
    if item is None:
        raise NotFound("There is no such item.")
    return item
