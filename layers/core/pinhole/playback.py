"""What plays of an item: the copy of a video or the video itself, or the clip of a photo that moves."""

from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL

from pinhole import access
from pinhole.errors import NotFound
from pinhole.tables import item_redirect
from pinhole.tables.rendition import Rendition
from pinhole.videos import CLIP, COPY


@dataclass(frozen=True, slots=True)
class Original:
    """A video that browsers play as it was uploaded. width, height: as displayed, in pixels."""

    object_key: str
    mime_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Playback:
    """source: what plays, once it is ready. duration_ms: of a video. progress: 0 to 1, of what is being made.

    error_code: where it failed for good, why. state: `none` is a photo that doesn't move.
    """

    state: Literal["ready", "making", "failed", "none"]
    item_key: str
    source: Rendition | Original | None = None
    duration_ms: int | None = None
    progress: float | None = None
    error_code: str | None = None


# The stages that may fail: of a video its poster, without which no copy is asked for.
_SELECT = SQL(
    """
    SELECT item_key, kind, has_clip, media_item.width, media_item.height, duration_ms, plays_in_browsers,
        object_key, mime_type, file.size_bytes,
        (SELECT jsonb_build_object(
                'name', name, 'version', version, 'width', made.width, 'height', made.height,
                'size_bytes', made.size_bytes)
         FROM rendition AS made
         WHERE made.owner_id = media_item.owner_id AND made.item_id = media_item.id
           AND name = CASE kind WHEN 'video' THEN %(copy)s ELSE %(clip)s END) AS made,
        work.state, work.progress, work.error_code
    FROM media_item
    JOIN item_metadata ON item_metadata.owner_id = media_item.owner_id AND item_metadata.item_id = media_item.id
    JOIN original_file AS file
        ON file.owner_id = media_item.owner_id AND file.item_id = media_item.id AND role = 'main'
    LEFT JOIN LATERAL (
        SELECT state, progress, error_code FROM job
        WHERE job.owner_id = media_item.owner_id AND subject_kind = 'item' AND subject_id = media_item.id
          AND stage = ANY(CASE kind WHEN 'video' THEN ARRAY['poster', 'video'] ELSE ARRAY['clip'] END::job_stage[])
        ORDER BY state = 'failed' DESC, stage DESC LIMIT 1
    ) AS work ON true
    WHERE media_item.id = %(item_id)s AND {may_open}
    """
).format(may_open=access.MAY_OPEN)


def read(conn: Connection, viewer_id: int, item_id: str) -> Playback:
    """What plays of an item now. Raises NotFound where there is none that the viewer may open."""
    item_id = item_redirect.follow(conn, viewer_id, item_id)
    values = {"viewer_id": viewer_id, "item_id": item_id, "copy": COPY, "clip": CLIP}
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_SELECT, values).fetchone()
    if row is None:
        raise NotFound("There is no such item.")
    item_key, duration_ms = row["item_key"], row["duration_ms"]
    if row["kind"] == "photo" and not row["has_clip"]:
        return Playback("none", item_key)
    if (source := _source(row)) is not None:
        return Playback("ready", item_key, source, duration_ms)
    if row["state"] == "failed":
        return Playback("failed", item_key, None, duration_ms, error_code=row["error_code"])
    return Playback("making", item_key, None, duration_ms, row["progress"])


def _source(row: dict[str, Any]) -> Rendition | Original | None:
    if row["made"] is not None:
        return Rendition(**row["made"])
    if row["plays_in_browsers"] and row["kind"] == "video":
        return Original(row["object_key"], row["mime_type"], row["width"], row["height"], row["size_bytes"])
    return None
