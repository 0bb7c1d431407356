"""How all of Pinhole is, as a whole."""

import json
from collections.abc import Mapping

import pytest
from psycopg import Connection

from pinhole import event_sources, health, queues
from pinhole.errors import Unavailable
from pinhole.operations.condition import Check, Finding, look
from pinhole.settings import settings
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library, new_library


@pytest.fixture(autouse=True)
def known(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the admin function: `live` has the dead-letter queue `live-dead-letters`; one schedule."""
    dead = cloud.sqs.create_queue(QueueName=f"{cloud.queue_urls['live'].rpartition('/')[2]}-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": queues.describe(dead).arn, "maxReceiveCount": 3}
    cloud.sqs.set_queue_attributes(QueueUrl=cloud.queue_urls["live"], Attributes={"RedrivePolicy": json.dumps(policy)})
    names = {"live": cloud.queue_urls["live"], "live-dead-letters": dead}
    monkeypatch.setenv("PINHOLE_QUEUES", json.dumps(names))
    monkeypatch.setenv("PINHOLE_SCHEDULES", json.dumps({"sweep": {"function": "sweep", "every": "rate(5 minutes)"}}))
    monkeypatch.setattr(event_sources, "by_queue", dict)
    settings.cache_clear()


@pytest.fixture
def library(conn: Connection) -> Library:
    return new_library(conn, "ann")


def checks() -> Mapping[str, Check]:
    return {check.name: check for check in look()}


def not_ok() -> dict[str, tuple[str, list[Finding]]]:
    return {check.name: (check.state, list(check.findings)) for check in look() if check.state != "ok"}


def test_of_an_instance_that_is_well_everything_is_ok() -> None:
    assert [(check.name, check.state) for check in look()] == [
        ("database", "ok"),
        ("objects", "ok"),
        ("queues", "ok"),
        ("dead_letters", "ok"),
        ("paused", "ok"),
        ("waiting", "ok"),
        ("failures", "ok"),
        ("mails", "ok"),
        ("schedules", "ok"),
    ]


def test_dead_letters_are_told_with_the_queue_whose_they_are() -> None:
    queues.send(settings().queues["live-dead-letters"], {})
    assert not_ok() == {"dead_letters": ("failing", [Finding("live", 1)])}


def job(library: Library, state: str, **columns: str) -> None:
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", {value}" for value in columns.values())
    library.conn.execute(
        f"INSERT INTO job (owner_id, subject_kind, subject_id, stage, state{names})"
        f" VALUES (%s, 'item', %s, 'analysis', %s{values})",
        (library.owner_id, library.add(), state),
    )


def test_a_stage_of_which_nothing_is_done_while_something_waits_for_an_hour_is_not_well(library: Library) -> None:
    job(library, "waiting", created_at="now() - interval '61 minutes'")
    job(library, "waiting")
    [(state, [finding])] = not_ok().values()
    assert (state, finding.subject, finding.count) == ("failing", "analysis", 2)
    assert finding.since is not None
    job(library, "done", finished_at="now() - interval '59 minutes'")
    assert not_ok() == {}


def test_what_failed_within_a_day_is_counted(library: Library) -> None:
    job(library, "failed", finished_at="now() - interval '25 hours'", attempts="5")
    assert not_ok() == {}
    job(library, "failed", finished_at="now() - interval '23 hours'", attempts="5")
    assert not_ok() == {"failures": ("warning", [Finding("day", 1)])}


def test_mails_that_were_given_up_within_a_day_are_counted(conn: Connection) -> None:
    conn.execute(
        """
        INSERT INTO mail (id, kind, address, address_key, state, touched_at, expires_at)
        SELECT lpad(n::text, 12, '0'), 'reset', 'a', 'a', 'failed', now() - n * interval '23 hours', now()
        FROM generate_series(1, 2) AS n
        """
    )
    assert not_ok() == {"mails": ("failing", [Finding("day", 1)])}


def test_a_schedule_that_failed_is_told_with_when_it_last_did_its_work(conn: Connection) -> None:
    conn.execute(
        "INSERT INTO schedule_run (schedule, run_id, finished_at, error) VALUES ('sweep', 'abcdefghij01', now(), 'X')"
    )
    assert not_ok() == {"schedules": ("failing", [Finding("sweep")])}


def test_what_can_not_be_looked_at_is_unknown_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = {"database": True, "objects": True, "queues": False}
    monkeypatch.setattr(health, "check", lambda: answering)
    assert {name: state for name, (state, _) in not_ok().items()} == {
        "queues": "failing",
        "dead_letters": "unknown",
        "paused": "unknown",
    }
    answering |= {"database": False, "queues": True}
    assert [check.name for check in checks().values() if check.state == "unknown"] == [
        "waiting",
        "failures",
        "mails",
        "schedules",
    ]


def test_a_part_that_goes_away_while_it_is_looked_at_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> list[object]:
        raise Unavailable("The queue does not answer.")

    monkeypatch.setattr("pinhole.operations.condition.queues.states", gone)
    assert {name: state for name, (state, _) in not_ok().items()} == {"dead_letters": "unknown", "paused": "unknown"}
