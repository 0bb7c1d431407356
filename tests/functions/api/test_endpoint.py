"""The endpoint decorator alone: what it hands to a function, and what it makes of what comes back."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from chalice.app import Response
from pydantic import Field

from api.endpoint import current_request, endpoint
from api.identity import Identity
from api.requests import Request
from api.responses import Answer, NotModified, Raw
from api.wire import WHOLE, Id, Timestamp, WireModel, camel_case
from pinhole.accounts import Role, Session, User
from pinhole.errors import (
    Conflict,
    FieldError,
    Forbidden,
    PinholeError,
    TooLarge,
    TooManyRequests,
    TooManyUploads,
    Unavailable,
)


class Photo(WireModel):
    file_name: str
    size_bytes: int
    weight: float = 0
    taken_at: Timestamp | None = None
    tags: list[str] = Field(default_factory=list)


class Page(WireModel):
    page_size: int = 10


class Album(WireModel):
    title: str


@pytest.fixture(autouse=True)
def _request_ends() -> Iterator[None]:
    token = current_request.set(_request())
    yield
    current_request.reset(token)


def _request(
    body: str | bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, list[str]] | None = None,
) -> Request:
    raw = body.encode() if isinstance(body, str) else body
    return Request(
        id="request-1",
        method="POST",
        route="/photos",
        address="192.0.2.1",
        headers={"content-type": "application/json", **(headers or {})},
        query=query or {},
        body=None if raw is None else base64.b64encode(raw).decode(),
        body_is_base64=raw is not None,
    )


_UTF_16 = '{"fileName": "a.jpg", "sizeBytes": 3}'.encode("utf-16")


def _send(request: Request) -> Response:
    @endpoint(body=Photo, answer=Photo, public=True)
    def add(body: Photo) -> Photo:
        return body

    current_request.set(request)
    return add()


def _photo(**fields: object) -> str:
    return json.dumps({"fileName": "a.jpg", "sizeBytes": 3, **fields})


def _wrong_fields(response: Response) -> list[str]:
    assert response.status_code == 422, response.body
    return [wrong["field"] for wrong in json.loads(response.body)["errors"]]


def test_wire_names_are_camel_case_and_digits_stay_lower_case() -> None:
    assert camel_case("sha256s") == "sha256s"
    assert camel_case("utc_offset_seconds") == "utcOffsetSeconds"


def test_a_body_comes_as_its_model_and_an_answer_leaves_in_camel_case_with_every_field() -> None:
    response = _send(_request(_photo(takenAt="2024-07-01T12:00:00+02:00")))
    assert response.status_code == 200
    assert json.loads(response.body) == {
        "fileName": "a.jpg",
        "sizeBytes": 3,
        "weight": 0,
        "takenAt": "2024-07-01T10:00:00Z",
        "tags": [],
    }
    assert response.headers["X-Request-Id"] == "request-1"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_whole_number_may_be_written_with_a_zero_fraction() -> None:
    class Counted(WireModel):
        number: Annotated[int, Field(ge=1, le=9), WHOLE]

    @endpoint(body=Counted, answer=Counted, public=True)
    def count(body: Counted) -> Counted:
        return body

    for written, status in (
        ("3.0", 200),
        ("3e0", 200),
        ("3.5", 422),
        ("1e400", 422),
        ('"3"', 422),
        ("true", 422),
        ("1e1", 422),
    ):
        current_request.set(_request(f'{{"number": {written}}}'))
        response = count()
        assert response.status_code == status
        assert status != 200 or json.loads(response.body) == {"number": 3}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"sizeBytes": "3"}, "sizeBytes"),
        ({"sizeBytes": True}, "sizeBytes"),
        ({"size_bytes": 3}, "size_bytes"),
        ({"other": 1}, "other"),
        ({"tags": ["a", 1]}, "tags.1"),
        ({"tags": ["a", "b\0"]}, "tags.1"),
        ({"fileName": "\0"}, "fileName"),
        ({"takenAt": "2024-07-01T12:00:00"}, "takenAt"),
        ({"takenAt": "0001-01-01T00:00:00+10:00"}, "takenAt"),
        ({"takenAt": "0001-12-31T23:59:59Z"}, "takenAt"),
        ({"takenAt": "9999-01-01T00:00:00+01:00"}, "takenAt"),
        ({"weight": float("nan")}, "weight"),
        ({"weight": float("inf")}, "weight"),
    ],
)
def test_a_wrong_field_is_named_as_on_the_wire(fields: dict[str, object], wrong: str) -> None:
    assert _wrong_fields(_send(_request(_photo(**fields)))) == [wrong]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        b"\xff\xfe",
        b'{"fileName": "\xff", "sizeBytes": 3}',
        '{"fileName": "\\ud800", "sizeBytes": 3}',
        "[" * 16_000,
        '{"a":' * 3_000,
        "\ufeff{}",
        _UTF_16,
    ],
)
def test_a_body_that_is_not_json_in_utf_8_is_the_clients_fault(body: str | bytes) -> None:
    response = _send(_request(body))
    assert response.status_code == 400
    assert json.loads(response.body)["code"] == "malformed_body"


def test_a_broken_base64_body_is_the_clients_fault() -> None:
    request = Request("request-1", "POST", "/", "", {"content-type": "application/json"}, {}, "a", True)
    assert _send(request).status_code == 400


def test_a_body_that_came_as_text_and_is_none_is_the_clients_fault() -> None:
    body = '{"fileName": "\udcff", "sizeBytes": 3}'
    request = Request("request-1", "POST", "/", "", {"content-type": "application/json"}, {}, body, False)
    assert _send(request).status_code == 400


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_a_body_of_another_type_is_refused(media_type: str) -> None:
    assert _send(_request(_photo(), {"content-type": media_type})).status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', " utf-8 ; profile=x"])
def test_a_content_type_may_name_its_charset(charset: str) -> None:
    assert _send(_request(_photo(), {"content-type": f"Application/JSON; charset={charset}"})).status_code == 200


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "no such", "", "\udcff"])
def test_a_body_in_another_charset_is_refused(charset: str) -> None:
    assert _send(_request(_photo(), {"content-type": f"application/json; x=1; Charset={charset}"})).status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "identity, gzip", "br", "no such"])
def test_a_body_that_is_encoded_is_refused(encoding: str) -> None:
    assert _send(_request(_photo(), {"content-encoding": encoding})).status_code == 415


def test_a_body_may_say_that_it_is_not_encoded() -> None:
    assert _send(_request(_photo(), {"content-encoding": "Identity"})).status_code == 200


def _log_in(monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    ann = User(1, "ann", role, "ann")
    monkeypatch.setattr("api.endpoint.identify", lambda request: Identity(ann, Session("0" * 12, ann)))


@pytest.fixture
def _logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    _log_in(monkeypatch, "member")


@pytest.mark.parametrize(
    ("role", "answered"), [("member", (403, "not_administrator")), ("administrator", (422, "invalid"))]
)
def test_what_is_for_administrators_is_refused_to_members_before_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, role: Role, answered: tuple[int, str]
) -> None:
    @endpoint(body=Photo, status=204, administrator=True)
    def add(body: Photo) -> None:
        pass

    _log_in(monkeypatch, role)
    current_request.set(_request("{}"))
    response = add()
    assert (response.status_code, json.loads(response.body)["code"]) == answered


@pytest.mark.usefixtures("_logged_in")
@pytest.mark.parametrize(("public", "limit"), [(True, 16 * 1024), (False, 2 * 1024 * 1024)])
def test_a_body_past_the_limit_is_refused_and_the_limit_of_strangers_is_low(public: bool, limit: int) -> None:
    @endpoint(body=Photo, status=204, public=public)
    def add(body: Photo) -> None:
        assert body.size_bytes == 3

    empty = _photo(fileName="")
    for length, status in ((limit, 204), (limit + 1, 413), (limit + 2, 413)):
        current_request.set(_request(_photo(fileName="a" * (length - len(empty)))))
        assert add().status_code == status


def test_a_body_past_the_limit_is_not_even_decoded() -> None:
    request = Request("request-1", "POST", "/", "", {"content-type": "application/json"}, {}, "!" * 30_000, True)
    assert _send(request).status_code == 413


def test_of_many_wrong_fields_the_first_twenty_are_told() -> None:
    response = _send(_request(json.dumps({f"unknown{n}": 1 for n in range(900)})))
    assert _wrong_fields(response) == ["fileName", "sizeBytes", *(f"unknown{n}" for n in range(18))]


def test_of_very_many_wrong_fields_none_is_told() -> None:
    response = _send(_request(json.dumps({f"{n}": 1 for n in range(1500)})))
    assert _wrong_fields(response) == []
    assert "More than 1000 fields" in response.body


def test_of_the_name_of_a_wrong_field_only_the_beginning_is_told() -> None:
    assert _wrong_fields(_send(_request(_photo(**{"x" * 10_000: 1})))) == ["x" * 200]
    assert _wrong_fields(_list({"x" * 10_000: ["1"]})) == ["x" * 200]


def test_of_many_strings_with_a_nul_the_first_twenty_are_told() -> None:
    assert _wrong_fields(_send(_request(_photo(tags=["\0"] * 500)))) == [f"tags.{n}" for n in range(20)]


def test_of_many_unknown_parameters_the_first_twenty_are_told() -> None:
    response = _send(_request(_photo(), query={str(n): ["1"] for n in range(500)}))
    assert _wrong_fields(response) == [str(n) for n in range(20)]


def _list(query: Mapping[str, list[str]]) -> Response:
    @endpoint(query=Page, answer=Page, public=True)
    def show(query: Page) -> Page:
        return query

    current_request.set(_request(query=query))
    return show()


def test_a_query_comes_as_its_model() -> None:
    assert json.loads(_list({"pageSize": ["20"]}).body) == {"pageSize": 20}
    assert json.loads(_list({}).body) == {"pageSize": 10}


@pytest.mark.parametrize(
    "query", [{"pageSize": ["x"]}, {"pageSize": ["1", "2"]}, {"page_size": ["1"]}, {"pageSize": ["1\0"]}]
)
def test_a_wrong_query_is_named(query: Mapping[str, list[str]]) -> None:
    assert _wrong_fields(_list(query))[0] == next(iter(query))


def test_an_endpoint_without_a_query_takes_none() -> None:
    assert _wrong_fields(_send(_request(_photo(), query={"x": ["1"]}))) == ["x"]


def test_a_path_that_no_id_can_have_names_nothing() -> None:
    @endpoint(status=204, public=True)
    def show(item_id: Id) -> None:
        assert item_id == "0123456789ab"

    assert show(item_id="0123456789ab").status_code == 204
    for wrong in ("0123456789", "0123456789ab\n", "0123456789a\0", "../../etc/pa"):
        assert show(item_id=wrong).status_code == 404


def test_an_endpoint_that_is_not_public_asks_for_a_token() -> None:
    @endpoint(status=204)
    def show() -> None:
        pytest.fail("called by nobody")

    response = show()
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_an_alternate_answer_has_the_status_it_was_declared_for() -> None:
    @endpoint(answer=Album, status=201, also={200: Photo}, public=True)
    def add() -> Answer:
        return Answer(Photo(file_name="a", size_bytes=1), status=200)

    assert add().status_code == 200


@pytest.mark.parametrize(
    "undeclared",
    [Album(title="a"), Answer(Album(title="a")), Answer(None, status=204), None, Raw("a", "text/css")],
)
def test_what_an_endpoint_does_not_declare_it_can_not_answer(undeclared: Any) -> None:
    @endpoint(answer=Photo, public=True)
    def show() -> Any:
        return undeclared

    assert show().status_code == 500


def test_an_answer_that_the_client_holds_is_not_sent_again() -> None:
    @endpoint(answer=Album, produces=("application/x-protobuf",), conditional=True, public=True)
    def show(request: Request) -> Answer | Raw | NotModified:
        if request.holds('"early"'):
            return NotModified('"early"')
        if request.prefers("application/x-protobuf"):
            return Raw(b"\x01", "application/x-protobuf", etag='"late"')
        return Answer(Album(title="a"), etag='"late"')

    fresh = show()
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"late"')
    for accept, held in (
        ("*/*", '"late"'),
        ("application/x-protobuf", '"x", W/"late"'),
        ("*/*", '"early"'),
        ("", "*"),
    ):
        current_request.set(_request(headers={"if-none-match": held, "accept": accept}))
        assert (show().status_code, show().body) == (304, "")
    current_request.set(_request(headers={"accept": "application/x-protobuf"}))
    assert show().body == b"\x01"


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ("application/x-protobuf", True),
        ("Application/X-Protobuf ;q=0.5, application/json", True),
        ("application/json, application/x-protobuf", False),
        ("application/json;q=0.5, application/x-protobuf;q=0.9", False),
        ("application/x-protobuf;q=0", False),
        ("application/x-protobuf; Q=0.00, application/json", False),
        ("application/x-protobuffer", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_protobuf_is_sent_to_those_who_name_it_first(accept: str, preferred: bool) -> None:
    assert _request(headers={"accept": accept}).prefers("application/x-protobuf") is preferred


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (Forbidden("no", code="registration_closed"), 403, {}),
        (Conflict("no", FieldError("title", "is taken")), 409, {}),
        (Conflict("no", FieldError("title", "has at most 9 characters", 9)), 409, {}),
        (TooLarge("no", 9), 413, {}),
        (TooManyUploads("no", retry_after_seconds=7, limit=9), 409, {"Retry-After": "7"}),
        (TooManyRequests("no", retry_after_seconds=7), 429, {"Retry-After": "7"}),
        (Unavailable("the secret host does not answer"), 503, {}),
        (RuntimeError("a secret"), 500, {}),
    ],
)
def test_every_error_becomes_problem_details(error: Exception, status: int, header: dict[str, str]) -> None:
    @endpoint(public=True)
    def fail() -> None:
        raise error

    response = fail()
    problem = json.loads(response.body)
    assert response.status_code == problem["status"] == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers.items() >= header.items()
    assert problem["requestId"] == "request-1"
    assert "secret" not in response.body
    if isinstance(error, PinholeError):
        assert (problem["code"], problem["limit"]) == (error.code, error.limit)
        assert problem["errors"] == [{"field": f.field, "message": f.message, "limit": f.limit} for f in error.fields]
