"""Every item has a job of the stage that it needs, or is past all that ingest does; what failed can be retried."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from pinhole import stages
from pinhole.db import transaction
from pinhole.errors import ErrorCode
from pinhole.stages import CATALOGUE, Lane, Stage, Subject
from pinhole.tables import job, original_file
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally

NO_REPORT = "What failed is not known any more: its job was lost."


@dataclass(frozen=True, slots=True)
class Lost:
    """An item, and the stage that it needs and that no job will bring; or that it failed at, where no job says so."""

    owner_id: int
    item_id: str
    object_key: str
    stage: str
    failed: bool
    created_at: datetime


def _needed() -> Composed:
    """The first stage in an item's course that was not noted. Of one that was not read, the kind is not known."""
    whens = []
    for kind in CATALOGUE[Stage.METADATA].next:
        for stage in stages.course(kind):
            noted_at = CATALOGUE[stage].noted_at
            is_open = SQL("true") if noted_at is None else SQL("item.{} IS NULL").format(Identifier(noted_at))
            whens.append(
                SQL("WHEN coalesce(item.kind = {}, true) AND {} THEN {}").format(
                    Literal(kind), is_open, Literal(stage.value)
                )
            )
    return SQL("(CASE {} END)::job_stage").format(SQL(" ").join(whens))


# A stage that follows is only missing where its item came to be visible: the rest follows from the stage before it. A
# stage whose end is noted at the item is not done while it is not, and has not failed while the item does not say so.
_LOST = SQL(
    """
    SELECT item.owner_id, item.id AS item_id, file.object_key, needed.stage::text, item.failed_at IS NOT NULL AS failed,
           item.created_at
    FROM media_item AS item
    JOIN original_file AS file ON file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
    CROSS JOIN LATERAL (
        SELECT {needed}
        UNION ALL SELECT 'clip' WHERE item.has_clip AND item.processed AND item.failed_at IS NULL
    ) AS needed (stage)
    WHERE item.missing_at IS NULL {and_is} AND NOT EXISTS (
        SELECT FROM job
        WHERE job.owner_id = item.owner_id AND job.subject_kind = 'item' AND job.subject_id = item.id
          AND CASE
              WHEN item.failed_at IS NOT NULL THEN job.state = 'failed'
              ELSE job.stage = needed.stage AND (item.processed OR job.state NOT IN ('done', 'failed'))
          END
    )
    """
)
_ALL = _LOST.format(needed=_needed(), and_is=SQL(""))
_ONE = _LOST.format(
    needed=_needed(),
    and_is=SQL("AND item.owner_id = %(owner_id)s AND item.id = %(item_id)s AND needed.stage = %(stage)s"),
)


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about the ledger. What is younger than `before` is not judged."""
    for lost in streams.rows(_ALL, {}, Lost):
        if lost.created_at > before:
            tally.young += 1
        elif (finding := _look_again(lost, repair=repair)) is not None:
            yield finding


def _look_again(suspected: Lost, *, repair: bool) -> Finding | None:
    subject = Subject(suspected.owner_id, suspected.item_id)
    with transaction() as conn:
        original_file.lock(conn, suspected.owner_id, suspected.object_key)
        with conn.cursor(row_factory=class_row(Lost)) as cursor:
            lost = cursor.execute(
                _ONE, {"owner_id": suspected.owner_id, "item_id": suspected.item_id, "stage": suspected.stage}
            ).fetchone()
        if lost is None:
            return None
        if repair:
            _repair(conn, subject, Stage(lost.stage), failed=lost.failed)
    kind = Kind.FAILURE_LOST if lost.failed else Kind.JOB_LOST
    logger.warning("inconsistency_found", extra={"kind": kind, "item_id": lost.item_id, "repaired": repair})
    return Finding(kind, lost.stage, lost.item_id, repaired=repair)


def _repair(conn: Connection, subject: Subject, stage: Stage, *, failed: bool) -> None:
    job.reopen(conn, subject, stage, Lane.BULK)
    if failed:
        stages.fail(conn, subject, stage, NO_REPORT, ErrorCode.PROCESSING_FAILED)
    else:
        # Before the commit: a message too many is harmless, one too few is not.
        stages.ask_again(conn, stage, Lane.BULK, [subject])
