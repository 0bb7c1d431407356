"""What is kept of the runs of schedules, and having one run now."""

import json
from typing import Any

import pytest
from psycopg import Connection

from pinhole.errors import NotFound
from pinhole.operations import schedules
from pinhole.operations.schedules import ScheduleState, record, run_now, states
from pinhole.settings import settings


class Lambda:
    """Takes notes of what it is asked to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert json.loads(Payload) == {}
        self.asked.append((FunctionName, InvocationType))
        return {"StatusCode": 202}


@pytest.fixture(autouse=True)
def known(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sweep` runs every five minutes, `dream` on Sundays at three."""
    told = {
        "sweep": {"function": "stack-Sweep-1", "every": "rate(5 minutes)"},
        "dream": {"function": "stack-Dream-1", "every": "cron(0 3 ? * SUN *)"},
    }
    monkeypatch.setenv("PINHOLE_SCHEDULES", json.dumps(told))
    settings.cache_clear()


def state(name: str) -> ScheduleState:
    return next(one for one in states() if one.name == name)


def test_a_schedule_that_has_not_run_yet_is_not_overdue() -> None:
    assert [(one.name, one.state, one.overdue, one.well) for one in states()] == [
        ("sweep", "never", False, True),
        ("dream", "never", False, True),
    ]
    assert [one.every_seconds for one in states()] == [300, None]


def test_a_run_is_kept_with_what_it_did() -> None:
    assert record("sweep", lambda: {"sent": 3}) == {"sent": 3}
    swept = state("sweep")
    assert (swept.state, swept.counts, swept.error, swept.well) == ("succeeded", {"sent": 3}, None, True)
    assert swept.started_at is not None
    assert swept.succeeded_at == swept.finished_at


def test_a_run_that_fails_is_kept_with_the_kind_of_its_error_and_when_one_last_did_its_work() -> None:
    record("sweep", lambda: {"sent": 3})
    last = state("sweep").succeeded_at

    def breaks() -> dict[str, int]:
        raise RuntimeError("a secret")

    with pytest.raises(RuntimeError):
        record("sweep", breaks)
    swept = state("sweep")
    assert (swept.state, swept.counts, swept.error, swept.well) == ("failed", None, "RuntimeError", False)
    assert swept.succeeded_at == last


def test_a_run_that_was_killed_runs_until_no_function_can_and_is_lost_then(conn: Connection) -> None:
    def killed() -> dict[str, int]:
        assert state("sweep").state == "running"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record("sweep", killed)
    assert state("sweep").state == "running"
    conn.execute("UPDATE schedule_run SET started_at = now() - interval '16 minutes'")
    assert (state("sweep").state, state("sweep").well) == ("lost", False)


def test_a_run_that_ends_after_another_has_begun_tells_nothing_of_that() -> None:
    record("sweep", lambda: record("sweep", lambda: {"sent": 1}) and {"sent": 9})
    assert state("sweep").counts == {"sent": 1}


@pytest.mark.parametrize(("minutes", "overdue"), [(29, False), (31, True)])
def test_a_schedule_is_overdue_that_has_missed_turns(minutes: int, overdue: bool, conn: Connection) -> None:
    for name in ("sweep", "dream"):
        record(name, dict)
    conn.execute(
        "UPDATE schedule_run SET started_at = now() - make_interval(mins => %s), finished_at = now()", [minutes]
    )
    # Nothing is said of one that is no rate.
    assert [(one.name, one.overdue) for one in states()] == [("sweep", overdue), ("dream", False)]


def test_a_schedule_is_run_now_without_waiting_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Lambda()
    monkeypatch.setattr(schedules, "_lambda", lambda: client)
    assert run_now("dream").state == "never"
    assert client.asked == [("stack-Dream-1", "Event")]


def test_what_is_no_schedule_can_not_be_run() -> None:
    with pytest.raises(NotFound, match=r"There is no schedule nap. The schedules are: sweep, dream."):
        run_now("nap")
