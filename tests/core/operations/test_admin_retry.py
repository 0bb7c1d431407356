"""Trying again what failed: the real ledger, store and queue."""

import json
from io import StringIO

import pytest

from pinhole import queues
from pinhole.errors import NotFound, Unavailable
from pinhole.ingest import original
from pinhole.operations import jobs
from pinhole.operations.jobs import Failures
from pinhole.operations.retry import Progress, Retried, retry_all, retry_failed, retry_items
from pinhole.settings import settings
from pinhole.tables import timeline_month
from pinhole.tables.job import Stage
from pinhole.telemetry import logger
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.library import new_library
from tests.fixtures.pictures import jpeg


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("a defect of ours")


def failed(inbox: Inbox, content: bytes, step: str = "_read") -> tuple[Landed, str]:
    """An upload whose item failed for good at a step of ours, and the item's id."""
    landed = inbox.landed(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, step, broken)
        for _ in range(settings().max_attempts + 1):
            inbox.deliver(landed)
    assert inbox.upload(landed)["state"] == "failed"
    row = inbox.conn.execute("SELECT item_id FROM original_file WHERE object_key = %s", (landed.key,)).fetchone()
    assert row is not None
    return landed, row[0]


def state_of_all(inbox: Inbox) -> list[object]:
    return [
        inbox.conn.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        for table in ("job", "media_item", "original_file", "upload", "timeline_month")
    ]


@pytest.mark.parametrize(
    ("step", "stage"), [("_read", Stage.METADATA), ("_renditions", Stage.RENDITIONS)], ids=["metadata", "renditions"]
)
def test_what_failed_is_tried_again_under_the_same_id_with_all_its_attempts(
    inbox: Inbox, step: str, stage: Stage
) -> None:
    landed, item_id = failed(inbox, jpeg(), step)

    assert retry_items([item_id]) == [Retried(item_id, "retried", stage)]

    assert inbox.jobs()[stage] == ("waiting", 0)
    assert inbox.upload(landed)["state"] == "received"
    (body,) = inbox.cloud.messages("ingest")
    assert inbox.deliver_body(body) == []
    (item,) = inbox.items()
    assert (item["id"], item["visible"]) == (item_id, True)
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.jobs()[stage] == ("done", 1)


def test_the_report_stays_to_be_read_until_the_stage_is_done(inbox: Inbox) -> None:
    _, item_id = failed(inbox, jpeg())
    retry_items([item_id])
    (job,) = jobs.of_item(inbox.conn, item_id)
    assert (job.state, job.code) == ("waiting", None)
    assert "a defect of ours" in (job.report or "")


def test_retrying_again_changes_nothing_and_sends_nothing(inbox: Inbox) -> None:
    _, item_id = failed(inbox, jpeg())
    retry_items([item_id, item_id])
    assert len(inbox.cloud.messages("ingest")) == 1
    before = state_of_all(inbox)
    assert retry_items([item_id]) == [Retried(item_id, "not_failed")]
    assert retry_all() == []
    assert state_of_all(inbox) == before
    assert inbox.cloud.messages("ingest") == []


def test_an_item_that_did_not_fail_is_left_alone(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    (item,) = inbox.items()
    before = state_of_all(inbox)
    assert retry_items([item["id"]]) == [Retried(item["id"], "not_failed")]
    assert state_of_all(inbox) == before


def test_one_stage_is_retried_or_all_of_them(inbox: Inbox) -> None:
    _, early = failed(inbox, jpeg(shade=1))
    _, late = failed(inbox, jpeg(shade=2), "_renditions")
    assert retry_all(Stage.RENDITIONS) == [Retried(late, "retried", Stage.RENDITIONS)]
    assert retry_all() == [Retried(early, "retried", Stage.METADATA)]
    assert len(inbox.cloud.messages("ingest")) == 2


@pytest.mark.parametrize("step", ["_read", "_renditions"])
def test_what_its_owner_has_sent_again_meanwhile_stays_failed_and_is_said_to_be_a_duplicate(
    inbox: Inbox, step: str
) -> None:
    content = jpeg()
    _, first = failed(inbox, content, step)
    inbox.deliver(inbox.landed(content))
    (winner,) = [item["id"] for item in inbox.items() if item["visible"]]
    before = state_of_all(inbox)

    (answer,) = retry_items([first])

    assert (answer.outcome, answer.winner) == ("duplicate", winner)
    assert state_of_all(inbox) == before
    assert inbox.cloud.messages("ingest") == []


def test_the_same_bytes_of_somebody_else_are_no_hindrance(inbox: Inbox) -> None:
    _, item_id = failed(inbox, jpeg())
    (sha256,) = inbox.conn.execute("SELECT sha256 FROM upload").fetchone() or ()
    new_library(inbox.conn, "bea").add(sha256=sha256)
    assert [answer.outcome for answer in retry_items([item_id])] == ["retried"]


@pytest.mark.usefixtures("counted_months")
def test_a_stage_that_follows_is_retried_in_its_own_queue_and_the_month_gets_a_new_revision(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    inbox.cloud.messages("ml")
    (item,) = inbox.items()
    inbox.conn.execute("UPDATE job SET state = 'failed', finished_at = now() WHERE stage = 'analysis'")
    inbox.conn.execute("UPDATE media_item SET failed_at = now()")

    assert retry_all() == [Retried(item["id"], "retried", Stage.ANALYSIS)]

    assert [json.loads(body) for body in inbox.cloud.messages("ml")] == [
        {"ownerId": inbox.owner.id, "itemId": item["id"], "stage": "analysis"}
    ]
    assert inbox.cloud.messages("ingest") == []
    assert inbox.items()[0]["visible"]
    assert inbox.conn.execute("SELECT revision FROM timeline_month").fetchall() == [(2,)]


def test_renditions_of_a_visible_item_that_failed_are_retried(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    (item,) = inbox.items()
    inbox.conn.execute("UPDATE job SET state = 'failed', finished_at = now() WHERE stage = 'renditions'")

    assert retry_items([item["id"]]) == [Retried(item["id"], "retried", Stage.RENDITIONS)]

    inbox.deliver_body(*inbox.cloud.messages("ingest"))
    assert inbox.items()[0]["rendition_version"] == 2
    assert inbox.jobs()["renditions"] == ("done", 1)


def test_where_the_queue_is_down_all_stays_as_it_was(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    _, item_id = failed(inbox, jpeg())
    before = state_of_all(inbox)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    queues._sqs.cache_clear()
    told = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", told)
    with pytest.raises(Unavailable):
        retry_items([item_id])
    assert state_of_all(inbox) == before
    assert told.getvalue() == ""


def test_nothing_is_told_of_a_retry_that_was_not_committed(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    inbox.conn.execute("UPDATE job SET state = 'failed', finished_at = now() WHERE stage = 'renditions'")
    inbox.conn.execute("UPDATE media_item SET failed_at = now()")
    told = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", told)
    monkeypatch.setattr(timeline_month, "bump", broken)

    with pytest.raises(RuntimeError):
        retry_all()

    assert len(inbox.cloud.messages("ingest")) == 1  # a message too many is harmless
    assert told.getvalue() == ""


def test_an_id_that_is_no_item_is_named_and_nothing_is_retried(inbox: Inbox) -> None:
    _, item_id = failed(inbox, jpeg())
    with pytest.raises(NotFound, match="no item abcdefghij01"):
        retry_items([item_id, "abcdefghij01"])
    assert inbox.cloud.messages("ingest") == []


def test_an_item_whose_upload_is_gone_is_tried_again_without_it(inbox: Inbox) -> None:
    _, item_id = failed(inbox, jpeg())
    inbox.conn.execute("DELETE FROM upload")

    assert retry_items([item_id]) == [Retried(item_id, "retried", Stage.METADATA)]

    inbox.deliver_body(*inbox.cloud.messages("ingest"))
    assert inbox.items()[0]["visible"]


def test_some_failures_are_tried_again_from_the_latest_on_and_what_fails_anew_meanwhile_is_not(inbox: Inbox) -> None:
    items = [failed(inbox, jpeg(shade=shade))[1] for shade in (1, 2, 3)]
    first = retry_failed(Failures(), None, within_seconds=0)
    assert first.next is not None
    assert (first.retried, first.next.item_id) == (1, items[2])
    inbox.conn.execute("UPDATE job SET state = 'failed', finished_at = now() WHERE subject_id = %s", (items[2],))

    rest = retry_failed(Failures(), first.next)

    assert rest == Progress(retried=2, not_retried=0, next=None)
    states = inbox.conn.execute("SELECT subject_id, state FROM job").fetchall()
    assert dict(states) == {items[0]: "waiting", items[1]: "waiting", items[2]: "failed"}


def test_what_stays_failed_is_counted_and_gone_past(inbox: Inbox) -> None:
    failed(inbox, jpeg(shade=1))
    failed(inbox, jpeg(shade=2))
    inbox.deliver(inbox.landed(jpeg(shade=2)))
    assert retry_failed(Failures(), None) == Progress(retried=1, not_retried=1, next=None)


def test_only_failures_that_agree_are_tried_again(inbox: Inbox) -> None:
    _, early = failed(inbox, jpeg(shade=1))
    failed(inbox, jpeg(shade=2), "_renditions")
    assert retry_failed(Failures(owner="nobody"), None) == Progress(0, 0, None)
    assert retry_failed(Failures(item_id=early, code="processing_failed"), None) == Progress(1, 0, None)
    assert retry_failed(Failures(stage=Stage.METADATA), None) == Progress(0, 0, None)
    assert retry_failed(Failures(stage=Stage.RENDITIONS), None) == Progress(1, 0, None)
