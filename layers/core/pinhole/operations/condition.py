"""How all of Pinhole is: what answers, what waits too long, and what somebody must see to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from psycopg import Connection
from psycopg.rows import scalar_row

from pinhole import health
from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.operations import jobs, queues, schedules
from pinhole.telemetry import logger

State = Literal["ok", "warning", "failing", "unknown"]
CheckName = Literal[
    "database", "objects", "queues", "dead_letters", "paused", "waiting", "failures", "mails", "schedules"
]

_PARTS: tuple[CheckName, ...] = ("database", "objects", "queues")
_TOO_LONG = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    subject: the name of a queue, a stage or a schedule; `day`: in the last 24 hours.
    count: how many messages, or jobs. since: from when on it waits; of a schedule: when it last did its work.
    """

    subject: str
    count: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """state: `unknown` where it could not be looked at, since another part does not answer."""

    name: CheckName
    state: State
    findings: Sequence[Finding] = ()


def look() -> list[Check]:
    """Look at everything. What does not answer is told; nothing is raised for it."""
    parts = health.check()
    answering = [Check(part, "ok" if parts[part] else "failing") for part in _PARTS]
    of_queues: list[CheckName] = ["dead_letters", "paused"]
    of_the_database: list[CheckName] = ["waiting", "failures", "mails", "schedules"]
    return [
        *answering,
        *(_looked(of_queues, _queues) if parts["queues"] else _unknown(of_queues)),
        *(_looked(of_the_database, _ledger) if parts["database"] else _unknown(of_the_database)),
    ]


def count_failed_since(conn: Connection, hours: int) -> int:
    """Jobs that failed for good in the last so many hours."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        count = cursor.execute(
            """
            SELECT count(*) FROM job
            WHERE state = 'failed' AND subject_kind = 'item' AND finished_at > now() - make_interval(hours => %s)
            """,
            [hours],
        ).fetchone()
    assert isinstance(count, int)
    return count


def count_mails_failed_since(conn: Connection, hours: int) -> int:
    """Mails that were given up and were last tried in the last so many hours."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        count = cursor.execute(
            "SELECT count(*) FROM mail WHERE state = 'failed' AND touched_at > now() - make_interval(hours => %s)",
            [hours],
        ).fetchone()
    assert isinstance(count, int)
    return count


def _queues() -> list[Check]:
    states = queues.states()
    dead = [Finding(one.name, one.dead_letters_depth) for one in states if one.dead_letters_depth]
    paused = [Finding(one.name, one.visible) for one in states if one.consumer in ("paused", "pausing")]
    return [
        Check("dead_letters", "failing" if dead else "ok", dead),
        Check("paused", "warning" if paused else "ok", paused),
    ]


def _ledger() -> list[Check]:
    with transaction() as conn:
        counts = jobs.counts(conn)
        failed = count_failed_since(conn, 24)
        unsent = count_mails_failed_since(conn, 24)
    unwell = [Finding(one.name, since=one.succeeded_at) for one in schedules.states() if not one.well]
    now = datetime.now(UTC)
    stuck = [
        Finding(stage.stage, stage.waiting, stage.oldest_waiting)
        for stage in counts
        if stage.oldest_waiting is not None and now - stage.oldest_waiting > _TOO_LONG and not stage.done_in_60_minutes
    ]
    return [
        Check("waiting", "failing" if stuck else "ok", stuck),
        Check("failures", "warning" if failed else "ok", [Finding("day", failed)] if failed else []),
        Check("mails", "failing" if unsent else "ok", [Finding("day", unsent)] if unsent else []),
        Check("schedules", "failing" if unwell else "ok", unwell),
    ]


def _looked(names: Sequence[CheckName], look_at: Callable[[], list[Check]]) -> list[Check]:
    try:
        return look_at()
    except (Unavailable, BotoCoreError, ClientError):
        logger.exception("checks_unavailable", extra={"checks": list(names)})
        return _unknown(names)


def _unknown(names: Sequence[CheckName]) -> list[Check]:
    return [Check(name, "unknown") for name in names]
