"""What every answer of the API has in common, and the pages about the API and its health."""

import json
import logging
import socket
from io import StringIO
from typing import Any

import pytest
from werkzeug.test import Client

from api.openapi import document
from infra import openapi
from pinhole import db, health
from pinhole.settings import settings
from pinhole.telemetry import logger
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud


def test_an_address_without_a_route_is_told_as_problem_details(api: Client) -> None:
    answer = api.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "/storage%0A",
        "/%0Astorage",
        "/items/0123456789ab%0A",
        "/timeline/2024-07%0A",
        "/storage%00",
        "/items/%FF%FF",
    ],
)
def test_an_address_with_characters_that_none_has_is_told_as_problem_details(caller: Caller, path: str) -> None:
    answer = caller.call("GET", path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_method_that_a_resource_does_not_know_is_told_with_those_it_knows(api: Client) -> None:
    answer = api.delete("/me")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")
    assert answer.json is not None
    assert answer.json["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize(("path", "known"), [("/storage", "GET"), ("/uploads", "GET, POST"), ("/auth/login", "POST")])
def test_head_and_options_are_methods_that_no_resource_knows(api: Client, method: str, path: str, known: str) -> None:
    answer = api.open(path, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, known)
    assert answer.mimetype == "application/problem+json"


def test_a_request_keeps_its_id_in_the_answer_and_in_the_log(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    answer = api.get("/onboarding", headers={"X-Request-Id": "client-chosen-1"})
    assert answer.headers["X-Request-Id"] == "client-chosen-1"
    (logged,) = map(json.loads, lines.getvalue().splitlines())
    assert logged["message"] == "request_answered"
    assert logged["request_id"] == "client-chosen-1"
    assert (logged["method"], logged["route"], logged["status"]) == ("GET", "/onboarding", 200)


@pytest.mark.parametrize("sent", ["", "short", "a" * 65, "semi;colon-1", "zeile\u00fc-123"])
def test_an_id_that_is_not_sane_is_replaced(api: Client, sent: str) -> None:
    answer = api.get("/onboarding", environ_overrides={"HTTP_X_REQUEST_ID": sent})
    assert answer.headers["X-Request-Id"] != sent
    assert len(answer.headers["X-Request-Id"]) == 32


def test_a_defect_is_answered_without_its_details_and_logged_with_them(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("the inside of things")

    monkeypatch.setattr("pinhole.accounts.onboarding.read", fail)
    answer = api.get("/onboarding", headers={"X-Request-Id": "client-chosen-2"})
    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["requestId"] == "client-chosen-2"
    assert "inside" not in answer.text
    (record,) = [record for record in caplog.records if record.message == "request_failed"]
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_the_description_is_the_one_in_the_repository_and_needs_no_login(api: Client) -> None:
    answer = api.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json == document(openapi.ROUTES)


def test_the_docs_page_runs_no_script_but_the_sites_own_files(api: Client) -> None:
    answer = api.get("/docs")
    assert answer.mimetype == "text/html"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert answer.text.count("<script") == answer.text.count('<script src="/docs-assets/') == 2


def test_the_docs_page_leads_to_the_description_where_nobody_serves_its_scripts(api: Client) -> None:
    page = api.get("/docs").text
    _, _, shown = page.partition('<div id="swagger-ui">')
    assert '<a href="/api/openapi.json">' in shown.partition("</div>")[0]


def test_health_tells_that_every_part_answers(api: Client, cloud: Cloud) -> None:
    answer = api.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "parts": {"database": "ok", "objects": "ok", "queues": "ok"}}


def _health(api: Client) -> Any:
    settings.cache_clear()
    health._client.cache_clear()
    answer = api.get("/health")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "unavailable"
    return answer.json


def _nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("part", "variable", "address"),
    [
        ("database", "PINHOLE_DATABASE_URL", "postgresql://{}/pinhole"),
        ("objects", "AWS_ENDPOINT_URL_S3", "http://{}"),
        ("queues", "AWS_ENDPOINT_URL_SQS", "http://{}"),
    ],
)
def test_health_tells_which_part_does_not_answer(
    api: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, part: str, variable: str, address: str
) -> None:
    monkeypatch.setenv(variable, address.format(_nobody()))
    answer = _health(api)
    assert answer["parts"] == {"database": "ok", "objects": "ok", "queues": "ok"} | {part: "unavailable"}


def test_health_does_not_wait_for_parts_that_accept_and_say_nothing(
    api: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("PINHOLE_DATABASE_URL", f"postgresql://{address}/pinhole")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{address}")
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://{address}")
        assert set(_health(api)["parts"].values()) == {"unavailable"}


def test_a_database_that_is_down_is_told_as_unavailable_and_not_where_it_is(
    api: Client, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.disconnect()
    address = _nobody()
    monkeypatch.setenv("PINHOLE_DATABASE_URL", f"postgresql://{address}/pinhole")
    settings.cache_clear()
    answer = caller.call("GET", "/me")
    assert answer.status_code == 503
    assert address.rpartition(":")[2] not in answer.text
