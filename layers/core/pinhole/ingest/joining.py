"""A live photo is one item: its photo and its video are joined as soon as both are there, whichever came first.

Only the content identifier that the camera wrote into both tells that they belong together; no name does.
"""

from datetime import date

from pinhole import objects
from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job, live_photo, original_file, timeline_month
from pinhole.telemetry import logger


def join(subject: Subject, lane: Lane) -> tuple[Subject, list[date]]:
    """Join an item with its other half, if that is there. What it is then, and months that changed by it.

    To be called once it is visible, and again by each late delivery: of two that come at once the second one finds the
    first. Raises Unavailable when things changed meanwhile.
    """
    owner_id = subject.owner_id
    with transaction() as conn:
        content_id = live_photo.content_id(conn, owner_id, subject.id)
        if content_id is None:
            return subject, []
        live_photo.lock(conn, owner_id, content_id)
        halves = live_photo.halves(conn, owner_id, content_id)
        if halves is None or subject.id not in {half.item_id for half in halves}:
            return subject, []
        # In order, so that nobody deadlocks.
        for key in sorted(half.object_key for half in halves):
            original_file.lock(conn, owner_id, key)
        if live_photo.halves(conn, owner_id, content_id) != halves:
            raise Unavailable(f"A half of the live photo of {subject.id} changed meanwhile.")
        photo, video = halves
        joined = live_photo.join(conn, owner_id, photo.item_id, video.item_id)
        if joined is None:
            raise Unavailable(f"A half of the live photo of {subject.id} changed meanwhile.")
        kept = Subject(owner_id, joined.item_id)
        job.reopen(conn, kept, Stage.CLIP, lane)
        timeline_month.bump(conn, owner_id, joined.months)
    # What is left of them where this process dies here belongs to no item, and verify finds it.
    for key in joined.let_go:
        objects.delete_rendition(key)
    logger.info("live_photo_joined", extra={"item_id": kept.id, "photo": photo.item_id, "video": video.item_id})
    return kept, joined.months
