"""Every item has the renditions that it shows, and every rendition its item."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import keys, media_url, objects, stages
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.imaging.sizes import FULL_SIZE
from pinhole.objects import Listed
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job, original_file, rendition
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally
from pinhole.videos import CLIP, COPY, STILLS


@dataclass(frozen=True, slots=True)
class Known:
    """What an item says of its renditions: version and name of each, such as `1/240.webp`, and the sum of their bytes,
    both without the full size, which comes and goes.

    version: of those that show its whole picture. object_key: of the original; None where its row is lost. since: when
    that version came to be shown; None where none is. in_work: whether new ones are being made, or all go with their
    owner. missing: whether the original is known to be gone. full_size: it is being made, said to be there (`shown`),
    or was there until its time was over; None: there is none.
    """

    item_key: str
    owner_id: int
    item_id: str
    kind: Literal["photo", "video"] | None
    object_key: str | None
    version: int
    shown: list[str]
    total_bytes: int
    since: datetime | None
    in_work: bool
    missing: bool
    full_size: Literal["in_work", "shown", "expired"] | None


_KNOWN = SQL(
    """
    SELECT item.item_key, item.owner_id, item.id AS item_id, item.kind, file.object_key,
           item.rendition_version AS version, shown.shown, shown.total_bytes, item.renditions_at AS since,
           EXISTS (
               SELECT FROM job
               WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
                 AND stage IN ('renditions', 'poster', 'video', 'stills', 'clip') AND state IN ('waiting', 'running')
           ) OR EXISTS (SELECT FROM deletion WHERE user_id = item.owner_id) AS in_work,
           item.missing_at IS NOT NULL AS missing,
           CASE WHEN EXISTS (
               SELECT FROM job
               WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
                 AND stage = 'full_size' AND state IN ('waiting', 'running')
           ) THEN 'in_work' WHEN shown.until > now() THEN 'shown' WHEN shown.until <= now() THEN 'expired' END
               AS full_size
    FROM media_item AS item
    LEFT JOIN original_file AS file ON file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(version || '/' || name) FILTER (WHERE expires_at IS NULL), '{{}}') AS shown,
               coalesce(sum(size_bytes) FILTER (WHERE expires_at IS NULL), 0)::bigint AS total_bytes,
               max(expires_at) AS until
        FROM rendition WHERE rendition.owner_id = item.owner_id AND rendition.item_id = item.id
    ) AS shown
    {where}
    """
)
_ALL = _KNOWN.format(where=SQL("ORDER BY item.item_key"))
_WITH_KEY = _KNOWN.format(where=SQL("WHERE item.item_key = %(item_key)s"))
PICTURE = "1440.webp"  # what every item has that has renditions
_ITEM_KEY = re.compile(r"[0-9A-Za-z]{24}")


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about renditions. What is younger than `before` is not judged."""
    known = streams.rows(_ALL, {}, Known)
    listed = objects.list_renditions("")
    pairs = streams.side_by_side(known, lambda row: row.item_key, listed, lambda one: _item_key(one.key))
    for rows, group in pairs:
        row = rows[0] if rows else None
        if _judge(row, group, before) is None:
            tally.young += _judge(row, group, datetime.now(UTC)) is not None
            continue
        item_key = _item_key(group[0].key) if row is None else row.item_key
        if _ITEM_KEY.fullmatch(item_key):
            finding = _look_again(item_key, row, before, repair=repair)
        else:  # nothing of ours: whoever put it there may want it
            finding = Finding(Kind.RENDITIONS_UNKNOWN, group[0].key)
        if finding is not None:
            yield finding


def _item_key(key: str) -> str:
    return key.partition("/")[0]


def _judge(known: Known | None, stored: Sequence[Listed], before: datetime) -> Kind | None:
    if known is None:
        young = any(one.modified_at > before for one in stored)
        return Kind.RENDITIONS_UNKNOWN if stored and not young else None
    if known.in_work or known.object_key is None:
        return None
    if known.missing:
        # What there is to make them from is gone. It is told once: after that there are none that could be missed. What
        # is left in the store stays: nothing else is left of the photo.
        return Kind.RENDITIONS_LOST if _not_whole(known, stored) and known.shown else None
    if _not_whole(known, stored):
        return Kind.RENDITIONS_MISSING
    if known.full_size == "shown" and not any(one.key == _full_size(known) for one in stored):
        return Kind.FULL_SIZE_MISSING
    return Kind.RENDITIONS_LEFT_OVER if _left_over(known, stored, before) else None


def _not_whole(known: Known, stored: Sequence[Listed]) -> bool:
    """Whether what is shown lacks an object, a row, or bytes."""
    named = _named(known)
    there = {one.key: one.size_bytes for one in stored if one.key in named}
    picture = _version(known, known.version)
    in_picture = {one.key for one in stored if one.key.startswith(picture) and _shows_picture(one.key)}
    return (
        there.keys() != named.keys()
        or not in_picture <= named.keys()
        or sum(there.values()) != known.total_bytes
        or (known.since is not None and not any(key.startswith(picture) for key in named))
    )


def _shows_picture(key: str) -> bool:
    """Whether it is none of what is made beside the pictures of a version, and may be of another attempt."""
    name = key.rpartition("/")[2]
    return name not in (FULL_SIZE, COPY, CLIP) and name not in STILLS


def _named(known: Known) -> dict[str, str]:
    """Names of what is shown, by keys."""
    return {f"{known.item_key}/{each}": each.partition("/")[2] for each in known.shown}


def _left_over(known: Known, stored: Sequence[Listed], before: datetime) -> list[Listed]:
    """What is not shown, and was not so lately that an address handed out then may still be valid."""
    named, in_use = _named(known), [_version(known, known.version)]
    if known.since is not None and known.since > datetime.now(UTC) - timedelta(seconds=media_url.LONGEST_LIFE):
        in_use += [_version(known, version) for version in range(1, known.version)]
    return [
        one
        for one in stored
        if one.modified_at <= before
        and one.key not in named
        and not (one.key.startswith(tuple(in_use)) and (known.full_size is not None or one.key != _full_size(known)))
    ]


def _full_size(known: Known) -> str:
    return keys.rendition_key(known.item_key, known.version, FULL_SIZE)


def _version(known: Known, version: int) -> str:
    return f"{known.item_key}/{version}/"


def _known(conn: Connection, item_key: str) -> Known | None:
    """What the item with this key says of its renditions."""
    with conn.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(_WITH_KEY, {"item_key": item_key}).fetchone()


def _look_again(item_key: str, suspected: Known | None, before: datetime, *, repair: bool) -> Finding | None:
    """Judge one item's renditions as they are now, while nobody makes new ones, and repair them where asked."""
    prefix = f"{item_key}/"
    with transaction() as conn:
        if suspected is not None and suspected.object_key is not None:
            original_file.lock(conn, suspected.owner_id, suspected.object_key)
        known = _known(conn, item_key)
        stored = list(objects.list_renditions(prefix))
        kind = _judge(known, stored, before)
        if kind is None:
            return None
        repaired = repair and _repair(conn, kind, known, stored, before)
    logger.warning("inconsistency_found", extra={"kind": kind, "object_key": prefix, "repaired": repaired})
    if known is None:
        return Finding(kind, prefix, repaired=repaired)
    lost = kind is Kind.RENDITIONS_LOST
    return Finding(kind, (lost and known.object_key) or prefix, known.item_id, repaired=repaired)


def _repair(conn: Connection, kind: Kind, known: Known | None, stored: Sequence[Listed], before: datetime) -> bool:
    if known is not None and kind is Kind.RENDITIONS_MISSING:
        return _make_again(conn, known, stored)
    if known is not None and kind is Kind.FULL_SIZE_MISSING:
        rendition.forget(conn, known.owner_id, known.item_id, FULL_SIZE)
        return True
    if known is not None and kind is Kind.RENDITIONS_LOST:
        rendition.remove(conn, known.owner_id, known.item_id)
        return True
    if known is None and not _can_be_made_again(conn, _item_key(stored[0].key)):
        return False
    for one in stored if known is None else _left_over(known, stored, before):
        objects.delete_rendition(one.key)
    return True


def _can_be_made_again(conn: Connection, item_key: str) -> bool:
    """Whether the original of the item that once had this key, as its birth was written down, is in the store."""
    born = conn.execute(
        "SELECT owner_id, after->>'objectKey', decode(after->>'sha256', 'hex') FROM outbox"
        " WHERE change = 'born' AND after->>'itemKey' = %s",
        (item_key,),
    ).fetchone()
    if born is None:
        return False
    owner_id, object_key, sha256 = born
    same = original_file.find_same_bytes(conn, owner_id, sha256)
    return any(map(_is_stored, {object_key} if same is None else {object_key, same.object_key}))


def _is_stored(object_key: str) -> bool:
    try:
        objects.head(object_key)
    except NotFound:
        return False
    return True


def _make_again(conn: Connection, known: Known, stored: Sequence[Listed]) -> bool:
    """Have what is missing made again as a new version. False when there is nothing to make it from."""
    if known.object_key is None or not _is_stored(known.object_key):
        return False
    subject = Subject(known.owner_id, known.item_id)
    there = {one.key for one in stored}
    missing = {_stage(known, name) for key, name in _named(known).items() if key not in there}
    # Where none is, rows or bytes are: which of them, nobody knows.
    for stage in missing or {_stage(known, name) for name in [PICTURE, *_named(known).values()]}:
        job.reopen(conn, subject, stage, Lane.BULK)
        stages.ask_again(conn, stage, Lane.BULK, [subject])
    return True


def _stage(known: Known, name: str) -> Stage:
    """Which stage makes a rendition of that name."""
    of_names = {COPY: Stage.VIDEO, CLIP: Stage.CLIP, **dict.fromkeys(STILLS, Stage.STILLS)}
    return of_names.get(name, Stage.POSTER if known.kind == "video" else Stage.RENDITIONS)
