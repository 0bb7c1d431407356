"""From an object that arrived to a visible item: claim, read, metadata, renditions, hand on.

Whoever put the object there: what an upload promised is checked where there is one. Every step may be the last one of
this process. What was committed is not done again; what was not is done anew by the next delivery of the same event,
whenever that comes, and however many there are.
"""

import time
from datetime import datetime
from pathlib import Path

from psycopg import Connection
from psycopg.errors import UniqueViolation

from pinhole import keys, live, objects, stages
from pinhole.db import transaction
from pinhole.errors import FileRejected
from pinhole.imaging import renditions
from pinhole.imaging.file_type import FileType, identify
from pinhole.ingest import arrival, described, duplicate, failure, joining, scratch
from pinhole.ingest.arrival import Ignored, Known, NotUploaded, Unwanted, Work
from pinhole.objects import Download
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages import Claim, Lane, Stage, Subject
from pinhole.tables import item_metadata, media_item, original_file, outbox, rendition, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.tables.outbox import Change
from pinhole.tables.rendition import Rendition
from pinhole.telemetry import count, duration, logger


def ingest_original(created: ObjectCreated, until: datetime, lane: Lane = Lane.FRESH) -> None:
    """Make a visible item of an original that arrived, or record why that is impossible.

    What no upload asked for is only handed over to the bulk lane where it comes by the fresh one.

    until: when this process is dead for sure; before that no other delivery works on the same item.
    Raises Busy while another delivery does, and Unavailable when a part we depend on is down: both want the
    message back later. A file that is at fault itself raises nothing: its item fails, with the reason.
    """
    match arrival.receive(created, until, lane):
        case NotUploaded():
            stages.hand_over(created)
        case Unwanted(state):
            objects.delete(created.key, version=created.version)
            logger.info("object_deleted", extra={"upload_state": state})
        case Ignored(reason):
            logger.warning("object_ignored", extra={"object_key": created.key, "reason": reason})
        case Known(subject):
            _announce(subject, lane)
        case Work() as work:
            _ingest(work)


def _ingest(work: Work) -> None:
    claimed = work.claimed
    count("Attempts", stage=claimed.stage)
    logger.info(
        "attempt_begun",
        extra={"item_id": claimed.subject.id, "stage": claimed.stage, "attempt": claimed.attempt},
    )
    began = time.monotonic()
    try:
        with scratch.directory(claimed.until, work.file.size_bytes) as directory:
            path = directory / "original"
            read = _read(work, path)
            file_type = identify(path)
            if claimed.stage is Stage.METADATA:
                try:
                    following = _metadata(work, path, file_type, read)
                except UniqueViolation:
                    winner = duplicate.end(work, read)
                    if winner is not None:
                        _announce(winner, claimed.lane)
                    return
                began = _measured(Stage.METADATA, began)
            else:
                following = claimed
            if following is not None:
                claimed = following
                _renditions(work, claimed, path, file_type, directory)
                _measured(Stage.RENDITIONS, began)
    except FileRejected as rejected:
        failure.reject(claimed, work.file.object_key, rejected)
        return
    _announce(claimed.subject, claimed.lane)


def _read(work: Work, path: Path) -> Download:
    """Stream the original to disk. Raises FileRejected when it is empty, or not what was promised."""
    downloaded = objects.download(work.file.object_key, path, version=work.file.version)
    promised = work.promised
    if downloaded.size_bytes == 0:
        raise FileRejected("The file is empty.", code="empty_file")
    if promised is None:
        return downloaded
    if downloaded.size_bytes != promised.size_bytes:
        raise FileRejected(
            f"{downloaded.size_bytes:,} bytes arrived, {promised.size_bytes:,} were announced.", code="size_mismatch"
        )
    if downloaded.sha256 != promised.sha256:
        raise FileRejected(
            "The file that arrived is not the one that was announced: their SHA-256 differ.", code="checksum_mismatch"
        )
    return downloaded


def _metadata(work: Work, path: Path, file_type: FileType, read: Download) -> Claim | None:
    """Commit the metadata. The claim under which to go on with the renditions; None where those are not to be made.

    Raises psycopg.errors.UniqueViolation when these bytes are another item of the owner.
    """
    claimed, item, file, goes_on = work.claimed, work.item, work.file, None
    description = described.describe(item, file, path, file_type)
    following = stages.after(Stage.METADATA, file_type.kind)
    with transaction() as conn:
        original_file.lock(conn, item.owner_id, file.object_key)
        stages.hold(conn, claimed)
        original_file.mark_read(
            conn, item.owner_id, file.object_key, sha256=read.sha256, sha1=read.sha1, mime_type=file_type.mime
        )
        if described.commit(conn, item, description):
            born = {"itemKey": item.item_key, "objectKey": file.object_key, "sha256": read.sha256.hex()}
            outbox.add(conn, item.owner_id, item.id, Change.BORN, after=born)
        if following is Stage.RENDITIONS:
            goes_on = stages.go_on(conn, claimed, following)
        else:
            stages.finish(conn, claimed)
            _become_visible(conn, work, following)
    logger.info("metadata_committed", extra={"item_id": item.id, "mime_type": file_type.mime})
    if goes_on is not None:
        count("Attempts", stage=following)
    elif not item.visible:
        count("ItemsVisible")
    return goes_on


def _renditions(work: Work, claimed: Claim, path: Path, file_type: FileType, directory: Path) -> None:
    item = work.item
    version = item.rendition_version + 1
    made = renditions.make(path, file_type, settings().max_pixels, directory)
    for file in made.files:
        objects.put_rendition(
            keys.rendition_key(item.item_key, version, file.name), file.path.read_bytes(), content_type="image/webp"
        )
    rows = [Rendition(file.name, version, file.width, file.height, file.size_bytes) for file in made.files]
    with transaction() as conn:
        original_file.lock(conn, item.owner_id, work.file.object_key)
        stages.hold(conn, claimed)
        if media_item.commit_renditions(conn, item.owner_id, item.id, version=version, thumb_hash=made.thumb_hash):
            rendition.replace(conn, item.owner_id, item.id, rows)
            item_metadata.mark_looked_at(
                conn, item.owner_id, item.id, colours=list(made.colours), perceptual_hash=made.perceptual_hash
            )
        stages.finish(conn, claimed)
        _become_visible(conn, work, stages.after(Stage.RENDITIONS, file_type.kind))
    count("ItemsVisible")
    logger.info("renditions_committed", extra={"item_id": item.id, "version": version})


def _become_visible(conn: Connection, work: Work, next_stage: Stage) -> None:
    """What goes with an item's becoming visible, in the transaction that makes it so; the month comes last."""
    owner_id = work.item.owner_id
    stages.add(conn, work.claimed.subject, next_stage, work.claimed.lane)
    if work.promised is not None:
        upload_table.mark_ready(conn, owner_id, work.promised.id, work.item.id)
    item = media_item.get(conn, owner_id, work.item.id)
    assert item is not None
    assert item.month is not None
    if item.has_clip:
        stages.add(conn, work.claimed.subject, Stage.CLIP, work.claimed.lane)
    timeline_month.bump(conn, owner_id, [item.month])


def _announce(subject: Subject, lane: Lane) -> None:
    """Hand a visible item on, as half of a live photo joined with the other one.

    After the commit, and again with each late delivery: asking twice is harmless.
    """
    subject, months = joining.join(subject, lane)
    with transaction() as conn:
        item = media_item.get(conn, subject.owner_id, subject.id)
        file = original_file.main_of(conn, subject.owner_id, subject.id)
    if item is None or file is None or item.kind is None or item.month is None or not item.visible:
        return
    following = next(stage for stage in stages.course(item.kind) if not stages.CATALOGUE[stage].by_original)
    stages.ask_worker(following, lane, [subject])
    if item.has_clip:
        stages.ask_worker(Stage.CLIP, lane, [subject])
    live.library_changed(item.owner_id, {*months, item.month}, upload_id=keys.upload_of(file.object_key))
    logger.info("item_visible", extra={"item_id": item.id, "kind": item.kind})


def _measured(stage: Stage, began: float) -> float:
    """Note what a stage took since `began`. When it ended, by the same clock."""
    ended = time.monotonic()
    duration("StageSeconds", ended - began, stage=stage)
    return ended
