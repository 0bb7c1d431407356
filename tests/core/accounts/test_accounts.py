"""Registration, login, refresh and logout through the API, over a real PostgreSQL."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from psycopg import Connection
from psycopg.errors import UniqueViolation
from werkzeug.test import Client, TestResponse

from pinhole.accounts import limits, passwords, tokens
from pinhole.accounts.limits import Limit
from pinhole.db import transaction
from pinhole.settings import settings
from pinhole.tables import refresh_token, user
from tests.fixtures.api import Caller

ANN = {"name": "Ann", "password": "correct horse battery"}
PROTECTED = "/me"


def _register(api: Client, **fields: object) -> TestResponse:
    return api.post("/auth/register", json=ANN | fields)


def _login(api: Client, address: str = "192.0.2.1", **fields: object) -> TestResponse:
    return api.post("/auth/login", json=ANN | fields, environ_overrides={"REMOTE_ADDR": address})


def _refresh(api: Client, token: str) -> TestResponse:
    return api.post("/auth/refresh", json={"refreshToken": token})


def _may_register(api: Client) -> tuple[bool, bool]:
    state = _body(api.get("/onboarding"))
    return state["registrationOpen"], state["setupTokenRequired"]


def _me(api: Client, begun: Any) -> TestResponse:
    return api.get(PROTECTED, headers={"Authorization": f"Bearer {begun['accessToken']}"})


def _body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def test_the_first_to_register_is_administrator_and_logged_in(api: Client) -> None:
    assert _may_register(api) == (True, False)
    begun = _body(_register(api), 201)
    own_id = begun["user"]["id"]
    assert 0 < own_id < 2**53
    assert begun["user"] == {"id": own_id, "name": "Ann", "role": "administrator"}
    me = _body(_me(api, begun))
    unset = {"email": None, "pendingEmail": None}
    assert me == {"id": own_id, "name": "Ann", "role": "administrator", "folder": "ann"} | unset
    assert _may_register(api) == (False, False)


def test_nobody_registers_uninvited_after_the_first(api: Client) -> None:
    _register(api)
    refused = _body(_register(api, name="Bob"), 403)
    assert refused["code"] == "registration_closed"


def _until_it_waits(conn: Connection, other: Future[Any]) -> None:
    """Until the other one waits for a lock of ours, or has not waited and is done."""
    while not other.done():
        if conn.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").fetchone() == (True,):
            return
        time.sleep(0.01)


def test_of_two_who_register_at_once_one_becomes_administrator(api: Client, conn: Connection) -> None:
    with ThreadPoolExecutor(1) as other:
        with conn.transaction():
            user.lock(conn)
            late = other.submit(_register, api)
            _until_it_waits(conn, late)
            user.insert(conn, "Bob", "-", "administrator", "bob")
        assert _body(late.result(), 403)["code"] == "registration_closed"


def test_with_a_setup_token_only_who_knows_it_registers(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_SETUP_TOKEN", "printed by the deployment")
    settings.cache_clear()
    assert _may_register(api) == (True, True)
    for wrong in ({}, {"setupToken": None}, {"setupToken": ""}, {"setupToken": "guessed ☃"}):
        assert _body(_register(api, **wrong), 403)["code"] == "setup_token_wrong"
    _body(_register(api, setupToken="printed by the deployment"), 201)
    assert _may_register(api) == (False, False)


@pytest.mark.parametrize(
    ("fields", "wrong", "limit"),
    [
        ({"password": "short"}, "password", None),
        ({"password": "a" * 257}, "password", 256),
        ({"password": "e\u0301" * 9}, "password", None),
        ({"name": " "}, "name", None),
        ({"name": "a" * 65}, "name", 64),
        ({"name": "a" * 2000}, "name", 64),
        ({"name": "a\nb"}, "name", None),
    ],
)
def test_a_wrong_name_or_password_is_told_and_how_long_it_may_be(
    api: Client, fields: dict[str, object], wrong: str, limit: int | None
) -> None:
    errors = _body(_register(api, **fields), 422)["errors"]
    assert [(error["field"], error["limit"]) for error in errors] == [(wrong, limit)]
    _body(_register(api), 201)


def test_a_name_of_any_length_is_refused_for_it(api: Client) -> None:
    # Characters that no compression makes short: it must not reach an index.
    name = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(2000))
    [error] = _body(_register(api, name=name), 422)["errors"]
    assert (error["field"], error["limit"]) == ("name", 64)


def test_the_password_is_kept_as_argon2id_only(api: Client, conn: Connection) -> None:
    _register(api)
    (kept,) = conn.execute("SELECT password_hash FROM users").fetchone() or ()
    assert kept.startswith("$argon2id$")
    assert ANN["password"] not in kept


def test_login_knows_the_name_in_any_case_and_composition(api: Client) -> None:
    _register(api, name="Zo\u00eb")
    for name in ("Zo\u00eb", "Zoe\u0308", " zoë "):
        assert _body(_login(api, name=name))["user"]["name"] == "Zo\u00eb"


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer_for_the_same_work(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _register(api)
    checked: list[str] = []
    matches = passwords.matches

    def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "matches", counted)
    answers = [_body(_login(api, **wrong), 401) for wrong in ({"name": "nobody"}, {"password": "wrong"})]
    for answer in answers:
        del answer["requestId"]
    assert answers[0] == answers[1]
    assert len(checked) == 2
    assert checked[0] == checked[1], "a hash of the same cost is computed for nobody"


def test_logout_ends_the_session_at_once_and_no_other(api: Client) -> None:
    first, second = _body(_register(api), 201), _body(_login(api))
    headers = {"Authorization": f"Bearer {first['accessToken']}"}
    assert api.post("/auth/logout", headers=headers).status_code == 204
    assert _body(_me(api, first), 401)["code"] == "session_ended"
    assert _refresh(api, first["refreshToken"]).status_code == 401
    assert _me(api, second).status_code == 200


def test_a_role_that_changes_holds_from_the_next_request_on(caller: Caller, conn: Connection) -> None:
    assert _body(caller.call("GET", PROTECTED))["role"] == "member"
    conn.execute("UPDATE users SET role = 'administrator'")
    assert _body(caller.call("GET", PROTECTED))["role"] == "administrator"


def test_a_user_who_is_gone_is_nobody(caller: Caller, conn: Connection) -> None:
    conn.execute("DELETE FROM users")
    assert caller.call("GET", PROTECTED).status_code == 401


def _claims(session_id: str, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    ours = {
        "iss": "pinhole",
        "aud": "pinhole-api",
        "sub": "1",
        "sid": session_id,
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (ours | changed).items() if value is not None}


@pytest.mark.parametrize(
    ("changed", "algorithm", "key"),
    [
        ({"exp": 1}, "HS256", None),
        ({"exp": None}, "HS256", None),
        ({"aud": "another"}, "HS256", None),
        ({"iss": "another"}, "HS256", None),
        ({"exp": int(time.time()) - 60}, "HS256", None),
        ({"iat": int(time.time()) + 3600}, "HS256", None),
        ({"sid": None}, "HS256", None),
        ({"sid": "0123456789\0a"}, "HS256", None),
        ({"sid": "0123456789\udcffa"}, "HS256", None),
        ({"sid": "0123456789ab\n"}, "HS256", None),
        ({"sid": ["0123456789ab"]}, "HS256", None),
        ({}, "HS512", "a secret of the tests, long enough to sign with, also with a longer hash"),
        ({}, "none", ""),
        ({}, "HS256", "another secret, as long as it has to be for this"),
    ],
)
def test_an_access_token_that_is_not_ours_is_refused(
    caller: Caller, conn: Connection, changed: dict[str, Any], algorithm: str, key: str | None
) -> None:
    (session_id,) = conn.execute("SELECT id FROM session").fetchone() or ()
    secret = settings().token_secret.get_secret_value() if key is None else key
    forged = jwt.encode(_claims(session_id, **changed), secret, algorithm)
    response = caller.client.get(PROTECTED, headers={"Authorization": f"Bearer {forged}"})
    assert response.status_code == 401


@pytest.mark.parametrize("changed", [{"exp": -20}, {"iat": 20}])
def test_an_access_token_is_good_where_clocks_differ_by_seconds(
    caller: Caller, conn: Connection, changed: dict[str, int]
) -> None:
    (session_id,) = conn.execute("SELECT id FROM session").fetchone() or ()
    late = {name: int(time.time()) + seconds for name, seconds in changed.items()}
    token = jwt.encode(_claims(session_id, **late), settings().token_secret.get_secret_value(), "HS256")
    assert caller.client.get(PROTECTED, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_an_access_token_that_was_good_is_refused_once_it_has_run_out(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert caller.call("GET", PROTECTED).status_code == 200
    for after, code in ((tokens.ACCESS_LIFETIME, None), (2 * tokens.ACCESS_LIFETIME, "token_expired")):
        then = time.time() + after.total_seconds()
        monkeypatch.setattr("pinhole.accounts.tokens.time", SimpleNamespace(time=lambda then=then: then))
        assert (caller.call("GET", PROTECTED).json or {}).get("code") == code


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer ü", "Bearer a b", "Bearer \x00", "Bearer \udcff"]
)
def test_an_authorization_that_is_none_is_refused(api: Client, header: str) -> None:
    assert api.get(PROTECTED, environ_overrides={"HTTP_AUTHORIZATION": header}).status_code == 401


def test_refresh_hands_out_new_tokens_for_the_same_session(caller: Caller, conn: Connection) -> None:
    renewed = _body(_refresh(caller.client, caller.refresh_token))
    assert renewed["refreshToken"] != caller.refresh_token
    assert _me(caller.client, renewed).status_code == 200
    assert _body(_refresh(caller.client, renewed["refreshToken"]))["user"]["name"] == "ann"
    assert conn.execute("SELECT count(*) FROM session").fetchone() == (1,)


def _age_uses(conn: Connection, seconds: float) -> None:
    conn.execute("UPDATE refresh_token SET used_at = used_at - make_interval(secs => %s)", [seconds])


def test_a_refresh_token_used_twice_ends_every_session_of_its_user_and_of_nobody_else(
    new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    renewed = _body(_refresh(ann.client, ann.refresh_token))
    _age_uses(conn, 10)
    assert _body(_refresh(ann.client, ann.refresh_token), 401)["code"] == "refresh_token_invalid"
    assert _me(ann.client, renewed).status_code == 401
    assert _refresh(ann.client, renewed["refreshToken"]).status_code == 401
    assert bob.call("GET", PROTECTED).status_code == 200


def test_a_client_that_lost_the_answer_to_its_refresh_asks_again_with_the_same_token(
    caller: Caller, conn: Connection
) -> None:
    lost = _body(_refresh(caller.client, caller.refresh_token))
    _age_uses(conn, -3600)  # whatever this machine is busy with, the 10 s are not over
    again = _body(_refresh(caller.client, caller.refresh_token))
    assert again["refreshToken"] not in (lost["refreshToken"], caller.refresh_token)
    for each in (lost, again):
        assert _me(caller.client, each).status_code == 200


def test_only_the_token_that_was_used_last_is_good_a_second_time(caller: Caller, conn: Connection) -> None:
    renewed = _body(_refresh(caller.client, caller.refresh_token))
    _refresh(caller.client, renewed["refreshToken"])
    _age_uses(conn, -3600)
    assert _refresh(caller.client, caller.refresh_token).status_code == 401
    assert _me(caller.client, renewed).status_code == 401


def test_a_known_selector_with_a_wrong_verifier_ends_every_session_of_its_user(caller: Caller) -> None:
    selector, _, _ = caller.refresh_token.partition(".")
    assert _refresh(caller.client, f"{selector}.wrong").status_code == 401
    assert caller.call("GET", PROTECTED).status_code == 401


@pytest.mark.parametrize("verifier", ["", "wrong"])
def test_a_refresh_token_of_a_session_that_was_logged_out_ends_no_other(
    api: Client, conn: Connection, verifier: str
) -> None:
    first, other = _body(_register(api), 201), _body(_login(api))
    renewed = _body(_refresh(api, first["refreshToken"]))
    api.post("/auth/logout", headers={"Authorization": f"Bearer {renewed['accessToken']}"})
    for token in (first["refreshToken"], renewed["refreshToken"]):
        sent = f"{token.partition('.')[0]}.{verifier}" if verifier else token
        assert _body(_refresh(api, sent), 401)["code"] == "refresh_token_invalid"
    assert _me(api, other).status_code == 200


def test_a_token_that_nobody_knows_ends_nothing(caller: Caller) -> None:
    for unknown in ("x.y", ".", "x", "ü.ü"):
        assert _refresh(caller.client, unknown).status_code == 401
    assert caller.call("GET", PROTECTED).status_code == 200


def test_an_expired_refresh_token_is_refused_and_ends_nothing(caller: Caller, conn: Connection) -> None:
    conn.execute("UPDATE refresh_token SET expires_at = now()")
    assert _refresh(caller.client, caller.refresh_token).status_code == 401
    assert caller.call("GET", PROTECTED).status_code == 200


def test_two_who_refresh_at_once_both_go_on(caller: Caller, conn: Connection) -> None:
    with ThreadPoolExecutor(1) as other:
        with conn.transaction():
            assert refresh_token.use(conn, *tokens.halves(caller.refresh_token)) is not None
            _age_uses(conn, -3600)
            late = other.submit(_refresh, caller.client, caller.refresh_token)
            _until_it_waits(conn, late)
        assert late.result().status_code == 200


def test_refresh_tokens_are_not_kept_only_what_proves_them(caller: Caller, conn: Connection) -> None:
    selector, _, verifier = caller.refresh_token.partition(".")
    row = conn.execute("SELECT selector, verifier_hash FROM refresh_token").fetchone()
    assert row is not None
    assert row[0] == selector
    assert verifier.encode() not in row[1]


def _spend(limit: Limit, account: str | None = None, address: str = "192.0.2.1") -> None:
    """Leave one attempt of this limit, also where its window ends in the middle of the test."""
    for _ in range((limit.per_address if account is None else limit.per_account) - 1):
        if account is None:
            limit.count_address(address)
        else:
            limit.count_account(account, address)
    with transaction() as conn:
        conn.execute(
            "INSERT INTO rate_limit (key, window_start, attempts)"
            " SELECT key, window_start + %s, attempts FROM rate_limit ON CONFLICT DO NOTHING",
            [limits.WINDOW],
        )


def test_too_many_wrong_passwords_are_answered_429_and_lock_out_that_address_alone(api: Client) -> None:
    _register(api)
    _spend(limits.LOGIN, "ann")
    assert _login(api, password="wrong").status_code == 401
    refused = _login(api)
    assert _body(refused, 429)["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= limits.WINDOW.total_seconds()
    assert _login(api, name="bob").status_code == 401, "another account, from the same address"
    assert _login(api, address="192.0.2.2").status_code == 200, "the account, from another address"


@pytest.mark.parametrize("spelling", ["ANN", " ann ", "Ann\u2003"])
def test_another_spelling_of_a_name_gets_no_more_guesses(api: Client, spelling: str) -> None:
    _register(api)
    _spend(limits.LOGIN, "ann")
    assert _login(api, password="wrong").status_code == 401
    assert _login(api, name=spelling).status_code == 429


@pytest.mark.parametrize("other", ["al\u0130ce", "a\u2160ce", "al\u0131ce", "\uff41lice", "alice\u200d"])
def test_a_name_that_is_limited_apart_is_not_the_account(api: Client, other: str) -> None:
    _register(api, name="alice")
    _spend(limits.LOGIN, "alice")
    assert _login(api, name="alice", password="wrong").status_code == 401
    assert _login(api, name=other).status_code == 401


@pytest.mark.parametrize(
    ("kept", "given"),
    [("Stra\u00dfe", "STRASSE"), ("\u0130lker", "i\u0307lker"), ("\u03a3\u03bf\u03c2", "\u03c3\u03bf\u03c3")],
)
def test_a_name_is_found_by_what_unicode_holds_for_the_same_in_another_case(api: Client, kept: str, given: str) -> None:
    _register(api, name=kept)
    assert _body(_login(api, name=given))["user"]["name"] == kept


def test_two_names_that_are_found_by_the_same_can_not_both_be_taken(conn: Connection) -> None:
    user.insert(conn, "Stra\u00dfe", "-", "member", "a")
    with pytest.raises(UniqueViolation):
        user.insert(conn, "STRASSE", "-", "member", "b")


def test_an_address_that_tries_many_names_is_refused_for_each(api: Client) -> None:
    _spend(limits.LOGIN)
    assert [_login(api, name=name).status_code for name in ("one", "two", "three")] == [401, 429, 429]


def test_addresses_of_one_ipv6_network_count_as_one(api: Client) -> None:
    _spend(limits.LOGIN, address="2001:db8::/64")
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
    assert [_login(api, address).status_code for address in addresses] == [401, 429, 401]


def test_logging_in_rightly_never_locks_out(api: Client) -> None:
    _register(api)
    _spend(limits.LOGIN)
    _spend(limits.LOGIN, "ann")
    assert [_login(api).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/auth/login", limits.LOGIN),
        ("/auth/register", limits.REGISTER),
        ("/auth/refresh", limits.REFRESH),
        ("/auth/invite", limits.INVITE),
    ],
)
def test_what_strangers_send_is_counted_before_it_is_looked_at(api: Client, path: str, limit: Limit) -> None:
    _spend(limit)
    sent: dict[str, Any] = {"data": b"{", "content_type": "application/json"}
    sent["environ_overrides"] = {"REMOTE_ADDR": "192.0.2.1"}
    assert [api.post(path, **sent).status_code for _ in range(2)] == [400, 429]


def test_without_a_token_nothing_that_was_sent_is_looked_at(api: Client) -> None:
    answer = api.post("/uploads", data=b"{" * 3_000_000, content_type="text/plain")
    assert answer.status_code == 401


def test_registering_and_refreshing_are_limited_for_an_account_too(api: Client) -> None:
    _register(api)
    assert [_register(api).status_code for _ in range(limits.REGISTER.per_account)][-1] == 429
    assert [_refresh(api, "x.y").status_code for _ in range(limits.REFRESH.per_account + 1)][-1] == 429


def test_folders_never_equal_or_nest(conn: Connection) -> None:
    made = [
        user.insert(conn, str(n), "-", "member", folder).folder
        for n, folder in enumerate(["ann", "ann", "ann-2", "family/bob", "family", "family/eve"])
    ]
    assert made == ["ann", "ann-2", "ann-2-2", "family/bob", "family-2", "family/eve"]
