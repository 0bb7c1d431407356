"""Passkeys, beside a password and instead of one, with an authenticator that the test plays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from typing import Any

import cbor2
import pytest
from psycopg import Connection
from werkzeug.test import Client, TestResponse

from pinhole.accounts import passkeys, second_factors
from pinhole.settings import settings
from pinhole.tables.passkey import Passkey
from tests.fixtures.api import Caller
from tests.fixtures.authenticator import ORIGIN, Authenticator, decoded, encoded
from tests.fixtures.factors import SURE, ask, enrol_app, enrol_passkey, log_in, show, told

ELSEWHERE = "https://photos.example.org"


@pytest.fixture
def authenticator(caller: Caller) -> Authenticator:
    """Holds a passkey of the caller's."""
    made = Authenticator()
    enrol_passkey(caller, made)
    return made


def _at(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_WEB_ORIGIN", origin)
    settings.cache_clear()


def _alone(api: Client, authenticator: Authenticator, **changed: Any) -> TestResponse:
    """Log in by a passkey alone."""
    asked = told(api.post("/auth/passkey/options"))
    shown = authenticator.show(asked["options"]) | changed
    return api.post("/auth/passkey", json={"ticket": asked["ticket"], "passkey": shown})


def _beside(api: Client, authenticator: Authenticator) -> TestResponse:
    """Log in by name and password, and a passkey."""
    asked = ask(api)
    return show(api, asked["ticket"], passkey=authenticator.show(asked["passkeyOptions"]))


def _wrong(answer: TestResponse) -> str:
    return str(told(answer, 401)["code"])


def test_a_passkey_is_kept_under_its_name_and_recovery_codes_come_with_it(caller: Caller) -> None:
    made = enrol_passkey(caller, Authenticator(backed_up=True), " My telephone ")
    passkey = made["passkey"]
    assert (passkey["name"], passkey["backedUp"], passkey["works"]) == ("My telephone", True, True)
    assert (passkey["lastUsedAt"], len(made["recoveryCodes"])) == (None, 10)
    factors = told(caller.call("GET", "/me/factors"))
    assert (factors["passkeys"], factors["passwordIsEnough"]) == ([passkey], False)


def test_a_passkey_is_asked_for_beside_the_password(caller: Caller, authenticator: Authenticator) -> None:
    asked = ask(caller.client)
    assert asked["factors"] == ["passkey", "recovery_code"]
    assert asked["passkeyOptions"]["rpId"] == "localhost"
    [allowed] = asked["passkeyOptions"]["allowCredentials"]
    assert (decoded(allowed["id"]), allowed["transports"]) == (authenticator.credential_id, ["internal"])
    assert told(_beside(caller.client, authenticator))["user"]["name"] == "ann"
    [passkey] = told(caller.call("GET", "/me/factors"))["passkeys"]
    assert passkey["lastUsedAt"] is not None


def test_a_passkey_is_enough_where_its_user_was_verified(caller: Caller, authenticator: Authenticator) -> None:
    asked = told(caller.client.post("/auth/passkey/options"))
    assert asked["options"]["userVerification"] == "required"
    assert asked["options"]["allowCredentials"] == []
    begun = told(_alone(caller.client, authenticator))
    assert begun["user"]["id"] == caller.user.id
    assert caller.client.get("/me", headers={"Authorization": f"Bearer {begun['accessToken']}"}).status_code == 200


def test_without_verification_a_passkey_is_good_beside_a_password_and_not_alone(
    caller: Caller, authenticator: Authenticator
) -> None:
    authenticator.verifies = False
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"
    told(_beside(caller.client, authenticator))


def test_alone_a_passkey_is_enough_whatever_else_is_enrolled(caller: Caller, authenticator: Authenticator) -> None:
    enrol_app(caller)
    told(_alone(caller.client, authenticator))


@pytest.mark.parametrize("log_in_by", [_alone, _beside])
def test_a_passkey_says_to_no_other_page_who_its_user_is(
    log_in_by: Callable[[Client, Authenticator], TestResponse], caller: Caller, authenticator: Authenticator
) -> None:
    authenticator.origin = "http://localhost:9476"
    assert _wrong(log_in_by(caller.client, authenticator)) in ("passkey_wrong", "second_factor_wrong")


@pytest.mark.parametrize(
    "altered",
    [
        {"challenge": encoded(b"another challenge, as long as one")},
        {"rpId": "photos.example.org"},
    ],
)
def test_what_was_signed_for_another_challenge_or_host_is_refused(
    altered: dict[str, str], caller: Caller, authenticator: Authenticator
) -> None:
    asked = told(caller.client.post("/auth/passkey/options"))
    shown = authenticator.show(asked["options"] | altered)
    answer = caller.client.post("/auth/passkey", json={"ticket": asked["ticket"], "passkey": shown})
    assert _wrong(answer) == "passkey_wrong"
    # The same ticket, rightly answered.
    body = {"ticket": asked["ticket"], "passkey": authenticator.show(asked["options"])}
    told(caller.client.post("/auth/passkey", json=body))


def test_what_another_key_signed_is_refused(caller: Caller, authenticator: Authenticator) -> None:
    thief = Authenticator(credential_id=authenticator.credential_id, handle=authenticator.handle, counts=100)
    assert _wrong(_alone(caller.client, thief)) == "passkey_wrong"
    assert _wrong(_beside(caller.client, thief)) == "second_factor_wrong"


def test_a_passkey_that_says_that_it_is_of_another_user_is_refused(
    caller: Caller, authenticator: Authenticator, new_caller: Callable[[str], Caller]
) -> None:
    authenticator.handle = encoded(passkeys.handle(new_caller("bob").user.id))
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"
    assert _wrong(_beside(caller.client, authenticator)) == "second_factor_wrong"
    authenticator.handle = None  # some say it only where nobody was named
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"
    told(_beside(caller.client, authenticator))


def test_a_passkey_that_nobody_has_opens_nothing(caller: Caller) -> None:
    stranger = Authenticator(handle=encoded(passkeys.handle(caller.user.id)))
    assert _wrong(_alone(caller.client, stranger)) == "passkey_wrong"


@pytest.mark.parametrize("log_in_by", [_alone, _beside])
def test_a_passkey_whose_count_goes_back_is_refused_and_that_is_logged(
    log_in_by: Callable[[Client, Authenticator], TestResponse],
    caller: Caller,
    authenticator: Authenticator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told(log_in_by(caller.client, authenticator))
    assert authenticator.counts is not None
    authenticator.counts -= 1  # as a copy does, which was made before
    assert _wrong(log_in_by(caller.client, authenticator)) in ("passkey_wrong", "second_factor_wrong")
    assert "passkey_counter_went_back" in caplog.text
    told(log_in_by(caller.client, authenticator))


def test_a_passkey_that_does_not_count_is_good_again_and_again(caller: Caller) -> None:
    authenticator = Authenticator(counts=None)
    enrol_passkey(caller, authenticator)
    for _ in range(2):
        told(_alone(caller.client, authenticator))


def test_a_ticket_of_a_passkey_is_good_once_also_for_two_at_once(caller: Caller, conn: Connection) -> None:
    authenticator = Authenticator(counts=None)
    enrol_passkey(caller, authenticator)
    asked = told(caller.client.post("/auth/passkey/options"))
    body = {"ticket": asked["ticket"], "passkey": authenticator.show(asked["options"])}
    with ThreadPoolExecutor(4) as several:
        answers = list(several.map(lambda _: caller.client.post("/auth/passkey", json=body).status_code, range(4)))
    assert sorted(answers) == [200, 401, 401, 401]
    assert _wrong(caller.client.post("/auth/passkey", json=body)) == "login_ticket_invalid"


def test_a_passkey_of_a_disabled_user_opens_nothing(
    caller: Caller, authenticator: Authenticator, conn: Connection
) -> None:
    conn.execute("UPDATE users SET disabled_at = now()")
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"


def test_a_passkey_that_was_removed_opens_nothing(caller: Caller, authenticator: Authenticator) -> None:
    [passkey] = told(caller.call("GET", "/me/factors"))["passkeys"]
    assert caller.call("POST", f"/me/passkeys/{passkey['id']}/remove", json=SURE).status_code == 204
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"
    assert "accessToken" in told(log_in(caller.client))


def test_passkeys_of_another_are_as_if_they_were_not_there(
    caller: Caller, authenticator: Authenticator, new_caller: Callable[[str], Caller]
) -> None:
    bob = new_caller("bob")
    assert told(bob.call("GET", "/me/factors"))["passkeys"] == []
    [passkey] = told(caller.call("GET", "/me/factors"))["passkeys"]
    told(bob.call("POST", f"/me/passkeys/{passkey['id']}/remove", json=SURE), 404)
    told(_alone(caller.client, authenticator))


def test_no_second_passkey_is_made_where_one_is(
    caller: Caller, authenticator: Authenticator, new_caller: Callable[[str], Caller]
) -> None:
    asked = told(caller.call("POST", "/me/passkeys/options", json=SURE))
    [known] = asked["options"]["excludeCredentials"]
    assert decoded(known["id"]) == authenticator.credential_id
    bob = new_caller("bob")
    for who in (bob, caller):
        asked = told(who.call("POST", "/me/passkeys/options", json=SURE))
        body = {"ticket": asked["ticket"], "name": "Again", "passkey": authenticator.make(asked["options"])}
        assert told(who.call("POST", "/me/passkeys", json=body), 409)["code"] == "passkey_known"
    assert told(_beside(caller.client, authenticator))["user"]["name"] == "ann"


def test_a_user_has_twenty_passkeys_at_most(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert second_factors.MAX_PASSKEYS == 20
    monkeypatch.setattr(second_factors, "MAX_PASSKEYS", 2)
    asked = told(caller.call("POST", "/me/passkeys/options", json=SURE))
    for _ in range(2):
        enrol_passkey(caller, Authenticator())
    refused = caller.call("POST", "/me/passkeys/options", json=SURE)
    assert told(refused, 409)["code"] == "too_many_passkeys"
    body = {"ticket": asked["ticket"], "name": "One more", "passkey": Authenticator().make(asked["options"])}
    assert told(caller.call("POST", "/me/passkeys", json=body), 409)["code"] == "too_many_passkeys"


def test_what_an_enrolment_is_answered_with_is_looked_at(
    caller: Caller, new_caller: Callable[[str], Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = told(caller.call("POST", "/me/passkeys/options", json=SURE))

    def keep(who: Caller, authenticator: Authenticator, name: str = "Telephone", **altered: str) -> TestResponse:
        made = authenticator.make(asked["options"] | altered)
        return who.call("POST", "/me/passkeys", json={"ticket": asked["ticket"], "name": name, "passkey": made})

    bob = new_caller("bob")
    assert told(keep(bob, Authenticator()), 403)["code"] == "login_ticket_invalid"
    assert told(keep(caller, Authenticator(), "\u202e"), 422)["errors"][0]["field"] == "name"
    assert told(keep(caller, Authenticator(origin="https://evil.example")), 403)["code"] == "passkey_wrong"
    assert told(keep(caller, Authenticator(), challenge=encoded(b"another")), 403)["code"] == "passkey_wrong"
    told(keep(caller, Authenticator()), 201)
    assert told(keep(caller, Authenticator()), 403)["code"] == "login_ticket_invalid"


def test_another_password_ends_an_enrolment(caller: Caller) -> None:
    asked = told(caller.call("POST", "/me/passkeys/options", json=SURE))
    changed = caller.call("POST", "/auth/password", json={**SURE, "newPassword": "staple of another horse"})
    assert changed.status_code == 204
    body = {"ticket": asked["ticket"], "name": "Telephone", "passkey": Authenticator().make(asked["options"])}
    assert told(caller.call("POST", "/me/passkeys", json=body), 403)["code"] == "login_ticket_invalid"


@pytest.mark.parametrize(
    ("origin", "party"),
    [
        ("http://localhost:9475", "localhost"),
        ("https://photos.example.org", "photos.example.org"),
        ("https://photos.example.org:8443", "photos.example.org"),
        ("http://photos.example.org", None),
        ("https://192.0.2.1", None),
        ("http://127.0.0.1:9475", None),
        ("https://[2001:db8::1]", None),
        ("", None),
    ],
)
def test_there_are_passkeys_at_a_name_by_https_and_at_localhost(
    origin: str, party: str | None, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at(origin, monkeypatch)
    assert told(caller.call("GET", "/me/factors"))["relyingParty"] == party
    status = 200 if party else 409
    for answer in (
        caller.call("POST", "/me/passkeys/options", json=SURE),
        caller.client.post("/auth/passkey/options"),
    ):
        assert (answer.status_code, told(answer, status).get("code")) == (
            status,
            None if party else "passkeys_unavailable",
        )


def test_where_the_page_has_moved_a_passkey_works_no_more_and_is_still_asked_for(
    caller: Caller, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at(ELSEWHERE, monkeypatch)
    asked = ask(caller.client)
    assert (asked["factors"], asked["passkeyOptions"]) == (["recovery_code"], None)
    [passkey] = told(caller.call("GET", "/me/factors"))["passkeys"]
    assert passkey["works"] is False
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"
    authenticator.origin = ELSEWHERE  # as no browser would
    assert _wrong(_alone(caller.client, authenticator)) == "passkey_wrong"


def _mangled(credential: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A credential with some bytes of one part of it altered, cut or put in."""
    part = chance.choice([name for name in credential["response"] if name != "transports"])
    raw = bytearray(decoded(credential["response"][part]))
    at = chance.randrange(len(raw) + 1)
    raw[at : at + chance.randrange(8)] = chance.randbytes(chance.randrange(8))
    return {**credential, "response": {**credential["response"], part: encoded(bytes(raw))}}


def test_whatever_bytes_an_authenticator_answers_with_none_breaks_anything() -> None:
    party, chance, authenticator = passkeys.RelyingParty("localhost", ORIGIN), Random(1), Authenticator()
    options = {"challenge": encoded(b"a challenge"), "rpId": "localhost"}
    made = authenticator.make({**options, "rp": {"id": "localhost"}, "user": {"id": "AAAAAAAAAAE"}})
    shown = authenticator.show(options)
    for _ in range(2000):
        kept = passkeys.made(party, _mangled(made, chance), b"a challenge")
        if kept is not None:  # what was altered may be the key
            own = Passkey("", "", b"", kept.public_key, "localhost", [], False, datetime.now(UTC), None)
            passkeys.shown(party, shown, b"a challenge", own, 1, alone=True)
        own = Passkey("", "", b"", decoded(made["rawId"]), "localhost", [], False, datetime.now(UTC), None)
        passkeys.credential_id(_mangled(shown, chance))
        assert passkeys.shown(party, _mangled(shown, chance), b"a challenge", own, 1, alone=True) is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": 1, "rawId": None, "response": "x"},
        {"id": "☃", "rawId": "☃", "type": "public-key", "response": {}},
        {
            "id": "AA",
            "rawId": "AA",
            "type": "public-key",
            "response": {"clientDataJSON": "A", "attestationObject": "A"},
        },
        {"id": "AA", "rawId": "AA", "type": ["public-key"], "response": {"attestationObject": "gA"}},
    ],
)
def test_what_is_no_credential_is_none(answer: dict[str, Any]) -> None:
    party = passkeys.RelyingParty("localhost", ORIGIN)
    assert passkeys.made(party, answer, b"a challenge") is None
    assert passkeys.credential_id(answer) is None


@pytest.mark.parametrize("format_", ["packed", "tpm", "android-key", "fido-u2f", "another"])
def test_what_the_maker_of_an_authenticator_says_of_it_is_not_read(format_: str, caller: Caller) -> None:
    asked = told(caller.call("POST", "/me/passkeys/options", json=SURE))
    assert asked["options"]["attestation"] == "none"
    made = Authenticator().make(asked["options"])
    attestation = cbor2.loads(decoded(made["response"]["attestationObject"]))
    attestation |= {"fmt": format_, "attStmt": {"alg": -7, "sig": b"x", "x5c": [b"no certificate"]}}
    made["response"]["attestationObject"] = encoded(cbor2.dumps(attestation))
    told(caller.call("POST", "/me/passkeys", json={"ticket": asked["ticket"], "name": "Key", "passkey": made}), 201)
