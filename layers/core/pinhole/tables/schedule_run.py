"""The `schedule_run` table: the last run of each schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pinhole.ids import new_id


@dataclass(frozen=True, slots=True)
class ScheduleRun:
    """A run. finished_at: None while it runs, and where it was killed.

    counts: what it did, by kind; error: the kind of exception that ended it. One of them once it has finished.
    succeeded_at: when a run, this one or one before it, last came to its end.
    """

    schedule: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int] | None
    error: str | None
    succeeded_at: datetime | None


def begin(conn: Connection, schedule: str) -> str:
    """Keep that a run begins, instead of the one before it. Returns the run's id."""
    run_id = new_id()
    conn.execute(
        """
        INSERT INTO schedule_run (schedule, run_id) VALUES (%s, %s)
        ON CONFLICT (schedule) DO UPDATE
        SET run_id = excluded.run_id, started_at = now(), finished_at = NULL, counts = NULL, error = NULL
        """,
        [schedule, run_id],
    )
    return run_id


def succeed(conn: Connection, run_id: str, counts: Mapping[str, int]) -> None:
    """Keep that a run has done its work, unless a later one has begun."""
    conn.execute(
        "UPDATE schedule_run SET finished_at = now(), succeeded_at = now(), counts = %s WHERE run_id = %s",
        [Jsonb(dict(counts)), run_id],
    )


def fail(conn: Connection, run_id: str, error: str) -> None:
    """Keep what kind of exception ended a run, unless a later one has begun."""
    conn.execute("UPDATE schedule_run SET finished_at = now(), error = %s WHERE run_id = %s", [error, run_id])


def list_all(conn: Connection) -> list[ScheduleRun]:
    """The last run of each schedule that ever ran."""
    with conn.cursor(row_factory=class_row(ScheduleRun)) as cursor:
        return cursor.execute(
            "SELECT schedule, started_at, finished_at, counts, error, succeeded_at FROM schedule_run ORDER BY schedule"
        ).fetchall()
