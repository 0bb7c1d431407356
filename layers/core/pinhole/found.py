"""What models found in one photo, as its owner may see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL

from pinhole import access
from pinhole.errors import NotFound
from pinhole.seen import Box, Caption, Colours, DetectedObject, Model, Quality, Role, Tag, TextLine


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face as `seen.Face` has it, without the vector by which it is compared."""

    box: Box
    landmarks: Sequence[tuple[float, float]]
    confidence: float
    size_px: int
    sharpness: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, of each role by one model: `models` in the order of roles.

    waiting: no model has looked yet. failed: none could. Once one has, what it saw stands while others look again.
    tags: those that are likely right, the surest first. caption_waits: there is none yet, and one is to come; `state`
    is of the other models alone.
    """

    state: Literal["waiting", "failed", "done"]
    models: Sequence[Model]
    tags: Sequence[Tag]
    objects: Sequence[DetectedObject]
    faces: Sequence[FoundFace]
    text: Sequence[TextLine]
    colours: Colours | None
    quality: Quality | None
    caption: Caption | None
    caption_waits: bool


# Below, more tags are wrong than right; a search has use for these too.
TAGS_FROM = 0.4

# Of each role the model that answers; where it has not looked at this photo yet, the newest that has. What is in
# several stills of a video is told once: of each name as many as are in one of them.
_READ = SQL(
    """
    WITH item AS (
        SELECT owner_id, id AS item_id FROM media_item WHERE id = %(item_id)s AND {may_open}
    ), look AS (
        SELECT DISTINCT ON (role, percentage)
            owner_id, item_id, percentage, model_id, role, model.name AS model, version, dimension
        FROM item JOIN item_analysis USING (owner_id, item_id) JOIN model ON model.id = model_id
        ORDER BY role, percentage, answers DESC, model_id DESC
    )
    SELECT
        (
            SELECT state FROM job
            WHERE job.owner_id = item.owner_id AND subject_kind = 'item' AND subject_id = item.item_id
              AND stage = 'analysis' AND variant = ''
        ) AS job,
        ARRAY(
            SELECT jsonb_build_object('role', role, 'name', model, 'version', version, 'dimension', dimension)
            FROM (SELECT DISTINCT ON (role) * FROM look ORDER BY role, percentage) AS looked ORDER BY role
        ) AS models,
        ARRAY(
            SELECT jsonb_build_object('name', name, 'score', max(score))
            FROM look JOIN image_tag USING (owner_id, item_id, percentage, model_id)
            WHERE score >= %(tags_from)s GROUP BY name ORDER BY max(score) DESC, name
        ) AS tags,
        ARRAY(
            SELECT jsonb_build_object('name', name, 'score', score, 'box', box)
            FROM (
                SELECT DISTINCT ON (name, nth) * FROM (
                    SELECT *, row_number() OVER (PARTITION BY percentage, name ORDER BY number) AS nth
                    FROM look JOIN detected_object USING (owner_id, item_id, percentage, model_id)
                ) AS each ORDER BY name, nth, percentage
            ) AS object ORDER BY percentage, number
        ) AS objects,
        ARRAY(
            SELECT jsonb_build_object('box', box, 'landmarks', landmarks, 'confidence', confidence,
                'size_px', size_px, 'sharpness', sharpness)
            FROM look JOIN face USING (owner_id, item_id, percentage, model_id)
            WHERE percentage = (
                SELECT percentage FROM look JOIN face USING (owner_id, item_id, percentage, model_id)
                GROUP BY percentage ORDER BY count(*) DESC, percentage LIMIT 1
            )
            ORDER BY number
        ) AS faces,
        ARRAY(
            SELECT jsonb_build_object('text', line, 'score', score, 'corners', corners)
            FROM (
                SELECT DISTINCT ON (line, nth) * FROM (
                    SELECT *, row_number() OVER (PARTITION BY percentage, line ORDER BY number) AS nth
                    FROM look JOIN recognised_text USING (owner_id, item_id, percentage, model_id)
                ) AS each ORDER BY line, nth, percentage
            ) AS written ORDER BY percentage, number
        ) AS text,
        (
            SELECT jsonb_build_object('dominant', dominant, 'shares', shares, 'hue', hue, 'saturation', saturation,
                'lightness', lightness, 'histogram', histogram)
            FROM look JOIN image_colours USING (owner_id, item_id, percentage, model_id) ORDER BY percentage LIMIT 1
        ) AS colours,
        (
            SELECT jsonb_build_object('sharpness', sharpness, 'noise', noise, 'exposure', exposure, 'overall', overall)
            FROM look JOIN image_quality USING (owner_id, item_id, percentage, model_id) ORDER BY percentage LIMIT 1
        ) AS quality,
        (
            SELECT jsonb_build_object('caption', caption, 'main_subject', main_subject, 'setting', setting,
                'pets', pets, 'animal_type', animal_type, 'vehicle', vehicle, 'landmark', landmark, 'food', food,
                'drink', drink, 'event', event, 'activity', activity, 'document_type', document_type,
                'people_count', people_count, 'mood', mood, 'indoor', indoor, 'landscape', landscape,
                'cityscape', cityscape)
            FROM look JOIN item_caption USING (owner_id, item_id, percentage, model_id)
        ) AS caption,
        EXISTS (
            SELECT FROM job
            WHERE job.owner_id = item.owner_id AND subject_kind = 'item' AND subject_id = item.item_id
              AND stage = 'caption' AND variant = '' AND state IN ('waiting', 'running')
        ) AS caption_asked
    FROM item
    """
).format(may_open=access.MAY_OPEN)


def read(conn: Connection, viewer_id: int, item_id: str) -> Found | None:
    """Read what models found in a photo, or in the stills of a video. None where none is to look at it yet.

    Raises NotFound where there is none that the viewer may open.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_READ, {"viewer_id": viewer_id, "item_id": item_id, "tags_from": TAGS_FROM}).fetchone()
    if row is None:
        raise NotFound("There is no such item.")
    state = _state(row)
    if state is None:
        return None
    return Found(
        state=state,
        models=[Model(**{**model, "role": Role(model["role"])}) for model in row["models"]],
        tags=[Tag(**tag) for tag in row["tags"]],
        objects=[DetectedObject(**{**one, "box": Box(*one["box"])}) for one in row["objects"]],
        faces=[
            FoundFace(**{**face, "box": Box(*face["box"]), "landmarks": list(_points(face["landmarks"]))})
            for face in row["faces"]
        ],
        text=[TextLine(**{**line, "corners": list(_points(line["corners"]))}) for line in row["text"]],
        colours=None if row["colours"] is None else _colours(**row["colours"]),
        quality=None if row["quality"] is None else Quality(**row["quality"]),
        caption=None if row["caption"] is None else Caption(**row["caption"]),
        caption_waits=row["caption"] is None and row["caption_asked"],
    )


def _state(row: dict[str, Any]) -> Literal["waiting", "failed", "done"] | None:
    # Captions come by a worker of their own, now and then before all others have looked.
    if row["job"] == "done" or any(model["role"] != Role.CAPTION for model in row["models"]):
        return "done"
    if row["job"] == "failed":
        return "failed"
    return None if row["job"] is None else "waiting"


def _points(values: Sequence[float]) -> Iterator[tuple[float, float]]:
    return zip(values[::2], values[1::2], strict=True)


def _colours(dominant: Sequence[int], shares: Sequence[float], **measured: Any) -> Colours:
    return Colours(dominant=list(zip(dominant, shares, strict=True)), **measured)
