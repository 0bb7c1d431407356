"""Keys by which scripts act for a user."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import TestResponse

from tests.fixtures.api import PASSWORD, Caller


def _body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def _make(caller: Caller, name: str = "Backup", scopes: tuple[str, ...] = ("read",), status: int = 201) -> Any:
    return _body(
        caller.call("POST", "/auth/keys", json={"name": name, "scopes": list(scopes), "currentPassword": PASSWORD}),
        status,
    )


def _by_key(caller: Caller, token: str, path: str = "/timeline") -> TestResponse:
    return caller.client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def ann(new_caller: Callable[[str], Caller]) -> Caller:
    return new_caller("ann")


def test_a_key_is_told_once_and_kept_as_a_hash(ann: Caller, conn: Connection) -> None:
    made = _make(ann, " Zoe\u0308’s backup ", ("upload", "read", "read"))
    assert made["token"].startswith("pinhole_")
    assert (made["key"]["name"], made["key"]["scopes"]) == ("Zo\u00eb’s backup", ["read", "upload"])
    assert _body(ann.call("GET", "/auth/keys")) == {"keys": [made["key"]]}
    [(kept,)] = conn.execute("SELECT token_hash FROM api_key")
    assert kept == hashlib.sha256(made["token"].encode()).digest()


def test_what_a_key_does_it_does_for_its_user(ann: Caller, new_caller: Callable[[str], Caller]) -> None:
    bob = new_caller("bob")
    assert _body(_by_key(bob, _make(ann)["token"], "/me"))["name"] == "ann"


def test_when_a_key_was_last_used_is_told_to_the_minute(ann: Caller, conn: Connection) -> None:
    token = _make(ann)["token"]

    def last() -> str | None:
        told: str | None = _body(ann.call("GET", "/auth/keys"))["keys"][0]["lastUsedAt"]
        return told

    assert last() is None
    _body(_by_key(ann, token))
    first = last()
    assert first is not None
    assert datetime.fromisoformat(first) <= datetime.now(UTC)
    _body(_by_key(ann, token))
    assert last() == first
    conn.execute("UPDATE api_key SET last_used_at = now() - interval '61 seconds'")
    _body(_by_key(ann, token))
    assert last() != first


def test_a_revoked_key_is_refused_from_the_next_request_on(ann: Caller) -> None:
    made = _make(ann)
    assert ann.call("DELETE", f"/auth/keys/{made['key']['id']}").status_code == 204
    assert _body(_by_key(ann, made["token"]), 401)["code"] == "key_invalid"
    assert ann.call("DELETE", f"/auth/keys/{made['key']['id']}").status_code == 404


def test_nobody_sees_or_revokes_the_key_of_another(ann: Caller, new_caller: Callable[[str], Caller]) -> None:
    made, bob = _make(ann), new_caller("bob")
    assert _body(bob.call("GET", "/auth/keys")) == {"keys": []}
    assert bob.call("DELETE", f"/auth/keys/{made['key']['id']}").status_code == 404
    assert _by_key(ann, made["token"]).status_code == 200


def test_a_key_makes_and_widens_no_key(ann: Caller) -> None:
    token = _make(ann, scopes=("all",))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    wider = {"name": "wider", "scopes": ["all"], "currentPassword": PASSWORD}
    assert _body(ann.client.post("/auth/keys", json=wider, headers=headers), 403)["code"] == "not_by_this_key"
    assert len(_body(ann.call("GET", "/auth/keys"))["keys"]) == 1


def test_who_makes_a_key_knows_the_password(ann: Caller) -> None:
    asked = {"name": "Backup", "scopes": ["all"], "currentPassword": "not the password"}
    assert _body(ann.call("POST", "/auth/keys", json=asked), 403)["code"] == "wrong_credentials"
    assert _body(ann.call("GET", "/auth/keys")) == {"keys": []}


def test_there_are_a_hundred_keys_at_most(ann: Caller, conn: Connection) -> None:
    _make(ann)
    conn.execute(
        """
        INSERT INTO api_key (id, user_id, name, scopes, token_hash)
        SELECT lpad(n::text, 12, '0'), user_id, 'more', scopes, sha256(n::text::bytea)
        FROM api_key, generate_series(1, 99) AS n
        """
    )
    assert _make(ann, status=409)["code"] == "too_many_keys"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "  "), ("name", "a" * 65), ("scopes", []), ("scopes", ["admin"]), ("scopes", "all")],
)
def test_what_can_be_no_key_is_told_by_its_field(ann: Caller, field: str, value: object) -> None:
    asked = {"name": "Backup", "scopes": ["read"], "currentPassword": PASSWORD, field: value}
    wrong = _body(ann.call("POST", "/auth/keys", json=asked), 422)["errors"]
    assert {each["field"].partition(".")[0] for each in wrong} == {field}
