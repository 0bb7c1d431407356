"""A second factor at login: codes of an app and recovery codes, through the API, over a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg import Connection

from pinhole import accounts
from pinhole.accounts import limits, passwords, second_factors, timed_codes
from pinhole.accounts.limits import Limit
from pinhole.db import transaction
from tests.fixtures.api import PASSWORD, Caller
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.factors import SURE, ask, code_of, enrol_app, enrol_passkey, log_in, show, told

WRONG_CODE, WRONG_RECOVERY = "000000", "aaaa-bbbb-cccc-dddd"
NEW = "staple of another horse"


@pytest.fixture(autouse=True)
def _never_right_by_chance(one_step: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """WRONG_CODE is of no step, not once in a million times."""
    code = timed_codes.code
    monkeypatch.setattr(timed_codes, "code", lambda secret, step: code(secret, step).replace(WRONG_CODE, "000001"))


def _sessions(conn: Connection) -> int:
    [(count,)] = conn.execute("SELECT count(*) FROM session WHERE ended_at IS NULL")
    return int(count)


def _refused(answer: Any) -> str:
    return str(told(answer, 401)["code"])


def test_without_a_factor_a_password_is_enough(caller: Caller) -> None:
    assert "accessToken" in told(log_in(caller.client))
    factors = told(caller.call("GET", "/me/factors"))
    assert factors == {
        "passwordIsEnough": True,
        "totp": None,
        "passkeys": [],
        "recoveryCodesLeft": 0,
        "relyingParty": "localhost",
    }


def test_an_app_is_asked_for_once_a_code_of_it_was_shown(caller: Caller) -> None:
    begun = told(caller.call("POST", "/me/totp", json=SURE), 201)
    assert begun["secret"] in begun["uri"]
    assert "accessToken" in told(log_in(caller.client))
    assert told(caller.call("GET", "/me/factors"))["passwordIsEnough"] is True

    enrol_app(caller)
    asked = ask(caller.client)
    assert (asked["factors"], asked["passkeyOptions"]) == (["totp", "recovery_code"], None)
    factors = told(caller.call("GET", "/me/factors"))
    assert (factors["passwordIsEnough"], factors["recoveryCodesLeft"]) == (False, 10)
    assert factors["totp"]["createdAt"]


def test_no_session_and_no_token_exists_before_the_second_factor_is_shown(caller: Caller, conn: Connection) -> None:
    enrol_app(caller)
    before = _sessions(conn)
    asked = ask(caller.client)
    assert asked.keys() == {"ticket", "expiresAt", "factors", "passkeyOptions"}
    assert _sessions(conn) == before
    headers = {"Authorization": f"Bearer {asked['ticket']}"}
    assert caller.client.get("/me", headers=headers).status_code == 401


@pytest.mark.parametrize("way", ["code", "recoveryCode", "passkey"])
def test_whatever_shows_first_who_somebody_is_the_second_factor_comes_after(way: str, caller: Caller) -> None:
    secret, codes = enrol_app(caller)
    authenticator = Authenticator()
    enrol_passkey(caller, authenticator)
    with transaction() as conn:
        # As single sign-on does, or whatever will know users otherwise.
        asked = second_factors.continue_login(conn, caller.user, accounts.Client())
    assert isinstance(asked, second_factors.Asked)
    assert asked.factors == ["totp", "passkey", "recovery_code"]
    shown: dict[str, Callable[[], Any]] = {
        "code": lambda: code_of(secret, 1),
        "recoveryCode": lambda: codes[0],
        "passkey": lambda: authenticator.show(asked.passkey_options or {}),
    }
    begun = told(show(caller.client, asked.ticket, **{way: shown[way]()}))
    assert begun["user"]["id"] == caller.user.id
    assert caller.client.get("/me", headers={"Authorization": f"Bearer {begun['accessToken']}"}).status_code == 200


def test_a_code_is_good_once(caller: Caller) -> None:
    secret, _ = enrol_app(caller)
    assert _refused(show(caller.client, ask(caller.client)["ticket"], code=code_of(secret))) == "second_factor_wrong"
    told(show(caller.client, ask(caller.client)["ticket"], code=code_of(secret, 1)))
    again = show(caller.client, ask(caller.client)["ticket"], code=code_of(secret, 1))
    assert _refused(again) == "second_factor_wrong"


def test_of_two_who_show_a_code_at_once_one_gets_a_session(caller: Caller, conn: Connection) -> None:
    secret, _ = enrol_app(caller)
    before, code = _sessions(conn), code_of(secret, 1)
    tickets = [ask(caller.client)["ticket"] for _ in range(4)]
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda ticket: show(caller.client, ticket, code=code).status_code, tickets))
    assert sorted(answers) == [200, 401, 401, 401]
    assert _sessions(conn) == before + 1


def test_of_two_who_show_a_recovery_code_at_once_one_gets_a_session(caller: Caller, conn: Connection) -> None:
    _, codes = enrol_app(caller)
    before = _sessions(conn)
    tickets = [ask(caller.client)["ticket"] for _ in range(4)]
    with ThreadPoolExecutor(4) as several:
        shown = several.map(lambda ticket: show(caller.client, ticket, recoveryCode=codes[0]).status_code, tickets)
    assert sorted(shown) == [200, 401, 401, 401]
    assert _sessions(conn) == before + 1


def test_of_two_who_use_a_ticket_at_once_one_gets_a_session(caller: Caller, conn: Connection) -> None:
    _, codes = enrol_app(caller)
    before, ticket = _sessions(conn), ask(caller.client)["ticket"]
    with ThreadPoolExecutor(4) as several:
        answers = [
            answer.status_code
            for answer in several.map(lambda code: show(caller.client, ticket, recoveryCode=code), codes[:4])
        ]
    assert sorted(answers) == [200, 401, 401, 401]
    assert _sessions(conn) == before + 1
    assert told(caller.call("GET", "/me/factors"))["recoveryCodesLeft"] == 9  # what got no session is not used up


def test_a_ticket_is_good_once(caller: Caller) -> None:
    secret, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    told(show(caller.client, ticket, code=code_of(secret, 1)))
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "login_ticket_invalid"


def test_a_ticket_has_five_attempts(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    wrong = [_refused(show(caller.client, ticket, recoveryCode=WRONG_RECOVERY)) for _ in range(5)]
    assert wrong == ["second_factor_wrong"] * 5
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "login_ticket_invalid"


def test_the_fifth_attempt_may_be_the_right_one(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    for _ in range(4):
        show(caller.client, ticket, recoveryCode=WRONG_RECOVERY)
    told(show(caller.client, ticket, recoveryCode=codes[0]))


def test_a_ticket_ends_after_five_minutes(caller: Caller, conn: Connection) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    conn.execute("UPDATE login_ticket SET expires_at = expires_at - interval '4 minutes 50 seconds'")
    assert _refused(show(caller.client, ticket, recoveryCode=WRONG_RECOVERY)) == "second_factor_wrong"
    conn.execute("UPDATE login_ticket SET expires_at = expires_at - interval '10 seconds'")
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "login_ticket_invalid"


def test_another_password_ends_a_ticket(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    changed = caller.call("POST", "/auth/password", json={**SURE, "newPassword": NEW})
    assert changed.status_code == 204
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "login_ticket_invalid"


def test_a_ticket_of_a_disabled_user_is_good_for_nothing(caller: Caller, conn: Connection) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    conn.execute("UPDATE users SET disabled_at = now()")
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "login_ticket_invalid"


def test_a_user_who_is_disabled_while_a_factor_is_looked_at_gets_no_session(
    caller: Caller, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = enrol_app(caller)
    ticket, before = ask(caller.client)["ticket"], _sessions(conn)
    step_of = timed_codes.step_of

    def disabled_meanwhile(*shown: Any) -> int | None:
        conn.execute("UPDATE users SET disabled_at = now()")
        return step_of(*shown)

    monkeypatch.setattr(timed_codes, "step_of", disabled_meanwhile)
    assert _refused(show(caller.client, ticket, code=code_of(secret, 1))) == "login_ticket_invalid"
    assert _sessions(conn) == before


def test_factors_of_another_open_nothing(new_caller: Callable[[str], Caller]) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    enrol_app(ann)
    secret, codes = enrol_app(bob)
    authenticator = Authenticator()
    enrol_passkey(bob, authenticator)
    enrol_passkey(ann, Authenticator())
    asked = ask(ann.client)
    for shown in (
        {"code": code_of(secret, 1)},
        {"recoveryCode": codes[0]},
        {"passkey": authenticator.show(asked["passkeyOptions"])},
    ):
        assert _refused(show(ann.client, asked["ticket"], **shown)) == "second_factor_wrong"
    assert told(bob.call("GET", "/me/factors"))["recoveryCodesLeft"] == 10


def test_a_ticket_is_for_what_it_was_made_for_alone(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    authenticator = Authenticator()
    enrolment = told(caller.call("POST", "/me/passkeys/options", json=SURE))
    alone = told(caller.client.post("/auth/passkey/options"))
    waiting = ask(caller.client)
    for other in (enrolment, alone):
        assert _refused(show(caller.client, other["ticket"], recoveryCode=codes[0])) == "login_ticket_invalid"
    made = authenticator.make(enrolment["options"])
    for other in (waiting, alone):
        body = {"ticket": other["ticket"], "name": "Telephone", "passkey": made}
        assert told(caller.call("POST", "/me/passkeys", json=body), 403)["code"] == "login_ticket_invalid"
    shown = authenticator.show(alone["options"])
    for other in (waiting, enrolment):
        body = {"ticket": other["ticket"], "passkey": shown}
        assert _refused(caller.client.post("/auth/passkey", json=body)) == "login_ticket_invalid"


@pytest.mark.parametrize(
    "shown",
    [{}, {"code": "123456", "recoveryCode": WRONG_RECOVERY}, {"code": "123456", "passkey": {}}, {"code": "12345"}],
)
def test_what_is_not_exactly_one_factor_is_refused(shown: dict[str, Any], caller: Caller) -> None:
    assert told(show(caller.client, "a ticket", **shown), 422)["code"] == "invalid"


@pytest.mark.parametrize("typed", [str.upper, lambda code: code.replace("-", ""), lambda code: code.replace("-", " ")])
def test_a_recovery_code_may_be_typed_as_people_do(typed: Callable[[str], str], caller: Caller) -> None:
    _, codes = enrol_app(caller)
    told(show(caller.client, ask(caller.client)["ticket"], recoveryCode=typed(codes[3])))
    again = show(caller.client, ask(caller.client)["ticket"], recoveryCode=codes[3])
    assert _refused(again) == "second_factor_wrong"
    assert told(caller.call("GET", "/me/factors"))["recoveryCodesLeft"] == 9


def test_recovery_codes_and_tickets_are_not_kept_only_what_proves_them(caller: Caller, conn: Connection) -> None:
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    assert len(set(codes)) == 10
    kept = str(conn.execute("SELECT * FROM recovery_code, login_ticket").fetchall())
    assert ticket not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_recovery_codes_that_are_made_anew_end_those_before(caller: Caller) -> None:
    _, before = enrol_app(caller)
    after = told(caller.call("POST", "/me/recovery-codes", json=SURE))["recoveryCodes"]
    assert not set(before) & set(after)
    ticket = ask(caller.client)["ticket"]
    assert _refused(show(caller.client, ticket, recoveryCode=before[0])) == "second_factor_wrong"
    told(show(caller.client, ticket, recoveryCode=after[0]))


def test_recovery_codes_stand_for_a_factor_and_for_nothing_else(caller: Caller) -> None:
    refused = told(caller.call("POST", "/me/recovery-codes", json=SURE), 409)
    assert refused["code"] == "no_second_factor"


def test_codes_come_with_the_first_factor_and_go_with_the_last(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    made = enrol_passkey(caller, Authenticator())
    assert (len(codes), made["recoveryCodes"]) == (10, None)
    assert caller.call("POST", "/me/totp/remove", json=SURE).status_code == 204
    assert told(caller.call("GET", "/me/factors"))["recoveryCodesLeft"] == 10
    path = f"/me/passkeys/{made['passkey']['id']}/remove"
    assert caller.call("POST", path, json=SURE).status_code == 204
    factors = told(caller.call("GET", "/me/factors"))
    assert (factors["passwordIsEnough"], factors["recoveryCodesLeft"]) == (True, 0)
    assert "accessToken" in told(log_in(caller.client))


def test_an_app_that_was_removed_is_asked_for_no_more_and_its_ticket_opens_nothing(caller: Caller) -> None:
    secret, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    assert caller.call("POST", "/me/totp/remove", json=SURE).status_code == 204
    assert _refused(show(caller.client, ticket, code=code_of(secret, 1))) == "second_factor_wrong"
    assert _refused(show(caller.client, ticket, recoveryCode=codes[0])) == "second_factor_wrong"
    assert "accessToken" in told(log_in(caller.client))


def test_a_second_app_takes_no_ones_place(caller: Caller) -> None:
    secret, _ = enrol_app(caller)
    assert told(caller.call("POST", "/me/totp", json=SURE), 409)["code"] == "totp_enrolled"
    told(show(caller.client, ask(caller.client)["ticket"], code=code_of(secret, 1)))


def test_an_app_that_waits_too_long_for_its_first_code_is_begun_anew(caller: Caller, conn: Connection) -> None:
    nothing = caller.call("POST", "/me/totp/confirm", json={"code": "123456"})
    assert told(nothing, 409)["code"] == "totp_not_pending"
    begun = told(caller.call("POST", "/me/totp", json=SURE), 201)
    assert (
        told(caller.call("POST", "/me/totp/confirm", json={"code": WRONG_CODE}), 403)["code"] == "second_factor_wrong"
    )
    conn.execute("UPDATE totp SET created_at = created_at - interval '10 minutes'")
    [(secret,)] = conn.execute("SELECT secret FROM totp")
    late = caller.call("POST", "/me/totp/confirm", json={"code": code_of(secret)})
    assert told(late, 409)["code"] == "totp_not_pending"
    anew, _ = enrol_app(caller)
    assert anew != secret
    assert begun["secret"] != timed_codes.base32(anew)


CHANGES = [
    "/me/totp",
    "/me/totp/remove",
    "/me/passkeys/options",
    "/me/passkeys/0123456789ab/remove",
    "/me/recovery-codes",
]


@pytest.mark.parametrize("path", CHANGES)
def test_only_who_knows_the_password_changes_factors(path: str, caller: Caller) -> None:
    enrol_app(caller)
    before = told(caller.call("GET", "/me/factors"))
    refused = caller.call("POST", path, json={"currentPassword": "not the password"})
    assert told(refused, 403)["code"] == "wrong_credentials"
    assert told(caller.call("GET", "/me/factors")) == before


def test_passwords_that_are_tried_at_factors_are_counted_as_at_a_change_of_the_password(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PASSWORD", Limit("password", per_address=100, per_account=2))
    monkeypatch.setattr(passwords, "matches", lambda _hash, password: password == PASSWORD)
    for path in CHANGES[:2]:
        assert caller.call("POST", path, json={"currentPassword": "not the password"}).status_code == 403
    assert caller.call("POST", CHANGES[4], json=SURE).status_code == 429


def test_codes_for_one_account_are_counted_from_all_addresses_together(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SECOND_FACTOR", Limit("2", per_address=100, per_account=2, from_anywhere=True))
    _, codes = enrol_app(caller)
    ticket = ask(caller.client)["ticket"]
    for address in ("192.0.2.1", "192.0.2.2"):
        assert show(caller.client, ticket, address, code=WRONG_CODE).status_code == 401
    assert show(caller.client, ticket, "192.0.2.3", code=WRONG_CODE).status_code == 429
    # What nobody guesses is not counted, so that who knows a password keeps nobody out.
    told(show(caller.client, ticket, "192.0.2.4", recoveryCode=codes[0]))


def test_codes_that_are_right_are_not_counted(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECOND_FACTOR", Limit("2", per_address=100, per_account=1, from_anywhere=True))
    secret, _ = enrol_app(caller)
    told(show(caller.client, ask(caller.client)["ticket"], code=code_of(secret, 1)))
    again = show(caller.client, ask(caller.client)["ticket"], code=WRONG_CODE)
    assert _refused(again) == "second_factor_wrong"


def test_a_session_begun_by_a_second_factor_is_renewed_without_one(caller: Caller) -> None:
    _, codes = enrol_app(caller)
    begun = told(show(caller.client, ask(caller.client)["ticket"], recoveryCode=codes[0]))
    told(caller.client.post("/auth/refresh", json={"refreshToken": begun["refreshToken"]}))
