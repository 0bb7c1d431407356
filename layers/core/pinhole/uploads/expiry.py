"""Uploads whose time is over, and what was left in the store by those that ended without an item of their own.

Every step may be the last one of this process, and two may run at once: each upload is settled by itself, by what the
store says and as far as it still is in the state that it was read in, and what a run does not reach the next one does.
An upload that can't be settled is tried again by each run, and stops no other.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from pinhole import objects, stages
from pinhole.db import transaction
from pinhole.objects import StoredObject
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages import Lane
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import Upload
from pinhole.telemetry import follow, logger
from pinhole.uploads import transfer
from pinhole.uploads.landing import landed

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
        expired = upload_table.list_expired(conn, before, BATCH)
        ended = upload_table.list_uncleaned(conn, before, BATCH)
    outcomes = [_settled(partial(_expire, upload)) for upload in expired]
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


def _expire(upload: Upload) -> str | None:
    """`landed` or `aborted`; None when the upload no longer waits."""
    follow(upload.id)
    if (arrived := _arrived(upload)) is not None:
        return _receive(upload, arrived)
    with transaction() as conn:
        if not upload_table.mark_aborted(conn, upload.owner_id, upload.id):
            return None
    transfer.drop_parts(upload)
    logger.info("upload_expired")
    return "aborted"


def _arrived(upload: Upload) -> StoredObject | None:
    if upload.method == "multipart" and transfer.put_together(upload):
        return None
    return landed(upload)


def _receive(upload: Upload, arrived: StoredObject) -> str | None:
    """`landed`; None when somebody else has noticed it."""
    with transaction() as conn:
        if not upload_table.mark_received(conn, upload.owner_id, [upload.id]):
            return None
    stored = ObjectCreated(upload.object_key, arrived.size_bytes, arrived.etag, arrived.version, sequencer=None)
    stages.ask_again_for(Lane.FRESH, [stored])
    return "landed"


def _clean(upload: Upload) -> str | None:
    """`cleaned`; `landed` where the bytes arrived although it was given up; None when somebody else noticed them."""
    follow(upload.id)
    transfer.drop_parts(upload)
    if upload.state == "duplicate":
        _remove_object(upload)
    elif (arrived := landed(upload)) is not None:
        return _receive(upload, arrived)
    with transaction() as conn:
        upload_table.mark_cleaned(conn, upload.owner_id, upload.id)
    return "cleaned"


def _remove_object(upload: Upload) -> None:
    # Below a version that is removed another may come to light.
    while there := landed(upload):
        objects.delete(upload.object_key, version=there.version)
