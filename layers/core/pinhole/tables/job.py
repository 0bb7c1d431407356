"""Table `job`: the ledger, one row per stage of a subject. What moves it is `pinhole.stages`.

Whoever changes a job of an item holds the lock of its original's key (`original_file.lock`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row

MAX_REPORT_CHARACTERS = 16_000


class Stage(StrEnum):
    """A step of processing."""

    METADATA = "metadata"
    RENDITIONS = "renditions"
    POSTER = "poster"
    VIDEO = "video"
    STILLS = "stills"
    CLIP = "clip"
    ANALYSIS = "analysis"
    CAPTION = "caption"
    FULL_SIZE = "full_size"


class Lane(StrEnum):
    """Which queue carries a job: what a person waits for, or what may wait behind that."""

    FRESH = "fresh"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a job is about. owner_id: 0 for the system itself."""

    owner_id: int
    id: str
    kind: Literal["item"] = "item"


@dataclass(frozen=True, slots=True)
class Job:
    """leased_until: names the attempt that runs, and when its worker is dead for sure; None when none runs.

    leased: whether that moment was still to come when read. last_error: the report of the latest attempt, None when
    that died without one. error_code: what its owner is told, where it failed.
    """

    state: Literal["waiting", "running", "done", "failed"]
    attempts: int
    leased_until: datetime | None
    leased: bool
    last_error: str | None
    error_code: str | None

    @property
    def open(self) -> bool:
        """Whether the stage is still to be done."""
        return self.state in ("waiting", "running")


def get(conn: Connection, subject: Subject, stage: Stage) -> Job | None:
    """The ledger's word on a stage; None for one that was never begun, or whose subject is gone."""
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(
            "SELECT state, attempts, leased_until, coalesce(leased_until > now(), false) AS leased, last_error,"
            " error_code FROM job"
            " WHERE owner_id = %s AND subject_kind = %s AND subject_id = %s AND stage = %s AND variant = ''",
            (subject.owner_id, subject.kind, subject.id, stage),
        ).fetchone()


def begin_attempt(
    conn: Connection, subject: Subject, stage: Stage, lane: Lane, until: datetime, limit: int
) -> int | None:
    """Count an attempt and lease the stage to the caller until then. Which attempt it is, from 1 to `limit`.

    lane: of a job that is new; another stays in its own. None when the stage is over, its attempts are used up, or
    another attempt runs whose lease has not ended.
    """
    row = conn.execute(
        """
        INSERT INTO job (owner_id, subject_kind, subject_id, stage, lane, state, attempts, leased_until, started_at)
        VALUES (%(owner_id)s, %(kind)s, %(id)s, %(stage)s, %(lane)s, 'running', 1, %(until)s, now())
        ON CONFLICT (owner_id, subject_kind, subject_id, stage, variant) DO UPDATE
        SET state = 'running', attempts = job.attempts + 1, leased_until = excluded.leased_until,
            last_error = NULL, progress = NULL, started_at = now(), touched_at = now()
        WHERE job.attempts < %(limit)s
          AND (job.state = 'waiting' OR job.state = 'running' AND job.leased_until <= now())
        RETURNING attempts
        """,
        {**_values(subject), "stage": stage, "lane": lane, "until": until, "limit": limit},
    ).fetchone()
    return row[0] if row else None


def extend(conn: Connection, subject: Subject, stage: Stage, held: datetime, until: datetime) -> bool:
    """The worker that held the lease until `held` is alive, and holds it until `until`. False when it lost it."""
    return (
        conn.execute(
            "UPDATE job SET leased_until = %(until)s, touched_at = now()"
            " WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND stage = %(stage)s"
            " AND variant = '' AND state = 'running' AND leased_until = %(held)s",
            {**_values(subject), "stage": stage, "held": held, "until": until},
        ).rowcount
        == 1
    )


def tell_progress(conn: Connection, subject: Subject, stage: Stage, held: datetime, progress: float) -> None:
    """How much of it the worker that holds the lease until `held` has done, 0 to 1; nothing where it lost that."""
    conn.execute(
        "UPDATE job SET progress = %(progress)s"
        " WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND stage = %(stage)s"
        " AND variant = '' AND state = 'running' AND leased_until = %(held)s",
        {**_values(subject), "stage": stage, "held": held, "progress": progress},
    )


def finish(conn: Connection, subject: Subject, stage: Stage) -> None:
    """The stage is done, whatever attempt did it."""
    conn.execute(
        """
        UPDATE job SET state = 'done', leased_until = NULL, progress = NULL, last_error = NULL, error_code = NULL,
                       touched_at = now(), finished_at = now()
        WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND stage = %(stage)s
          AND variant = ''
        """,
        {**_values(subject), "stage": stage},
    )


def count_open(conn: Connection, owner_id: int, stage: Stage) -> int:
    """How many jobs of a stage an owner has that are still to be done. For stages that few jobs wait for."""
    [(count,)] = conn.execute(
        """
        SELECT (SELECT count(*) FROM job WHERE stage = %(stage)s AND state = 'waiting' AND owner_id = %(owner_id)s)
             + (SELECT count(*) FROM job WHERE stage = %(stage)s AND state = 'running' AND owner_id = %(owner_id)s)
        """,
        {"stage": stage, "owner_id": owner_id},
    )
    return int(count)


def add_waiting(conn: Connection, subject: Subject, stage: Stage, lane: Lane) -> None:
    """Note that a stage is to be done; one that is known already stays as it is."""
    conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage, lane)"
        " VALUES (%(owner_id)s, %(kind)s, %(id)s, %(stage)s, %(lane)s) ON CONFLICT DO NOTHING",
        {**_values(subject), "stage": stage, "lane": lane},
    )


def reopen(conn: Connection, subject: Subject, stage: Stage, lane: Lane) -> None:
    """A stage that was over, or of which nothing is known, is to be done again, with all its attempts.

    One that is open stays as it is.
    """
    conn.execute(
        """
        INSERT INTO job (owner_id, subject_kind, subject_id, stage, lane)
        VALUES (%(owner_id)s, %(kind)s, %(id)s, %(stage)s, %(lane)s)
        ON CONFLICT (owner_id, subject_kind, subject_id, stage, variant) DO UPDATE
        SET state = 'waiting', lane = excluded.lane, attempts = 0, last_error = NULL, error_code = NULL,
            touched_at = now(), finished_at = NULL
        WHERE job.state IN ('done', 'failed')
        """,
        {**_values(subject), "stage": stage, "lane": lane},
    )


def give_back(conn: Connection, subject: Subject, until: datetime, report: str, *, counts: bool) -> None:
    """The attempt that was leased until then failed: keep its report and let the next delivery try.

    report: any text. counts: whether it was an attempt. One that another attempt has taken over from changes nothing.
    """
    conn.execute(
        """
        UPDATE job SET state = 'waiting', leased_until = NULL, progress = NULL, last_error = %(report)s,
                       touched_at = now(), attempts = attempts - %(uncounted)s
        WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND state = 'running'
          AND leased_until = %(until)s
        """,
        {**_values(subject), "report": _storable(report), "uncounted": 0 if counts else 1, "until": until},
    )


def fail(conn: Connection, subject: Subject, stage: Stage, report: str, code: str) -> bool:
    """The stage failed for good. report: any text. code: what the owner is told. False when it was over before."""
    return (
        conn.execute(
            """
            UPDATE job SET state = 'failed', leased_until = NULL, progress = NULL, last_error = %(report)s,
                           error_code = %(code)s, touched_at = now(), finished_at = now()
            WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND stage = %(stage)s
              AND variant = '' AND state IN ('waiting', 'running')
            """,
            {**_values(subject), "stage": stage, "report": _storable(report), "code": code},
        ).rowcount
        == 1
    )


def free_stale(conn: Connection, stage: Stage, lane: Lane, before: datetime, limit: int) -> list[Subject]:
    """Whose jobs of a stage are to be asked for again; they wait, and are touched, from now on. At most `limit`.

    Those that wait and that no one has touched since `before`; and those that run though their lease has ended, or
    that no one has touched since then either: their workers are dead.
    """
    rows = conn.execute(
        """
        WITH forgotten AS (
            SELECT * FROM job
            WHERE state = 'waiting' AND stage = %(stage)s AND lane = %(lane)s AND touched_at < %(before)s
            ORDER BY touched_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), abandoned AS (
            SELECT * FROM job
            WHERE state = 'running' AND stage = %(stage)s AND lane = %(lane)s
              AND (leased_until <= now() OR touched_at < %(before)s)
            ORDER BY leased_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE job SET state = 'waiting', leased_until = NULL, progress = NULL, touched_at = clock_timestamp()
        FROM (SELECT * FROM forgotten UNION ALL SELECT * FROM abandoned LIMIT %(limit)s) AS freed
        WHERE job.owner_id = freed.owner_id AND job.subject_kind = freed.subject_kind
          AND job.subject_id = freed.subject_id AND job.stage = freed.stage AND job.variant = freed.variant
        RETURNING job.owner_id, job.subject_id
        """,
        {"stage": stage, "lane": lane, "before": before, "limit": limit},
    )
    return [Subject(owner_id, subject_id) for owner_id, subject_id in rows]


def list_free(conn: Connection, stage: Stage, lane: Lane, limit: int) -> list[Subject]:
    """Whose jobs of a stage wait, the longest untouched first, then whose workers are dead. At most `limit` of each."""
    rows = conn.execute(
        """
        (SELECT owner_id, subject_id FROM job
         WHERE state = 'waiting' AND stage = %(stage)s AND lane = %(lane)s ORDER BY touched_at LIMIT %(limit)s)
        UNION ALL
        (SELECT owner_id, subject_id FROM job
         WHERE state = 'running' AND stage = %(stage)s AND lane = %(lane)s AND leased_until <= now()
         ORDER BY leased_until LIMIT %(limit)s)
        """,
        {"stage": stage, "lane": lane, "limit": limit},
    )
    return [Subject(owner_id, subject_id) for owner_id, subject_id in rows]


def list_failed(
    conn: Connection, *, stage: Stage | None = None, subjects: Sequence[Subject] | None = None
) -> list[tuple[Subject, Stage]]:
    """What failed for good, the longest ago first; all of it, or as far as is asked for."""
    found = conn.execute(
        """
        SELECT owner_id, subject_id, stage FROM job
        WHERE state = 'failed' AND subject_kind = 'item' AND stage = coalesce(%(stage)s, stage)
          AND (%(ids)s::text[] IS NULL
               OR (owner_id, subject_id) IN (SELECT * FROM unnest(%(owners)s::bigint[], %(ids)s::text[])))
        ORDER BY finished_at, subject_id
        """,
        {
            "stage": stage,
            "owners": None if subjects is None else [subject.owner_id for subject in subjects],
            "ids": None if subjects is None else [subject.id for subject in subjects],
        },
    )
    return [(Subject(owner_id, subject_id), Stage(its_stage)) for owner_id, subject_id, its_stage in found]


def retry(conn: Connection, subject: Subject, stage: Stage) -> Lane | None:
    """Let a failed stage be tried again, as if it had just been asked for; its last report stays until it is done.

    Its lane; None when the stage has not failed.
    """
    row = conn.execute(
        """
        UPDATE job SET state = 'waiting', attempts = 0, error_code = NULL, created_at = now(), started_at = NULL,
                       finished_at = NULL, touched_at = now()
        WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s AND stage = %(stage)s
          AND variant = '' AND state = 'failed'
        RETURNING lane
        """,
        {**_values(subject), "stage": stage},
    ).fetchone()
    return None if row is None else Lane(row[0])


def remove(conn: Connection, subject: Subject) -> None:
    """Forget all jobs of a subject that is removed."""
    conn.execute(
        "DELETE FROM job WHERE owner_id = %(owner_id)s AND subject_kind = %(kind)s AND subject_id = %(id)s",
        _values(subject),
    )


def remove_items(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> None:
    """Forget all jobs of items that are removed."""
    conn.execute(
        "DELETE FROM job WHERE owner_id = %s AND subject_kind = 'item' AND subject_id = ANY(%s)",
        (owner_id, list(item_ids)),
    )


def delete_some(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete jobs of an owner, so many at most. How many."""
    return conn.execute(
        """
        DELETE FROM job WHERE owner_id = %(owner_id)s AND (subject_kind, subject_id, stage, variant) IN (
            SELECT subject_kind, subject_id, stage, variant FROM job WHERE owner_id = %(owner_id)s
            ORDER BY subject_kind, subject_id, stage, variant LIMIT %(limit)s
        )
        """,
        {"owner_id": owner_id, "limit": limit},
    ).rowcount


def _values(subject: Subject) -> dict[str, object]:
    return {"owner_id": subject.owner_id, "kind": subject.kind, "id": subject.id}


def _storable(report: str) -> str:
    """PostgreSQL keeps neither NUL nor half a pair of surrogates, and reports quote strangers.

    Of a long one it keeps both ends, as an answer tells a hundred of them.
    """
    if len(report) > MAX_REPORT_CHARACTERS:
        half = MAX_REPORT_CHARACTERS // 2
        report = f"{report[:half]}\n[...]\n{report[-half:]}"
    return report.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
