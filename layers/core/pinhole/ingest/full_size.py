"""The stage that makes a photo's full size, once somebody has asked for it (`pinhole/full_size.py`)."""

import time
import traceback
from datetime import datetime

from pinhole import keys, objects, stages
from pinhole.db import transaction
from pinhole.errors import Busy, FileRejected
from pinhole.imaging import renditions
from pinhole.imaging.file_type import identify
from pinhole.imaging.renditions import RenditionFile
from pinhole.ingest import failure, scratch
from pinhole.settings import settings
from pinhole.stages import Claim, Lane, Stage, Subject, WornOut
from pinhole.tables import job, media_item, original_file, rendition
from pinhole.tables.media_item import Item
from pinhole.tables.original_file import OriginalFile
from pinhole.tables.rendition import Rendition
from pinhole.telemetry import count, duration, follow, logger


def make_full_size(subject: Subject, until: datetime) -> None:
    """Make it, if it is still to be made. until: when this process is dead for sure.

    Raises Busy while another delivery does, and Unavailable when a part we depend on is down. Where the file is at
    fault, or the attempts are used up, the stage fails, and the item stays as it was.
    """
    work = _begin(subject, until)
    if work is None:
        return
    claimed, item, file = work
    count("Attempts", stage=claimed.stage)
    logger.info("attempt_begun", extra={"item_id": item.id, "stage": claimed.stage, "attempt": claimed.attempt})
    began = time.monotonic()
    try:
        with scratch.directory(until, file.size_bytes) as directory:
            path = directory / "original"
            objects.download(file.object_key, path, version=file.version)
            made = renditions.make_full_size(path, identify(path), settings().max_pixels, directory)
            _keep(claimed, item, made)
    except FileRejected as rejected:
        _reject(claimed, rejected)
        return
    duration("StageSeconds", time.monotonic() - began, stage=claimed.stage)
    logger.info("full_size_committed", extra={"item_id": item.id, "bytes": made.size_bytes})


def note_failed_attempt(subject: Subject, until: datetime, report: str, *, counts: bool) -> None:
    """As `failure.note_failed_attempt` does it."""
    with transaction() as conn:
        original_file.lock_main(conn, subject.owner_id, subject.id)
        stages.give_back(conn, subject, until, report, counts=counts)


def _begin(subject: Subject, until: datetime) -> tuple[Claim, Item, OriginalFile] | None:
    with transaction() as conn:
        file = original_file.lock_main(conn, subject.owner_id, subject.id)
        item = media_item.get(conn, subject.owner_id, subject.id)
        # A message that nobody wished for: of a transaction that came to nothing, or about what is gone.
        if file is None or item is None or job.get(conn, subject, Stage.FULL_SIZE) is None:
            return None
        follow(keys.upload_of(file.object_key))
        try:
            claimed = stages.claim(conn, subject, Stage.FULL_SIZE, Lane.FRESH, until)
        except WornOut as last:
            claimed = None
            failed = stages.fail(conn, subject, Stage.FULL_SIZE, last.report, failure.WORN_OUT.code)
        else:
            failed = False
    if failed:
        failure.tell_failure(subject, Stage.FULL_SIZE)
    return None if claimed is None else (claimed, item, file)


def _keep(claimed: Claim, item: Item, made: RenditionFile) -> None:
    version, kept = item.rendition_version, False
    while not kept:
        key = keys.rendition_key(item.item_key, version, made.name)
        with made.path.open("rb") as content:
            objects.put_rendition(key, content, content_type="image/jpeg")
        with transaction() as conn:
            original_file.lock_main(conn, claimed.subject.owner_id, claimed.subject.id)
            stages.hold(conn, claimed)
            now = media_item.get(conn, item.owner_id, item.id)
            if now is not None and now.rendition_version != version:
                version = now.rendition_version  # the others were made anew: it belongs beside them
                continue
            if now is not None:
                row = Rendition(made.name, version, made.width, made.height, made.size_bytes)
                rendition.add_for_a_time(conn, item.owner_id, item.id, row)
            stages.finish(conn, claimed)
            kept = True


def _reject(claimed: Claim, rejected: FileRejected) -> None:
    """The file is at fault: what ingest could make of it is all that there will be."""
    with transaction() as conn:
        original_file.lock_main(conn, claimed.subject.owner_id, claimed.subject.id)
        try:
            stages.hold(conn, claimed)
        except Busy:
            return
        report = "".join(traceback.format_exception(rejected))
        failed = stages.fail(conn, claimed.subject, claimed.stage, report, rejected.code)
    if failed:
        failure.tell_failure(claimed.subject, claimed.stage, rejected)
