"""Ingest killed (SIGKILL, not an exception) at every moment at which somebody could see how far it had got."""

import json
from signal import SIGKILL

import pytest

from pinhole.tables import job
from pinhole.tables.job import Lane, Stage, Subject
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.pictures import jpeg

MOMENTS = 40

pytestmark = pytest.mark.usefixtures("counted_months")


def die_at(step: int, inbox: Inbox, landed: Landed) -> bool:
    """Deliver a message to a worker that dies at this step. False when it was done before that."""
    record = inbox.cloud.through_queue("ingest", landed.body)
    worker = dying.deliver({"Records": [record]}, die_at=step)
    worker.join()
    assert worker.exitcode in (0, -SIGKILL)
    return worker.exitcode != 0


def assert_ingested_once(inbox: Inbox, landed: Landed) -> None:
    (item,) = inbox.items()
    assert item["visible"]
    prefix = f"{item['item_key']}/{item['rendition_version']}/"
    assert len(inbox.cloud.keys("renditions", prefix)) == 3
    upload = inbox.upload(landed)
    assert (upload["state"], upload["item_id"]) == ("ready", item["id"])
    assert {stage: state for stage, (state, _) in inbox.jobs().items()} == {
        "metadata": "done",
        "renditions": "done",
        "analysis": "waiting",
    }
    asked_for = {json.loads(body)["itemId"] for body in inbox.cloud.messages("ml")}
    assert asked_for == {item["id"]}
    (revision,) = inbox.conn.execute("SELECT sum(revision)::int FROM timeline_month").fetchone() or ()
    assert revision == 1


def test_a_photo_is_ingested_once_wherever_its_worker_was_killed(inbox: Inbox) -> None:
    survived = False
    for step in range(1, MOMENTS):
        landed = inbox.landed(jpeg(shade=step))
        survived = not die_at(step, inbox, landed)
        assert inbox.deliver(landed) == []
        assert_ingested_once(inbox, landed)
        inbox.forget()
        if survived:
            break
    assert survived
    assert step > 15  # there is something to survive


def test_a_duplicate_ends_as_one_wherever_its_worker_was_killed(inbox: Inbox) -> None:
    content = jpeg()
    inbox.deliver(inbox.landed(content, "first.jpg"))
    (item,) = inbox.items()
    survived = False
    for step in range(1, MOMENTS):
        landed = inbox.put(inbox.begin_anyway(content), content)
        survived = not die_at(step, inbox, landed)
        assert inbox.deliver(landed) == []
        assert [there["id"] for there in inbox.items()] == [item["id"]]
        assert inbox.upload(landed)["state"] == "duplicate"
        assert inbox.cloud.keys("originals", landed.key) == []
        if survived:
            break
    assert survived


def test_renditions_are_made_again_once_wherever_their_worker_was_killed(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    inbox.cloud.messages("ml")
    survived = False
    for step in range(1, MOMENTS):
        (before,) = inbox.items()
        job.reopen(inbox.conn, Subject(inbox.owner.id, before["id"]), Stage.RENDITIONS, Lane.FRESH)
        survived = not die_at(step, inbox, landed)
        assert inbox.deliver(landed) == []
        (item,) = inbox.items()
        assert (item["id"], item["rendition_version"]) == (before["id"], step + 1)
        assert len(inbox.cloud.keys("renditions", f"{item['item_key']}/{step + 1}/")) == 3
        (revision,) = inbox.conn.execute("SELECT sum(revision)::int FROM timeline_month").fetchone() or ()
        assert revision == step + 1
        if survived:
            break
    assert survived
    assert step > 10  # there is something to survive


@pytest.mark.parametrize("copies", [2, 4])
def test_messages_worked_on_at_the_same_time_leave_one_item(inbox: Inbox, copies: int) -> None:
    landed = inbox.landed(jpeg())
    records = [inbox.cloud.through_queue("ingest", landed.body) for _ in range(copies)]
    workers = [dying.deliver({"Records": [record]}, die_at=0) for record in records]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * copies

    inbox.deliver(landed)

    assert_ingested_once(inbox, landed)
