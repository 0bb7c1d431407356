"""What users see and change of their own accounts; and that who is disabled is let in nowhere."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import Client, TestResponse

from pinhole.accounts import limits, passwords
from pinhole.tables import session, user
from tests.fixtures.api import Caller

ANN = {"name": "Ann", "password": "correct horse battery"}
NEW = "staple of another horse"


def _body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def _register(api: Client) -> Any:
    return _body(api.post("/auth/register", json=ANN), 201)


def _login(api: Client, *, agent: str = "", address: str = "192.0.2.1", **fields: object) -> TestResponse:
    environ = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}
    return api.post("/auth/login", json=ANN | fields, environ_overrides=environ)


def _call(api: Client, begun: Any, method: str, path: str, **request: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {begun['accessToken']}"}
    return api.open(path, method=method, headers=headers, **request)


def _sessions(api: Client, begun: Any) -> list[Any]:
    listed: list[Any] = _body(_call(api, begun, "GET", "/auth/sessions"))["sessions"]
    return listed


def _change_password(api: Client, begun: Any, current: str, new: str = NEW) -> TestResponse:
    words = {"currentPassword": current, "newPassword": new}
    return _call(api, begun, "POST", "/auth/password", json=words)


def test_sessions_are_listed_with_who_began_them_the_last_seen_first(api: Client) -> None:
    _register(api)
    phone = _body(_login(api, agent="Phone", address="192.0.2.7"))
    laptop = _body(_login(api, agent="Laptop", address="2001:db8::5"))
    first, second, _ = _sessions(api, phone)
    assert (first["userAgent"], first["address"], first["isCurrent"]) == ("Laptop", "2001:db8::/64", False)
    assert (second["userAgent"], second["address"], second["isCurrent"]) == ("Phone", "192.0.2.7", True)
    assert [told["isCurrent"] for told in _sessions(api, laptop)] == [True, False, False]
    assert datetime.fromisoformat(first["createdAt"]) <= datetime.fromisoformat(first["lastSeenAt"])


def test_of_a_script_that_logs_in_again_and_again_the_last_sessions_are_listed_and_the_one_that_asks(
    api: Client, conn: Connection
) -> None:
    begun = _register(api)
    conn.execute("UPDATE session SET last_seen_at = now() - interval '1 day'")
    [(user_id, session_id)] = conn.execute("SELECT user_id, id FROM session")
    conn.execute(
        "INSERT INTO session (id, user_id) SELECT 'S' || lpad(n::text, 11, '0'), %s FROM generate_series(1, 300) AS n",
        [user_id],
    )
    conn.execute(
        """
        INSERT INTO refresh_token (selector, verifier_hash, session_id, expires_at)
        SELECT id, sha256(id::bytea), id, now() + interval '30 days' FROM session WHERE starts_with(id, 'S0')
        """
    )
    listed = _sessions(api, begun)
    assert len(listed) == 201
    assert (listed[-1]["id"], listed[-1]["isCurrent"]) == (session_id, True)


def test_a_session_is_seen_when_it_is_renewed(api: Client, conn: Connection) -> None:
    begun = _register(api)
    conn.execute("UPDATE session SET created_at = '2020-01-01Z', last_seen_at = '2020-01-01Z'")
    sent = {"json": {"refreshToken": begun["refreshToken"]}}
    _body(api.post("/auth/refresh", **sent, environ_overrides={"REMOTE_ADDR": "192.0.2.9", "HTTP_USER_AGENT": "Moved"}))
    [told] = _sessions(api, begun)
    assert (told["userAgent"], told["address"]) == ("Moved", "192.0.2.9")
    assert datetime.fromisoformat(told["createdAt"]).year == 2020
    assert datetime.fromisoformat(told["lastSeenAt"]).year >= 2026


@pytest.mark.parametrize(
    ("sent", "kept"), [("", None), ("a" * 400, "a" * 300), ("a\x00b\x7f\udcffc", "abc"), ("\x01", None)]
)
def test_what_a_client_calls_itself_is_cut_and_hides_nothing(api: Client, sent: str, kept: str | None) -> None:
    _register(api)
    begun = _body(_login(api, agent=sent))
    assert [told["userAgent"] for told in _sessions(api, begun) if told["isCurrent"]] == [kept]


def test_sessions_that_ended_or_ran_out_or_are_of_others_are_not_listed(
    new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    ann, _ = new_caller("ann"), new_caller("bob")
    session.end(conn, ann.user.id, session.insert(conn, ann.user.id))
    expired = session.insert(conn, ann.user.id)
    conn.execute("INSERT INTO refresh_token VALUES ('x', sha256('x'), %s, now())", [expired])
    assert [told["isCurrent"] for told in _body(ann.call("GET", "/auth/sessions"))["sessions"]] == [True]


def test_a_session_that_is_ended_from_another_is_refused_at_the_next_request(api: Client) -> None:
    stolen, own = _register(api), _body(_login(api))
    [stolen_id] = [told["id"] for told in _sessions(api, own) if not told["isCurrent"]]
    assert _call(api, stolen, "GET", "/me").status_code == 200
    assert _call(api, own, "DELETE", f"/auth/sessions/{stolen_id}").status_code == 204
    assert _body(_call(api, stolen, "GET", "/me"), 401)["code"] == "session_ended"
    assert api.post("/auth/refresh", json={"refreshToken": stolen["refreshToken"]}).status_code == 401
    assert _call(api, own, "GET", "/me").status_code == 200
    assert _call(api, own, "DELETE", f"/auth/sessions/{stolen_id}").status_code == 404


def test_nobody_ends_the_session_of_another(new_caller: Callable[[str], Caller]) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    [of_bob] = _body(bob.call("GET", "/auth/sessions"))["sessions"]
    assert ann.call("DELETE", f"/auth/sessions/{of_bob['id']}").status_code == 404
    assert bob.call("GET", "/me").status_code == 200


def test_logging_out_everywhere_ends_all_sessions_of_the_caller_and_of_nobody_else(
    api: Client, new_caller: Callable[[str], Caller]
) -> None:
    first, second, bob = _register(api), _body(_login(api)), new_caller("bob")
    assert _call(api, first, "DELETE", "/auth/sessions").status_code == 204
    for begun in (first, second):
        assert _call(api, begun, "GET", "/me").status_code == 401
    assert bob.call("GET", "/me").status_code == 200


def test_a_new_password_is_the_only_one_and_ends_all_other_sessions(api: Client) -> None:
    own, other = _register(api), _body(_login(api))
    assert _change_password(api, own, ANN["password"]).status_code == 204
    assert _call(api, own, "GET", "/me").status_code == 200
    assert _body(_call(api, other, "GET", "/me"), 401)["code"] == "session_ended"
    assert _login(api).status_code == 401
    assert _login(api, password=NEW).status_code == 200


def test_who_does_not_know_the_password_does_not_change_it_and_stays_logged_in(api: Client) -> None:
    own = _register(api)
    assert _body(_change_password(api, own, "wrong"), 403)["code"] == "wrong_credentials"
    assert _call(api, own, "GET", "/me").status_code == 200
    assert _login(api).status_code == 200


@pytest.mark.parametrize("new", ["short", "a" * 257, "e\u0301" * 9])
def test_a_new_password_that_can_be_none_is_told_by_its_field(api: Client, new: str) -> None:
    own = _register(api)
    assert [wrong["field"] for wrong in _body(_change_password(api, own, ANN["password"], new), 422)["errors"]] == [
        "newPassword"
    ]
    assert _login(api).status_code == 200


def test_guesses_at_the_current_password_are_limited_and_rightful_changes_are_not(api: Client) -> None:
    own = _register(api)
    for _ in range(limits.PASSWORD.per_account + 2):
        assert _change_password(api, own, ANN["password"], ANN["password"]).status_code == 204
    statuses = [_change_password(api, own, "wrong").status_code for _ in range(2 * limits.PASSWORD.per_account + 1)]
    assert (statuses[0], statuses[-1]) == (403, 429)


def test_who_logged_in_by_the_old_password_while_it_was_changed_gets_no_session(
    api: Client, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = _register(api)
    matches = passwords.matches

    def changed_meanwhile(password_hash: str, password: str) -> bool:
        right = matches(password_hash, password)
        monkeypatch.setattr(passwords, "matches", matches)
        assert _change_password(api, own, ANN["password"]).status_code == 204
        return right

    monkeypatch.setattr(passwords, "matches", changed_meanwhile)
    with ThreadPoolExecutor(1) as other:
        assert _body(other.submit(_login, api).result(), 401)["code"] == "wrong_credentials"
    assert conn.execute("SELECT count(*) FROM session WHERE ended_at IS NULL").fetchone() == (1,)


def test_a_new_name_is_kept_as_the_first_one_was_and_the_folder_stays(api: Client) -> None:
    own = _register(api)
    renamed = _body(_call(api, own, "PATCH", "/me", json={"name": " Zoe\u0308 "}))
    assert (renamed["name"], renamed["folder"]) == ("Zo\u00eb", "ann")
    assert _body(_call(api, own, "GET", "/me")) == renamed
    assert _login(api).status_code == 401
    assert _login(api, name="ZO\u00cb").status_code == 200


def test_another_spelling_of_the_own_name_is_no_name_of_another(api: Client) -> None:
    own = _register(api)
    assert _body(_call(api, own, "PATCH", "/me", json={"name": "ANN"}))["name"] == "ANN"


@pytest.mark.parametrize("name", ["bob", " BOB "])
def test_a_name_that_another_has_is_refused(api: Client, conn: Connection, name: str) -> None:
    own = _register(api)
    user.insert(conn, "bob", "-", "member", "bob")
    assert _body(_call(api, own, "PATCH", "/me", json={"name": name}), 409)["code"] == "name_taken"
    assert _body(_call(api, own, "GET", "/me"))["name"] == "Ann"


@pytest.mark.parametrize("name", ["", " ", "a" * 65, "a\nb", None])
def test_a_name_that_can_be_none_is_told(api: Client, name: object) -> None:
    own = _register(api)
    assert [wrong["field"] for wrong in _body(_call(api, own, "PATCH", "/me", json={"name": name}), 422)["errors"]] == [
        "name"
    ]


def test_who_is_disabled_is_nobody_at_the_next_request_and_renews_nothing(api: Client, conn: Connection) -> None:
    own = _register(api)
    assert _call(api, own, "GET", "/me").status_code == 200
    conn.execute("UPDATE users SET disabled_at = now()")
    assert _call(api, own, "GET", "/me").status_code == 401
    assert api.post("/auth/refresh", json={"refreshToken": own["refreshToken"]}).status_code == 401


def test_logging_in_tells_nothing_of_who_is_disabled(
    api: Client, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _register(api)
    checked: list[str] = []
    matches = passwords.matches

    def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "matches", counted)
    wrong = _body(_login(api, password="wrong"), 401)
    conn.execute("UPDATE users SET disabled_at = now()")
    disabled = _body(_login(api), 401)
    assert wrong | {"requestId": ""} == disabled | {"requestId": ""}
    assert len(checked) == 2
    assert checked[0] == checked[1], "a hash of the same cost is computed for both"


def test_who_is_enabled_again_logs_in_as_before(api: Client, conn: Connection) -> None:
    _register(api)
    conn.execute("UPDATE users SET disabled_at = now()")
    assert _login(api).status_code == 401
    conn.execute("UPDATE users SET disabled_at = NULL")
    assert _login(api).status_code == 200
