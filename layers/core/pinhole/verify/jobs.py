"""Every item has a job of the stage that it still needs, or is past all that ingest does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from pinhole import stages
from pinhole.db import transaction
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import original_file
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally


@dataclass(frozen=True, slots=True)
class Lost:
    """An item, and the stage that it needs and that is in no job."""

    owner_id: int
    item_id: str
    object_key: str
    stage: str
    created_at: datetime


# A stage that follows is only missing where its item came to be visible: the rest follows from the stage before it.
_LOST = SQL(
    """
    SELECT item.owner_id, item.id AS item_id, file.object_key, needed.stage::text, item.created_at
    FROM media_item AS item
    JOIN original_file AS file ON file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
    CROSS JOIN LATERAL (
        SELECT (CASE
            WHEN item.metadata_at IS NULL THEN 'metadata'
            WHEN item.kind = 'video' THEN 'video'
            WHEN item.renditions_at IS NULL THEN 'renditions'
            ELSE 'analysis' END)::job_stage
    ) AS needed (stage)
    WHERE item.failed_at IS NULL AND item.missing_at IS NULL {and_is} AND NOT EXISTS (
        SELECT FROM job
        WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
          AND job.stage = needed.stage
    )
    """
)
_ALL = _LOST.format(and_is=SQL(""))
_ONE = _LOST.format(and_is=SQL("AND item.owner_id = %(owner_id)s AND item.id = %(item_id)s"))


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about the ledger. What is younger than `before` is not judged."""
    for lost in streams.rows(_ALL, {}, Lost):
        if lost.created_at > before:
            tally.young += 1
        elif (finding := _look_again(lost, repair=repair)) is not None:
            yield finding


def _look_again(lost: Lost, *, repair: bool) -> Finding | None:
    subject = Subject(lost.owner_id, lost.item_id)
    with transaction() as conn:
        original_file.lock(conn, lost.owner_id, lost.object_key)
        row = conn.execute(_ONE, {"owner_id": lost.owner_id, "item_id": lost.item_id}).fetchone()
        if row is None:
            return None
        stage = Stage(row[3])
        if repair:
            stages.add(conn, subject, stage, Lane.BULK)
            # Before the commit: a message too many is harmless, one too few is not.
            stages.ask_again(conn, stage, Lane.BULK, [subject])
    logger.warning("inconsistency_found", extra={"kind": Kind.JOB_LOST, "item_id": lost.item_id, "repaired": repair})
    return Finding(Kind.JOB_LOST, stage, lost.item_id, repaired=repair)
