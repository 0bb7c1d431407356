"""The ledger as an operator reads it."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg import Connection

from pinhole.errors import Invalid, NotFound
from pinhole.operations import jobs
from pinhole.operations.jobs import FailurePage, Failures, Position, StageCounts
from pinhole.stages import Stage
from pinhole.tables import job
from pinhole.tables.job import Lane, Subject
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

    latest, first = jobs.failures(inbox.conn, Failures(), None, 10).jobs

    assert (first.filename, first.code, first.owner) == ("notes.jpg", "unsupported_type", "ann")
    assert (latest.filename, latest.code, latest.upload_id) == ("cut.jpg", "truncated", landed.upload_id)
    assert (latest.stage, latest.state, latest.attempts) == ("renditions", "failed", 1)
    assert "FileRejected" in (latest.report or "")
    page = jobs.failures(inbox.conn, Failures(), None, 1)
    assert page.jobs == [latest]
    assert jobs.failures(inbox.conn, Failures(), page.next, 1) == FailurePage([first], None)


def test_of_a_long_report_both_ends_are_kept(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(b"just some text", "notes.jpg"))
    [failed] = jobs.failures(inbox.conn, Failures(), None, 1).jobs
    subject = Subject(failed.owner_id, failed.item_id)
    job.add_waiting(inbox.conn, subject, Stage.CLIP, Lane.FRESH)
    job.fail(inbox.conn, subject, Stage.CLIP, f"Begin{'.' * 10_000_000}End", "processing_failed")
    report = jobs.failures(inbox.conn, Failures(stage=Stage.CLIP), None, 1).jobs[0].report or ""
    assert report.startswith("Begin")
    assert report.endswith("End")
    assert len(report) < 20_000


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


def fail(library: Library, item_id: str, stage: str, code: str, moment: str = "2024-05-06Z") -> None:
    library.conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage, state, finished_at, error_code, attempts)"
        " VALUES (%s, 'item', %s, %s, 'failed', %s, %s, 5)",
        (library.owner_id, item_id, stage, moment, code),
    )


def test_pages_of_failures_join_without_a_gap_also_where_all_failed_at_the_same_moment(library: Library) -> None:
    ids = [library.add() for _ in range(5)]
    for item_id in ids:
        for stage in ("analysis", "caption"):
            fail(library, item_id, stage, "corrupt")
    found, after = [], None
    for size in (1, 2, 3, 4):
        page = jobs.failures(library.conn, Failures(), after, size)
        found += [(job.item_id, job.stage) for job in page.jobs]
        after = page.next and Position.parse(str(page.next))
    assert sorted(found) == sorted((item_id, stage) for item_id in ids for stage in ("analysis", "caption"))
    assert after is None


def test_failures_are_found_by_item_stage_code_and_owner_also_together(conn: Connection, library: Library) -> None:
    others = new_library(conn, "zoe")
    first, second, of_other = library.add(), library.add(), others.add()
    fail(library, first, "analysis", "corrupt")
    fail(library, second, "caption", "corrupt")
    fail(others, of_other, "analysis", "truncated")

    def found(which: Failures) -> set[str]:
        page = {job.item_id for job in jobs.failures(conn, which, None, 10).jobs}
        assert {position.item_id for position in jobs.list_positions(conn, which, None, 10)} == page
        return page

    assert found(Failures(item_id=second)) == {second}
    assert found(Failures(stage=Stage.ANALYSIS)) == {first, of_other}
    assert found(Failures(code="corrupt")) == {first, second}
    assert found(Failures(owner="ZOE")) == {of_other}
    assert found(Failures(owner="nobody")) == set()
    assert found(Failures(stage=Stage.ANALYSIS, code="corrupt", owner="bea")) == {first}
    assert jobs.count_codes(conn, Failures(code="truncated")) == [("corrupt", 2), ("truncated", 1)]
    assert jobs.count_codes(conn, Failures(stage=Stage.CAPTION)) == [("corrupt", 1)]


@pytest.mark.parametrize(
    "cursor", ["", "1.2.abcdefghij01.nothing", "x.2.abcdefghij01.caption", "1.2.abc.caption", "1.2.abcdefghij01"]
)
def test_what_no_answer_told_is_no_place_among_failures(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        Position.parse(cursor)
    assert [wrong.field for wrong in refused.value.fields] == ["cursor"]


@pytest.mark.parametrize(
    ("open_jobs", "in_5", "in_60", "eta"), [(30, 10, 99, 900), (30, 0, 60, 1800), (30, 0, 0, None), (0, 10, 10, None)]
)
def test_the_time_that_is_left_is_told_by_the_latest_pace(
    open_jobs: int, in_5: int, in_60: int, eta: int | None
) -> None:
    counts = StageCounts("analysis", open_jobs - open_jobs // 3, open_jobs // 3, 0, 0, None, in_5, in_60)
    assert counts.eta_seconds == eta
