"""The rendition with all pixels: made when somebody enlarges a photo that their browser can't show, gone again later.

Who asks only notes the wish in the ledger; ingest makes it (`ingest/full_size.py`). It lives as long as somebody asks
for it, and `rendition.LIFETIME` more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import access, keys, objects, stages
from pinhole.db import transaction
from pinhole.errors import NotFound, TooManyRequests
from pinhole.imaging.sizes import FULL_SIZE
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import item_redirect, job, media_item, original_file, rendition
from pinhole.tables.rendition import Rendition
from pinhole.telemetry import follow, logger

MAX_WISHES = 20  # of a user, that are being made at once
RETRY_AFTER_SECONDS = 10
BATCH = 1000


@dataclass(frozen=True, slots=True)
class FullSize:
    """Of an item: the rendition with all its pixels, once it is ready. error_code: where it failed, why."""

    state: Literal["ready", "making", "failed"]
    item_key: str
    rendition: Rendition | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """width, height: of all its pixels, as displayed. object_key: of its original."""

    owner_id: int
    item_key: str
    width: int
    height: int
    object_key: str


_SELECT = SQL(
    """
    SELECT media_item.owner_id, item_key, width, height, object_key FROM media_item
    JOIN original_file AS file
        ON file.owner_id = media_item.owner_id AND file.item_id = media_item.id AND role = 'main'
    WHERE media_item.id = %(item_id)s AND kind = 'photo' AND {may_open}
    """
).format(may_open=access.MAY_OPEN)


def ask(viewer_id: int, item_id: str) -> FullSize:
    """Have an item's full size made, unless it is there, is being made, or can't be; and tell how far it is.

    Raises NotFound where there is no photo that the viewer may open, TooManyRequests while many others of its owner
    are being made, Unavailable.
    """
    with transaction() as conn:
        item_id = item_redirect.follow(conn, viewer_id, item_id)
        photo = photo_of(conn, viewer_id, item_id)
        subject = Subject(photo.owner_id, item_id)
        original_file.lock(conn, photo.owner_id, photo.object_key)
        largest = rendition.largest(conn, photo.owner_id, item_id)
        if largest is not None and _has_all_pixels(largest, photo):
            rendition.keep(conn, photo.owner_id, item_id)
            return FullSize("ready", photo.item_key, largest)
        known = job.get(conn, subject, Stage.FULL_SIZE)
        if known is not None and known.state == "failed":
            return FullSize("failed", photo.item_key, error_code=known.error_code)
        if known is None or not known.open:
            _wish(conn, subject)
    return FullSize("making", photo.item_key)


def photo_of(conn: Connection, viewer_id: int, item_id: str) -> Photo:
    """A photo, as far as its full size needs it. Raises NotFound where the viewer may open none."""
    with conn.cursor(row_factory=class_row(Photo)) as cursor:
        photo = cursor.execute(_SELECT, {"viewer_id": viewer_id, "item_id": item_id}).fetchone()
    if photo is None:
        raise NotFound("There is no such photo.")
    return photo


def _has_all_pixels(shown: Rendition, photo: Photo) -> bool:
    return shown.name == FULL_SIZE or (shown.width >= photo.width and shown.height >= photo.height)


def _wish(conn: Connection, subject: Subject) -> None:
    if job.count_open(conn, subject.owner_id, Stage.FULL_SIZE) >= MAX_WISHES:
        raise TooManyRequests(
            f"{MAX_WISHES} of your photos are being made in full size. Try again in a moment.", RETRY_AFTER_SECONDS
        )
    job.reopen(conn, subject, Stage.FULL_SIZE, Lane.FRESH)
    # Before the commit: where the queue is down, nothing was wished for. Who receives it waits for the key's lock.
    stages.ask_again(conn, Stage.FULL_SIZE, Lane.FRESH, [subject])


def expire_full_sizes() -> int:
    """Remove those whose time is over. How many items had one; at most a batch.

    The object goes before its row, which has said nothing since it expired: what is killed in between is done again.
    """
    follow(None)
    with transaction() as conn:
        expired = rendition.list_expired(conn, BATCH)
    removed = sum(_remove(Subject(*one)) for one in expired)
    logger.info("full_sizes_expired", extra={"removed": removed})
    return removed


def _remove(subject: Subject) -> bool:
    with transaction() as conn:
        original_file.lock_main(conn, subject.owner_id, subject.id)
        item = media_item.get(conn, subject.owner_id, subject.id)
        if item is None:
            return False
        known = job.get(conn, subject, Stage.FULL_SIZE)
        if known is not None and known.open:
            return False  # it is made anew, and may be there already, by the same key
        over: Sequence[Rendition] = rendition.expired(conn, subject.owner_id, subject.id)
        for one in over:
            # Under the lock, so that nobody makes it anew meanwhile.
            objects.delete_rendition(keys.rendition_key(item.item_key, one.version, one.name))
            rendition.forget(conn, subject.owner_id, subject.id, one.name)
    return bool(over)
