"""`/api/…` through the gateway."""

import base64
import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.validation import MAX_BODY_BYTES, MAX_PUBLIC_BODY_BYTES
from infra.local.processes import loopback
from infra.local.rest_api import BLOCKING_BYTES
from tests.infra.local.gateway.conftest import Site


def event_of(site: Site, method: str, path: str, **options: Any) -> dict[str, Any]:
    """The proxy event that a request became."""
    answer = site.request(method, path, **options)
    assert answer.status == 200
    event: dict[str, Any] = json.loads(answer.data)
    return event


def test_a_request_becomes_a_proxy_event_of_its_route(site: Site) -> None:
    event = event_of(
        site,
        "POST",
        "/api/uploads/a%2Fb%20c/parts?n=1&n=2&empty=",
        body=b'{"a": "\xc3\xa9"}',
        headers={"Content-Type": "application/json", "X-Custom": "one"},
    )
    assert event["resource"] == "/uploads/{upload_id}/parts"
    assert event["path"] == "/uploads/a%2Fb%20c/parts"
    assert event["httpMethod"] == "POST"
    assert event["pathParameters"] == {"upload_id": "a/b c"}
    assert event["queryStringParameters"] == {"n": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"n": ["1", "2"], "empty": [""]}
    assert event["body"] == '{"a": "é"}'
    assert event["isBase64Encoded"] is False
    assert event["headers"]["X-Custom"] == "one"
    assert event["multiValueHeaders"]["X-Custom"] == ["one"]
    context = event["requestContext"]
    assert context["resourcePath"] == "/uploads/{upload_id}/parts"
    assert context["httpMethod"] == "POST"
    assert context["path"] == "/api/uploads/a%2Fb%20c/parts"
    assert context["stage"] == "api"
    assert context["identity"]["sourceIp"] in loopback()


def test_a_literal_route_goes_before_a_pattern(site: Site) -> None:
    assert event_of(site, "POST", "/api/uploads/check")["resource"] == "/uploads/check"
    assert event_of(site, "GET", "/api/uploads/check1")["resource"] == "/uploads/{upload_id}"


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", "/search", "SearchFunction"),
        ("PUT", "/search", "SearchFunction"),
        ("GET", "/searches", "ApiFunction"),
        ("GET", "/timeline", "ApiFunction"),
    ],
)
def test_a_path_is_answered_by_its_function_and_what_is_none_by_that_of_most(
    site: Site, method: str, path: str, function: str
) -> None:
    assert event_of(site, method, f"/api{path}")["function"] == function


def test_what_is_missing_is_null_as_api_gateway_has_it(site: Site) -> None:
    event = event_of(site, "GET", "/api/timeline")
    missing = ("pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "body")
    assert [event[name] for name in missing] == [None] * 4


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/api/timeline/", "/api/timeline/2024-07/x", "/api//me"])
def test_what_no_route_matches_is_answered_by_the_api_itself(site: Site, path: str) -> None:
    event = event_of(site, "GET", path)
    assert event["requestContext"]["resourcePath"] == path.removeprefix("/api")


def test_a_body_that_is_no_text_comes_as_base64(site: Site) -> None:
    content = bytes(range(256))
    event = event_of(site, "POST", "/api/uploads", body=content, headers={"Content-Type": "application/octet-stream"})
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == content


def test_a_binary_answer_leaves_as_bytes(site: Site) -> None:
    answer = site.request("GET", "/api/timeline?bytes=2")
    assert answer.data == bytes(range(256)) * 2
    assert answer.headers["Content-Type"] == "application/x-protobuf"


@pytest.mark.parametrize("times", [4, 4000])
def test_a_long_answer_is_compressed_for_who_takes_it(site: Site, times: int) -> None:
    answer = site.request("GET", f"/api/timeline?bytes={times}", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == bytes(range(256)) * times


@pytest.mark.parametrize(("times", "accepted"), [(3, "gzip"), (4, "identity"), (4, "gzip;q=0"), (4, "")])
def test_a_short_answer_and_one_for_who_refuses_is_not_compressed(site: Site, times: int, accepted: str) -> None:
    answer = site.request("GET", f"/api/timeline?bytes={times}", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.data == bytes(range(256)) * times


def test_a_header_may_come_more_than_once(site: Site) -> None:
    answer = site.request("GET", "/api/me?cookies=")
    assert answer.status == 204
    assert answer.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


def test_status_of_the_function_is_the_status_of_the_answer(site: Site) -> None:
    assert site.request("GET", "/api/me?status=418").status == 418


LIMITS = {
    ("POST", "/api/auth/login"): MAX_PUBLIC_BODY_BYTES,
    ("POST", "/api/uploads"): MAX_BODY_BYTES,
    ("DELETE", "/api/uploads/x"): MAX_PUBLIC_BODY_BYTES,
    ("PATCH", "/api/uploads"): MAX_PUBLIC_BODY_BYTES,
    ("POST", "/api/nothing"): MAX_PUBLIC_BODY_BYTES,
}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "path"), LIMITS)
def test_a_body_has_what_its_route_takes_and_no_byte_more(site: Site, method: str, path: str, chunked: bool) -> None:
    body = b"x" * LIMITS[method, path]
    taken = site.request(method, path, body=iter([body]) if chunked else body, chunked=chunked)
    assert base64.b64decode(json.loads(taken.data)["body"]) == body
    body += b"x"
    refused = site.request(method, path, body=iter([body]) if chunked else body, chunked=chunked)
    assert refused.status == 413
    assert_problem(refused, "too_large")


@pytest.mark.parametrize(
    ("length", "sent"),
    [("Content-Length: 1000000000", b""), ("Transfer-Encoding: chunked", b"4001\r\n" + b"x" * 0x4001 + b"\r\n")],
)
def test_a_body_that_is_too_large_is_refused_before_the_rest_of_it_has_come(
    site: Site, length: str, sent: bytes
) -> None:
    host = urlsplit(site.origin)
    with socket.create_connection((host.hostname, host.port), timeout=120) as connection:
        connection.sendall(f"POST /api/auth/login HTTP/1.1\r\nHost: {host.netloc}\r\n{length}\r\n\r\n".encode() + sent)
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_a_long_text_comes_as_base64_which_takes_no_look_at_each_character(site: Site) -> None:
    text = b'"' + b"x" * BLOCKING_BYTES + b'"'
    event = event_of(site, "POST", "/api/uploads", body=text, headers={"Content-Type": "application/json"})
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == text


def test_a_function_that_dies_is_a_problem_and_the_next_request_is_none(site: Site) -> None:
    answer = site.request("GET", "/api/me?exit=")
    assert answer.status == 502
    assert_problem(answer, "unavailable")
    assert site.request("GET", "/api/me").status == 200


@pytest.mark.parametrize("nonsense", ["text", ""])
def test_an_answer_that_is_none_is_a_problem(site: Site, nonsense: str) -> None:
    answer = site.request("GET", f"/api/me?nonsense={nonsense}")
    assert answer.status == 502
    assert_problem(answer, "unavailable")


def test_a_request_that_takes_too_long_is_a_problem(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.rest_api.TIMEOUT_SECONDS", 0.5)
    answer = site.request("GET", "/api/me?sleep=1")
    assert answer.status == 504
    assert_problem(answer, "unavailable")


def test_what_got_no_answer_is_logged_by_its_route_without_a_word_of_the_request(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/api/uploads/s3cret%E2%80%A8", "/api/s3cret"):
        site.request("GET", f"{path}?exit=", headers={"X-Custom": "s3cret"})
    logged = [record.getMessage() for record in caplog.records if record.name == "infra.local.rest_api"]
    assert [line.partition(":")[0] for line in logged] == ["GET /uploads/{upload_id}", "what is no route"]
    assert "s3cret" not in caplog.text


def assert_problem(answer: Any, code: str) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["code"] == code
    assert problem["status"] == answer.status
    assert problem["title"]
    assert problem["requestId"] == answer.headers["X-Request-Id"]
