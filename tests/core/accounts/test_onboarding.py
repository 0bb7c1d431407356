"""What the first administrator says of the library, once, and what strangers are told of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import Client, TestResponse

from pinhole.accounts import onboarding
from pinhole.settings import settings
from pinhole.tables import library
from tests.fixtures.api import Caller

SAID = {"libraryName": "Home", "fallbackTimezone": "Europe/Amsterdam", "originalsMayBeDeleted": True}


@pytest.fixture
def ann(new_caller: Callable[[str], Caller], conn: Connection) -> Caller:
    """The administrator."""
    ann = new_caller("ann")
    conn.execute("UPDATE users SET role = 'administrator'")
    return ann


def _body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def _onboard(who: Caller, **fields: object) -> TestResponse:
    return who.call("POST", "/onboarding", json=SAID | fields)


def test_a_new_system_waits_for_its_first_user(api: Client) -> None:
    assert _body(api.get("/onboarding")) == {
        "registrationOpen": True,
        "setupTokenRequired": False,
        "onboarded": False,
        "mailWorks": False,
        "passkeysWork": True,
    }


def test_what_an_administrator_says_is_kept_and_none_of_it_told_to_strangers(ann: Caller) -> None:
    kept = _body(_onboard(ann, libraryName=" Zoe\u0308’s photos "), 201)
    assert datetime.fromisoformat(kept.pop("onboardedAt")) <= datetime.now(UTC)
    assert kept == {"name": "Zo\u00eb’s photos", "fallbackTimezone": "Europe/Amsterdam", "originalsMayBeDeleted": True}
    told = {
        "registrationOpen": False,
        "setupTokenRequired": False,
        "onboarded": True,
        "mailWorks": False,
        "passkeysWork": True,
    }
    assert _body(ann.client.get("/onboarding")) == told


def test_it_is_said_once(ann: Caller, conn: Connection) -> None:
    _onboard(ann)
    assert _body(_onboard(ann, libraryName="Another"), 409)["code"] == "already_onboarded"
    assert conn.execute("SELECT name FROM library").fetchall() == [("Home",)]


def test_members_do_not_say_it(caller: Caller) -> None:
    assert _body(_onboard(caller), 403)["code"] == "not_administrator"


def test_strangers_do_not_say_it(api: Client) -> None:
    assert api.post("/onboarding", json=SAID).status_code == 401


def test_of_two_who_say_it_at_once_one_is_heard(ann: Caller, conn: Connection) -> None:
    with ThreadPoolExecutor(2) as threads:
        with conn.transaction(force_rollback=True):
            # Both wait for what is taken back then: so both write at once.
            library.insert(conn, "Neither", "UTC", originals_may_be_deleted=False)
            answers = [threads.submit(_onboard, ann, libraryName=name) for name in ("One", "Two")]
            while conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount < 2:
                time.sleep(0.01)
        statuses = [answer.result().status_code for answer in answers]
    assert sorted(statuses) == [201, 409]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("libraryName", ""),
        ("libraryName", "  "),
        ("libraryName", "a" * 65),
        ("libraryName", "a\nb"),
        ("libraryName", None),
        ("fallbackTimezone", ""),
        ("fallbackTimezone", "Mars/Olympus_Mons"),
        ("fallbackTimezone", "../../etc/passwd"),
        ("fallbackTimezone", "Europe"),
        ("fallbackTimezone", "europe/amsterdam"),
        ("fallbackTimezone", "localtime"),
        ("originalsMayBeDeleted", "yes"),
    ],
)
def test_what_can_not_be_is_told_by_its_field(ann: Caller, field: str, value: object) -> None:
    assert [wrong["field"] for wrong in _body(_onboard(ann, **{field: value}), 422)["errors"]] == [field]
    assert _body(ann.client.get("/onboarding"))["onboarded"] is False


def test_until_then_the_zone_is_that_of_the_setting(
    ann: Caller, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINHOLE_FALLBACK_TIMEZONE", "Asia/Tokyo")
    settings.cache_clear()
    assert onboarding.fallback_timezone(conn) == "Asia/Tokyo"
    _onboard(ann)
    assert onboarding.fallback_timezone(conn) == "Europe/Amsterdam"
