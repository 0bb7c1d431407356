"""Every item has its original, every original its upload, and every upload what it says that it has."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import keys, live, objects, stages
from pinhole.db import transaction
from pinhole.errors import NotFound, PinholeError
from pinhole.ingest import failure
from pinhole.keys import upload_of
from pinhole.objects import Listed
from pinhole.s3_events import ObjectCreated
from pinhole.stages import Lane
from pinhole.tables import media_item, original_file, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.tables.original_file import Role
from pinhole.tables.upload import State
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally

GONE = PinholeError("What was sent is not in the store any more. Send it again.", code="object_not_found")


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables say of the object at a key. since: when they last said something new of it.

    uploaded_as: the item that the upload names, whose original may lie elsewhere by now. sha256: as it promised.
    item_id, role, etag, read: of the file; read: whether its bytes were. uploaded: whether it lies where the owner's
    uploads do. processed: whether its item is past all that ingest does.
    """

    object_key: str
    upload_id: str | None
    upload_state: State | None
    uploaded_as: str | None
    sha256: bytes | None
    item_id: str | None
    role: str | None
    etag: str | None
    read: bool
    uploaded: bool
    month: date | None
    missing: bool
    failed: bool
    processed: bool
    since: datetime

    @property
    def unended(self) -> bool:
        """Whether the upload says something else than what became of its item."""
        if self.upload_id is None:
            return False
        if self.failed:
            return self.upload_state in ("waiting", "received")
        return self.processed and (self.upload_state, self.uploaded_as) != ("ready", self.item_id)


@dataclass(frozen=True, slots=True)
class Key:
    """The key of an original."""

    object_key: str


_KNOWN = SQL(
    """
    SELECT object_key, upload.id AS upload_id, upload.state AS upload_state, upload.item_id AS uploaded_as,
           upload.sha256, file.item_id, file.role, file.etag, file.sha256 IS NOT NULL AS read,
           starts_with(object_key, (SELECT folder || '/uploads/' FROM users WHERE id = %(owner_id)s)) AS uploaded,
           item.month, item.missing_at IS NOT NULL AS missing,
           item.failed_at IS NOT NULL AS failed,
           coalesce(item.processed, false) AS processed,
           greatest(upload.created_at, upload.received_at, upload.finished_at, file.created_at) AS since
    FROM (SELECT * FROM upload WHERE owner_id = %(owner_id)s AND {where}) AS upload
    FULL JOIN (SELECT * FROM original_file WHERE owner_id = %(owner_id)s AND {where}) AS file
        USING (object_key)
    LEFT JOIN media_item AS item ON item.owner_id = file.owner_id AND item.id = file.item_id
    """
)
# By bytes, as stores list. They differ on where `/` stands, which does not matter to ids of one length.
_OF_OWNER = _KNOWN.format(where=SQL("starts_with(object_key, %(prefix)s)")) + SQL("ORDER BY object_key")
_OTHERS = SQL(
    """
    SELECT object_key FROM original_file
    WHERE owner_id = %(owner_id)s AND role IN ('main', 'clip') AND NOT starts_with(object_key, %(prefix)s)
    """
).format()
_AT_KEY = _KNOWN.format(where=SQL("object_key = %(key)s"))


def check(before: datetime, tally: Tally, told: Container[str], *, repair: bool) -> Iterator[Finding]:
    """Findings about what was uploaded, and about originals that came by another way and are gone.

    What is younger than `before` is not judged. told: keys that another finding is about.
    """
    with transaction() as conn:
        # But of those who are being deleted: their originals go, or stay without a row.
        owners = conn.execute(
            "SELECT id, folder FROM users WHERE NOT EXISTS (SELECT FROM deletion WHERE user_id = users.id) ORDER BY id"
        ).fetchall()
    for owner_id, folder in owners:
        prefix = keys.upload_prefix(folder)
        for key in chain(_suspicious(owner_id, prefix), _came_otherwise(owner_id, prefix)):
            finding = None if key in told else _look_again(owner_id, key, before, tally, repair=repair)
            if finding is not None:
                yield finding


def _suspicious(owner_id: int, prefix: str) -> Iterator[str]:
    def name(key: str) -> str:
        return key.removeprefix(prefix).partition("/")[0]

    known = streams.rows(_OF_OWNER, {"owner_id": owner_id, "prefix": prefix}, Known)
    pairs = streams.side_by_side(
        known, lambda row: name(row.object_key), objects.list_originals(prefix), lambda stored: name(stored.key)
    )
    for rows, group in pairs:
        stored: Mapping[str, Listed] = {one.key: one for one in group}
        yield from (row.object_key for row in rows if _judge(row, stored.get(row.object_key)))
        yield from (key for key in stored.keys() - {row.object_key for row in rows} if _judge(None, stored[key]))


def _came_otherwise(owner_id: int, prefix: str) -> Iterator[str]:
    for file in streams.rows(_OTHERS, {"owner_id": owner_id, "prefix": prefix}, Key):
        yield file.object_key


def _judge(known: Known | None, stored: Listed | None) -> Kind | None:
    """What is wrong about one key, if anything, however young it is."""
    if known is not None and known.item_id is not None:
        return _judge_item(known, stored)
    if known is None:
        return Kind.OBJECT_UNKNOWN if stored is not None else None
    match known.upload_state:
        case "ready" if known.uploaded_as is None:
            return Kind.UPLOAD_WITHOUT_OBJECT if stored is None else Kind.UPLOAD_WITHOUT_ITEM
        case "received" if stored is None:
            return Kind.UPLOAD_WITHOUT_OBJECT
        case "waiting" | "received" | "aborted" | "failed" if stored is not None:
            return Kind.EVENT_LOST
        case "duplicate" if stored is not None:
            return Kind.OBJECT_LEFT_OVER
    return None


def _judge_item(known: Known, stored: Listed | None) -> Kind | None:
    if known.role not in (Role.MAIN, Role.CLIP):
        return None
    if known.failed:
        return Kind.UPLOAD_UNENDED if known.unended else None
    if stored is None and known.role == Role.CLIP:
        return Kind.CLIP_MISSING
    if stored is None:
        return None if known.missing else Kind.ORIGINAL_MISSING
    if stored.etag != known.etag:
        return Kind.ORIGINAL_CHANGED
    if known.missing and known.role == Role.MAIN:
        return Kind.ORIGINAL_BACK
    if known.unended:
        return Kind.UPLOAD_UNENDED
    # Only where the key is one that an upload has: with its id, in the place where its owner's uploads lie.
    lost = known.uploaded and known.read and known.upload_id is None and upload_of(known.object_key) is not None
    return Kind.UPLOAD_LOST if lost else None


def _is_young(kind: Kind, known: Known | None, stored: Listed | None, before: datetime) -> bool:
    """Whether it may be in work. What is said of an original that is there does not depend on when it came."""
    if kind in (Kind.ORIGINAL_CHANGED, Kind.ORIGINAL_BACK):
        return False
    return (known is not None and known.since > before) or (stored is not None and stored.modified_at > before)


def _known(conn: Connection, owner_id: int, key: str) -> Known | None:
    """What the tables say of the object at one key of the owner."""
    with conn.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(_AT_KEY, {"owner_id": owner_id, "key": key}).fetchone()


def _look_again(owner_id: int, key: str, before: datetime, tally: Tally, *, repair: bool) -> Finding | None:
    """Judge one key as it is now, while nobody changes it, and repair it where asked."""
    # The store is asked, and changed, inside the transaction: nobody else may work on this key meanwhile.
    with transaction() as conn:
        original_file.lock(conn, owner_id, key)
        upload_table.lock_by_key(conn, owner_id, key)
        known = _known(conn, owner_id, key)
        stored = next((one for one in objects.list_originals(key) if one.key == key), None)
        kind = _certain(conn, owner_id, known, _judge(known, stored))
        if kind is None:
            return None
        if _is_young(kind, known, stored, before):
            tally.young += 1
            return None
        repaired = repair and _repair(conn, kind, owner_id, key, known)
    logger.warning("inconsistency_found", extra={"kind": kind, "object_key": key, "repaired": repaired})
    if known is None:
        return Finding(kind, key, repaired=repaired)
    if repaired and kind in (Kind.ORIGINAL_MISSING, Kind.ORIGINAL_BACK) and known.month is not None:
        live.library_changed(owner_id, [known.month])
    return Finding(kind, key, known.item_id, known.upload_id, repaired)


def _certain(conn: Connection, owner_id: int, known: Known | None, kind: Kind | None) -> Kind | None:
    """The same, where the row of another key has a say."""
    if known is None:
        return kind
    if kind is Kind.UPLOAD_LOST and upload_table.get(conn, owner_id, upload_of(known.object_key) or "") is not None:
        # Somebody put it beside what that upload brought: it never was one.
        return None
    if kind is Kind.OBJECT_LEFT_OVER and not _is_elsewhere(conn, owner_id, known):
        return Kind.UPLOAD_WITHOUT_ITEM
    return kind


def _is_elsewhere(conn: Connection, owner_id: int, known: Known) -> bool:
    """Whether the bytes of an upload are stored once more, as an item's."""
    assert known.sha256 is not None
    same = original_file.find_same_bytes(conn, owner_id, known.sha256)
    if same is None or same.object_key == known.object_key:
        return False
    try:
        return objects.head(same.object_key).etag == same.etag
    except NotFound:
        return False


def _repair(conn: Connection, kind: Kind, owner_id: int, key: str, known: Known | None) -> bool:
    match kind:
        case Kind.ORIGINAL_MISSING | Kind.ORIGINAL_BACK if known is not None and known.item_id is not None:
            media_item.mark_missing(conn, owner_id, known.item_id, missing=kind is Kind.ORIGINAL_MISSING)
            if kind is Kind.ORIGINAL_BACK:
                original_file.mark_stored(conn, owner_id, key, objects.head(key).version)
            if known.month is not None:
                timeline_month.bump(conn, owner_id, [known.month])
        case Kind.UPLOAD_LOST:
            return upload_table.restore(conn, owner_id, key)
        case Kind.OBJECT_LEFT_OVER:
            objects.delete(key, version=objects.head(key).version)
        case Kind.UPLOAD_UNENDED if known is not None and known.upload_id is not None and known.item_id is not None:
            if known.failed:
                upload_table.mark_failed(conn, owner_id, known.upload_id, failure.WORN_OUT)
            else:
                upload_table.mark_ready_after_all(conn, owner_id, known.upload_id, known.item_id)
        case Kind.UPLOAD_WITHOUT_OBJECT if known is not None and known.upload_id is not None:
            upload_table.receive_again(conn, owner_id, known.upload_id)
            upload_table.mark_failed(conn, owner_id, known.upload_id, GONE)
        case Kind.EVENT_LOST | Kind.OBJECT_UNKNOWN | Kind.UPLOAD_WITHOUT_ITEM:
            if known is not None and known.upload_id is not None:
                upload_table.receive_again(conn, owner_id, known.upload_id)
            there = objects.head(key)
            created = ObjectCreated(key, there.size_bytes, there.etag, there.version, sequencer=None)
            stages.send_events(Lane.BULK if kind is Kind.OBJECT_UNKNOWN else Lane.FRESH, [created])
        case _:
            return False
    return True
