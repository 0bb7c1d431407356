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
from pinhole.keys import upload_of
from pinhole.objects import Listed
from pinhole.s3_events import ObjectCreated
from pinhole.stages import Lane
from pinhole.tables import media_item, original_file, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import State
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables say of the object at a key. since: when they last said something new of it.

    has_item: whether the upload names an item, whose original may lie elsewhere by now. read: whether its bytes were.
    uploaded: whether it lies where the owner's uploads do.
    """

    object_key: str
    upload_id: str | None
    upload_state: State | None
    has_item: bool
    item_id: str | None
    etag: str | None
    read: bool
    uploaded: bool
    month: date | None
    missing: bool
    failed: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """The key of an original."""

    object_key: str


_KNOWN = SQL(
    """
    SELECT object_key, upload.id AS upload_id, upload.state AS upload_state, upload.item_id IS NOT NULL AS has_item,
           file.item_id, file.etag, file.sha256 IS NOT NULL AS read,
           starts_with(object_key, (SELECT folder || '/uploads/' FROM users WHERE id = %(owner_id)s)) AS uploaded,
           item.month, item.missing_at IS NOT NULL AS missing,
           item.failed_at IS NOT NULL AS failed,
           greatest(upload.created_at, upload.received_at, upload.finished_at, file.created_at) AS since
    FROM (SELECT * FROM upload WHERE owner_id = %(owner_id)s AND {where}) AS upload
    FULL JOIN (SELECT * FROM original_file WHERE owner_id = %(owner_id)s AND role = 'main' AND {where}) AS file
        USING (object_key)
    LEFT JOIN media_item AS item ON item.owner_id = file.owner_id AND item.id = file.item_id
    """
)
# By bytes, as stores list. They differ on where `/` stands, which does not matter to ids of one length.
_OF_OWNER = _KNOWN.format(where=SQL("starts_with(object_key, %(prefix)s)")) + SQL("ORDER BY object_key")
_OTHERS = SQL(
    """
    SELECT object_key FROM original_file
    WHERE owner_id = %(owner_id)s AND role = 'main' AND NOT starts_with(object_key, %(prefix)s)
    """
).format()
_AT_KEY = _KNOWN.format(where=SQL("object_key = %(key)s"))


def check(before: datetime, tally: Tally, told: Container[str], *, repair: bool) -> Iterator[Finding]:
    """Findings about what was uploaded, and about originals that came by another way and are gone.

    What is younger than `before` is not judged. told: keys that another finding is about.
    """
    with transaction() as conn:
        owners = conn.execute("SELECT id, folder FROM users ORDER BY id").fetchall()
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
    for row, group in pairs:
        stored: Mapping[str, Listed] = {one.key: one for one in group}
        if row is not None and _judge(row, stored.get(row.object_key)):
            yield row.object_key
        for key, one in stored.items():
            if (row is None or key != row.object_key) and _judge(None, one):
                yield key


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
        case "ready" if not known.has_item:
            return Kind.UPLOAD_WITHOUT_ITEM
        case "received" if stored is None:
            return Kind.UPLOAD_WITHOUT_OBJECT
        case "waiting" | "received" | "aborted" | "failed" if stored is not None:
            return Kind.EVENT_LOST
        case "duplicate" if stored is not None:
            return Kind.OBJECT_LEFT_OVER
    return None


def _judge_item(known: Known, stored: Listed | None) -> Kind | None:
    if known.failed:
        return None
    if stored is None:
        return None if known.missing else Kind.ORIGINAL_MISSING
    if stored.etag != known.etag:
        return Kind.ORIGINAL_CHANGED
    if known.missing:
        return Kind.ORIGINAL_BACK
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
        kind = _judge(known, stored)
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
        case Kind.EVENT_LOST | Kind.OBJECT_UNKNOWN:
            if known is not None and known.upload_id is not None:
                upload_table.receive_again(conn, owner_id, known.upload_id)
            there = objects.head(key)
            created = ObjectCreated(key, there.size_bytes, there.etag, there.version, sequencer=None)
            stages.ask_again_for(Lane.FRESH if kind is Kind.EVENT_LOST else Lane.BULK, [created])
        case _:
            return False
    return True
