"""Users who are deleted through the API: by an administrator, and by themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import Connection

from pinhole.accounts import api_keys
from tests.core.deletion import going
from tests.fixtures.api import PASSWORD, Caller
from tests.fixtures.cloud import Cloud

NewCaller = Callable[[str], Caller]


@pytest.fixture
def root(cloud: Cloud, new_caller: NewCaller, conn: Connection) -> Caller:
    """The only administrator, of a library whose originals may be deleted."""
    made = new_caller("root")
    conn.execute("UPDATE users SET role = 'administrator'")
    conn.execute("INSERT INTO library (name, fallback_timezone, originals_may_be_deleted) VALUES ('home', 'UTC', true)")
    return made


@pytest.fixture
def ann(root: Caller, new_caller: NewCaller) -> Caller:
    """A member."""
    return new_caller("ann")


def names(root: Caller) -> dict[str, Any]:
    answer: Any = root.call("GET", "/admin/users").json
    return {user["name"]: user["deletion"] for user in answer["users"]}


def delete_me(caller: Caller, password: str, *, originals: bool = False) -> Any:
    return caller.call("POST", "/me/delete", json={"currentPassword": password, "originals": originals})


def test_who_is_deleted_is_out_at_once_and_can_delete_themselves_by_their_password_alone(
    ann: Caller, root: Caller, cloud: Cloud
) -> None:
    key = api_keys.make(ann.user, "a script", ["all"], PASSWORD, "").token
    refused = delete_me(ann, "another password")
    assert (refused.status_code, refused.json["code"]) == (403, "wrong_credentials")
    assert names(root)["ann"] is None
    assert delete_me(ann, PASSWORD, originals=True).status_code == 202
    assert names(root)["ann"].keys() >= {"startedAt", "itemsLeft"}
    credentials = {"name": "ann", "password": PASSWORD}
    answers = [
        ann.call("GET", "/me"),
        ann.call("GET", "/me", headers={"Authorization": f"Bearer {key}"}),
        ann.client.post("/auth/refresh", json={"refreshToken": ann.refresh_token}),
        ann.client.post("/auth/login", json=credentials),
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    going.work_off(cloud)
    assert names(root) == {"root": None}


def test_an_administrator_deletes_another_and_sees_how_far_it_is(ann: Caller, root: Caller, cloud: Cloud) -> None:
    answer: Any = root.call("POST", f"/admin/users/{ann.user.id}/delete", json={"originals": False})
    assert (answer.status_code, answer.json["name"]) == (202, "ann")
    assert answer.json["deletion"] == names(root)["ann"]
    assert (answer.json["deletion"]["items"], answer.json["deletion"]["originals"]) == (0, False)
    refused: Any = root.call("PATCH", f"/admin/users/{ann.user.id}", json={"disabled": False})
    assert (refused.status_code, refused.json["code"]) == (409, "being_deleted")
    going.work_off(cloud)
    assert names(root) == {"root": None}
    assert root.call("POST", f"/admin/users/{ann.user.id}/delete", json={"originals": False}).status_code == 404


def test_an_administrator_deletes_themselves_by_their_password_alone(root: Caller) -> None:
    own: Any = root.call("POST", f"/admin/users/{root.user.id}/delete", json={"originals": False})
    assert (own.status_code, own.json["code"]) == (409, "own_account")
    assert root.call("GET", "/me").status_code == 200


def test_the_last_administrator_can_not_go_and_originals_stay_that_are_to_stay(
    ann: Caller, root: Caller, conn: Connection
) -> None:
    last: Any = delete_me(root, PASSWORD)
    assert (last.status_code, last.json["code"]) == (409, "last_administrator")
    assert root.call("GET", "/me").status_code == 200
    conn.execute("UPDATE library SET originals_may_be_deleted = false")
    told: Any = ann.call("GET", "/storage").json
    assert told["originalsMayBeDeleted"] is False
    kept = delete_me(ann, PASSWORD, originals=True)
    assert (kept.status_code, kept.json["code"]) == (409, "originals_are_kept")
    assert ann.call("GET", "/me").status_code == 200
