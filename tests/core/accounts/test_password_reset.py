"""A forgotten password, replaced by a mail; whoever asks for one learns nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import Client, TestResponse

from pinhole import mailer
from pinhole.accounts import limits, mails, passwords
from pinhole.settings import settings
from pinhole.tables import user
from tests.fixtures.mails import Post, text, tokens

OLD, NEW = "correct horse battery", "staple of another horse"
EMAIL = "Ann@Example.org"
UNKNOWN = "nobody@example.org"


@pytest.fixture(autouse=True)
def ann(conn: Connection, api: Client) -> int:
    """A user who has confirmed an address; her id."""
    made = user.insert(conn, "Ann", passwords.hash_password(OLD), "member", "ann")
    user.change_email(conn, made.id, EMAIL, user.name_key(EMAIL))
    return made.id


def ask(api: Client, email: str = EMAIL, address: str = "192.0.2.1") -> TestResponse:
    return api.post("/auth/password-reset", json={"email": email}, environ_overrides={"REMOTE_ADDR": address})


def choose(api: Client, token: str, password: str = NEW) -> TestResponse:
    return api.post("/auth/password-reset/confirm", json={"token": token, "newPassword": password})


def login(api: Client, password: str, name: str = "Ann") -> TestResponse:
    return api.post("/auth/login", json={"name": name, "password": password})


def code(answer: TestResponse) -> tuple[int, Any]:
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


INVALID = (404, "mail_token_invalid")


def token_of(api: Client, post: Post) -> str:
    assert ask(api).status_code == 202
    return post.token("reset")


def test_by_the_link_of_the_mail_a_new_password_is_chosen_and_all_sessions_end(api: Client, post: Post) -> None:
    begun = login(api, OLD).json
    assert begun is not None
    assert choose(api, token_of(api, post)).status_code == 204
    assert login(api, NEW).status_code == 200
    assert login(api, OLD).status_code == 401
    headers = {"Authorization": f"Bearer {begun['accessToken']}"}
    assert api.get("/me", headers=headers).status_code == 401


def test_the_user_is_told_afterwards_that_the_password_was_changed(api: Client, post: Post) -> None:
    choose(api, token_of(api, post))
    [told] = post.arrived()
    assert told["Subject"] == "Your password was changed"
    assert told["To"] == EMAIL
    assert "http" not in text(told)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    sent: list[str] = []
    execute = Connection.execute

    def watched(self: Any, query: Any, *values: Any, **more: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *values, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "execute", watched)
        yield sent


def test_whoever_asks_gets_the_same_answer_by_the_same_work_whether_or_not_somebody_has_the_address(
    api: Client, post: Post, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for email in (EMAIL, UNKNOWN):
        with statements(monkeypatch) as sent:
            answer = ask(api, email)
        seen.append((answer.status_code, answer.data, [*sent], len(post.waiting())))
    assert seen[0] == seen[1]
    assert seen[0][0] == 202
    assert seen[0][2] != []
    rows = conn.execute("SELECT user_id, state, token_hash, password_hash FROM mail").fetchall()
    assert rows == [(None, "waiting", None, None)] * 2


def test_nothing_is_sent_to_an_address_that_nobody_has(api: Client, post: Post, conn: Connection) -> None:
    ask(api, UNKNOWN)
    assert post.arrived() == []
    assert conn.execute("SELECT state FROM mail").fetchall() == [("dropped",)]


def test_the_address_is_found_however_it_is_spelt_and_the_mail_goes_to_the_one_that_was_confirmed(
    api: Client, post: Post
) -> None:
    ask(api, "ANN@example.ORG")
    [sent] = post.arrived()
    assert sent["To"] == EMAIL
    assert post.box.recipients == [EMAIL]


def test_a_user_who_is_disabled_is_sent_nothing(api: Client, post: Post, conn: Connection, ann: int) -> None:
    user.set_disabled(conn, ann, disabled=True)
    ask(api)
    assert post.arrived() == []


def test_a_token_does_not_open_the_account_of_somebody_who_was_disabled_since(
    api: Client, post: Post, conn: Connection, ann: int
) -> None:
    token = token_of(api, post)
    user.set_disabled(conn, ann, disabled=True)
    assert code(choose(api, token)) == INVALID
    user.set_disabled(conn, ann, disabled=False)
    assert login(api, NEW).status_code == 401


def test_a_token_is_good_once(api: Client, post: Post) -> None:
    token = token_of(api, post)
    assert choose(api, token).status_code == 204
    assert code(choose(api, token, OLD)) == INVALID
    assert login(api, NEW).status_code == 200


def test_of_two_who_use_a_token_at_once_one_chooses_the_password(api: Client, post: Post) -> None:
    token = token_of(api, post)
    words = [f"password number {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda word: choose(api, token, word).status_code, words))
    assert sorted(answers) == [204, 404, 404, 404]
    assert [login(api, word).status_code == 200 for word in words] == [answer == 204 for answer in answers]


def test_a_newer_mail_ends_the_token_of_the_older(api: Client, post: Post) -> None:
    older, newer = token_of(api, post), token_of(api, post)
    assert code(choose(api, older)) == INVALID
    assert choose(api, newer).status_code == 204


def test_a_password_that_was_changed_meanwhile_ends_a_token(api: Client, post: Post) -> None:
    token = token_of(api, post)
    begun = login(api, OLD).json
    assert begun is not None
    words = {"currentPassword": OLD, "newPassword": NEW}
    headers = {"Authorization": f"Bearer {begun['accessToken']}"}
    assert api.post("/auth/password", json=words, headers=headers).status_code == 204
    assert code(choose(api, token, "a third password of mine")) == INVALID
    assert login(api, NEW).status_code == 200


def test_a_token_whose_hour_is_over_is_not_good(api: Client, post: Post, conn: Connection) -> None:
    token = token_of(api, post)
    [(seconds,)] = conn.execute("SELECT extract(epoch FROM expires_at - created_at)::integer FROM mail")
    assert seconds == 3600
    conn.execute("UPDATE mail SET expires_at = now()")
    assert code(choose(api, token)) == INVALID


def test_a_password_that_is_too_short_leaves_the_token_good(api: Client, post: Post) -> None:
    token = token_of(api, post)
    assert choose(api, token, "short").status_code == 422
    assert choose(api, token).status_code == 204


def test_of_a_token_its_hash_is_kept_and_nothing_else(api: Client, post: Post, conn: Connection) -> None:
    token = token_of(api, post)
    [(row,)] = conn.execute("SELECT mail::text FROM mail")
    assert token not in row


def test_who_asks_too_often_from_one_address_waits_whether_or_not_somebody_has_the_e_mail(
    api: Client, post: Post
) -> None:
    for email in (EMAIL, UNKNOWN):
        answers = [ask(api, email).status_code for _ in range(limits.RESET.per_account + 1)]
        assert answers == [202] * limits.RESET.per_account + [429]
    assert ask(api, address="192.0.2.2").status_code == 202


def test_nobodys_inbox_is_flooded_and_what_was_sent_last_stays_good(api: Client, post: Post) -> None:
    for number in range(mails.MOST_RESETS + 3):
        ask(api, address=f"192.0.2.{number}")
    sent = post.arrived()
    assert len(sent) == mails.MOST_RESETS
    [token] = tokens(sent[-1], "reset")
    assert choose(api, token).status_code == 204


def test_who_has_moved_to_another_address_can_not_be_taken_over_by_the_older(
    api: Client, post: Post, conn: Connection, ann: int
) -> None:
    token = token_of(api, post)
    begun = login(api, OLD).json
    assert begun is not None
    headers = {"Authorization": f"Bearer {begun['accessToken']}"}
    answer = api.post("/me/email/remove", json={"currentPassword": OLD}, headers=headers)
    assert answer.status_code == 204
    assert code(choose(api, token)) == INVALID


@pytest.mark.parametrize("missing", ["PINHOLE_MAIL_FROM", "PINHOLE_WEB_ORIGIN"])
def test_without_a_sender_the_endpoint_says_so(
    api: Client, post: Post, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    assert api.get("/onboarding").json["mailWorks"] is True  # type: ignore[index]
    monkeypatch.setenv(missing, "")
    settings.cache_clear()
    assert not mailer.works()
    assert code(ask(api)) == (409, "mail_not_set_up")
    assert api.get("/onboarding").json["mailWorks"] is False  # type: ignore[index]


@pytest.mark.parametrize(
    "email", ["ann", "ann@example.org\r\nBcc: eve@example.org", "ann@example.org, eve@example.org", "änn@example.org"]
)
def test_what_is_no_address_is_refused_whoever_it_may_be(api: Client, post: Post, email: str) -> None:
    answer = ask(api, email)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == "email"
    assert post.waiting() == []
