"""When ingest fails: what is tried again, what is over, and what its owner and the administrator read."""

import traceback
from datetime import datetime

from psycopg import Connection

from pinhole import keys, stages
from pinhole.db import transaction
from pinhole.errors import Busy, FileRejected, PinholeError
from pinhole.stages import Claim, Stage, Subject
from pinhole.tables import job, media_item, original_file, user
from pinhole.tables import upload as upload_table
from pinhole.tables.media_item import Item
from pinhole.tables.original_file import Role
from pinhole.telemetry import count, logger

WORN_OUT = PinholeError("The file could not be processed. The administrator can see why.", code="processing_failed")


def reject(claimed: Claim, object_key: str, rejected: FileRejected) -> None:
    """The file itself is at fault: its stage fails for good, with what its owner can understand.

    Once another attempt has taken over, that one's finding counts.
    """
    subject, stage = claimed.subject, claimed.stage
    with transaction() as conn:
        original_file.lock(conn, subject.owner_id, object_key)
        try:
            stages.hold(conn, claimed)
        except Busy:
            return
        report = "".join(traceback.format_exception(rejected))
        failed = fail_for_good(conn, subject, object_key, stage, report, rejected)
    if failed:
        tell_failure(subject, stage, rejected)


def note_failed_attempt(key: str, until: datetime, report: str, *, counts: bool) -> None:
    """Keep the report of the attempt that was leased until then, and let the next delivery of `key` try.

    counts: whether the attempt counts; it does not when something that we depend on was down.
    """
    with transaction() as conn:
        subject = _subject_of(conn, key)
        if subject is not None:
            original_file.lock(conn, subject.owner_id, key)
            stages.give_back(conn, subject, until, report, counts=counts)


def give_up(key: str, report: str) -> bool:
    """A message about the object at `key` is dead: its stage fails for good where `stages.last_words` says so."""
    with transaction() as conn:
        subject = _subject_of(conn, key)
        if subject is None:
            return False
        original_file.lock(conn, subject.owner_id, key)
        item = media_item.get(conn, subject.owner_id, subject.id)
        stage = None if item is None else open_stage(conn, item)
        last = None if stage is None else stages.last_words(conn, subject, stage, report)
        if stage is None or last is None:
            return False
        failed = fail_for_good(conn, subject, key, stage, last)
    if failed:
        tell_failure(subject, stage)
    return failed


def fail_for_good(
    conn: Connection, subject: Subject, object_key: str, stage: Stage, report: str, cause: PinholeError = WORN_OUT
) -> bool:
    """Record it in the ledger, hide the item, and tell who uploaded it. The original stays.

    An item that was visible before stays so: a stage that was done again may fail, a photo does not vanish by it.
    False when the stage was over. After the commit call `tell_failure`.
    """
    if not stages.fail(conn, subject, stage, report, cause.code):
        return False
    if media_item.mark_failed(conn, subject.owner_id, subject.id):
        original_file.count_again(conn, subject.owner_id, subject.id, counts=False)
    promised = upload_table.find_by_key(conn, subject.owner_id, object_key)
    if promised is not None:
        upload_table.mark_failed(conn, subject.owner_id, promised.id, cause)
    return True


def tell_failure(subject: Subject, stage: Stage, cause: PinholeError = WORN_OUT) -> None:
    """Log and count a failure that was committed."""
    count("Failures", stage=stage)
    count(f"Failures.{cause.code}", stage=stage)
    logger.warning("item_failed", extra={"item_id": subject.id, "stage": stage, "code": cause.code})


def open_stage(conn: Connection, item: Item) -> Stage | None:
    """The stage of ingest that an item is at; None for a video that was read: the rest is another's.

    What was read is read again where its job is open.
    """
    reading = job.get(conn, Subject(item.owner_id, item.id), Stage.METADATA)
    if item.kind is None or item.metadata_at is None or (reading is not None and reading.open):
        return Stage.METADATA
    following = stages.after(Stage.METADATA, item.kind)
    return following if stages.CATALOGUE[following].by_original else None


def _subject_of(conn: Connection, key: str) -> Subject | None:
    owner = user.find_owner(conn, keys.folders_of(key))
    file = None if owner is None else original_file.find(conn, owner[0], key)
    return None if file is None or file.role == Role.CLIP else Subject(file.owner_id, file.item_id)
