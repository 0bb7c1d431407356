"""The ledger as an operator reads it: how much is to be done, how fast it goes, what failed and why."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from psycopg import Connection, sql
from psycopg.rows import class_row

from pinhole.errors import FieldError, Invalid, NotFound
from pinhole.stages import Stage
from pinhole.tables import user

PAGE = 100  # failures

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"([0-9]{1,17})\.([0-9]{1,16})\.([0-9A-Za-z]{12})\.([a-z_]{1,16})")


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

    @property
    def eta_seconds(self) -> int | None:
        """Until all that is open is done, at the pace of the last 5 minutes, else of the last 60.

        None where nothing is open, or nothing was done.
        """
        left = self.waiting + self.running
        for done, minutes in ((self.done_in_5_minutes, 5), (self.done_in_60_minutes, 60)):
            if left and done:
                return round(left * minutes * 60 / done)
        return None


class Position(NamedTuple):
    """The place of a failure among all of them, which go from the latest to the earliest. Opaque on the wire."""

    finished_at: datetime
    owner_id: int
    item_id: str
    stage: str

    def __str__(self) -> str:
        microseconds = (self.finished_at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds}.{self.owner_id}.{self.item_id}.{self.stage}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Invalid for what is not of the form."""
        form = _POSITION.fullmatch(text)
        if form is None or form[4] not in set(Stage):
            raise Invalid("The cursor is none that an answer told.", FieldError("cursor", "is not of its form"))
        return cls(_EPOCH + timedelta(microseconds=int(form[1])), int(form[2]), form[3], form[4])


@dataclass(frozen=True, slots=True)
class Failures:
    """Which jobs that failed for good: all that agree with what is not None. owner: a user's name."""

    item_id: str | None = None
    stage: Stage | None = None
    code: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job with whose file it is about.

    code: what the file's owner was told, None where nothing was; report: of the last attempt that could make one.
    """

    item_id: str
    stage: str
    state: str
    attempts: int
    owner_id: int
    owner: str
    filename: str
    size_bytes: int
    upload_id: str | None
    code: str | None
    report: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def position(self) -> Position:
        """Of one that failed for good."""
        assert self.finished_at is not None
        return Position(self.finished_at, self.owner_id, self.item_id, self.stage)


@dataclass(frozen=True, slots=True)
class FailurePage:
    """next: after which the next page begins; None where nothing follows."""

    jobs: list[JobReport]
    next: Position | None


_REPORT = sql.SQL(
    """
    SELECT job.subject_id AS item_id, job.stage, job.state, job.attempts, job.owner_id,
           users.name AS owner, file.filename,
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


# Without what is not asked for: a plan is made for each call, by what it asks.
_FAILED = sql.SQL(
    """
    job.state = 'failed' AND job.subject_kind = 'item'
    AND (%(item_id)s::text IS NULL OR job.subject_id = %(item_id)s)
    AND (%(stage)s::job_stage IS NULL OR job.stage = %(stage)s)
    AND (%(code)s::text IS NULL OR job.error_code = %(code)s)
    AND (%(owner)s::text IS NULL OR job.owner_id = (SELECT id FROM users WHERE name_key = %(owner)s))
    AND (%(finished_at)s::timestamptz IS NULL OR (job.finished_at, job.owner_id, job.subject_id, job.stage)
         < (%(finished_at)s, %(owner_id)s, %(after_item)s, %(after_stage)s::job_stage))
    """
)
_LATEST_FIRST = sql.SQL(
    " ORDER BY job.finished_at DESC, job.owner_id DESC, job.subject_id DESC, job.stage DESC LIMIT %(limit)s"
)
_CODES = sql.SQL(
    "SELECT error_code, count(*) FROM job WHERE {failed} GROUP BY error_code ORDER BY count(*) DESC, error_code"
).format(failed=_FAILED)
_POSITIONS = sql.SQL("SELECT finished_at, owner_id, subject_id, stage FROM job WHERE ") + _FAILED + _LATEST_FIRST


def failures(conn: Connection, which: Failures, after: Position | None, limit: int) -> FailurePage:
    """Jobs that failed for good, the latest first; those after a place.

    It reads an index from there on until it has found them: 100,000 entries at worst where there are so many failures.
    """
    with conn.cursor(row_factory=class_row(JobReport)) as cursor:
        statement = _REPORT + sql.SQL("WHERE ") + _FAILED + _LATEST_FIRST
        found = cursor.execute(statement, _asked(which, after) | {"limit": limit + 1}).fetchall()
    return FailurePage(found[:limit], found[limit - 1].position if len(found) > limit else None)


def count_codes(conn: Connection, which: Failures) -> list[tuple[str | None, int]]:
    """How many of these failed by the code that their owners were told, most first; `code` of `which` is not asked."""
    return conn.execute(_CODES, _asked(which, None) | {"code": None}).fetchall()


def list_positions(conn: Connection, which: Failures, after: Position | None, limit: int) -> list[Position]:
    """The places of these, in the order of `failures`."""
    found = conn.execute(_POSITIONS, _asked(which, after) | {"limit": limit})
    return [Position(*row) for row in found]


def _asked(which: Failures, after: Position | None) -> dict[str, object]:
    return {
        "item_id": which.item_id,
        "stage": which.stage,
        "code": which.code,
        "owner": None if which.owner is None else user.name_key(which.owner),
        "finished_at": after and after.finished_at,
        "owner_id": after and after.owner_id,
        "after_item": after and after.item_id,
        "after_stage": after and after.stage,
    }


def of_item(conn: Connection, item_id: str) -> list[JobReport]:
    """An item's jobs, in the order of processing. Raises NotFound."""
    with conn.cursor(row_factory=class_row(JobReport)) as cursor:
        found = cursor.execute(_REPORT + _OF_ITEM, (item_id,)).fetchall()
    if not found:
        raise NotFound(f"There is no item {item_id}, or nothing has been done about it yet.")
    return found
