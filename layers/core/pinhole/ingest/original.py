"""From an object that arrived to a visible item: claim, read, metadata, renditions, hand on.

Every step may be the last one of this process. What was committed is not done again; what was not is done anew by
the next delivery of the same event, whenever that comes, and however many there are.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from psycopg import Connection
from psycopg.errors import UniqueViolation

from pinhole import live, objects, queues
from pinhole.db import transaction
from pinhole.errors import Busy, FileRejected, NotFound, Unavailable
from pinhole.imaging import renditions
from pinhole.imaging.file_type import FileType, identify
from pinhole.ingest import failure, scratch
from pinhole.ingest.described import describe
from pinhole.ingest.events import ObjectCreated
from pinhole.settings import settings
from pinhole.tables import job, media_item, timeline_month
from pinhole.tables import upload as uploads
from pinhole.tables.job import Stage
from pinhole.tables.media_item import Item, Original, RenditionSet
from pinhole.tables.upload import Upload
from pinhole.telemetry import count, duration, logger


@dataclass(frozen=True, slots=True)
class _Claim:
    """An attempt at one stage, leased to this process."""

    upload: Upload
    item: Item
    stage: Stage
    until: datetime


def ingest_original(created: ObjectCreated, until: datetime) -> None:
    """Make a visible item of an uploaded original, or record why that is impossible.

    until: when this process is dead for sure; before that no other delivery works on the same item.
    Raises Busy while another delivery does, and Unavailable when a part we depend on is down: both want the
    message back later. A file that is at fault itself raises nothing: its upload ends `failed`, with the reason.
    """
    with transaction() as conn:
        upload = uploads.lock_by_key(conn, created.key)
        claim = None if upload is None else _claim(conn, upload, created, until)
    if upload is None:
        logger.warning("object_ignored", extra={"object_key": created.key, "reason": "no upload has this key"})
    elif claim is not None:
        _ingest(claim)
    elif upload.state == "ready":
        _announce(upload)
    elif upload.state in ("aborted", "duplicate"):
        objects.delete(upload.object_key, version=created.version)
        logger.info("object_deleted", extra={"upload_state": upload.state})


def _claim(conn: Connection, upload: Upload, created: ObjectCreated, until: datetime) -> _Claim | None:
    """Commit an attempt before the work starts, so that a file that kills its worker is counted."""
    item = _item_to_ingest(conn, upload, created)
    if item is None:
        return None
    stage = Stage.METADATA if item.metadata_at is None else Stage.RENDITIONS
    attempt = job.begin_attempt(conn, item.id, stage, until, settings().max_attempts)
    if attempt is None:
        current = job.get(conn, item.id, stage)
        if current is not None and current.leased and current.leased_until is not None:
            wait = (current.leased_until - datetime.now(UTC)).total_seconds()
            raise Busy(f"{upload.id} is being ingested by another delivery.", max(1, ceil(wait)))
        if current is not None and current.open:
            failure.fail_for_good(conn, upload, item, stage, failure.worn_out(current))
        return None
    count("Attempts", stage=stage)
    logger.info("attempt_begun", extra={"item_id": item.id, "stage": stage, "attempt": attempt})
    return _Claim(upload, item, stage, until)


def _item_to_ingest(conn: Connection, upload: Upload, created: ObjectCreated) -> Item | None:
    """The item of this object, made now if it is new; None where there is nothing left to do."""
    if upload.state == "ready":
        item = media_item.find_by_key(conn, upload.object_key)
        again = None if item is None else job.get(conn, item.id, Stage.RENDITIONS)
        return item if again is not None and again.open else None
    if not uploads.mark_received(conn, upload.id):
        return None
    item = media_item.find_or_add(
        conn,
        Original(
            owner_id=upload.owner_id,
            object_key=upload.object_key,
            version=created.version,
            etag=created.etag,
            sequencer=created.sequencer,
            size_bytes=created.size_bytes,
            filename=upload.filename,
            modified_at=upload.modified_at,
        ),
    )
    if item.etag != created.etag:
        # Keys under uploads/ are written once: this is not what the client sent, and the first version stays.
        logger.warning("original_overwritten", extra={"item_id": item.id})
        return None
    return item


def _ingest(claim: _Claim) -> None:
    began = time.monotonic()
    try:
        with scratch.directory(claim.until, claim.upload.size_bytes) as directory:
            path = directory / "original"
            sha256 = _read(claim, path)
            file_type = identify(path)
            if claim.stage is Stage.METADATA:
                if not _metadata(claim, path, file_type, sha256):
                    return
                began = _measured(Stage.METADATA, began)
            if file_type.kind == "photo":
                _renditions(claim, path, file_type, directory)
                _measured(Stage.RENDITIONS, began)
    except FileRejected as rejected:
        failure.reject(claim.upload, claim.item, claim.until, rejected)
        return
    _announce(claim.upload)


def _read(claim: _Claim, path: Path) -> bytes:
    """Stream the original to disk. Its SHA-256; raises FileRejected when it is not what was promised."""
    downloaded = objects.download(claim.item.object_key, path, version=claim.item.object_version)
    promised = claim.upload
    if downloaded.size_bytes == 0:
        raise FileRejected("The file is empty.", code="empty_file")
    if downloaded.size_bytes != promised.size_bytes:
        raise FileRejected(
            f"{downloaded.size_bytes:,} bytes arrived, {promised.size_bytes:,} were announced.", code="size_mismatch"
        )
    if downloaded.sha256 != promised.sha256:
        raise FileRejected(
            "The file that arrived is not the one that was announced: their SHA-256 differ.", code="checksum_mismatch"
        )
    return downloaded.sha256


def _hold(conn: Connection, claim: _Claim, stage: Stage) -> None:
    """Keep everybody else from this upload and its item until the end of the transaction.

    Raises Busy when another delivery has taken over, as it may once the lease has ended: then it is that one's turn.
    """
    uploads.lock_by_key(conn, claim.upload.object_key)
    current = job.get(conn, claim.item.id, stage)
    if current is None or current.leased_until != claim.until:
        raise Busy(f"Another delivery has taken {claim.upload.id} over.", 1)


def _metadata(claim: _Claim, path: Path, file_type: FileType, sha256: bytes) -> bool:
    """Commit the metadata. False when these bytes are another item of the owner already."""
    upload, item = claim.upload, claim.item
    described = describe(item, path, file_type, sha256)
    try:
        with transaction() as conn:
            _hold(conn, claim, Stage.METADATA)
            media_item.commit_metadata(conn, item.id, described)
            job.finish(conn, item.id, Stage.METADATA)
            if file_type.kind == "photo":
                job.begin_attempt(conn, item.id, Stage.RENDITIONS, claim.until, settings().max_attempts)
                count("Attempts", stage=Stage.RENDITIONS)
            else:
                _become_visible(conn, upload, item.id, Stage.VIDEO)
    except UniqueViolation:
        _end_as_duplicate(claim, sha256)
        return False
    logger.info("metadata_committed", extra={"item_id": item.id, "mime_type": file_type.mime})
    return True


def _renditions(claim: _Claim, path: Path, file_type: FileType, directory: Path) -> None:
    item = claim.item
    version = item.rendition_version + 1
    made = renditions.make(path, file_type, settings().max_pixels, directory)
    for file in made.files:
        objects.put_rendition(
            f"{item.item_key}/{version}/{file.name}", file.path.read_bytes(), content_type="image/webp"
        )
    shown = RenditionSet(
        version=version,
        files=[
            {"name": file.name, "width": file.width, "height": file.height, "bytes": file.path.stat().st_size}
            for file in made.files
        ],
        thumb_hash=made.thumb_hash,
        colours=list(made.colours),
    )
    with transaction() as conn:
        _hold(conn, claim, Stage.RENDITIONS)
        media_item.commit_renditions(conn, item.id, shown)
        job.finish(conn, item.id, Stage.RENDITIONS)
        _become_visible(conn, claim.upload, item.id, Stage.ANALYSIS)
    logger.info("renditions_committed", extra={"item_id": item.id, "version": version})


def _become_visible(conn: Connection, upload: Upload, item_id: str, next_stage: Stage) -> None:
    """What goes with an item's becoming visible, in the transaction that makes it so; the month comes last."""
    job.add_waiting(conn, item_id, next_stage)
    uploads.mark_ready(conn, upload.id, item_id)
    count("ItemsVisible")
    item = media_item.get(conn, item_id)
    assert item is not None
    assert item.month is not None
    timeline_month.bump(conn, item.owner_id, [item.month])


def _end_as_duplicate(claim: _Claim, sha256: bytes) -> None:
    """The owner has these bytes as another item. If that has lost its original, what arrived now takes its place."""
    upload, item = claim.upload, claim.item
    with transaction() as conn:
        _hold(conn, claim, Stage.METADATA)
        other = media_item.lock_same_bytes(conn, item.owner_id, sha256)
        if other is None:
            raise Unavailable(f"The item that has the bytes of {upload.id} went away meanwhile.")
        media_item.remove(conn, item.id)
        lost = not _is_stored(other)
        if lost:
            media_item.replace_original(conn, other.id, item)
            uploads.mark_ready(conn, upload.id, other.id)
            if other.month is not None:
                timeline_month.bump(conn, other.owner_id, [other.month])
        else:
            uploads.mark_duplicate(conn, upload.id, other.id)
    count("Duplicates")
    logger.info("upload_is_duplicate", extra={"item_id": other.id, "original_was_lost": lost})
    if lost:
        _announce(upload)
    else:
        objects.delete(upload.object_key, version=item.object_version)


def _is_stored(item: Item) -> bool:
    try:
        objects.head(item.object_key)
    except NotFound:
        return False
    return True


def _announce(upload: Upload) -> None:
    """Hand a visible item on. After the commit, and again with each late delivery: asking twice is harmless."""
    with transaction() as conn:
        item = media_item.find_by_key(conn, upload.object_key)
    if item is None or item.month is None:
        return
    if item.kind == "photo":
        queues.request_analysis(item.id)
    else:
        queues.request_video(item.id)
    live.library_changed(item.owner_id, [item.month], upload_id=upload.id)
    logger.info("item_visible", extra={"item_id": item.id, "kind": item.kind})


def _measured(stage: Stage, began: float) -> float:
    """Note what a stage took since `began`. When it ended, by the same clock."""
    ended = time.monotonic()
    duration("StageSeconds", ended - began, stage=stage)
    return ended
