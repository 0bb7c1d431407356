"""Invites through the API: who makes them, what they bring, and that each lets in one."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from psycopg import Connection, sql
from werkzeug.test import Client, TestResponse

from pinhole.accounts import invites
from pinhole.db import transaction
from pinhole.settings import settings
from pinhole.tables import library, user
from tests.fixtures.api import Caller
from tests.fixtures.mails import Post, tokens

PASSWORD = "correct horse battery"
GUEST = "Bob@Example.org"
MEMBERS_MAY_NOT = [("GET", "/admin/invites"), ("POST", "/admin/invites"), ("DELETE", "/admin/invites/0123456789ab")]


@pytest.fixture
def ann(new_caller: Callable[[str], Caller], conn: Connection) -> Caller:
    """The administrator."""
    ann = new_caller("ann")
    conn.execute("UPDATE users SET role = 'administrator'")
    return ann


def _body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def _code(response: TestResponse, status: int) -> str:
    return str(_body(response, status)["code"])


def _invite(ann: Caller, **terms: object) -> Any:
    return _body(ann.call("POST", "/admin/invites", json=terms), 201)


def _come(client: Client, token: str | None, name: str = "Bob", **fields: object) -> TestResponse:
    return client.post("/auth/register", json={"name": name, "password": PASSWORD, "inviteToken": token, **fields})


def _me(client: Client, begun: Any) -> Any:
    return _body(client.get("/me", headers={"Authorization": f"Bearer {begun['accessToken']}"}))


def _listed(ann: Caller) -> list[Any]:
    listed: list[Any] = _body(ann.call("GET", "/admin/invites"))["invites"]
    return listed


def _end(conn: Connection, how: str, invite_id: str) -> None:
    column = {"expired": "expires_at", "revoked": "revoked_at", "used": "used_at"}[how]
    conn.execute(sql.SQL("UPDATE invite SET {} = now() WHERE id = %s").format(sql.Identifier(column)), [invite_id])


@pytest.mark.parametrize(("method", "path"), MEMBERS_MAY_NOT)
def test_members_have_no_invites(caller: Caller, method: str, path: str) -> None:
    assert _code(caller.call(method, path), 403) == "not_administrator"


def test_an_invite_makes_one_member_with_its_folder_and_quota(ann: Caller, conn: Connection) -> None:
    made = _invite(ann, folder="family/Bob", quotaBytes=10**12)
    begun = _body(_come(ann.client, made["token"]), 201)
    assert begun["user"]["role"] == "member"
    assert _me(ann.client, begun)["folder"] == "family/Bob"
    quotas = conn.execute("SELECT quota_bytes FROM users WHERE name = 'Bob'").fetchall()
    assert quotas == [(10**12,)]
    [told] = _listed(ann)
    assert (told["state"], told["usedBy"], told["madeBy"]) == ("used", "Bob", "ann")
    assert datetime.fromisoformat(told["usedAt"]) <= datetime.now(UTC)
    assert _code(_come(ann.client, made["token"], "Carol"), 403) == "invite_invalid"


def test_without_terms_a_folder_is_made_of_the_name_and_the_invite_lasts_seven_days(
    ann: Caller, conn: Connection
) -> None:
    made = _invite(ann)
    told = made["invite"]
    assert (told["state"], told["folder"], told["quotaBytes"], told["usedBy"], told["usedAt"]) == ("open", *[None] * 4)
    lasts = datetime.fromisoformat(told["expiresAt"]) - datetime.fromisoformat(told["createdAt"])
    assert abs(lasts - timedelta(days=7)) < timedelta(minutes=5)
    assert _listed(ann) == [told]
    begun = _body(_come(ann.client, made["token"]), 201)
    assert _me(ann.client, begun)["folder"] == "bob"
    assert conn.execute("SELECT quota_bytes FROM users WHERE name = 'Bob'").fetchall() == [(None,)]


def test_a_token_is_told_once_and_not_kept(ann: Caller, conn: Connection) -> None:
    made = _invite(ann)
    row = conn.execute("SELECT invite::text FROM invite").fetchone()
    assert row is not None
    assert made["token"] not in row[0]
    assert made["token"] not in ann.call("GET", "/admin/invites").text


@pytest.mark.parametrize("origin", ["", "https://photos.example.org"])
def test_the_link_leads_to_the_page_and_has_its_token_where_no_log_sees_it(
    ann: Caller, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    monkeypatch.setenv("PINHOLE_WEB_ORIGIN", origin)
    settings.cache_clear()
    made = _invite(ann)
    assert made["url"] == f"{origin}/invite#{made['token']}"


def test_invites_are_listed_the_newest_first_with_what_became_of_them(ann: Caller, conn: Connection) -> None:
    made = []
    for how in ("expired", "revoked", "used", None):
        made.append(_invite(ann)["invite"]["id"])
        if how is not None:
            _end(conn, how, made[-1])
    assert [told["id"] for told in _listed(ann)] == made[::-1]
    assert [told["state"] for told in _listed(ann)] == ["open", "used", "revoked", "expired"]


def test_what_its_maker_made_stays_when_they_are_gone(ann: Caller, conn: Connection) -> None:
    token = _invite(ann)["token"]
    user.insert(conn, "eve", "-", "administrator", "eve")
    conn.execute("DELETE FROM users WHERE name = 'ann'")
    _body(_come(ann.client, token), 201)


@pytest.mark.parametrize(("days", "accepted"), [(-1, False), (0, False), (1, True), (90, True), (91, False)])
def test_an_invite_ends_within_ninety_days(ann: Caller, days: int, accepted: bool) -> None:
    ends = datetime.now(UTC) + timedelta(days=days)
    answer = ann.call("POST", "/admin/invites", json={"expiresAt": ends.isoformat()})
    if accepted:
        assert datetime.fromisoformat(_body(answer, 201)["invite"]["expiresAt"]) == ends
    else:
        assert [wrong["field"] for wrong in _body(answer, 422)["errors"]] == ["expiresAt"]


@pytest.mark.parametrize("quota", [-1, 2**53, "10"])
def test_a_quota_is_a_number_of_bytes(ann: Caller, quota: object) -> None:
    answer = ann.call("POST", "/admin/invites", json={"quotaBytes": quota})
    assert [wrong["field"] for wrong in _body(answer, 422)["errors"]] == ["quotaBytes"]


@pytest.mark.parametrize(
    "folder",
    [
        *[
            "",
            "/",
            "/bob",
            "bob/",
            "a//b",
            "..",
            "a/../b",
            ".",
            "a/./b",
            "a\\b",
            "a\nb",
            "a\u202eb",
            " a",
            "con",
            "a:b",
        ],
        "",
        "a" * 151,
        "/".join(["a" * 100] * 5),
    ],
)
def test_a_folder_that_is_no_clean_path_is_refused(ann: Caller, folder: str) -> None:
    answer = ann.call("POST", "/admin/invites", json={"folder": folder})
    assert [wrong["field"] for wrong in _body(answer, 422)["errors"]] == ["folder"]


def test_a_folder_is_kept_composed(ann: Caller) -> None:
    assert _invite(ann, folder="Zoe\u0308")["invite"]["folder"] == "Zo\u00eb"


@pytest.mark.parametrize("folder", ["ann", "ann/attic", "family", "family/bob", "family/bob/attic"])
def test_a_folder_that_is_holds_or_lies_in_another_is_refused(ann: Caller, folder: str) -> None:
    _invite(ann, folder="family/bob")
    answer = ann.call("POST", "/admin/invites", json={"folder": folder})
    assert _code(answer, 409) == "folder_taken"


@pytest.mark.parametrize("folder", ["an", "anna", "ann-2", "family/bobby", "family/bo", "Ann"])
def test_folders_are_compared_at_the_boundaries_of_their_names(ann: Caller, folder: str) -> None:
    _invite(ann, folder="family/bob")
    _invite(ann, folder=folder)


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_an_ended_invite_keeps_no_folder(ann: Caller, conn: Connection, how: str) -> None:
    _end(conn, how, _invite(ann, folder="bob")["invite"]["id"])
    token = _invite(ann, folder="bob")["token"]
    assert _me(ann.client, _body(_come(ann.client, token), 201))["folder"] == "bob"


def test_a_folder_made_of_a_name_is_none_that_an_open_invite_keeps(ann: Caller) -> None:
    kept, other, third = (_invite(ann, **terms) for terms in ({"folder": "bob"}, {}, {"folder": "carol/attic"}))
    assert _me(ann.client, _body(_come(ann.client, other["token"], "Bob"), 201))["folder"] == "bob-2"
    assert _me(ann.client, _body(_come(ann.client, kept["token"], "Robert"), 201))["folder"] == "bob"
    assert _me(ann.client, _body(_come(ann.client, _invite(ann)["token"], "Carol"), 201))["folder"] == "carol-2"
    assert _me(ann.client, _body(_come(ann.client, third["token"], "Eve"), 201))["folder"] == "carol/attic"


@pytest.mark.parametrize("token", ["", "x", "ü"])
def test_a_token_that_nobody_knows_opens_nothing(ann: Caller, token: str) -> None:
    if token:
        assert ann.client.post("/auth/invite", json={"token": token}).status_code == 404
    assert _code(_come(ann.client, token), 403) == "invite_invalid"


@pytest.mark.parametrize("how", ["expired", "revoked", "used"])
def test_an_ended_invite_opens_nothing(ann: Caller, conn: Connection, how: str) -> None:
    made = _invite(ann)
    token = made["token"]
    _end(conn, how, made["invite"]["id"])
    assert ann.client.post("/auth/invite", json={"token": token}).status_code == 404
    assert _code(_come(ann.client, token), 403) == "invite_invalid"


def test_an_open_invite_tells_where_it_leads_and_how_long(ann: Caller, conn: Connection) -> None:
    made = _invite(ann)
    told = {"libraryName": None, "expiresAt": made["invite"]["expiresAt"]}
    assert _body(ann.client.post("/auth/invite", json={"token": made["token"]})) == told
    library.insert(conn, "Home", "UTC", originals_may_be_deleted=False)
    assert _body(ann.client.post("/auth/invite", json={"token": made["token"]})) == told | {"libraryName": "Home"}


def test_the_first_user_needs_no_invite_and_uses_none_up(api: Client) -> None:
    begun = _body(_come(api, "whatever"), 201)
    assert begun["user"]["role"] == "administrator"


def test_who_can_not_have_the_name_leaves_the_invite_open(ann: Caller) -> None:
    token = _invite(ann, folder="bob")["token"]
    for name in ("ann", " ANN "):
        assert _code(_come(ann.client, token, name), 409) == "name_taken"
    assert [told["state"] for told in _listed(ann)] == ["open"]
    assert _me(ann.client, _body(_come(ann.client, token), 201))["folder"] == "bob"


@pytest.mark.parametrize("wrong", [{"password": "short"}, {"name": "a\nb"}])
def test_what_is_refused_leaves_the_invite_open(ann: Caller, wrong: dict[str, str]) -> None:
    token = _invite(ann)["token"]
    _body(_come(ann.client, token, **wrong), 422)
    assert [told["state"] for told in _listed(ann)] == ["open"]


def test_of_two_who_come_by_one_invite_at_once_one_gets_in(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _invite(ann)["token"]
    both, check = Barrier(2), invites.check

    def checked(token: str) -> None:
        check(token)
        both.wait(60)  # both have seen it open before either uses it

    monkeypatch.setattr(invites, "check", checked)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda name: _come(ann.client, token, name), ["Bob", "Carol"]))
    assert sorted(answer.status_code for answer in answers) == [201, 403]
    [told] = _listed(ann)
    with transaction() as conn:
        names = {name for (name,) in conn.execute("SELECT name FROM users")}
    assert names == {"ann", told["usedBy"]}


def test_an_invite_that_is_revoked_lets_nobody_in_and_again_is_no_error(ann: Caller) -> None:
    made = _invite(ann)
    path = f"/admin/invites/{made['invite']['id']}"
    assert [ann.call("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert _code(_come(ann.client, made["token"]), 403) == "invite_invalid"
    assert [told["state"] for told in _listed(ann)] == ["revoked"]


def test_an_invite_that_was_used_can_not_be_revoked(ann: Caller) -> None:
    made = _invite(ann)
    _come(ann.client, made["token"])
    assert _code(ann.call("DELETE", f"/admin/invites/{made['invite']['id']}"), 409) == "invite_used"
    assert [told["state"] for told in _listed(ann)] == ["used"]


def test_an_invite_that_nobody_made_is_not_there_to_be_revoked(ann: Caller) -> None:
    assert ann.call("DELETE", "/admin/invites/0123456789ab").status_code == 404


def test_a_folder_that_somebody_gets_meanwhile_is_taken(ann: Caller, conn: Connection) -> None:
    with ThreadPoolExecutor(1) as other:
        with conn.transaction():
            user.lock(conn)
            late = other.submit(ann.call, "POST", "/admin/invites", json={"folder": "family/bob"})
            while not late.done() and conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
                time.sleep(0.01)
            user.insert(conn, "bob", "-", "member", "family")
        assert _code(late.result(), 409) == "folder_taken"


def _invited_by_mail(ann: Caller, post: Post) -> tuple[Any, str]:
    """An invite that was mailed to GUEST, and the token in the mail."""
    made = _invite(ann, email=GUEST)
    [sent] = post.arrived()
    assert (sent["To"], sent["Subject"]) == (GUEST, "You are invited")
    [token] = tokens(sent, "invite")
    assert token != made["token"]
    return made, token


def test_who_comes_by_the_link_of_a_mail_has_its_address_confirmed(ann: Caller, post: Post) -> None:
    _, token = _invited_by_mail(ann, post)
    assert ann.client.post("/auth/invite", json={"token": token}).status_code == 200
    begun = _body(_come(ann.client, token), 201)
    assert _me(ann.client, begun)["email"] == GUEST


def test_who_comes_by_the_link_that_was_handed_over_has_no_address_and_ends_that_of_the_mail(
    ann: Caller, post: Post
) -> None:
    made, token = _invited_by_mail(ann, post)
    begun = _body(_come(ann.client, made["token"]), 201)
    assert _me(ann.client, begun)["email"] is None
    assert _body(_come(ann.client, token, name="Carol"), 403)["code"] == "invite_invalid"
    assert _listed(ann)[0]["state"] == "used"


def test_an_invite_that_was_taken_back_is_not_mailed_and_its_mail_opens_nothing(ann: Caller, post: Post) -> None:
    made, token = _invited_by_mail(ann, post)
    ann.call("DELETE", f"/admin/invites/{made['invite']['id']}")
    assert _body(_come(ann.client, token), 403)["code"] == "invite_invalid"
    waiting = _invite(ann, email=GUEST)
    ann.call("DELETE", f"/admin/invites/{waiting['invite']['id']}")
    assert post.arrived() == []


def test_an_invite_to_an_address_that_a_user_has_lets_in_and_leaves_it_theirs(
    ann: Caller, post: Post, conn: Connection
) -> None:
    user.change_email(conn, ann.user.id, GUEST, user.name_key(GUEST))
    _, token = _invited_by_mail(ann, post)
    begun = _body(_come(ann.client, token), 201)
    assert _me(ann.client, begun)["email"] is None
    assert user.read_email(conn, ann.user.id) == GUEST


def test_without_a_sender_no_invite_is_made_that_was_to_be_mailed(ann: Caller, database_url: str) -> None:
    assert _body(ann.call("POST", "/admin/invites", json={"email": GUEST}), 409)["code"] == "mail_not_set_up"
    assert _listed(ann) == []
