"""Schedules: each run is kept with what came of it, and an operator can have one run now."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from pinhole import aws
from pinhole.db import transaction
from pinhole.errors import ErrorCode, NotFound
from pinhole.settings import settings
from pinhole.tables import schedule_run
from pinhole.tables.schedule_run import ScheduleRun
from pinhole.telemetry import logger

State = Literal["never", "running", "succeeded", "failed", "lost"]

_LONGEST_RUN = timedelta(minutes=15)  # no function of Lambda runs longer
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule, and its last run.

    every: as EventBridge has it, `rate(5 minutes)`. every_seconds: None where it is no rate.
    state: of the last run; `lost` is one that was killed, `never` where there was none.
    error: the kind of exception that ended the last run. counts: what it did, by kind.
    overdue: whether it should have run again long ago: it has missed two turns, and a quarter of an hour.
    """

    name: str
    every: str
    every_seconds: int | None
    state: State
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    counts: dict[str, int] | None
    error: str | None
    overdue: bool

    @property
    def well(self) -> bool:
        """Whether nobody needs to look at it."""
        return not self.overdue and self.state not in ("failed", "lost")


def record(name: str, work: Callable[[], Mapping[str, int]]) -> dict[str, int]:
    """Do the work of a schedule, and keep that it ran and what came of it. Returns what it did, by kind.

    Raises what the work does.
    """
    with transaction() as conn:
        run_id = schedule_run.begin(conn, name)
    try:
        counts = dict(work())
    except Exception as error:
        with transaction() as conn:
            schedule_run.fail(conn, run_id, type(error).__name__)
        raise
    with transaction() as conn:
        schedule_run.succeed(conn, run_id, counts)
    return counts


def states() -> list[ScheduleState]:
    """Every schedule, in the order of the template. Raises Unavailable."""
    with transaction() as conn:
        runs = {run.schedule: run for run in schedule_run.list_all(conn)}
    now = datetime.now(UTC)
    return [_state(name, told.every, runs.get(name), now) for name, told in settings().schedules.items()]


def run_now(name: str) -> ScheduleState:
    """Have a schedule run now, beside its turns: it is begun, and not waited for. How it was before.

    Raises NotFound for a name that no schedule has, Unavailable.
    """
    before = next((state for state in states() if state.name == name), None)
    if before is None:
        known = ", ".join(settings().schedules)
        raise NotFound(f"There is no schedule {name}. The schedules are: {known}.", code=ErrorCode.NO_SUCH_SCHEDULE)
    with aws.answering("Lambda service"):
        _lambda().invoke(FunctionName=settings().schedules[name].function, InvocationType="Event", Payload=b"{}")
    logger.info("schedule_run_now", extra={"schedule": name})
    return before


def _state(name: str, every: str, run: ScheduleRun | None, now: datetime) -> ScheduleState:
    rate = _RATE.fullmatch(every)
    seconds = None if rate is None else int(rate[1]) * _UNITS[rate[2]]
    if run is None:
        return ScheduleState(name, every, seconds, "never", None, None, None, None, None, overdue=False)
    overdue = seconds is not None and now - run.started_at > 3 * timedelta(seconds=seconds) + _LONGEST_RUN
    return ScheduleState(
        name=name,
        every=every,
        every_seconds=seconds,
        state=_came_of(run, now),
        started_at=run.started_at,
        finished_at=run.finished_at,
        succeeded_at=run.succeeded_at,
        counts=run.counts,
        error=run.error,
        overdue=overdue,
    )


def _came_of(run: ScheduleRun, now: datetime) -> State:
    if run.finished_at is None:
        return "running" if now - run.started_at <= _LONGEST_RUN else "lost"
    return "succeeded" if run.error is None else "failed"


@cache
def _lambda() -> Any:
    return aws.client("lambda")
