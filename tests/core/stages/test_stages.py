"""How a stage moves, in a real ledger, by workers that are slow, dead, or two."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import Connection

from dead_letters import handler as dead_letters
from pinhole import stages
from pinhole.errors import Busy
from pinhole.operations.requeue import requeue_stale
from pinhole.settings import settings
from pinhole.stages import CATALOGUE, Lane, Stage, Subject, WornOut
from pinhole.tables import job
from tests.fixtures.cloud import Cloud
from tests.fixtures.ingest import Inbox
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg

SUBJECT = Subject(7, "abcdefghij01")
NEVER = timedelta(days=1)


def soon(minutes: float = 3) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_a_stage_in_work_is_busy_and_one_that_is_done_is_over(conn: Connection) -> None:
    claimed = stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon())
    assert claimed is not None
    with pytest.raises(Busy):
        stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon())

    stages.finish(conn, claimed)

    assert stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon()) is None


def test_a_worker_that_is_alive_keeps_what_it_works_on(conn: Connection) -> None:
    claimed = stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon(-1))
    assert claimed is not None

    longer = stages.extend(conn, claimed, soon())

    with pytest.raises(Busy):
        stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon())
    stages.hold(conn, longer)


def test_a_worker_whose_lease_was_taken_over_holds_and_extends_nothing(conn: Connection) -> None:
    first = stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon(-1))
    assert first is not None
    assert stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon()) is not None

    with pytest.raises(Busy):
        stages.hold(conn, first)
    with pytest.raises(Busy):
        stages.extend(conn, first, soon())


def test_attempts_that_are_used_up_tell_the_last_report(conn: Connection) -> None:
    for attempt in range(settings().max_attempts):
        until = soon(attempt)
        assert stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, until) is not None
        stages.give_back(conn, SUBJECT, until, f"report {attempt}", counts=True)

    with pytest.raises(WornOut, match=r"All 5 attempts failed. The last one:\nreport 4"):
        stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon())


@pytest.mark.parametrize("text", ["a \0 in it", "half a pair: \ud83d", "\udc00\0" * 1000])
def test_the_ledger_keeps_a_report_whatever_it_quotes(conn: Connection, text: str) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    assert stages.claim(conn, SUBJECT, Stage.ANALYSIS, Lane.FRESH, until) is not None
    stages.give_back(conn, SUBJECT, until, text, counts=True)
    given_back = job.get(conn, SUBJECT, Stage.ANALYSIS)
    assert stages.fail(conn, SUBJECT, Stage.ANALYSIS, text, "processing_failed")
    failed = job.get(conn, SUBJECT, Stage.ANALYSIS)
    for kept in (given_back, failed):
        assert kept is not None
        assert kept.last_error is not None
        assert len(kept.last_error) == len(text)


def test_the_subjects_of_two_owners_with_one_id_are_two(conn: Connection) -> None:
    claimed = stages.claim(conn, SUBJECT, Stage.VIDEO, Lane.FRESH, soon())
    assert claimed is not None
    stages.finish(conn, claimed)

    assert stages.claim(conn, Subject(8, SUBJECT.id), Stage.VIDEO, Lane.FRESH, soon()) is not None


def test_a_photo_whose_worker_died_comes_back_at_the_first_sweep_after_its_lease(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    inbox.conn.execute(
        "UPDATE job SET state = 'running', leased_until = now() + interval '1 minute' WHERE stage = 'renditions'"
    )
    assert requeue_stale(NEVER) == 0  # the worker may yet live

    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'renditions'")

    assert requeue_stale(NEVER) == 1
    assert requeue_stale(NEVER) == 0
    (body,) = inbox.cloud.messages("ingest")
    assert inbox.deliver_body(body) == []
    assert inbox.jobs()["renditions"] == ("done", 2)
    revision = inbox.items()[0]["revision"]
    inbox.deliver(landed)  # the copy whose visibility timeout ends at last
    assert (inbox.jobs()["renditions"], inbox.items()[0]["revision"]) == (("done", 2), revision)


def test_a_dead_message_to_a_worker_fails_its_stage_when_no_attempt_is_left_and_hides_nothing(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    (body,) = inbox.cloud.messages("ml")
    record = inbox.cloud.through_queue("ml", body)

    assert dead_letters.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert inbox.jobs()["analysis"] == ("waiting", 0)  # deliveries were lost, not attempts

    inbox.conn.execute("UPDATE job SET attempts = 5, last_error = 'the model fell over' WHERE stage = 'analysis'")
    assert dead_letters.handle({"Records": [record]}, Context()) == {"batchItemFailures": []}
    assert inbox.jobs()["analysis"] == ("failed", 5)
    (report,) = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis'").fetchone() or ()
    assert "the model fell over" in report
    assert record["messageId"] in report
    assert inbox.items()[0]["visible"]


def test_a_worker_is_asked_by_owner_item_and_stage(cloud: Cloud) -> None:
    stages.ask_worker(Stage.ANALYSIS, Lane.FRESH, [SUBJECT])
    stages.ask_worker(Stage.VIDEO, Lane.BULK, [SUBJECT])
    about = {"ownerId": SUBJECT.owner_id, "itemId": SUBJECT.id}
    assert [json.loads(body) for body in cloud.messages("ml")] == [{**about, "stage": "analysis"}]
    assert [json.loads(body) for body in cloud.messages("video-bulk")] == [{**about, "stage": "video"}]


@pytest.mark.parametrize(
    ("owner_id", "item_id"),
    [
        (SUBJECT.owner_id, "abcdefghij0"),
        (SUBJECT.owner_id, "abcdefghij0\0"),
        (SUBJECT.owner_id, "abcdefghij01\n"),
        (2**63, SUBJECT.id),
        (-1, SUBJECT.id),
    ],
)
def test_a_message_about_what_no_item_can_be_asks_for_nothing(owner_id: int, item_id: str) -> None:
    body = {"ownerId": owner_id, "itemId": item_id, "stage": "analysis"}
    assert stages.read(json.dumps(body)) is None
    assert stages.read(json.dumps({**body, "ownerId": SUBJECT.owner_id, "itemId": SUBJECT.id})) is not None


def test_every_stage_of_the_ledger_is_in_the_catalogue(conn: Connection) -> None:
    known = [stage for (stage,) in conn.execute("SELECT unnest(enum_range(NULL::job_stage))::text")]
    assert list(CATALOGUE) == list(Stage) == known
    assert job.get(conn, SUBJECT, Stage.METADATA) is None
