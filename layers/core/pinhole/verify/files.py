"""Every item has the file that it is made from. A row that was lost is written again from what else tells of it.

The journal tells where an original lies and what its bytes are; the upload, if there is one, what its name is. The
bytes are read before the row is written: nothing else proves that they are that item's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import live, objects
from pinhole.db import transaction
from pinhole.errors import NotFound, PinholeError, Unavailable
from pinhole.filenames import displayable, displayable_path
from pinhole.imaging.file_type import FileType, identify
from pinhole.ingest import scratch
from pinhole.objects import Download, StoredObject
from pinhole.stages import Subject
from pinhole.tables import job, media_item, original_file, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.tables.original_file import Role, Stored
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally

LONGEST_READ = timedelta(minutes=15)  # the time-out of the function for operators


@dataclass(frozen=True, slots=True)
class Lost:
    """An item without a main file. object_key, sha256: as its birth, or what replaced its original, was written down;
    else as its upload has them; None where nothing tells.

    folder: of its owner. read: whether its file ever was; what was not is no photo yet.
    """

    owner_id: int
    folder: str
    item_id: str
    created_at: datetime
    month: date | None
    read: bool
    missing: bool
    failed: bool
    object_key: str | None
    sha256: bytes | None


# The journal has no index by item: it is read once for all that are lost.
_LOST = SQL(
    """
    WITH lost AS MATERIALIZED (
        SELECT * FROM media_item AS item
        WHERE {and_is} NOT EXISTS (
            SELECT FROM original_file AS file
            WHERE file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
        )
    ), told AS (
        SELECT lost.owner_id, lost.id,
               (array_agg(after->>'objectKey' ORDER BY transaction_id DESC, outbox.id DESC))[1] AS object_key,
               (array_agg(after->>'sha256' ORDER BY transaction_id DESC, outbox.id DESC)
                   FILTER (WHERE after ? 'sha256'))[1] AS sha256
        FROM lost JOIN outbox ON outbox.owner_id = lost.owner_id AND outbox.subject_id = lost.id
        WHERE subject_kind = 'item' AND after ? 'objectKey'
        GROUP BY lost.owner_id, lost.id
    )
    SELECT lost.owner_id, users.folder, lost.id AS item_id, lost.created_at, lost.month,
           lost.metadata_at IS NOT NULL AS read, lost.missing_at IS NOT NULL AS missing,
           lost.failed_at IS NOT NULL AS failed,
           coalesce(told.object_key, sent.object_key) AS object_key,
           coalesce(decode(told.sha256, 'hex'), sent.sha256) AS sha256
    FROM lost
    JOIN users ON users.id = lost.owner_id
    LEFT JOIN told ON told.owner_id = lost.owner_id AND told.id = lost.id
    LEFT JOIN LATERAL (
        SELECT object_key, sha256 FROM upload
        WHERE upload.owner_id = lost.owner_id AND upload.item_id = lost.id AND upload.state = 'ready'
          AND NOT EXISTS (
              SELECT FROM original_file AS file
              WHERE file.owner_id = upload.owner_id AND file.object_key = upload.object_key
          )
        ORDER BY finished_at DESC LIMIT 1
    ) AS sent ON true
    """
)
_ALL = _LOST.format(and_is=SQL(""))
_ONE = _LOST.format(and_is=SQL("owner_id = %(owner_id)s AND id = %(item_id)s AND"))


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about items that have no file. What is younger than `before` is not judged."""
    for lost in streams.rows(_ALL, {}, Lost):
        if lost.created_at > before:
            tally.young += 1
            continue
        finding = _without_trace(lost, repair=repair) if lost.object_key is None else _judge(lost, repair=repair)
        if finding is not None:
            logger.warning(
                "inconsistency_found",
                extra={"kind": finding.kind, "item_id": lost.item_id, "repaired": finding.repaired},
            )
            yield finding


def _without_trace(lost: Lost, *, repair: bool) -> Finding | None:
    """An item of which nothing tells where its file lies. One that was never read holds nothing, and goes."""
    if lost.read:
        return Finding(Kind.FILE_LOST, "", lost.item_id)
    with transaction() as conn:
        if media_item.lock(conn, lost.owner_id, lost.item_id) is None or _again(conn, lost) != lost:
            return None
        if repair:
            media_item.remove(conn, lost.owner_id, lost.item_id)
            job.remove(conn, Subject(lost.owner_id, lost.item_id))
    return Finding(Kind.ITEM_EMPTY, "", lost.item_id, repaired=repair)


def _judge(lost: Lost, *, repair: bool) -> Finding | None:
    assert lost.object_key is not None
    key = lost.object_key
    try:
        there = objects.head(key)
    except NotFound:
        if lost.missing:
            return None
        return Finding(Kind.ORIGINAL_MISSING, key, lost.item_id, repaired=repair and _hide(lost))
    if not repair:
        return Finding(Kind.FILE_LOST, key, lost.item_id)
    try:
        read, file_type = _read(key, there)
    except Unavailable:
        raise
    except PinholeError:  # there is no room for it here, or it is of no kind that is known any more
        logger.warning("original_not_read", exc_info=True)
        return Finding(Kind.FILE_LOST, key, lost.item_id)
    if read.sha256 != lost.sha256:
        return Finding(Kind.ORIGINAL_CHANGED, key, lost.item_id)
    return Finding(Kind.FILE_LOST, key, lost.item_id, repaired=_write_again(lost, key, there, read, file_type))


def _hide(lost: Lost) -> bool:
    with transaction() as conn:
        if _again(conn, lost) != lost:
            return False
        media_item.mark_missing(conn, lost.owner_id, lost.item_id, missing=True)
        if lost.month is not None:
            timeline_month.bump(conn, lost.owner_id, [lost.month])
    if lost.month is not None:
        live.library_changed(lost.owner_id, [lost.month])
    return True


def _read(key: str, there: StoredObject) -> tuple[Download, FileType]:
    with scratch.directory(datetime.now(UTC) + LONGEST_READ, there.size_bytes) as directory:
        path = directory / "original"
        read = objects.download(key, path, version=there.version)
        return read, identify(path)


def _write_again(lost: Lost, key: str, there: StoredObject, read: Download, file_type: FileType) -> bool:
    """False where another item has this file by now, or the item has one."""
    with transaction() as conn:
        original_file.lock(conn, lost.owner_id, key)
        if _again(conn, lost) != lost or original_file.find(conn, lost.owner_id, key) is not None:
            return False
        sent = upload_table.find_by_key(conn, lost.owner_id, key)
        stored = Stored(
            object_key=key,
            version=there.version,
            etag=read.etag,
            sequencer=None,
            size_bytes=read.size_bytes,
            filename=displayable(key) if sent is None else sent.filename,
            relative_path=displayable_path(key.removeprefix(f"{lost.folder}/")) if sent is None else sent.relative_path,
            modified_at=None if sent is None else sent.modified_at,
        )
        original_file.insert(conn, lost.owner_id, lost.item_id, Role.MAIN, stored)
        counts = not lost.failed and original_file.find_same_bytes(conn, lost.owner_id, read.sha256) is None
        original_file.count_again(conn, lost.owner_id, lost.item_id, counts=counts)
        original_file.mark_read(conn, lost.owner_id, key, sha256=read.sha256, sha1=read.sha1, mime_type=file_type.mime)
    return True


def _again(conn: Connection, lost: Lost) -> Lost | None:
    """The same, as it is now."""
    with conn.cursor(row_factory=class_row(Lost)) as cursor:
        return cursor.execute(_ONE, {"owner_id": lost.owner_id, "item_id": lost.item_id}).fetchone()
