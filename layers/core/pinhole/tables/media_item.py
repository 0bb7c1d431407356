"""Table `media_item`: one photo or video of one owner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pinhole.ids import new_id, new_key


@dataclass(frozen=True, slots=True)
class Original:
    """An original as it arrived in the originals bucket; `etag` and `version` are the store's."""

    owner_id: int
    object_key: str
    version: str | None
    etag: str
    sequencer: str | None
    size_bytes: int
    filename: str
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """What ingest needs to know of an item."""

    id: str
    owner_id: int
    item_key: str
    object_key: str
    object_version: str | None
    etag: str
    filename: str
    modified_at: datetime | None
    created_at: datetime
    kind: str | None
    month: date | None
    rendition_version: int
    metadata_at: datetime | None
    renditions_at: datetime | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the metadata stage learns; the fields are the table's columns of the same names."""

    sha256: bytes
    mime_type: str
    kind: str
    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: str
    time_confidence: str
    sort_timestamp: datetime
    camera_make: str | None = None
    camera_model: str | None = None
    lens_model: str | None = None
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    rating: int | None = None
    title: str | None = None
    description: str | None = None
    keywords: list[str] = field(default_factory=list)
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    direction_deg: float | None = None
    country_code: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    neighbourhood: str | None = None
    projection: str | None = None
    field_of_view_deg: float | None = None
    is_hdr: bool = False
    is_night: bool = False
    is_screenshot: bool = False
    is_animated: bool = False
    burst_id: str | None = None
    live_content_id: str | None = None
    motion_offset: int | None = None
    motion_bytes: int | None = None
    exif: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenditionSet:
    """What the renditions stage made: `files` name, width, height and bytes; colours are 0xRRGGBB."""

    version: int
    files: list[dict[str, Any]]
    thumb_hash: bytes
    colours: list[int]


_ITEM = sql.SQL(
    "SELECT id, owner_id, item_key, object_key, object_version, etag, filename, modified_at, created_at, kind,"
    " month, rendition_version, metadata_at, renditions_at, failed_at FROM media_item"
)


def find_or_add(conn: Connection, original: Original) -> Item:
    """The item of this original, made now if its key is new. A second arrival changes nothing."""
    conn.execute(
        """
        INSERT INTO media_item (id, owner_id, item_key, object_key, object_version, etag, sequencer, size_bytes,
                                filename, modified_at)
        VALUES (%(id)s, %(owner_id)s, %(item_key)s, %(object_key)s, %(version)s, %(etag)s, %(sequencer)s,
                %(size_bytes)s, %(filename)s, %(modified_at)s)
        ON CONFLICT (object_key) DO NOTHING
        """,
        {"id": new_id(), "item_key": new_key(), **asdict(original)},
    )
    item = find_by_key(conn, original.object_key)
    assert item is not None
    return item


def find_by_key(conn: Connection, object_key: str) -> Item | None:
    """The item whose original lies at this key."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(_ITEM + sql.SQL(" WHERE object_key = %s"), (object_key,)).fetchone()


def get(conn: Connection, item_id: str) -> Item | None:
    """The item, or None when it was removed meanwhile."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(_ITEM + sql.SQL(" WHERE id = %s"), (item_id,)).fetchone()


def find_same_bytes(conn: Connection, owner_id: int, sha256: bytes) -> str | None:
    """Id of the owner's item with these bytes, unless it failed."""
    row = conn.execute(
        "SELECT id FROM media_item WHERE owner_id = %s AND sha256 = %s AND failed_at IS NULL",
        (owner_id, sha256),
    ).fetchone()
    return row[0] if row else None


def lock_same_bytes(conn: Connection, owner_id: int, sha256: bytes) -> Item | None:
    """The owner's item with these bytes, unless it failed. Nobody else changes it until the transaction ends."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(
            _ITEM + sql.SQL(" WHERE owner_id = %s AND sha256 = %s AND failed_at IS NULL FOR NO KEY UPDATE"),
            (owner_id, sha256),
        ).fetchone()


def commit_metadata(conn: Connection, item_id: str, metadata: Metadata) -> bool:
    """Write what the metadata stage learned, once. False when an earlier delivery did, or the item is gone.

    Raises psycopg.errors.UniqueViolation when another item of the owner has the same bytes.
    """
    values = asdict(metadata)
    values["exif"] = Jsonb(values["exif"])
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    return (
        conn.execute(
            sql.SQL(
                "UPDATE media_item SET {}, original_taken_at_local = %(taken_at_local)s,"
                " original_taken_at_utc = %(taken_at_utc)s,"
                " original_utc_offset_seconds = %(utc_offset_seconds)s,"
                " original_timezone_name = %(timezone_name)s, metadata_at = now()"
                " WHERE id = %(item_id)s AND metadata_at IS NULL AND failed_at IS NULL"
            ).format(assignments),
            {**values, "item_id": item_id},
        ).rowcount
        == 1
    )


def commit_renditions(conn: Connection, item_id: str, made: RenditionSet) -> bool:
    """Make this version of the renditions the one that is shown. False when a later one is, or the item is gone."""
    return (
        conn.execute(
            """
            UPDATE media_item
            SET rendition_version = %(version)s, renditions = %(files)s, rendition_bytes = %(bytes)s,
                thumb_hash = %(thumb_hash)s, colours = %(colours)s, renditions_at = now()
            WHERE id = %(item_id)s AND rendition_version < %(version)s AND failed_at IS NULL
            """,
            {
                "item_id": item_id,
                "version": made.version,
                "files": Jsonb(made.files),
                "bytes": sum(file["bytes"] for file in made.files),
                "thumb_hash": made.thumb_hash,
                "colours": made.colours,
            },
        ).rowcount
        == 1
    )


def replace_original(conn: Connection, item_id: str, new: Item) -> None:
    """The same bytes lie where `new` says, an item that was removed: that is the item's original from now on."""
    conn.execute(
        "UPDATE media_item SET object_key = %s, object_version = %s, etag = %s, sequencer = NULL, missing_at = NULL"
        " WHERE id = %s",
        (new.object_key, new.object_version, new.etag, item_id),
    )


def mark_missing(conn: Connection, item_id: str, *, missing: bool) -> None:
    """Its original is gone, and the item is not shown; or it is back. Who calls it bumps the item's month."""
    conn.execute("UPDATE media_item SET missing_at = CASE WHEN %s THEN now() END WHERE id = %s", (missing, item_id))


def mark_failed(conn: Connection, item_id: str) -> None:
    """Hide an item that was never visible: a stage of it failed for good. Its original and its row stay."""
    conn.execute(
        "UPDATE media_item SET failed_at = now() WHERE id = %s AND failed_at IS NULL AND NOT"
        " (metadata_at IS NOT NULL AND (kind = 'video' OR renditions_at IS NOT NULL))",
        (item_id,),
    )


def clear_failure(conn: Connection, item_id: str) -> date | None:
    """The stage that failed is tried again. The month in which the item is visible by that, None where it is not.

    Raises psycopg.errors.UniqueViolation when another item of the owner has the same bytes by now.
    """
    row = conn.execute(
        "UPDATE media_item SET failed_at = NULL WHERE id = %s AND failed_at IS NOT NULL"
        " RETURNING CASE WHEN visible THEN month END",
        (item_id,),
    ).fetchone()
    return row[0] if row else None


def list_missing(conn: Connection, item_ids: Sequence[str]) -> list[str]:
    """Which of these are no items."""
    return [
        item_id
        for (item_id,) in conn.execute(
            "SELECT asked.id FROM unnest(%s::text[]) AS asked (id) LEFT JOIN media_item USING (id)"
            " WHERE media_item.id IS NULL",
            (list(item_ids),),
        )
    ]


def remove(conn: Connection, item_id: str) -> None:
    """Forget an item that never became visible, with its jobs."""
    conn.execute("DELETE FROM media_item WHERE id = %s", (item_id,))
