"""Table `job`: the ledger, one row per stage of an item."""

from datetime import datetime
from enum import StrEnum

from psycopg import Connection


class Stage(StrEnum):
    """A step of processing an item."""

    METADATA = "metadata"
    RENDITIONS = "renditions"
    VIDEO = "video"
    ANALYSIS = "analysis"


def begin_attempt(conn: Connection, item_id: str, stage: Stage, until: datetime) -> int | None:
    """Count an attempt and lease the stage to the caller until then. Which attempt it is, from 1.

    None when the stage is over, or when another attempt runs and its lease has not ended.
    """
    row = conn.execute(
        """
        INSERT INTO job (item_id, stage, state, attempts, leased_until, started_at)
        VALUES (%(item_id)s, %(stage)s, 'running', 1, %(until)s, now())
        ON CONFLICT (item_id, stage) DO UPDATE
        SET state = 'running', attempts = job.attempts + 1, leased_until = excluded.leased_until,
            started_at = now(), touched_at = now()
        WHERE job.state = 'waiting' OR job.state = 'running' AND job.leased_until <= now()
        RETURNING attempts
        """,
        {"item_id": item_id, "stage": stage, "until": until},
    ).fetchone()
    return row[0] if row else None


def lease_end(conn: Connection, item_id: str, stage: Stage) -> datetime | None:
    """When the running attempt's lease ends; None when none runs."""
    row = conn.execute(
        "SELECT leased_until FROM job WHERE item_id = %s AND stage = %s", (item_id, stage)
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


def give_back(conn: Connection, item_id: str, stage: Stage, report: str, *, counts: bool) -> None:
    """A running attempt failed: keep its report and let the next delivery try. counts: whether it was an attempt."""
    conn.execute(
        """
        UPDATE job SET state = 'waiting', leased_until = NULL, last_error = %s, touched_at = now(),
                       attempts = attempts - %s
        WHERE item_id = %s AND stage = %s AND state = 'running'
        """,
        (report, 0 if counts else 1, item_id, stage),
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


def attempts(conn: Connection, item_id: str, stage: Stage) -> tuple[int, str | None]:
    """How many attempts were made, and the report of the last one that could still make one."""
    row = conn.execute(
        "SELECT attempts, last_error FROM job WHERE item_id = %s AND stage = %s", (item_id, stage)
    ).fetchone()
    return (row[0], row[1]) if row else (0, None)


def free_stale(
    conn: Connection, before: datetime, limit: int
) -> list[tuple[str, int, str, str | None, str | None]]:
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
