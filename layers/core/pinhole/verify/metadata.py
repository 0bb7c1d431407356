"""Every item that was read has what its file says: where that is lost, the file is read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from pinhole import stages
from pinhole.db import transaction
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job, original_file
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally


@dataclass(frozen=True, slots=True)
class Lost:
    """An item without what its file says, or what its bytes are. unreadable: whether that could not be read again."""

    owner_id: int
    item_id: str
    kind: str
    object_key: str
    sha256: bytes | None
    metadata_at: datetime
    unreadable: bool


_LOST = SQL(
    """
    SELECT item.owner_id, item.id AS item_id, item.kind::text, file.object_key, file.sha256, item.metadata_at,
           coalesce(job.state = 'failed', false) AS unreadable
    FROM media_item AS item
    JOIN original_file AS file ON file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
    LEFT JOIN job ON job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
        AND job.stage = 'metadata' AND job.variant = ''
    WHERE item.metadata_at IS NOT NULL AND item.failed_at IS NULL AND item.missing_at IS NULL
      AND job.state IS DISTINCT FROM 'waiting' AND job.state IS DISTINCT FROM 'running' {and_is}
      AND NOT (
          EXISTS (SELECT FROM item_metadata AS kept WHERE kept.owner_id = item.owner_id AND kept.item_id = item.id)
          AND EXISTS (
              SELECT FROM item_statement AS said
              WHERE said.owner_id = item.owner_id AND said.item_id = item.id AND said.layer = 'file'
          )
          AND num_nulls(file.sha256, file.sha1, file.mime_type) = 0
          AND (file.counts OR EXISTS (
              SELECT FROM original_file AS same
              WHERE same.owner_id = file.owner_id AND same.sha256 = file.sha256 AND same.counts
          ))
      )
    """
)
_ALL = _LOST.format(and_is=SQL(""))
_ONE = _LOST.format(and_is=SQL("AND item.owner_id = %(owner_id)s AND item.id = %(item_id)s"))


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about what files say. What is younger than `before` is not judged."""
    for lost in streams.rows(_ALL, {}, Lost):
        if lost.metadata_at > before:
            tally.young += 1
            continue
        repaired = repair and not lost.unreadable
        if repaired and not _read_again(lost):
            continue
        logger.warning(
            "inconsistency_found",
            extra={"kind": Kind.METADATA_LOST, "item_id": lost.item_id, "repaired": repaired},
        )
        yield Finding(Kind.METADATA_LOST, lost.object_key, lost.item_id, repaired=repaired)


def _read_again(lost: Lost) -> bool:
    """False where nothing is lost any more. The item is shown meanwhile; with its metadata goes what its pixels say."""
    subject = Subject(lost.owner_id, lost.item_id)
    with transaction() as conn:
        original_file.lock(conn, lost.owner_id, lost.object_key)
        if conn.execute(_ONE, {"owner_id": lost.owner_id, "item_id": lost.item_id}).fetchone() is None:
            return False
        if lost.sha256 is None or original_file.find_same_bytes(conn, lost.owner_id, lost.sha256) is None:
            original_file.count_again(conn, lost.owner_id, lost.item_id, counts=True)
        for stage in stages.course(lost.kind):
            if stages.CATALOGUE[stage].by_original:
                job.reopen(conn, subject, stage, Lane.BULK)
        # Before the commit: a message too many is harmless, one too few is not.
        stages.ask_again(conn, Stage.METADATA, Lane.BULK, [subject])
    return True
