"""When ingest fails: what is tried again, what is over, and what its owner and the administrator read."""

import traceback
from datetime import datetime

from psycopg import Connection

from pinhole.db import transaction
from pinhole.errors import Busy, FileRejected, PinholeError
from pinhole.settings import settings
from pinhole.tables import job, media_item
from pinhole.tables import upload as uploads
from pinhole.tables.job import Job, Stage
from pinhole.tables.media_item import Item
from pinhole.tables.upload import Upload
from pinhole.telemetry import count, logger

WORN_OUT = PinholeError("The file could not be processed. The administrator can see why.", code="processing_failed")
NO_REPORT = "The process died without a report: killed, out of memory, or out of time."


def reject(upload: Upload, item: Item, until: datetime, rejected: FileRejected) -> None:
    """The file itself is at fault: its upload ends `failed` with what its owner can understand.

    until: names the attempt that found out. Once another has taken over, that one's finding counts.
    """
    with transaction() as conn:
        uploads.lock_by_key(conn, upload.object_key)
        stage = _open_stage(conn, item)
        current = job.get(conn, item.id, stage)
        if current is not None and current.leased_until == until:
            fail_for_good(conn, upload, item, stage, "".join(traceback.format_exception(rejected)), rejected)


def note_failed_attempt(key: str, until: datetime, report: str, *, counts: bool) -> None:
    """Keep the report of the attempt that was leased until then, and let the next delivery of `key` try.

    counts: whether the attempt counts; it does not when something that we depend on was down.
    """
    with transaction() as conn:
        uploads.lock_by_key(conn, key)
        item = media_item.find_by_key(conn, key)
        if item is not None:
            job.give_back(conn, item.id, until, report, counts=counts)


def give_up(key: str, report: str) -> bool:
    """A message about the object at `key` is dead. Its stage fails for good when its attempts are used up.

    False when they are not: deliveries were lost to an outage, and requeue_stale will send the item again.
    Raises Busy while the last attempt may still succeed, by another message about the same object.
    """
    with transaction() as conn:
        upload = uploads.lock_by_key(conn, key)
        item = media_item.find_by_key(conn, key)
        if upload is None or item is None:
            return False
        stage = _open_stage(conn, item)
        current = job.get(conn, item.id, stage)
        if current is None or current.attempts < settings().max_attempts:
            return False
        if current.leased:
            raise Busy(f"The last attempt at {upload.id} has not ended.", 1)
        return fail_for_good(conn, upload, item, stage, f"{worn_out(current)}\n\n{report}")


def fail_for_good(
    conn: Connection, upload: Upload, item: Item, stage: Stage, report: str, cause: PinholeError = WORN_OUT
) -> bool:
    """Record it in the ledger, hide the item, and tell the upload's owner. The original stays.

    An item that was visible before stays so: a stage that was done again may fail, a photo does not vanish by it.
    False when the stage was over.
    """
    if not job.fail(conn, item.id, stage, report):
        return False
    media_item.mark_failed(conn, item.id)
    uploads.mark_failed(conn, upload.id, cause)
    count("Failures", stage=stage)
    count(f"Failures.{cause.code}", stage=stage)
    logger.warning("upload_failed", extra={"item_id": item.id, "stage": stage, "code": cause.code})
    return True


def worn_out(last: Job) -> str:
    """The report of a stage whose attempts are used up."""
    return f"All {last.attempts} attempts failed. The last one:\n{last.last_error or NO_REPORT}"


def _open_stage(conn: Connection, item: Item) -> Stage:
    current = media_item.get(conn, item.id)
    return Stage.METADATA if current is None or current.metadata_at is None else Stage.RENDITIONS
