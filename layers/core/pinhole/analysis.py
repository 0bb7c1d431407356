"""What models saw of photos: from a message that asks for it, by a claim in the ledger, to rows that answer.

The worker calls `begin`, has the picture looked at, and `record`s what was seen. Whatever it dies of in between, the
next delivery does it again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from pinhole import keys, stages
from pinhole.db import transaction
from pinhole.errors import ErrorCode
from pinhole.seen import Look, Model, Role, Seen
from pinhole.stages import Asked, Claim, Lane, Stage, Subject, WornOut
from pinhole.tables import (
    detected_object,
    face,
    image_colours,
    image_embedding,
    image_quality,
    image_tag,
    item_analysis,
    item_caption,
    media_item,
    model,
    original_file,
    recognised_text,
    rendition,
    search_text,
)
from pinhole.telemetry import logger
from pinhole.videos import STILLS

INPUT = "1440.webp"  # the rendition of a photo that is looked at
ONE_STILL = "One still was looked at, and others are to come."


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that this worker has claimed, or a still of a video. object_key: of the rendition to look at; its width
    and height in pixels. percentage: where in the video it lies; 0 of a photo.

    original_width, original_height: as it is displayed, in pixels.
    """

    claimed: Claim
    object_key: str
    width: int
    height: int
    original_width: int
    original_height: int
    percentage: int = 0


def begin(asked: Asked, lane: Lane, until: datetime, models: Collection[int] = ()) -> Photo | None:
    """Claim what a message asks for, until then. None when nothing is to be done, and the message may go.

    models: ids of those that are to look. Of a video it is the first still that one of them has not looked at.
    Raises Busy while another worker has it.
    """
    subject = asked.subject
    with transaction() as conn:
        if original_file.lock_main(conn, subject.owner_id, subject.id) is None:
            return None
        item = media_item.get(conn, subject.owner_id, subject.id)
        if item is None:
            return None
        if item.kind == "video" and asked.stage is Stage.ANALYSIS:
            lacking = _stills_lacking(conn, subject, models)
            name, percentage = next(iter((lacking or STILLS).items()))
        else:
            name, percentage = INPUT, 0
        shown = rendition.find(conn, subject.owner_id, subject.id, name)
        report = None if shown else "There is no rendition to look at."
        try:
            claimed = stages.claim(conn, subject, asked.stage, lane, until)
        except WornOut as worn_out:
            claimed, report = None, worn_out.report
        failed = report is not None and stages.fail(conn, subject, asked.stage, report, ErrorCode.PROCESSING_FAILED)
    if failed:
        logger.error("stage_failed", extra={"item_id": subject.id, "stage": asked.stage})
    if claimed is None or shown is None:
        return None
    assert item.width is not None
    assert item.height is not None
    key = keys.rendition_key(item.item_key, shown.version, shown.name)
    return Photo(claimed, key, shown.width, shown.height, item.width, item.height, percentage)


def _stills_lacking(conn: Connection, subject: Subject, models: Collection[int]) -> dict[str, int]:
    """Stills that one of these models has not looked at, as STILLS has them."""
    stills = STILLS.keys() & rendition.names_of(conn, subject.owner_id, subject.id)
    looks = item_analysis.list_looks(conn, subject.owner_id, subject.id) if stills else set()
    return {
        name: percentage
        for name, percentage in STILLS.items()
        if name in stills and any((percentage, model_id) not in looks for model_id in models)
    }


def record(claimed: Claim, seen: Seen, model_ids: Mapping[Role, int], percentage: int = 0) -> None:
    """Write what was seen of a photo, once for each model, and end the stage. Of a video it is written by still: where
    others are left the stage stays open, and is asked for again.

    Raises Busy when another worker has taken over meanwhile: then it is that one's to write.
    """
    subject = claimed.subject
    with transaction() as conn:
        if original_file.lock_main(conn, subject.owner_id, subject.id) is None:
            return
        stages.hold(conn, claimed)
        for role in seen.models:
            look = Look(subject.owner_id, subject.id, percentage, model_ids[role])
            if item_analysis.insert(conn, look):
                _write(conn, look, role, seen)
        search_text.refresh(conn, subject.owner_id, [subject.id])
        left = claimed.stage is Stage.ANALYSIS and bool(_stills_lacking(conn, subject, model_ids.values()))
        if left:
            stages.give_back(conn, subject, claimed.until, ONE_STILL, counts=False)
        else:
            stages.finish(conn, claimed)
            if claimed.stage is Stage.ANALYSIS and model.answering(conn, Role.CAPTION):
                stages.add(conn, subject, Stage.CAPTION, claimed.lane)
    if left:
        stages.ask_worker(claimed.stage, claimed.lane, [subject])
    logger.info("photo_analysed", extra={"item_id": subject.id, "stage": claimed.stage, "attempt": claimed.attempt})


def _write(conn: Connection, look: Look, role: Role, seen: Seen) -> None:
    match role:
        case Role.IMAGE_EMBEDDING if seen.embedding is not None:
            image_embedding.insert(conn, look, seen.embedding)
        case Role.TAGS:
            image_tag.insert(conn, look, seen.tags)
        case Role.OBJECTS:
            detected_object.insert(conn, look, seen.objects)
        case Role.FACES:
            face.insert(conn, look, seen.faces)
        case Role.OCR:
            recognised_text.insert(conn, look, seen.text)
        case Role.COLOURS if seen.colours is not None:
            image_colours.insert(conn, look, seen.colours)
        case Role.QUALITY if seen.quality is not None:
            image_quality.insert(conn, look, seen.quality)
        case Role.CAPTION if seen.caption is not None:
            item_caption.insert(conn, look, seen.caption)
        case _:
            raise ValueError(f"The {role} model looked, and nothing of it is there.")


def introduce(models: Sequence[Model]) -> Mapping[Role, int]:
    """Ids of the models of a set that works. Where none answered yet for a role, they do from now on."""
    with transaction() as conn:
        ids = {one.role: model.known(conn, one) for one in models}
        model.answer_first(conn, list(ids.values()))
    return ids
