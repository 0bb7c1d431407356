"""Users as administrators see and change them, through the API over a real PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from psycopg import Connection

from pinhole.errors import Conflict
from pinhole.operations import users
from pinhole.settings import settings
from tests.fixtures.api import PASSWORD, Caller
from tests.fixtures.authenticator import Authenticator
from tests.fixtures.factors import ask, enrol_app, enrol_passkey, log_in, show, told
from tests.fixtures.library import Library

NewCaller = Callable[[str], Caller]


@pytest.fixture
def administrator(new_caller: NewCaller, conn: Connection) -> Caller:
    """The only administrator, `root`."""
    root = new_caller("root")
    promote(conn, root)
    return root


def promote(conn: Connection, who: Caller) -> None:
    conn.execute("UPDATE users SET role = 'administrator' WHERE id = %s", (who.user.id,))


def change(administrator: Caller, who: Caller, **changes: object) -> Any:
    return administrator.call("PATCH", f"/admin/users/{who.user.id}", json=changes)


def listed(administrator: Caller) -> dict[str, Any]:
    answer: Any = administrator.call("GET", "/admin/users").json
    return {user["name"]: user for user in answer["users"]}


def storage_quota(who: Caller) -> object:
    told: Any = who.call("GET", "/storage").json
    return told["quotaBytes"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/users"),
        ("PATCH", "/admin/users/{own}"),
        ("POST", "/admin/users/{own}/remove-factors"),
        ("GET", "/admin/jobs"),
        ("GET", "/admin/jobs/failures"),
        ("POST", "/admin/jobs/retry"),
        ("GET", "/admin/queues"),
        ("POST", "/admin/queues/ingest/pause"),
    ],
)
def test_a_member_is_refused_whatever_they_send(caller: Caller, method: str, path: str) -> None:
    answer: Any = caller.call(method, path.format(own=caller.user.id), data="no JSON")
    assert (answer.status_code, answer.json["code"]) == (403, "not_administrator")


def test_users_are_listed_by_name_with_what_each_stores(
    administrator: Caller, new_caller: NewCaller, conn: Connection
) -> None:
    bea, zoe = new_caller("Bea"), new_caller("zoe")
    Library(conn, bea.user.id).add()
    Library(conn, bea.user.id).add(trashed_at="now")
    Library(conn, zoe.user.id).add()
    found = listed(administrator)
    assert list(found) == ["Bea", "root", "zoe"]
    for name, items, files in (("Bea", 1, 2), ("root", 0, 0), ("zoe", 1, 1)):
        of_one = conn.execute(
            "SELECT count(*), coalesce(sum(size_bytes), 0) FROM original_file WHERE owner_id = %s", (found[name]["id"],)
        ).fetchone()
        assert of_one == (files, found[name]["originalsBytes"])
        assert (found[name]["items"], found[name]["disabledAt"]) == (items, None)


def test_a_user_was_seen_last_in_the_session_that_was_seen_last(
    administrator: Caller, new_caller: NewCaller, conn: Connection
) -> None:
    bea = new_caller("bea")
    conn.execute("UPDATE session SET last_seen_at = '2024-05-06Z' WHERE user_id = %s", (bea.user.id,))
    conn.execute(
        "INSERT INTO session (id, user_id, last_seen_at) VALUES ('000000000001', %s, '2024-01-02Z')", (bea.user.id,)
    )
    assert listed(administrator)["bea"]["lastSeenAt"] == "2024-05-06T00:00:00Z"


def test_a_user_without_sessions_was_not_seen(administrator: Caller, new_caller: NewCaller, conn: Connection) -> None:
    bea = new_caller("bea")
    conn.execute("DELETE FROM session WHERE user_id = %s", (bea.user.id,))
    assert listed(administrator)["bea"]["lastSeenAt"] is None


def test_what_is_stored_is_summed_up_once_a_minute_however_many_look(administrator: Caller, conn: Connection) -> None:
    library = Library(conn, administrator.user.id)
    library.add()
    before = listed(administrator)["root"]
    library.add()
    assert listed(administrator)["root"] == before
    conn.execute("UPDATE stored_sum SET summed_at = now() - interval '61 seconds'")
    assert listed(administrator)["root"]["items"] == 2


def test_what_is_left_out_of_a_change_stays(administrator: Caller, new_caller: NewCaller) -> None:
    bea = new_caller("bea")
    assert change(administrator, bea, role="administrator", quotaBytes=5).json["quotaBytes"] == 5
    changed = change(administrator, bea).json
    assert (changed["role"], changed["quotaBytes"], changed["disabledAt"]) == ("administrator", 5, None)
    assert changed == listed(administrator)["bea"]


def test_who_has_lost_their_factors_is_let_in_by_the_password_alone_once_these_are_removed(
    administrator: Caller, new_caller: NewCaller, caplog: pytest.LogCaptureFixture
) -> None:
    bea, zoe = new_caller("bea"), new_caller("zoe")
    _, codes = enrol_app(bea)
    enrol_passkey(bea, Authenticator())
    enrol_passkey(zoe, Authenticator())
    waiting = ask(bea.client, "bea")["ticket"]
    assert [user["secondFactors"] for user in listed(administrator).values()] == [True, False, True]

    path = f"/admin/users/{bea.user.id}/remove-factors"
    assert administrator.call("POST", path).status_code == 204
    assert [user["secondFactors"] for user in listed(administrator).values()] == [False, False, True]
    assert bea.call("GET", "/me").status_code == 401
    assert zoe.call("GET", "/me").status_code == 200
    late = show(bea.client, waiting, recoveryCode=codes[0])
    assert told(late, 401)["code"] == "login_ticket_invalid"
    assert "accessToken" in told(log_in(bea.client, "bea"))
    ask(zoe.client, "zoe")
    assert "user_changed" in caplog.text


def test_an_app_that_was_never_confirmed_is_no_second_factor(administrator: Caller) -> None:
    told(administrator.call("POST", "/me/totp", json={"currentPassword": PASSWORD}), 201)
    assert listed(administrator)["root"]["secondFactors"] is False


def test_a_quota_of_null_is_that_of_the_setting(
    administrator: Caller, new_caller: NewCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    bea = new_caller("bea")
    monkeypatch.setenv("PINHOLE_MAX_USER_BYTES", "1000")
    settings.cache_clear()
    own = change(administrator, bea, quotaBytes=2000).json
    assert (own["quotaBytes"], own["effectiveQuotaBytes"]) == (2000, 2000)
    assert storage_quota(bea) == 2000
    shared = change(administrator, bea, quotaBytes=None).json
    assert (shared["quotaBytes"], shared["effectiveQuotaBytes"]) == (None, 1000)
    assert storage_quota(bea) == 1000


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", None), ("role", "owner"), ("quotaBytes", -1), ("quotaBytes", 2**53), ("disabled", None), ("name", "x")],
)
def test_a_wrong_change_names_its_field(administrator: Caller, field: str, value: object) -> None:
    answer = change(administrator, administrator, **{field: value})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_there_is_no_user_that_nobody_is(administrator: Caller) -> None:
    for user_id in ("1", "0", "x", str(2**53)):
        assert administrator.call("POST", f"/admin/users/{user_id}/remove-factors").status_code == 404
        assert administrator.call("PATCH", f"/admin/users/{user_id}", json={}).status_code == 404


def test_who_is_disabled_is_out_at_once_and_comes_in_again_once_enabled(
    administrator: Caller, new_caller: NewCaller, conn: Connection
) -> None:
    bea = new_caller("bea")
    before = datetime.now(UTC)
    disabled = change(administrator, bea, disabled=True).json
    assert before <= datetime.fromisoformat(disabled["disabledAt"])
    assert bea.call("GET", "/me").status_code == 401
    assert bea.client.post("/auth/refresh", json={"refreshToken": bea.refresh_token}).status_code == 401
    assert change(administrator, bea, disabled=True).json["disabledAt"] == disabled["disabledAt"]
    assert change(administrator, bea, disabled=False).json["disabledAt"] is None
    # What was ended stays so: they log in anew.
    assert bea.call("GET", "/me").status_code == 401
    open_sessions = "SELECT count(*) FROM session WHERE user_id = %s AND ended_at IS NULL"
    assert conn.execute(open_sessions, (bea.user.id,)).fetchone() == (0,)


@pytest.mark.parametrize("changes", [{"role": "member"}, {"disabled": True}, {"role": "member", "quotaBytes": 7}])
def test_the_last_administrator_stays_and_nothing_of_such_a_change_is_done(
    administrator: Caller, new_caller: NewCaller, conn: Connection, changes: dict[str, object]
) -> None:
    promote(conn, new_caller("disabled"))
    conn.execute("UPDATE users SET disabled_at = now() WHERE name = 'disabled'")
    before = listed(administrator)["root"]
    answer = change(administrator, administrator, **changes)
    assert (answer.status_code, answer.json["code"]) == (409, "last_administrator")
    assert listed(administrator)["root"] == before


def test_of_two_administrators_who_take_each_others_role_at_once_one_is_left(
    administrator: Caller, new_caller: NewCaller, conn: Connection
) -> None:
    other = new_caller("other")
    for _ in range(10):
        conn.execute("UPDATE users SET role = 'administrator'")
        both_ready = Barrier(2)

        def demote(user_id: int, both_ready: Barrier = both_ready) -> bool:
            both_ready.wait(10)
            try:
                users.change(user_id, {"role": "member"})
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as threads:
            done = list(threads.map(demote, [administrator.user.id, other.user.id]))
        assert sorted(done) == [False, True]
        left = conn.execute("SELECT count(*) FROM users WHERE role = 'administrator'").fetchone()
        assert left == (1,)


def test_nobody_removes_their_own_factors_without_their_password(administrator: Caller) -> None:
    enrol_app(administrator)
    own: Any = administrator.call("POST", f"/admin/users/{administrator.user.id}/remove-factors")
    assert (own.status_code, own.json["code"]) == (409, "own_account")
    assert listed(administrator)["root"]["secondFactors"] is True


@pytest.mark.parametrize("changes", [{"disabled": True}, {"role": "member"}])
def test_of_who_administers_no_more_the_invites_are_revoked(
    administrator: Caller, new_caller: NewCaller, changes: dict[str, Any]
) -> None:
    bea = new_caller("bea")
    change(administrator, bea, role="administrator")
    for maker in (administrator, bea):
        assert maker.call("POST", "/admin/invites", json={}).status_code == 201
    change(administrator, bea, **changes)
    invites: Any = administrator.call("GET", "/admin/invites").json
    assert {invite["madeBy"]: invite["state"] for invite in invites["invites"]} == {"bea": "revoked", "root": "open"}
