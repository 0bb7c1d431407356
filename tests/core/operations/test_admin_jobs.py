"""The ledger as an operator reads it."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg import Connection

from pinhole.errors import NotFound
from pinhole.operations import jobs
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import Library, new_library
from tests.fixtures.pictures import jpeg


def add(conn: Connection, item_id: str, stage: str, state: str, minutes_ago: int) -> None:
    """A job that was asked for, and where it is over ended, then."""
    then = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    ended = then if state in {"done", "failed"} else None
    leased_until = then if state == "running" else None
    conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage, state, created_at, finished_at, leased_until)"
        " VALUES (7, 'item', %s, %s, %s, %s, %s, %s)",
        (item_id, stage, state, then, ended, leased_until),
    )


@pytest.fixture
def library(conn: Connection) -> Library:
    return new_library(conn, "bea")


def test_an_empty_ledger_has_every_stage_with_nothing_in_it(conn: Connection) -> None:
    counted = jobs.counts(conn)
    assert [stage.stage for stage in counted] == [
        *("metadata", "renditions", "poster", "video", "stills", "clip", "analysis", "caption", "full_size")
    ]
    for stage in counted:
        assert (stage.waiting, stage.running, stage.done, stage.failed, stage.oldest_waiting) == (0, 0, 0, 0, None)
        assert (stage.done_in_5_minutes, stage.done_in_60_minutes) == (0, 0)


def test_jobs_are_counted_by_stage_and_state_with_the_oldest_that_waits_and_the_rate(library: Library) -> None:
    for state, minutes_ago in [
        ("waiting", 7),
        ("waiting", 90),
        ("running", 200),
        ("failed", 1),
        ("done", 1),
        ("done", 4),
        ("done", 30),
        ("done", 61),
    ]:
        add(library.conn, library.add(), "analysis", state, minutes_ago)
    add(library.conn, library.add(), "metadata", "done", 2)

    counted = {stage.stage: stage for stage in jobs.counts(library.conn)}

    analysis = counted["analysis"]
    assert (analysis.waiting, analysis.running, analysis.done, analysis.failed) == (2, 1, 4, 1)
    assert (analysis.done_in_5_minutes, analysis.done_in_60_minutes) == (2, 3)
    assert analysis.oldest_waiting is not None
    assert timedelta(minutes=90) <= datetime.now(UTC) - analysis.oldest_waiting < timedelta(minutes=91)
    metadata = counted["metadata"]
    assert (metadata.done, metadata.done_in_5_minutes, metadata.oldest_waiting) == (1, 1, None)


def test_failures_come_latest_first_with_owner_file_code_and_report(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(b"just some text", "notes.jpg"))
    landed = inbox.landed(jpeg(800, 600)[:2000], "cut.jpg")
    inbox.deliver(landed)

    latest, first = jobs.failures(inbox.conn, 10)

    assert (first.filename, first.code, first.owner) == ("notes.jpg", "unsupported_type", "ann")
    assert (latest.filename, latest.code, latest.upload_id) == ("cut.jpg", "truncated", landed.upload_id)
    assert (latest.stage, latest.state, latest.attempts) == ("renditions", "failed", 1)
    assert "FileRejected" in (latest.report or "")
    assert jobs.failures(inbox.conn, 1) == [latest]


def test_an_item_is_read_with_every_stage_of_it(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg(), "beach.jpg"))
    (item,) = inbox.items()
    found = jobs.of_item(inbox.conn, item["id"])
    assert [(job.stage, job.state) for job in found] == [
        ("metadata", "done"),
        ("renditions", "done"),
        ("analysis", "waiting"),
    ]
    assert {job.filename for job in found} == {"beach.jpg"}


def test_an_item_that_is_not_there_is_named(conn: Connection) -> None:
    with pytest.raises(NotFound, match="abcdefghij01"):
        jobs.of_item(conn, "abcdefghij01")
