"""The owner has the bytes that arrived as another item already."""

from psycopg import Connection

from pinhole import objects, stages, trash
from pinhole.db import transaction
from pinhole.errors import NotFound, Unavailable
from pinhole.ingest.arrival import Work
from pinhole.objects import Download
from pinhole.stages import Stage, Subject
from pinhole.tables import job, media_item, original_file, outbox, rendition, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.tables.original_file import OriginalFile, Role
from pinhole.tables.outbox import Change
from pinhole.telemetry import count, logger


def end(work: Work, read: Download) -> Subject | None:
    """Let the new item go. If the other has lost its original, what arrived takes its place.

    Else what an upload brought is deleted, and what came by another way stays where its owner put it, as an alias.
    What an upload brought is wanted: if the other lies in the trash, it is taken out of it. Returns the other where it
    has changed by this. Raises Unavailable when things changed meanwhile.
    """
    item, file = work.item, work.file
    with transaction() as conn:
        other = original_file.find_same_bytes(conn, item.owner_id, read.sha256)
    # Asked before the transaction, which looks again whether it still is about the same file.
    lost = other is not None and not _is_stored(other)
    with transaction() as conn:
        # The other's key too: whoever judges that one, as verify does, waits. In order, so that nobody deadlocks.
        for key in sorted({file.object_key} if other is None else {file.object_key, other.object_key}):
            original_file.lock(conn, item.owner_id, key)
        stages.hold(conn, work.claimed)
        current = original_file.find_same_bytes(conn, item.owner_id, read.sha256)
        winner = None if current is None else media_item.lock(conn, item.owner_id, current.item_id)
        if current is None or winner is None or current != other:
            raise Unavailable(f"The item that has the bytes of {item.id} went away meanwhile.")
        if lost:
            _replace_original(conn, work, current)
        else:
            _let_go(conn, work, current)
        restored = None if work.promised is None else trash.restore(conn, winner.owner_id, winner.id)
        if (lost or restored) and winner.month is not None:
            timeline_month.bump(conn, winner.owner_id, [winner.month])
    count("Duplicates")
    logger.info("file_is_duplicate", extra={"item_id": winner.id, "original_was_lost": lost})
    if work.promised is not None and not lost:
        objects.delete(file.object_key, version=file.version)
    return Subject(winner.owner_id, winner.id) if lost or restored is not None else None


def _replace_original(conn: Connection, work: Work, current: OriginalFile) -> None:
    owner_id, new = work.item.owner_id, work.file
    _remove(conn, work)
    original_file.replace(conn, current, new)
    if current.role == Role.MAIN:
        media_item.mark_missing(conn, owner_id, current.item_id, missing=False)
    else:
        clip = Subject(owner_id, current.item_id)
        job.reopen(conn, clip, Stage.CLIP, work.claimed.lane)
        stages.ask_again(conn, Stage.CLIP, work.claimed.lane, [clip])
    if not rendition.has_any(conn, owner_id, current.item_id):
        # They were lost with the original. Asked for inside the transaction: a message too many is harmless.
        winner = Subject(owner_id, current.item_id)
        job.reopen(conn, winner, Stage.RENDITIONS, work.claimed.lane)
        stages.ask_again(conn, Stage.RENDITIONS, work.claimed.lane, [winner])
    outbox.add(
        conn,
        owner_id,
        current.item_id,
        Change.ORIGINAL_REPLACED,
        before={"objectKey": current.object_key},
        after={"objectKey": new.object_key},
    )
    if work.promised is not None:
        upload_table.mark_ready(conn, owner_id, work.promised.id, current.item_id)


def _let_go(conn: Connection, work: Work, current: OriginalFile) -> None:
    owner_id = work.item.owner_id
    if work.promised is None:
        original_file.mark_alias(conn, owner_id, work.file.object_key, current.item_id)
    else:
        upload_table.mark_duplicate(conn, owner_id, work.promised.id, current.item_id)
    _remove(conn, work)


def _remove(conn: Connection, work: Work) -> None:
    media_item.remove(conn, work.item.owner_id, work.item.id)
    job.remove(conn, work.claimed.subject)


def _is_stored(file: OriginalFile) -> bool:
    try:
        objects.head(file.object_key)
    except NotFound:
        return False
    return True
