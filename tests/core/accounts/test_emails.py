"""E-mail addresses of users: confirmed, changed, removed, and logged in by."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import Client, TestResponse

from pinhole.accounts import limits, names, passwords
from pinhole.errors import Invalid
from pinhole.settings import settings
from pinhole.tables import user
from tests.fixtures.api import Caller
from tests.fixtures.mails import Post, text, tokens

PASSWORD = "correct horse battery"
EMAIL = "Ann@Example.org"
OTHER = "ann@elsewhere.example"
INVALID = (404, "mail_token_invalid")


@pytest.fixture(autouse=True, scope="module")
def quick() -> str:
    """A hash of PASSWORD, made once."""
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def somebody(new_caller: Callable[[str], Caller], conn: Connection, quick: str) -> Callable[[str], Caller]:
    """Makes users by name, each logged in, whose password is PASSWORD."""

    def make(name: str) -> Caller:
        made = new_caller(name)
        conn.execute("UPDATE users SET password_hash = %s WHERE id = %s", [quick, made.user.id])
        return made

    return make


@pytest.fixture
def ann(somebody: Callable[[str], Caller]) -> Caller:
    return somebody("ann")


def ask(who: Caller, email: str = EMAIL, password: str = PASSWORD) -> TestResponse:
    return who.call("POST", "/me/email", json={"email": email, "currentPassword": password})


def remove(who: Caller, password: str = PASSWORD) -> TestResponse:
    return who.call("POST", "/me/email/remove", json={"currentPassword": password})


def confirm(api: Client, token: str) -> TestResponse:
    return api.post("/auth/email/confirm", json={"token": token})


def code(answer: TestResponse) -> tuple[int, Any]:
    assert answer.json is not None, answer.status
    return answer.status_code, answer.json["code"]


def told(who: Caller) -> tuple[Any, Any]:
    me = who.call("GET", "/me").json
    assert me is not None
    return me["email"], me["pendingEmail"]


def has(who: Caller, post: Post, email: str = EMAIL) -> None:
    """Have a user confirm an address."""
    assert ask(who, email).status_code == 202
    assert confirm(who.client, post.token("confirm-email")).status_code == 204
    post.arrived()


def login(api: Client, name: str, password: str = PASSWORD) -> TestResponse:
    return api.post("/auth/login", json={"name": name, "password": password})


def test_an_address_is_a_users_once_its_reader_follows_the_link(ann: Caller, post: Post) -> None:
    assert told(ann) == (None, None)
    assert ask(ann).status_code == 202
    assert told(ann) == (None, EMAIL)
    [sent] = post.arrived()
    assert (sent["To"], post.box.recipients) == (EMAIL, [EMAIL])
    assert login(ann.client, EMAIL).status_code == 401
    [token] = tokens(sent, "confirm-email")
    assert confirm(ann.client, token).status_code == 204
    assert told(ann) == (EMAIL, None)


@pytest.mark.parametrize("spelling", [EMAIL, "ann@example.org", " ANN@EXAMPLE.ORG "])
def test_who_has_an_address_logs_in_by_it_or_by_name(ann: Caller, post: Post, spelling: str) -> None:
    has(ann, post)
    for name in (spelling, "ann"):
        begun = login(ann.client, name).json
        assert begun is not None
        assert begun["user"]["id"] == ann.user.id


def test_who_is_called_as_anothers_address_logs_in_as_themselves(
    ann: Caller, post: Post, somebody: Callable[[str], Caller]
) -> None:
    called_so = somebody(EMAIL.lower())  # from before names had no @
    has(ann, post)
    begun = login(ann.client, EMAIL).json
    assert begun is not None
    assert begun["user"]["id"] == called_so.user.id


def test_nobody_calls_themselves_as_an_address_any_more(ann: Caller) -> None:
    answer = ann.call("PATCH", "/me", json={"name": EMAIL})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == "name"


def test_only_the_newest_link_counts(ann: Caller, post: Post) -> None:
    ask(ann)
    older = post.token("confirm-email")
    ask(ann, OTHER)
    assert told(ann) == (None, OTHER)
    newer = post.token("confirm-email")
    assert code(confirm(ann.client, older)) == INVALID
    assert confirm(ann.client, newer).status_code == 204
    assert told(ann) == (OTHER, None)


def test_of_an_address_that_is_replaced_before_it_was_sent_nothing_is_sent(ann: Caller, post: Post) -> None:
    ask(ann)
    ask(ann, OTHER)
    assert [sent["To"] for sent in post.arrived()] == [OTHER]


def test_a_link_is_good_once_also_for_two_at_once(ann: Caller, post: Post) -> None:
    ask(ann)
    token = post.token("confirm-email")
    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(lambda _: confirm(ann.client, token).status_code, range(4)))
    assert answers == [204, 404, 404, 404]


def test_a_link_whose_day_is_over_is_not_good(ann: Caller, post: Post, conn: Connection) -> None:
    ask(ann)
    token = post.token("confirm-email")
    [(seconds,)] = conn.execute("SELECT extract(epoch FROM expires_at - created_at)::integer FROM mail")
    assert seconds == 24 * 3600
    conn.execute("UPDATE mail SET expires_at = now()")
    assert code(confirm(ann.client, token)) == INVALID
    assert told(ann) == (None, None)


def test_the_token_of_a_link_opens_nothing_else(ann: Caller, post: Post) -> None:
    ask(ann)
    token = post.token("confirm-email")
    chosen = {"token": token, "newPassword": "another horse of mine"}
    assert code(ann.client.post("/auth/password-reset/confirm", json=chosen)) == INVALID
    assert confirm(ann.client, token).status_code == 204


def test_who_changes_or_removes_an_address_is_told_at_the_one_before(ann: Caller, post: Post) -> None:
    has(ann, post)
    ask(ann, OTHER)
    assert confirm(ann.client, post.token("confirm-email")).status_code == 204
    [changed] = post.arrived()
    assert (changed["To"], changed["Subject"]) == (EMAIL, "Your e-mail address was changed")
    assert OTHER not in text(changed)
    assert remove(ann).status_code == 204
    [removed] = post.arrived()
    assert (removed["To"], removed["Subject"]) == (OTHER, "Your e-mail address was changed")
    assert told(ann) == (None, None)
    assert login(ann.client, OTHER).status_code == 401


def test_who_removes_an_address_ends_the_link_of_the_one_that_waits(ann: Caller, post: Post) -> None:
    ask(ann)
    token = post.token("confirm-email")
    assert remove(ann).status_code == 204
    assert code(confirm(ann.client, token)) == INVALID
    assert told(ann) == (None, None)


def test_a_changed_password_is_told_where_there_is_an_address(ann: Caller, post: Post) -> None:
    words = {"currentPassword": PASSWORD, "newPassword": "another horse of mine"}
    assert ann.call("POST", "/auth/password", json=words).status_code == 204
    assert post.arrived() == []
    words = {"currentPassword": words["newPassword"], "newPassword": PASSWORD}
    ask(ann, password=words["currentPassword"])
    confirm(ann.client, post.token("confirm-email"))
    assert ann.call("POST", "/auth/password", json=words).status_code == 204
    [sent] = post.arrived()
    assert sent["Subject"] == "Your password was changed"


def test_an_address_that_another_has_is_refused_to_whoever_reads_it_and_to_nobody_before(
    ann: Caller, post: Post, somebody: Callable[[str], Caller]
) -> None:
    has(ann, post)
    bob = somebody("bob")
    assert ask(bob, EMAIL.upper()).status_code == 202
    assert code(confirm(bob.client, post.token("confirm-email"))) == (409, "email_taken")
    assert told(bob) == (None, EMAIL.upper())
    assert told(ann) == (EMAIL, None)


def test_of_two_users_who_confirm_the_same_address_at_once_one_gets_it(
    ann: Caller, post: Post, somebody: Callable[[str], Caller]
) -> None:
    both = [ann, somebody("bob")]
    links = []
    for who in both:
        ask(who)
        links.append(post.token("confirm-email"))
    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(lambda token: confirm(ann.client, token).status_code, links))
    assert answers == [204, 409]
    assert sorted(told(who)[0] is None for who in both) == [False, True]


def test_another_password_changes_nothing_and_guesses_are_limited(ann: Caller, post: Post) -> None:
    has(ann, post)
    assert code(ask(ann, OTHER, "not the password")) == (403, "wrong_credentials")
    assert code(remove(ann, "not the password")) == (403, "wrong_credentials")
    for _ in range(limits.PASSWORD.per_account - 2):
        remove(ann, "not the password")
    assert remove(ann).status_code == 429
    assert told(ann) == (EMAIL, None)
    assert post.waiting() == []


def test_nobody_has_mails_sent_to_as_many_addresses_as_they_like(ann: Caller, post: Post) -> None:
    answers = [ask(ann, f"somebody{number}@example.org").status_code for number in range(limits.EMAIL.per_account + 1)]
    assert answers == [202] * limits.EMAIL.per_account + [429]


def test_whoever_knew_the_password_before_gives_no_address_by_a_link_that_waits(ann: Caller, post: Post) -> None:
    ask(ann, OTHER)
    waiting = post.token("confirm-email")
    changed = {"currentPassword": PASSWORD, "newPassword": "another long password"}
    assert ann.call("POST", "/auth/password", json=changed).status_code == 204
    assert code(confirm(ann.client, waiting)) == INVALID
    assert told(ann) == (None, None)


def test_a_link_gives_no_address_to_somebody_who_was_disabled_since(ann: Caller, post: Post, conn: Connection) -> None:
    ask(ann)
    token = post.token("confirm-email")
    user.set_disabled(conn, ann.user.id, disabled=True)
    assert code(confirm(ann.client, token)) == INVALID
    assert user.read_email(conn, ann.user.id) is None


def test_without_a_sender_nothing_can_be_confirmed_but_an_address_removed(
    ann: Caller, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(ann, post)
    monkeypatch.setenv("PINHOLE_MAIL_FROM", "")
    settings.cache_clear()
    assert code(ask(ann, OTHER)) == (409, "mail_not_set_up")
    assert remove(ann).status_code == 204
    assert post.waiting() == []


@pytest.mark.parametrize(
    "raw", ["ann@example.org", "a.b+c_d@sub.example.co", " ann@localhost ", f"{'a' * 64}@b.example"]
)
def test_an_address_is_kept_as_it_was_typed(raw: str) -> None:
    assert names.email(raw) == raw.strip()


@pytest.mark.parametrize(
    "raw",
    [
        *("", "ann", "@example.org", "ann@", "ann@@example.org", "a b@example.org", "ann@example..org", "ann@-b.org"),
        *("ann@example.org\nb", "ann\r\nBcc:eve@b.org", "ann\0@b.org", "ann@b.org,eve@b.org", "Ann <ann@b.org>"),
        *("änn@example.org", "ann@exämple.org", f"{'a' * 65}@b.example", f"a@{'b' * 64}.org", '"ann"@example.org'),
        *(f"a@{'.'.join(['b' * 60] * 5)}", ".a@example.org", "a.@example.org", "a..b@example.org"),
    ],
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        names.email(raw)
    assert refused.value.fields[0].field == "email"
