"""Jobs and queues by the API, as the admin function tells of them; and when it does not."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from psycopg import Connection

from pinhole import admin_function, event_sources, queues
from pinhole.operations import retry, schedules
from pinhole.settings import settings
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library

LAMBDA = "http://127.0.0.1"


@pytest.fixture
def administrator(caller: Caller, conn: Connection) -> Caller:
    conn.execute("UPDATE users SET role = 'administrator'")
    return caller


@pytest.fixture
def known(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, admin_function: None) -> None:
    """`live` has the dead-letter queue `live-dead-letters`, `ml` has none."""
    dead = cloud.sqs.create_queue(QueueName=f"{cloud.queue_urls['live'].rpartition('/')[2]}-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": queues.describe(dead).arn, "maxReceiveCount": 3}
    cloud.sqs.set_queue_attributes(
        QueueUrl=cloud.queue_urls["live"], Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "60"}
    )
    names = {"live": cloud.queue_urls["live"], "live-dead-letters": dead, "ml": cloud.queue_urls["ml"]}
    monkeypatch.setenv("PINHOLE_QUEUES", json.dumps(names))
    monkeypatch.setattr(event_sources, "by_queue", dict)
    settings.cache_clear()


def fail(library: Library, stage: str = "analysis", code: str = "corrupt", **columns: Any) -> str:
    """An item of which a stage failed for good; its id."""
    item_id = library.add(**columns)
    library.conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage, state, finished_at, error_code, last_error,"
        " attempts) VALUES (%s, 'item', %s, %s, 'failed', now(), %s, 'A report.', 5)",
        (library.owner_id, item_id, stage, code),
    )
    return item_id


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_jobs_are_counted_by_stage_in_the_order_of_processing(administrator: Caller, conn: Connection) -> None:
    fail(Library(conn, administrator.user.id))
    stages: Any = administrator.call("GET", "/admin/jobs").json
    by_name = {stage["stage"]: stage for stage in stages["stages"]}
    assert list(by_name)[:2] == ["metadata", "renditions"]
    assert by_name["analysis"] == {
        "stage": "analysis",
        "waiting": 0,
        "running": 0,
        "done": 0,
        "failed": 1,
        "oldestWaiting": None,
        "doneIn5Minutes": 0,
        "doneIn60Minutes": 0,
        "etaSeconds": None,
    }


def test_a_failure_tells_whose_file_it_is_and_the_whole_report_and_no_picture(
    administrator: Caller, new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    item_id = fail(Library(conn, new_caller("bea").user.id), filename="beach.jpg", size_bytes=77)
    page: Any = administrator.call("GET", "/admin/jobs/failures?owner=bea").json
    [failure] = page["failures"]
    assert failure.pop("finishedAt") is not None
    assert failure.pop("createdAt") is not None
    assert failure == {
        "itemId": item_id,
        "stage": "analysis",
        "attempts": 5,
        "owner": "bea",
        "filename": "beach.jpg",
        "sizeBytes": 77,
        "code": "corrupt",
        "report": "A report.",
    }
    assert (page["codes"], page["nextCursor"]) == ([{"code": "corrupt", "failed": 1}], None)
    assert administrator.call("GET", f"/items/{item_id}").status_code == 404


def test_failures_come_a_hundred_a_page_by_filter(administrator: Caller, conn: Connection) -> None:
    library = Library(conn, administrator.user.id)
    wanted = {fail(library, code="truncated") for _ in range(101)}
    fail(library, stage="caption", code="truncated")
    fail(library)
    address = "/admin/jobs/failures?stage=analysis&code=truncated"
    first: Any = administrator.call("GET", address).json
    second: Any = administrator.call("GET", f"{address}&cursor={first['nextCursor']}").json
    ids = [failure["itemId"] for page in (first, second) for failure in page["failures"]]
    assert (len(first["failures"]), len(ids), set(ids)) == (100, 101, wanted)
    assert first["codes"] == [{"code": "truncated", "failed": 101}, {"code": "corrupt", "failed": 1}]
    assert (second["codes"], second["nextCursor"]) == (None, None)


@pytest.mark.parametrize("field", ["stage", "cursor"])
def test_a_wrong_filter_of_failures_is_named(administrator: Caller, field: str) -> None:
    answer: Any = administrator.call("GET", f"/admin/jobs/failures?{field}=x")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


@pytest.mark.usefixtures("admin_function")
def test_what_failed_of_a_user_is_tried_again(
    administrator: Caller, new_caller: Callable[[str], Caller], cloud: Cloud, conn: Connection
) -> None:
    fail(Library(conn, administrator.user.id), stage="renditions")
    bea = fail(Library(conn, new_caller("bea").user.id), stage="renditions")
    answer = administrator.call("POST", "/admin/jobs/retry", json={"owner": "bea", "stage": "renditions"})
    assert answer.json == {"retried": 1, "notRetried": 0, "nextCursor": None}
    assert conn.execute("SELECT subject_id FROM job WHERE state = 'waiting'").fetchall() == [(bea,)]
    assert len(cloud.messages("ingest")) == 1


@pytest.mark.usefixtures("admin_function")
def test_a_retry_that_does_not_do_all_at_once_tells_how_to_go_on(
    administrator: Caller, cloud: Cloud, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        fail(Library(conn, administrator.user.id), stage="renditions")
    monkeypatch.setattr(retry, "AT_ONCE", 2)
    first: Any = administrator.call("POST", "/admin/jobs/retry", json={}).json
    assert first["retried"] == 2
    rest: Any = administrator.call("POST", "/admin/jobs/retry", json={"cursor": first["nextCursor"]}).json
    assert (rest["retried"], rest["nextCursor"]) == (1, None)
    assert len(cloud.messages("ingest")) == 3


def test_a_cursor_that_no_retry_told_is_refused_before_anybody_is_asked(administrator: Caller) -> None:
    answer: Any = administrator.call("POST", "/admin/jobs/retry", json={"cursor": "x"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.usefixtures("known")
def test_queues_are_listed_with_what_became_dead(administrator: Caller, cloud: Cloud) -> None:
    queues.send_batch(settings().queues["live-dead-letters"], [{}, {}])
    told: Any = administrator.call("GET", "/admin/queues").json
    live, dead, ml = told["queues"]
    assert live == {
        "name": "live",
        "waiting": 0,
        "inFlight": 0,
        "delayed": 0,
        "oldestSeconds": None,
        "consumer": None,
        "visibilityTimeoutSeconds": 60,
        "maxReceiveCount": 3,
        "deadLetters": {"name": "live-dead-letters", "depth": 2},
    }
    assert (dead["waiting"], dead["deadLetters"], ml["consumer"]) == (2, None, "worker")


@pytest.mark.usefixtures("known")
def test_dead_letters_are_moved_back_and_the_queue_is_told_as_it_is_then(administrator: Caller) -> None:
    queues.send_batch(settings().queues["live-dead-letters"], [{}, {}])
    told: Any = administrator.call("POST", "/admin/queues/live/redrive").json
    assert (told["name"], told["waiting"], told["deadLetters"]["depth"]) == ("live", 2, 0)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/admin/queues/none/pause", 404, "no_such_queue"),
        ("/admin/queues/none/redrive", 404, "no_such_queue"),
        ("/admin/queues/ml/resume", 409, "no_consumer"),
        ("/admin/queues/ml/redrive", 409, "no_dead_letters"),
        ("/admin/queues/live/burn", 404, "not_found"),
    ],
)
def test_what_the_admin_function_refuses_is_told_as_it_says(
    administrator: Caller, path: str, status: int, code: str
) -> None:
    assert problem(administrator.call("POST", path)) == (status, code)


class Silent:
    """A Lambda that does not answer as it should."""

    def __init__(self, answer: Exception | dict[str, Any]) -> None:
        self._answer = answer

    def invoke(self, **_: object) -> dict[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _answer(body: object, **fields: str) -> dict[str, Any]:
    return {"Payload": BytesIO(json.dumps(body).encode()), **fields}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ReadTimeoutError(endpoint_url=LAMBDA), "unavailable"),
        (
            ClientError(
                {"Error": {"Code": "TooManyRequestsException"}, "ResponseMetadata": {"HTTPStatusCode": 429}},  # type: ignore[typeddict-item]
                "Invoke",
            ),
            "unavailable",
        ),
        (
            _answer({"errorMessage": "killed", "errorType": "Runtime.ExitError"}, FunctionError="Unhandled"),
            "unavailable",
        ),
        (_answer({"error": {"code": "unavailable", "detail": "The queue does not answer."}}), "unavailable"),
        (_answer({"error": {"code": "database_unavailable", "detail": "It is gone."}}), "database_unavailable"),
    ],
    ids=["time-out", "throttled", "killed", "without queues", "without database"],
)
def test_an_admin_function_that_does_not_answer_is_unavailable(
    administrator: Caller, monkeypatch: pytest.MonkeyPatch, answer: Exception | dict[str, Any], code: str
) -> None:
    monkeypatch.setattr(admin_function, "_lambda", lambda: Silent(answer))
    assert problem(administrator.call("GET", "/admin/queues")) == (503, code)


class Started:
    """Lambda's client, which has a function begun."""

    def invoke(self, **_: object) -> dict[str, int]:
        return {"StatusCode": 202}


@pytest.mark.usefixtures("known")
def test_a_schedule_is_run_now_and_listed_with_what_came_of_it(
    administrator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINHOLE_SCHEDULES", json.dumps({"sweep": {"function": "f", "every": "rate(5 minutes)"}}))
    settings.cache_clear()
    monkeypatch.setattr(schedules, "_lambda", Started)
    begun = administrator.call("POST", "/admin/schedules/sweep/run")
    assert (begun.status_code, begun.json and begun.json["state"]) == (202, "never")
    schedules.record("sweep", lambda: {"sent": 2})
    [told] = _listed(administrator)
    assert told["startedAt"] <= told["finishedAt"] == told["succeededAt"]
    assert {name: told[name] for name in ("name", "every", "everySeconds", "state", "counts", "error", "overdue")} == {
        "name": "sweep",
        "every": "rate(5 minutes)",
        "everySeconds": 300,
        "state": "succeeded",
        "counts": {"sent": 2},
        "error": None,
        "overdue": False,
    }
    assert problem(administrator.call("POST", "/admin/schedules/nap/run")) == (404, "no_such_schedule")


def _listed(administrator: Caller) -> Any:
    told: Any = administrator.call("GET", "/admin/schedules").json
    return told["schedules"]


@pytest.mark.usefixtures("known")
def test_what_somebody_must_see_to_is_told_with_what_was_found(administrator: Caller, conn: Connection) -> None:
    fail(Library(conn, administrator.user.id))
    told: Any = administrator.call("GET", "/admin/health").json
    assert [check for check in told["checks"] if check["state"] != "ok"] == [
        {"name": "failures", "state": "warning", "findings": [{"subject": "day", "count": 1, "since": None}]}
    ]
