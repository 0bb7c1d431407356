"""Table `job`: the ledger, one row per stage of an item.

Whoever changes a job of an upload's item holds the upload's lock (`upload.lock_by_key`): the lock comes first, in every
transaction, so that two deliveries wait for each other and never deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row


class Stage(StrEnum):
    """A step of processing an item."""

    METADATA = "metadata"
    RENDITIONS = "renditions"
    VIDEO = "video"
    ANALYSIS = "analysis"


@dataclass(frozen=True, slots=True)
class Job:
    """leased_until: names the attempt that runs, and when its worker is dead for sure; None when none runs.

    leased: whether that moment was still to come when read. last_error: the report of the latest attempt, None when
    that died without one.
    """

    state: Literal["waiting", "running", "done", "failed"]
    attempts: int
    leased_until: datetime | None
    leased: bool
    last_error: str | None

    @property
    def open(self) -> bool:
        """Whether the stage is still to be done."""
        return self.state in ("waiting", "running")


def get(conn: Connection, item_id: str, stage: Stage) -> Job | None:
    """The ledger's word on a stage; None for one that was never begun, or whose item is gone."""
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(
            "SELECT state, attempts, leased_until, coalesce(leased_until > now(), false) AS leased, last_error"
            " FROM job WHERE item_id = %s AND stage = %s",
            (item_id, stage),
        ).fetchone()


def begin_attempt(conn: Connection, item_id: str, stage: Stage, until: datetime, limit: int) -> int | None:
    """Count an attempt and lease the stage to the caller until then. Which attempt it is, from 1 to `limit`.

    None when the stage is over, its attempts are used up, or another attempt runs whose lease has not ended.
    """
    row = conn.execute(
        """
        INSERT INTO job (item_id, stage, state, attempts, leased_until, started_at)
        VALUES (%(item_id)s, %(stage)s, 'running', 1, %(until)s, now())
        ON CONFLICT (item_id, stage) DO UPDATE
        SET state = 'running', attempts = job.attempts + 1, leased_until = excluded.leased_until,
            last_error = NULL, started_at = now(), touched_at = now()
        WHERE job.attempts < %(limit)s
          AND (job.state = 'waiting' OR job.state = 'running' AND job.leased_until <= now())
        RETURNING attempts
        """,
        {"item_id": item_id, "stage": stage, "until": until, "limit": limit},
    ).fetchone()
    return row[0] if row else None


def finish(conn: Connection, item_id: str, stage: Stage) -> None:
    """The stage is done, whatever attempt did it."""
    conn.execute(
        """
        UPDATE job SET state = 'done', leased_until = NULL, last_error = NULL, touched_at = now(), finished_at = now()
        WHERE item_id = %s AND stage = %s
        """,
        (item_id, stage),
    )


def add_waiting(conn: Connection, item_id: str, stage: Stage) -> None:
    """Note that a stage is to be done; one that is known already stays as it is."""
    conn.execute("INSERT INTO job (item_id, stage) VALUES (%s, %s) ON CONFLICT DO NOTHING", (item_id, stage))


def reopen(conn: Connection, item_id: str, stage: Stage) -> None:
    """A stage that was over is to be done again, with all its attempts; one that is open stays as it is."""
    conn.execute(
        """
        UPDATE job SET state = 'waiting', attempts = 0, last_error = NULL, touched_at = now(), finished_at = NULL
        WHERE item_id = %s AND stage = %s AND state IN ('done', 'failed')
        """,
        (item_id, stage),
    )


def give_back(conn: Connection, item_id: str, until: datetime, report: str, *, counts: bool) -> None:
    """The attempt that was leased until then failed: keep its report and let the next delivery try.

    counts: whether it was an attempt. An attempt that another one has taken over from changes nothing.
    """
    conn.execute(
        """
        UPDATE job SET state = 'waiting', leased_until = NULL, last_error = %s, touched_at = now(),
                       attempts = attempts - %s
        WHERE item_id = %s AND state = 'running' AND leased_until = %s
        """,
        (report, 0 if counts else 1, item_id, until),
    )


def fail(conn: Connection, item_id: str, stage: Stage, report: str) -> bool:
    """The stage failed for good. False when it was over before."""
    return (
        conn.execute(
            """
            UPDATE job SET state = 'failed', leased_until = NULL, last_error = %s, touched_at = now(),
                           finished_at = now()
            WHERE item_id = %s AND stage = %s AND state IN ('waiting', 'running')
            """,
            (report, item_id, stage),
        ).rowcount
        == 1
    )


def free_stale(conn: Connection, before: datetime, limit: int) -> list[tuple[str, int, str, str | None, str | None]]:
    """Free the ingest jobs that no one has touched since `before`, the longest untouched first, and touch them.

    A lease ends with it: what holds one for that long has lost its worker. The originals of their items, as
    (object key, bytes, ETag, version, sequencer).
    """
    return conn.execute(
        """
        WITH stale AS (
            SELECT item_id, stage FROM job
            WHERE state IN ('waiting', 'running') AND stage IN ('metadata', 'renditions') AND touched_at < %s
            ORDER BY touched_at LIMIT %s FOR UPDATE SKIP LOCKED
        ), freed AS (
            UPDATE job SET state = 'waiting', leased_until = NULL, touched_at = clock_timestamp()
            FROM stale WHERE job.item_id = stale.item_id AND job.stage = stale.stage
            RETURNING job.item_id
        )
        SELECT object_key, size_bytes, etag, object_version, sequencer
        FROM media_item JOIN freed ON freed.item_id = media_item.id
        """,
        (before, limit),
    ).fetchall()


def touch_stale(conn: Connection, stage: Stage, before: datetime, limit: int) -> list[str]:
    """Touch the jobs of a stage that wait, and that no one has touched since `before`, the longest untouched first.

    Their items.
    """
    rows = conn.execute(
        """
        WITH stale AS (
            SELECT item_id FROM job WHERE state = 'waiting' AND stage = %(stage)s AND touched_at < %(before)s
            ORDER BY touched_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE job SET touched_at = clock_timestamp()
        FROM stale WHERE job.item_id = stale.item_id AND stage = %(stage)s
        RETURNING job.item_id
        """,
        {"stage": stage, "before": before, "limit": limit},
    )
    return [item_id for (item_id,) in rows]


def list_failed(
    conn: Connection, *, stage: Stage | None = None, item_ids: Sequence[str] | None = None
) -> list[tuple[str, Stage]]:
    """Items and their stages that failed for good, the longest ago first; all of them, or as far as is asked for."""
    found = conn.execute(
        """
        SELECT item_id, stage FROM job
        WHERE state = 'failed' AND stage = coalesce(%(stage)s, stage)
          AND (%(item_ids)s::text[] IS NULL OR item_id = ANY(%(item_ids)s))
        ORDER BY finished_at, item_id
        """,
        {"stage": stage, "item_ids": None if item_ids is None else list(item_ids)},
    )
    return [(item_id, Stage(its_stage)) for item_id, its_stage in found]


def retry(conn: Connection, item_id: str, stage: Stage) -> tuple[str, int, str, str | None, str | None] | None:
    """Let a failed stage be tried again, as if it had just been asked for; its last report stays until it is done.

    The item's original as `free_stale` gives it. None when the stage has not failed.
    """
    return conn.execute(
        """
        UPDATE job SET state = 'waiting', attempts = 0, created_at = now(), started_at = NULL, finished_at = NULL,
                       touched_at = now()
        FROM media_item
        WHERE job.item_id = %s AND job.stage = %s AND job.state = 'failed' AND media_item.id = job.item_id
        RETURNING object_key, size_bytes, etag, object_version, sequencer
        """,
        (item_id, stage),
    ).fetchone()
