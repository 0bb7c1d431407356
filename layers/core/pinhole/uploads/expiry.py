"""Uploads whose time is over, and what was left in the store by those that ended without an item of their own.

Every step may be the last one of this process, and two may run at once: each upload is settled by itself, under its
lock, and what a run does not reach the next one does. An upload that can't be settled is tried again by each run, and
stops no other.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from pinhole import objects, stages
from pinhole.db import transaction
from pinhole.keys import upload_of
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages import Lane
from pinhole.tables import upload as uploads
from pinhole.tables.upload import Upload
from pinhole.telemetry import follow, logger
from pinhole.uploads import transfer

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Expired:
    """How many uploads were sent to ingest, since their bytes were there; aborted; and cleaned up after."""

    landed: int
    aborted: int
    cleaned: int


def expire_uploads() -> Expired:
    """End waiting uploads whose time is over, and clean the keys of those that ended. At most a batch of each.

    What has arrived whole is never given up: its event got lost, or nobody asked to put its parts together.
    """
    # Longer than a URL lives: what was sent by one has arrived by then.
    before = datetime.now(UTC) - timedelta(seconds=settings().url_expiry_seconds) - timedelta(hours=1)
    with transaction() as conn:
        expired = uploads.list_expired(conn, before, BATCH)
        ended = uploads.list_uncleaned(conn, before, BATCH)
    outcomes = [_settled(partial(_expire, owner_id, key)) for owner_id, key in expired]
    outcomes += [_settled(partial(_clean, upload)) for upload in ended]
    follow(None)
    counted = Expired(*(outcomes.count(outcome) for outcome in ("landed", "aborted", "cleaned")))
    logger.info("uploads_expired", extra=asdict(counted))
    return counted


def _settled(settle: Callable[[], str | None]) -> str | None:
    try:
        return settle()
    except Exception:  # noqa: BLE001  # whatever it is, it would stop every later run at the same place
        logger.exception("upload_not_settled")
        return None


def _expire(owner_id: int, key: str) -> str | None:
    """`landed` or `aborted`; None when the upload no longer waits."""
    follow(upload_of(key))
    with transaction() as conn:
        upload = uploads.lock_by_key(conn, owner_id, key)
        if upload is None or upload.state != "waiting":
            return None
        arrived = _arrived(upload)
        if arrived:
            uploads.mark_received(conn, owner_id, upload.id)
        else:
            uploads.mark_aborted(conn, owner_id, upload.id)
    if not arrived:
        transfer.remove_sent(upload)
        logger.info("upload_expired")
        return "aborted"
    there = objects.head(key)
    stages.ask_again_for(Lane.FRESH, [ObjectCreated(key, there.size_bytes, there.etag, there.version, sequencer=None)])
    return "landed"


def _arrived(upload: Upload) -> bool:
    if upload.method == "multipart":
        return not transfer.put_together(upload)
    return transfer.landed(upload) is not None


def _clean(upload: Upload) -> str:
    follow(upload.id)
    transfer.remove_sent(upload)
    with transaction() as conn:
        uploads.mark_cleaned(conn, upload.owner_id, upload.id)
    return "cleaned"
