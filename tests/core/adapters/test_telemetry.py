"""What the log and the metrics say of a photo, from the begin of its upload to its being visible."""

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest

from dead_letters import handler as dead_letters
from ingest import handler as ingest
from live import notices
from pinhole.db import transaction
from pinhole.ingest import original
from pinhole.operations.requeue import requeue_stale
from pinhole.settings import settings
from pinhole.tables import user
from pinhole.telemetry import follow, logger, measured
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.ingest import Inbox
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg


class Log:
    """The lines that Pinhole's logger writes."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def events(self, upload_id: str) -> list[str]:
        """Names of the events about an upload, in order."""
        return [line["message"] for line in self.lines() if line.get("upload_id") == upload_id]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    captured = Log()
    monkeypatch.setattr(logger.registered_handler, "stream", captured.stream)
    yield captured
    follow(None)


@pytest.fixture
def metrics(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_METRICS", "true")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "ingest")
    settings.cache_clear()


def begin(caller: Caller, content: bytes) -> dict[str, Any]:
    promise = {
        "filename": "IMG_0001.jpg",
        "sizeBytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "contentType": "image/jpeg",
    }
    begun: dict[str, Any] = caller.call("POST", "/uploads", json=promise).get_json()
    return begun


def record_of(cloud: Cloud, queue: str, body: str, **attributes: str) -> dict[str, Any]:
    record = cloud.through_queue(queue, body)
    record["attributes"] |= attributes
    return record


def test_one_upload_is_followed_by_its_id_through_every_function(
    inbox: Inbox, new_caller: Any, cloud: Cloud, log: Log
) -> None:
    caller, content = new_caller("bea"), jpeg()
    begun = begin(caller, content)
    with urllib.request.urlopen(urllib.request.Request(begun["url"], content, begun["headers"], method="PUT")):
        pass
    caller.call("POST", f"/uploads/{begun['id']}/complete")
    caller.call("GET", "/timeline")
    (key,) = cloud.keys("originals", f"bea/uploads/{begun['id']}")
    landed = inbox.stored(begun["id"], key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_read", _broken)
        inbox.deliver(landed)
    requeue_stale(timedelta(0))
    dead_letters.handle({"Records": [record_of(cloud, "ingest", landed.body)]}, Context())
    inbox.deliver(landed)
    (told,) = inbox.conn.execute("SELECT user_id FROM notice").fetchall()
    notice = record_of(cloud, "video", json.dumps({"ownerId": told[0], "uploadId": begun["id"]}))
    notices.handle({"Records": [notice]}, Context())

    assert log.events(begun["id"]) == [
        "request_answered",
        "request_answered",
        "attempt_begun",
        "attempt_failed",
        "ingest_requested_again",
        "message_dead",
        "attempt_begun",
        "metadata_committed",
        "renditions_committed",
        "library_change_noted",
        "item_visible",
        "library_change_told",
    ]


def test_the_notice_of_a_change_carries_the_id_of_the_upload_that_made_it(inbox: Inbox, cloud: Cloud) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    waiting = cloud.sqs.receive_message(QueueUrl=cloud.queue_urls["live"], WaitTimeSeconds=5)
    (message,) = waiting["Messages"]
    assert json.loads(message["Body"])["uploadId"] == landed.upload_id


def test_a_delivery_that_can_not_reach_the_database_is_followed_too(
    inbox: Inbox, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())

    def away(*_: object) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(ingest, "ingest_original", away)
    inbox.deliver(landed)
    assert log.events(landed.upload_id) == ["attempt_failed"]


@pytest.mark.parametrize("body", ["{not json", '{"Records": [{"eventName": "ObjectCreated:Put", "secret": 1}]}'])
def test_a_message_that_is_no_event_is_told_once_and_let_go(inbox: Inbox, cloud: Cloud, log: Log, body: str) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    before = len(log.lines())
    assert inbox.deliver_body(body) == []
    assert dead_letters.handle({"Records": [record_of(cloud, "ingest", body)]}, Context())["batchItemFailures"] == []
    lines = log.lines()[before:]
    assert [(line["level"], line["message"]) for line in lines] == [("ERROR", "message_unreadable")] * 2
    assert all("upload_id" not in line and "secret" not in str(line) for line in lines)


def test_why_a_dead_letter_could_not_be_recorded_is_in_the_log(inbox: Inbox, cloud: Cloud, log: Log) -> None:
    landed = inbox.landed(jpeg())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_ingest", lambda claim: None)  # the worker died here
        inbox.deliver(landed)
    inbox.conn.execute("UPDATE job SET attempts = 5")
    record = record_of(cloud, "ingest", landed.body)
    assert dead_letters.handle({"Records": [record]}, Context())["batchItemFailures"] != []
    (line,) = [line for line in log.lines() if line["message"] == "message_not_recorded"]
    assert "has not ended" in line["exception"]


def test_lines_about_nothing_in_particular_have_no_upload(inbox: Inbox, new_caller: Any, log: Log) -> None:
    caller = new_caller("bea")
    inbox.deliver(inbox.landed(jpeg()))
    before = len(log.lines())
    caller.call("GET", "/me")
    requeue_stale(timedelta(hours=1))
    assert [line["message"] for line in log.lines()[before:]] == ["request_answered", "stale_requeued"]
    assert all("upload_id" not in line for line in log.lines()[before:])


def test_a_rows_content_does_not_reach_the_log_when_the_database_refuses_it(inbox: Inbox, log: Log) -> None:
    inbox.conn.execute("ALTER TABLE item_metadata ADD CHECK (latitude < 40)")
    landed = inbox.landed(jpeg(coordinates=(43.4674, 11.8851)))
    inbox.deliver(landed)
    assert "CheckViolation" in log.text
    assert "43.46" not in log.text
    (report,) = inbox.conn.execute("SELECT last_error FROM job").fetchone() or ()
    assert "item_metadata_latitude_check" in report
    assert "43.46" not in report


def test_the_reason_of_a_refusal_by_the_database_can_still_be_told_apart(conn: psycopg.Connection) -> None:
    with transaction() as pinhole:
        user.insert(pinhole, "ann", "-", "member", "ann")
    with pytest.raises(psycopg.errors.UniqueViolation, match="users_name_key") as refused:
        with transaction() as pinhole:
            user.insert(pinhole, "ann", "-", "member", "ann")
    assert refused.value.diag.constraint_name == "users_name_key_key"


@pytest.mark.usefixtures("metrics")
def test_a_photo_that_becomes_visible_is_measured_in_one_line_for_each_stage(
    inbox: Inbox, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    landed = inbox.landed(jpeg())
    capsys.readouterr()
    sent = int((datetime.now(UTC) - timedelta(minutes=5)).timestamp() * 1000)
    ingest.handle({"Records": [record_of(cloud, "ingest", landed.body, SentTimestamp=str(sent))]}, Context())

    by_stage = {line.get("stage"): line for line in _metrics(capsys)}
    assert by_stage.keys() == {None, "metadata", "renditions"}
    assert by_stage[None]["ItemsVisible"] == [1]
    assert 300 <= by_stage[None]["QueueAge"][0] < 3000  # seconds
    for stage in ("metadata", "renditions"):
        assert by_stage[stage]["Attempts"] == [1]
        assert by_stage[stage]["StageSeconds"][0] > 0
    for line in by_stage.values():
        (definition,) = line["_aws"]["CloudWatchMetrics"]
        assert definition["Namespace"] == "Pinhole"
        assert {*definition["Dimensions"][0]} <= {"service", "stage"}
        assert line["service"] == "ingest"


@pytest.mark.usefixtures("metrics")
def test_failures_are_counted_by_code_and_duplicates_as_such(inbox: Inbox, capsys: pytest.CaptureFixture[str]) -> None:
    inbox.deliver(inbox.landed(b"just some text"))
    (line,) = [line for line in _metrics(capsys) if "Failures" in line]
    assert (line["stage"], line["Failures"], line["Failures.unsupported_type"]) == ("metadata", [1], [1])

    content = jpeg()
    inbox.deliver(inbox.landed(content))
    capsys.readouterr()
    inbox.deliver(inbox.put(inbox.begin_anyway(content), content))
    (line,) = [line for line in _metrics(capsys) if "Duplicates" in line]
    assert line["Duplicates"] == [1]
    assert "ItemsVisible" not in line


@pytest.mark.usefixtures("metrics")
def test_a_call_that_measures_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert measured(lambda: 1)() == 1
    assert _metrics(capsys) == []


def test_nothing_is_measured_where_nobody_asked(inbox: Inbox, capsys: pytest.CaptureFixture[str]) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    assert "_aws" not in capsys.readouterr().out


def _metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def _broken(*_: object) -> None:
    raise RuntimeError("a defect of ours")
