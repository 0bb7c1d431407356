"""The schedule that deletes what has run out."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import Connection

from pinhole.accounts import limits
from pinhole.tables import rate_limit
from schedules import clean_tokens
from tests.fixtures.api import Caller

_TICKET = """
    INSERT INTO login_ticket (token_hash, kind, challenge, expires_at)
    VALUES (sha256('t'), 'passkey', '', now() + %s::interval)
"""


def _clean(context: Any = None) -> dict[str, int]:
    return clean_tokens.handle({}, context)


def test_what_is_still_good_stays(caller: Caller, conn: Connection) -> None:
    rate_limit.count(conn, "login address 192.0.2.1", limits.WINDOW)
    conn.execute("INSERT INTO live_ticket SELECT sha256('t'), id, now() + interval '1 minute' FROM session")
    conn.execute(_TICKET, ["1 minute"])
    conn.execute("UPDATE session SET created_at = now() - interval '90 days'")
    assert set(_clean().values()) == {0}
    assert caller.call("GET", "/me").status_code == 200


def test_what_has_run_out_is_deleted_with_the_sessions_that_nothing_can_renew(
    new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    conn.execute(
        "INSERT INTO live_ticket SELECT sha256('t'), id, now() - interval '1 minute' FROM session WHERE user_id = %s",
        [bob.user.id],
    )
    conn.execute(_TICKET, ["-1 minute"])
    conn.execute("INSERT INTO rate_limit VALUES ('login address 192.0.2.1', now() - interval '1 hour')")
    conn.execute(
        """
        UPDATE refresh_token SET expires_at = now() - interval '1 day'
        FROM session WHERE session.id = session_id AND user_id = %s
        """,
        [ann.user.id],
    )
    assert _clean() == {
        "refresh_tokens": 1,
        "sessions": 1,
        "live_tickets": 1,
        "login_tickets": 1,
        "rate_limits": 1,
        "mails": 0,
    }
    assert ann.call("GET", "/me").status_code == 401
    assert bob.call("GET", "/me").status_code == 200


@pytest.mark.parametrize("ended", [True, False])
def test_a_used_token_stays_until_it_expires_so_that_a_second_use_is_seen(
    caller: Caller, conn: Connection, ended: bool
) -> None:
    assert caller.client.post("/auth/refresh", json={"refreshToken": caller.refresh_token}).status_code == 200
    if ended:
        conn.execute("UPDATE session SET ended_at = now() - interval '2 days'")
    assert set(_clean().values()) == {0}


def test_a_session_that_was_renewed_outlives_its_first_token(caller: Caller, conn: Connection) -> None:
    assert caller.client.post("/auth/refresh", json={"refreshToken": caller.refresh_token}).status_code == 200
    conn.execute("UPDATE refresh_token SET expires_at = now() - interval '1 day' WHERE used_at IS NOT NULL")
    deleted = _clean()
    assert (deleted["refresh_tokens"], deleted["sessions"]) == (1, 0)
    assert caller.call("GET", "/me").status_code == 200
