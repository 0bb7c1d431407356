"""Whatever is asked of the API, its log has no token, password, signature or position, nor what was searched for.

Of a whole instance, with its services, `tests/infra/local/test_logs.py` says the same.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from psycopg import Connection
from werkzeug.test import Client

from api.endpoint import endpoint
from api.wire import WireModel
from pinhole import media_url, objects
from pinhole.accounts import User
from pinhole.accounts.timed_codes import base32
from pinhole.settings import settings
from pinhole.telemetry import logger
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.factors import code_of, enrol_app
from tests.fixtures.library import Library
from tests.fixtures.mails import Post, tokens
from tests.fixtures.uploading import begin, promise

NAME, PASSWORD, WRONG = "Ann Anna", "a password of the tests", "not the password at all"
NEW, NEWEST = "another password of the tests", "a third password of the tests"
EMAIL, UNKNOWN = "ann.anna@example.org", "nobody.here@example.org"
LATITUDE, LONGITUDE = 43.46741, 11.88512
PLACED = {"set": {"place": {"latitude": LATITUDE, "longitude": LONGITUDE}, "title": "a title of my own"}}
SEARCHED = "what nobody may know"
JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]+")


@dataclass(frozen=True, slots=True)
class Log:
    """All that is logged by a test, by whichever logger."""

    own: StringIO
    all: pytest.LogCaptureFixture

    @property
    def text(self) -> str:
        return self.own.getvalue() + self.all.text

    def events(self) -> set[str]:
        return {json.loads(line)["message"] for line in self.own.getvalue().splitlines()}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Log:
    lines = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", lines)
    caplog.set_level("INFO")
    return Log(lines, caplog)


def _signatures(answer: Any) -> Iterator[str]:
    """What makes the URLs in an answer good."""
    match answer:
        case str() if "?" in answer:
            secret = ("X-Amz-Signature", "X-Amz-Credential", "s")
            yield from (value for name, value in parse_qsl(urlsplit(answer).query) if name in secret)
        case dict():
            for value in answer.values():
                yield from _signatures(value)
        case list():
            for value in answer:
                yield from _signatures(value)


def test_nothing_secret_is_logged_of_what_people_do(api: Client, post: Post, conn: Connection, log: Log) -> None:
    secrets = {PASSWORD, WRONG, SEARCHED, "a media key of the tests", "a secret of the tests"}

    def tell(path: str, body: dict[str, Any], status: int) -> Any:
        answer = api.post(path, json=body)
        assert answer.status_code == status
        assert answer.json is not None
        return answer.json

    account = {"name": NAME, "password": PASSWORD}
    begun = [tell("/auth/register", account, 201), tell("/auth/login", account, 200)]
    begun.append(tell("/auth/refresh", {"refreshToken": begun[1]["refreshToken"]}, 200))
    tell("/auth/login", account | {"password": WRONG}, 401)
    tell("/auth/login", account | {"passwort": WRONG}, 422)
    assert api.post("/auth/login", data=f'{{"password": "{WRONG}', content_type="application/json").status_code == 400
    tell("/auth/refresh", {"refreshToken": begun[0]["refreshToken"][:-1] + "_"}, 401)  # ends all of them
    begun.append(tell("/auth/login", account, 200))
    secrets |= {token for each in begun for token in (each["accessToken"], each["refreshToken"])}
    [(owner_id,)] = conn.execute("SELECT id FROM users")
    item_id = Library(conn, owner_id).add()

    def call(method: str, path: str, status: int, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {begun[-1]['accessToken']}", **request.pop("headers", {})}
        answer = api.open(path, method=method, headers=headers, **request)
        assert answer.status_code == status, answer.text
        return answer.json if answer.mimetype == "application/json" else answer

    made = call("POST", "/admin/invites", 201, json={})["token"]
    tell("/auth/invite", {"token": made}, 200)
    tell("/auth/invite", {"token": made[:-1]}, 404)
    invited = {"name": "Bob", "password": PASSWORD, "inviteToken": made}
    tell("/auth/register", invited | {"inviteToken": made[:-1]}, 403)
    others = tell("/auth/register", invited, 201)
    tell("/auth/register", invited | {"name": "Carol"}, 403)
    call("POST", "/auth/password", 403, json={"currentPassword": WRONG, "newPassword": NEW})
    call("POST", "/auth/password", 204, json={"currentPassword": PASSWORD, "newPassword": NEW})
    secrets |= {made, made[:-1], NEW, others["accessToken"], others["refreshToken"]}
    call("GET", "/me", 401, headers={"Authorization": f"Bearer {begun[0]['accessToken']}x"})
    secrets.add(call("POST", "/live/ticket", 201)["ticket"])
    content = b"a photo"
    small = call("POST", "/uploads", 201, json=promise(content, filename="a name of mine.jpg"))
    large = call("POST", "/uploads", 201, json=promise(b"a video", sizeBytes=20_000_000))
    parts = call("POST", f"/uploads/{large['id']}/parts", 200, json={"partNumbers": [1, 2]})
    call("POST", "/uploads", 422, json=promise(content, sha256="ff", position=[LATITUDE, LONGITUDE]))
    call("PATCH", "/items", 200, json={"ids": [item_id], **PLACED})
    call("PATCH", "/items", 422, json={"ids": [item_id], "set": {"place": {"latitude": LATITUDE, "long": LONGITUDE}}})
    item = call("GET", f"/items/{item_id}", 200)
    assert item["coordinates"]["latitude"] == pytest.approx(LATITUDE, abs=1e-3)
    secrets |= {item["title"]}
    originals = call("POST", "/originals", 200, json={"ids": [item_id]})
    month = call("GET", f"/timeline/{item['takenAtLocal'][:7]}", 200)
    secrets |= {
        *month["signatures"],
        *(found for each in (small, parts, item, originals) for found in _signatures(each)),
    }
    call("GET", "/search", 200, query_string={"q": SEARCHED})
    call("POST", "/search/history", 204, json={"q": SEARCHED})
    call("GET", "/search", 422, query_string={"q": "x", "near": SEARCHED})

    secret, codes = enrol_app(
        Caller(api, User(owner_id, NAME, "administrator", "ann"), begun[-1]["accessToken"], ""), NEW
    )
    waiting = tell("/auth/login", account | {"password": NEW}, 202)["ticket"]
    code = code_of(secret, 1)
    tell("/auth/second-factor", {"ticket": waiting, "recoveryCode": codes[0][:-1]}, 401)
    shown = tell("/auth/second-factor", {"ticket": waiting, "code": code}, 200)
    alone = tell("/auth/passkey/options", {}, 200)
    tell("/auth/passkey", {"ticket": alone["ticket"], "passkey": {"id": codes[1]}}, 401)
    secrets |= {base32(secret), waiting, *codes, alone["ticket"], shown["accessToken"], shown["refreshToken"]}

    given = call("GET", "/me", 200)
    assert (given["email"], given["pendingEmail"]) == (None, None)
    call("POST", "/me/email", 403, json={"email": EMAIL, "currentPassword": WRONG})
    call("POST", "/me/email", 202, json={"email": EMAIL, "currentPassword": NEW})
    confirming = post.token("confirm-email")
    assert api.post("/auth/email/confirm", json={"token": confirming}).status_code == 204
    tell("/auth/email/confirm", {"token": confirming}, 404)
    for address in (EMAIL, UNKNOWN):
        assert api.post("/auth/password-reset", json={"email": address}).status_code == 202
    tell("/auth/password-reset", {"email": f"{EMAIL}, {UNKNOWN}"}, 422)
    post.box.refuses = "550 no such mailbox"
    undelivered = post.waiting()
    assert not post.deliver(*undelivered)
    post.box.refuses = None
    assert post.deliver(*undelivered)
    [resetting] = [found for one in post.box.taken for found in tokens(one, "reset")]
    tell("/auth/login", {"name": EMAIL, "password": WRONG}, 401)
    tell("/auth/password-reset/confirm", {"token": f"{resetting}x", "newPassword": NEWEST}, 404)
    chosen = {"token": resetting, "newPassword": NEWEST}
    assert api.post("/auth/password-reset/confirm", json=chosen).status_code == 204
    post.arrived()
    secrets |= {confirming, resetting, NEWEST, EMAIL, UNKNOWN}

    media = media_url.rendition_url("0123456789abcdefghijABCD", 1, "240.webp", int(time.time()) + 60)
    secrets |= set(_signatures(media))
    assert api.get(media).status_code == 302
    assert api.get(media.replace("&s=", "&s=A")).status_code == 403
    assert api.get(media.replace("240.webp", "240.webp/more")).status_code == 404

    assert log.events() >= {
        "request_answered",
        "login_refused",
        "refresh_token_misused",
        "second_factor_refused",
        "mail_sent",
        "attempt_failed",
    }
    assert len(secrets) > 20
    assert {secret for secret in secrets if secret in log.text} == set()
    assert not JSON_WEB_TOKEN.search(log.text)
    assert not re.search(rf"{LATITUDE:.2f}|{LONGITUDE:.2f}", log.text)
    assert hashlib.sha256(content).hexdigest() not in log.text


@pytest.mark.parametrize("token", ["0123456789abcdef-a-token-of-an-invite", "eyJhbGciOiJIUzI1NiJ9.e30.abc"])
def test_of_an_address_that_is_no_route_nothing_is_logged(api: Client, log: Log, token: str) -> None:
    for path in (f"/invite/{token}", f"/media/{token}", f"/{token}"):
        assert api.get(path).status_code == 404
    assert log.events() == {"request_answered"}
    assert token not in log.text


def test_a_defect_in_an_answer_is_logged_without_what_was_to_be_answered(api: Client, log: Log) -> None:
    class Place(WireModel):
        latitude: float

    @endpoint(answer=Place, public=True)
    def show() -> Place:
        return Place.model_validate({"latitude": f"{LATITUDE} north", "longitude": LONGITUDE})

    api.get("/health")  # a request that it can answer
    assert show().status_code == 500
    assert "request_failed" in log.events()
    assert str(LATITUDE) not in log.text
    assert str(LONGITUDE) not in log.text


def test_a_row_that_the_database_refuses_is_not_in_the_log(
    caller: Caller, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(conn: Connection, owner_id: int, sought: str) -> None:
        conn.execute("INSERT INTO session (id, user_id) VALUES (%s, %s)", [sought, owner_id])

    monkeypatch.setattr("pinhole.search.suggestions.keep", keep)
    assert caller.call("POST", "/search/history", json={"q": SEARCHED}).status_code == 500
    assert psycopg.errors.CheckViolation.__name__ in log.text
    assert SEARCHED not in log.text


def test_a_store_that_does_not_answer_is_logged_without_signed_urls(
    caller: Caller, cloud: Cloud, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begin(caller, b"a video", sizeBytes=20_000_000)
    signed = caller.call("POST", f"/uploads/{upload['id']}/parts", json={"partNumbers": [1]}).json
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    settings.cache_clear()
    objects.client.s3.cache_clear()
    assert caller.call("GET", f"/uploads/{upload['id']}").status_code == 503
    assert "part_unavailable" in log.events()
    assert not any(signature in log.text for signature in _signatures(signed))
    assert caller.access_token not in log.text
