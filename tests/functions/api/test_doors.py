"""Every route, tried by everyone who may not come in by it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import jwt
import pytest
from psycopg import Connection
from werkzeug.test import TestResponse

from api.endpoint import Endpoint
from api.openapi import operations
from infra import openapi
from pinhole import accounts
from pinhole.accounts import api_keys
from pinhole.accounts.api_keys import Scope
from pinhole.accounts.tokens import access_token
from pinhole.db import transaction
from pinhole.ids import new_id
from pinhole.settings import settings
from tests.fixtures.api import PASSWORD, Caller
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.cloud import Cloud
from tests.fixtures.factors import enrol_passkey
from tests.fixtures.library import Library
from tests.fixtures.uploading import begin
from tests.functions.api.doors import ABSENT, DOORS, Door, Thing

DECLARED: Mapping[str, Endpoint] = {
    f"{method} {path}": endpoint for path, method, endpoint in operations(openapi.ROUTES)
}
NAMING = {route: door for route, door in DOORS.items() if door.names is not None}
# What names nothing of a user's although it stands in a path: media are opened by their signature alone.
OF_NOBODY = {"list", "month", "item_key", "version", "name"}
# What no two answers have in common, whatever they are about.
OWN_OF_AN_ANSWER = ("requestId", "expiresAt")


def enter(caller: Caller, route: str, door: Door, thing_id: str = ABSENT, token: str | None = None) -> TestResponse:
    """Try a door, with the caller's own access token or another; '' is none."""
    method, _, pattern = route.partition(" ")
    path = (door.path or pattern).replace("{id}", thing_id)
    sent = caller.access_token if token is None else token
    headers = {**({"Authorization": f"Bearer {sent}"} if sent else {}), **door.headers}
    body: dict[str, Any] = {}
    if door.body is not None:
        body["json"] = json.loads(json.dumps(door.body).replace("{id}", thing_id))
    query = door.query.replace("{id}", thing_id)
    return caller.client.open(path, method=method, headers=headers, query_string=query, **body)


def test_each_route_has_its_row_and_each_row_its_route() -> None:
    assert DOORS.keys() == DECLARED.keys()


@pytest.mark.parametrize("route", DOORS)
def test_each_route_declares_whom_its_row_lets_in(route: str) -> None:
    declared = DECLARED[route]
    enters = "anyone" if declared.public else "administrator" if declared.administrator else "session"
    assert (DOORS[route].enters, DOORS[route].scopes) == (enters, declared.scopes)


@pytest.mark.parametrize("route", DOORS)
def test_each_route_whose_path_names_a_thing_of_a_users_says_so_in_its_row(route: str) -> None:
    named = set(DECLARED[route].path) - OF_NOBODY
    if named and DOORS[route].enters == "session":
        assert DOORS[route].names is not None
        assert "{id}" in (DOORS[route].path or "")


def _forged(caller: Caller, **changed: Any) -> str:
    """A token like the caller's, with other claims, or signed in another way."""
    claims = jwt.decode(caller.access_token, options={"verify_signature": False})
    how = {
        "key": changed.pop("key", settings().token_secret.get_secret_value()),
        "algorithm": changed.pop("algorithm", "HS256"),
    }
    return jwt.encode(claims | changed, **how)


def _nobody(caller: Caller, conn: Connection) -> str:
    return ""


def _disabled(caller: Caller, conn: Connection) -> str:
    conn.execute("UPDATE users SET disabled_at = now() WHERE id = %s", (caller.user.id,))
    return caller.access_token


def _deleted(caller: Caller, conn: Connection) -> str:
    conn.execute("DELETE FROM users WHERE id = %s", (caller.user.id,))
    return caller.access_token


def _expired(caller: Caller, conn: Connection) -> str:
    return _forged(caller, exp=datetime.now(UTC) - timedelta(minutes=1))


def _unsigned(caller: Caller, conn: Connection) -> str:
    return _forged(caller, key=None, algorithm="none")


def _signed_by_another(caller: Caller, conn: Connection) -> str:
    return _forged(caller, key="another secret, as long as one has to be for this")


def _refresh_token(caller: Caller, conn: Connection) -> str:
    return caller.refresh_token


def _ended(caller: Caller, conn: Connection) -> str:
    assert caller.call("POST", "/auth/logout").status_code == 204
    return caller.access_token


def _revoked_key(caller: Caller, conn: Connection) -> str:
    made = api_keys.make(caller.user, "a script", ["all"], PASSWORD, "")
    api_keys.revoke(caller.user, made.key.id)
    return made.token


def _key_of_a_disabled_user(caller: Caller, conn: Connection) -> str:
    token = api_keys.make(caller.user, "a script", ["all"], PASSWORD, "").token
    _disabled(caller, conn)
    return token


def _of_another_session(caller: Caller, conn: Connection) -> str:
    """Rightly signed, for a session that never was."""
    return access_token(new_id(), caller.user.id)[0]


STRANGERS: Mapping[str, Callable[[Caller, Connection], str]] = {
    "nobody": _nobody,
    "a disabled user": _disabled,
    "a user who was deleted": _deleted,
    "an access token that ran out": _expired,
    "an access token that is not signed": _unsigned,
    "an access token that another key signed": _signed_by_another,
    "a refresh token": _refresh_token,
    "the access token of a session that ended": _ended,
    "the access token of no session": _of_another_session,
    "a key that was revoked": _revoked_key,
    "a key of a disabled user": _key_of_a_disabled_user,
}


@pytest.fixture
def owner(cloud: Cloud, new_caller: Callable[[str], Caller]) -> Caller:
    """A logged-in user, in a system whose parts all answer."""
    return new_caller("ann")


@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_come_in_by_no_door_that_is_not_open_to_anyone(
    stranger: str, owner: Caller, conn: Connection
) -> None:
    token = STRANGERS[stranger](owner, conn)
    let_in = {}
    for route, door in DOORS.items():
        if door.enters != "anyone":
            answer = enter(owner, route, door, token=token)
            if (answer.status_code, answer.headers.get("WWW-Authenticate")) != (401, "Bearer"):
                let_in[route] = answer.status
    assert let_in == {}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_doors_that_are_open_to_anyone_look_at_no_token(stranger: str, owner: Caller, conn: Connection) -> None:
    public = {route: door for route, door in DOORS.items() if door.enters == "anyone"}
    before = {route: enter(owner, route, door, token="").status for route, door in public.items()}
    token = STRANGERS[stranger](owner, conn)
    assert {route: enter(owner, route, door, token=token).status for route, door in public.items()} == before


def test_who_has_a_session_comes_in_by_every_door_that_asks_for_one(owner: Caller) -> None:
    kept_out = {}
    for route, door in DOORS.items():
        if door.enters == "session":
            with transaction() as conn:
                token = accounts.begin_session(conn, owner.user).access_token  # some end it
            if (status := enter(owner, route, door, token=token).status_code) in (401, 403, 500):
                kept_out[route] = status
    assert kept_out == {}


@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_key_opens_what_its_scope_says_and_nothing_else(scope: Scope, owner: Caller) -> None:
    token = api_keys.make(owner.user, "a script", [scope], PASSWORD, "").token
    wrong = {}
    for route, door in DOORS.items():
        if door.enters != "anyone":
            answer = enter(owner, route, door, token=token)
            refused = answer.status_code == 403 and json.loads(answer.data)["code"] == "not_by_this_key"
            if refused is (scope in door.scopes) or answer.status_code in (401, 500):
                wrong[route] = answer.status
    assert wrong == {}


def test_a_key_of_an_administrator_opens_no_door_of_administrators(owner: Caller, conn: Connection) -> None:
    conn.execute("UPDATE users SET role = 'administrator'")
    token = api_keys.make(owner.user, "a script", ["all"], PASSWORD, "").token
    doors = {route: door for route, door in DOORS.items() if door.enters == "administrator"}
    assert {enter(owner, route, door, token=token).status_code for route, door in doors.items()} == {403}


def test_members_come_in_by_no_door_of_administrators(owner: Caller) -> None:
    assert owner.user.role == "member"
    let_in = {}
    for route, door in DOORS.items():
        if door.enters == "administrator":
            answer = enter(owner, route, door)
            if answer.status_code != 403 or json.loads(answer.data)["code"] != "not_administrator":
                let_in[route] = answer.status
    assert let_in == {}


@pytest.fixture
def make(owner: Caller, conn: Connection) -> Callable[[Thing], str]:
    """Makes a thing of the owner's; its id."""
    library = Library(conn, owner.user.id)

    def changed() -> str:
        answer = owner.call("PATCH", "/items", json={"ids": [library.add()], "set": {"rating": 1}})
        assert answer.json is not None
        return str(answer.json["id"])

    def begun() -> str:
        with transaction() as own:
            accounts.begin_session(own, owner.user)
        [(session_id,)] = conn.execute("SELECT id FROM session ORDER BY created_at DESC LIMIT 1")
        return str(session_id)

    def enrolled() -> str:
        return str(enrol_passkey(owner, Authenticator())["passkey"]["id"])

    makers: Mapping[Thing, Callable[[], str]] = {
        "session": begun,
        "key": lambda: api_keys.make(owner.user, "a script", ["read"], PASSWORD, "").key.id,
        "passkey": enrolled,
        "item": library.add,
        "change": changed,
        "upload": lambda: str(begin(owner, b"a photo")["id"]),
        "large upload": lambda: str(begin(owner, b"a video", sizeBytes=20_000_000)["id"]),
    }
    assert makers.keys() == set(get_args(Thing))
    return lambda kind: makers[kind]()


def _told(answer: TestResponse, *ids: str) -> tuple[int, dict[str, str], str]:
    """An answer without what is its own: request id, moments, and the ids that were asked for or drawn."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("X-Request-Id", "Content-Length")}
    body = json.loads(answer.data) if answer.data else {}
    text = json.dumps({name: value for name, value in body.items() if name not in OWN_OF_AN_ANSWER})
    for each in (*ids, body.get("id") or "", headers.get("ETag", "")):
        text = text.replace(each, "…") if each else text
    headers.pop("ETag", None)
    return answer.status_code, headers, text


@pytest.mark.parametrize("route", NAMING)
def test_what_is_anothers_is_as_if_it_were_not_there(
    route: str, make: Callable[[Thing], str], new_caller: Callable[[str], Caller], owner: Caller
) -> None:
    door, other = DOORS[route], new_caller("bob")
    assert door.names is not None
    thing_id = make(door.names)
    nothing, anothers = enter(other, route, door), enter(other, route, door, thing_id)
    assert _told(anothers, thing_id) == _told(nothing, ABSENT)
    assert not door.hides or anothers.status_code == 404
    # Its owner comes in by just this request, so that it is not refused for something else.
    own = enter(owner, route, door, thing_id)
    assert own.status_code < 400 or json.loads(own.data)["code"] == "wrong_parts"
    assert _told(own, thing_id) != _told(enter(owner, route, door), ABSENT)
