"""The ledger as an operator reads it: how much is to be done, how fast it goes, what failed and why."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection, sql
from psycopg.rows import class_row

from pinhole.errors import NotFound


@dataclass(frozen=True, slots=True)
class StageCounts:
    """Jobs of one stage by state. oldest_waiting: when the one that waits longest was asked for."""

    stage: str
    waiting: int
    running: int
    done: int
    failed: int
    oldest_waiting: datetime | None
    done_in_5_minutes: int
    done_in_60_minutes: int


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job with whose file it is about.

    code: what the file's owner was told, None where nothing was; report: of the last attempt that could make one.
    """

    item_id: str
    stage: str
    state: str
    attempts: int
    owner: str
    filename: str
    size_bytes: int
    upload_id: str | None
    code: str | None
    report: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


_REPORT = sql.SQL(
    """
    SELECT job.subject_id AS item_id, job.stage, job.state, job.attempts, users.name AS owner, file.filename,
           file.size_bytes, upload.id AS upload_id, job.error_code AS code, job.last_error AS report,
           job.created_at, job.started_at, job.finished_at
    FROM job
    JOIN users ON users.id = job.owner_id
    JOIN original_file AS file
        ON file.owner_id = job.owner_id AND file.item_id = job.subject_id AND file.role = 'main'
    LEFT JOIN upload ON upload.owner_id = job.owner_id AND upload.object_key = file.object_key
    """
)


# Operators know no owners' ids: each owner's key is looked at.
_OF_ITEM = sql.SQL("WHERE job.subject_kind = 'item' AND job.subject_id = %s ORDER BY job.owner_id, job.stage")


def counts(conn: Connection) -> list[StageCounts]:
    """Jobs by stage, in the order of processing; also of stages that have none."""
    with conn.cursor(row_factory=class_row(StageCounts)) as cursor:
        return cursor.execute(
            """
            SELECT known.stage::text,
                coalesce(sum(jobs) FILTER (WHERE state = 'waiting'), 0)::bigint AS waiting,
                coalesce(sum(jobs) FILTER (WHERE state = 'running'), 0)::bigint AS running,
                coalesce(sum(jobs) FILTER (WHERE state = 'done'), 0)::bigint AS done,
                coalesce(sum(jobs) FILTER (WHERE state = 'failed'), 0)::bigint AS failed,
                min(oldest) FILTER (WHERE state = 'waiting') AS oldest_waiting,
                coalesce(min(recent.of_5_minutes), 0) AS done_in_5_minutes,
                coalesce(min(recent.of_60_minutes), 0) AS done_in_60_minutes
            FROM unnest(enum_range(NULL::job_stage)) AS known (stage)
            LEFT JOIN (
                SELECT stage, state, count(*) AS jobs, min(created_at) AS oldest FROM job GROUP BY stage, state
            ) AS counted USING (stage)
            LEFT JOIN (
                SELECT stage, count(*) FILTER (WHERE finished_at > now() - interval '5 minutes') AS of_5_minutes,
                       count(*) AS of_60_minutes
                FROM job WHERE state = 'done' AND finished_at > now() - interval '60 minutes' GROUP BY stage
            ) AS recent USING (stage)
            GROUP BY known.stage ORDER BY known.stage
            """
        ).fetchall()


def failures(conn: Connection, limit: int) -> list[JobReport]:
    """Jobs that failed for good, the latest first."""
    with conn.cursor(row_factory=class_row(JobReport)) as cursor:
        where = sql.SQL("WHERE job.state = 'failed' ORDER BY job.finished_at DESC, job.subject_id, job.stage LIMIT %s")
        return cursor.execute(_REPORT + where, (limit,)).fetchall()


def of_item(conn: Connection, item_id: str) -> list[JobReport]:
    """An item's jobs, in the order of processing. Raises NotFound."""
    with conn.cursor(row_factory=class_row(JobReport)) as cursor:
        found = cursor.execute(_REPORT + _OF_ITEM, (item_id,)).fetchall()
    if not found:
        raise NotFound(f"There is no item {item_id}, or nothing has been done about it yet.")
    return found
