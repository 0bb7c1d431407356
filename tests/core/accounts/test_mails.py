"""How mails are sent: at least once whatever is killed, and once whatever comes twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from signal import SIGKILL
from typing import Any

import pytest
from psycopg import Connection
from werkzeug.test import Client

from dead_letters import handler as dead_letters
from mail import handler
from pinhole.accounts import mails
from pinhole.errors import Unavailable
from pinhole.operations.requeue import requeue_stale
from pinhole.settings import settings
from pinhole.tables import library, user
from schedules import clean_tokens
from tests.fixtures import dying
from tests.fixtures.lambda_context import Context
from tests.fixtures.mails import Post, text, tokens

EMAIL = "ann@example.org"
NEW = "staple of another horse"
MOMENTS = 20


@pytest.fixture(autouse=True)
def ann(conn: Connection, api: Client) -> int:
    """A user who has confirmed an address; her id."""
    made = user.insert(conn, 'Ann <b>"O\'Neil"', "-", "member", "ann")
    user.change_email(conn, made.id, EMAIL, EMAIL)
    return made.id


def ask(api: Client, post: Post) -> str:
    """Ask for a new password; the message that it makes."""
    assert api.post("/auth/password-reset", json={"email": EMAIL}).status_code == 202
    [body] = post.waiting()
    return body


def is_good(api: Client, token: str) -> bool:
    body = {"token": token, "newPassword": NEW}
    return api.post("/auth/password-reset/confirm", json=body).status_code == 204


def states(conn: Connection) -> list[Any]:
    return [state for (state,) in conn.execute("SELECT state FROM mail ORDER BY created_at")]


def test_a_message_only_says_which_mail_to_send(api: Client, post: Post) -> None:
    assert json.loads(ask(api, post)).keys() == {"mailId"}


def test_a_message_that_comes_twice_sends_one_mail(api: Client, post: Post, conn: Connection) -> None:
    body = ask(api, post)
    assert post.deliver(body)
    assert post.deliver(body)
    [sent] = post.box.taken
    assert states(conn) == ["sent"]
    assert is_good(api, *tokens(sent, "reset"))


def test_a_message_that_comes_twice_at_once_sends_one_mail(api: Client, post: Post, conn: Connection) -> None:
    mail_id = mails.read_message(ask(api, post))
    assert mail_id is not None
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: mails.deliver(mail_id), range(4)))
    [sent] = post.box.taken
    assert is_good(api, *tokens(sent, "reset"))


def test_whenever_its_sender_is_killed_a_mail_is_sent_and_the_last_one_is_good(
    api: Client, post: Post, conn: Connection
) -> None:
    twice = False
    for step in range(1, MOMENTS):
        body = ask(api, post)
        post.box.taken.clear()
        worker = dying.call(handler.handle, {"Records": [post.cloud.through_queue("mail", body)]}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        before = len(post.box.taken)
        conn.execute("UPDATE mail SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL")
        assert post.deliver(body)
        assert len(post.box.taken) >= 1
        assert states(conn)[-1] == "sent"
        twice = twice or (before, len(post.box.taken)) == (1, 2)
        [token] = tokens(post.box.taken[-1], "reset")
        assert is_good(api, token)
        post.deliver()  # what tells of the change
        conn.execute("DELETE FROM mail")
        conn.execute("DELETE FROM rate_limit")
        if worker.exitcode == 0:
            break
    else:
        pytest.fail("it never lived to the end")
    assert twice, "nobody was killed between sending and noting that"


def test_while_somebody_sends_it_nobody_else_does(api: Client, post: Post, conn: Connection) -> None:
    body = ask(api, post)
    conn.execute("UPDATE mail SET leased_until = now() + interval '1 minute'")
    assert post.deliver(body)
    assert post.box.taken == []
    assert states(conn) == ["waiting"]


def test_what_the_server_refuses_comes_back_until_it_is_given_up(api: Client, post: Post, conn: Connection) -> None:
    body = ask(api, post)
    post.box.refuses = "550 no such mailbox"
    for _ in range(settings().max_attempts):
        assert not post.deliver(body)
    assert states(conn) == ["waiting"]
    dead_letters.handle({"Records": [post.cloud.through_queue("mail", body)]}, Context())
    assert states(conn) == ["failed"]
    post.box.refuses = None
    assert post.deliver(body)
    assert post.box.taken == []


def test_a_server_that_answers_again_gets_what_it_refused(api: Client, post: Post) -> None:
    body = ask(api, post)
    post.box.refuses = "451 later"
    assert not post.deliver(body)
    post.box.refuses = None
    assert post.deliver(body)
    [sent] = post.box.taken
    assert is_good(api, *tokens(sent, "reset"))


def test_a_mail_whose_message_was_lost_is_asked_for_again(api: Client, post: Post, conn: Connection) -> None:
    body = ask(api, post)
    requeue_stale(timedelta(hours=1))
    assert post.waiting() == []
    conn.execute("UPDATE mail SET touched_at = now() - interval '11 minutes'")
    requeue_stale(timedelta(hours=1))
    assert post.waiting() == [body]
    requeue_stale(timedelta(hours=1))
    assert post.waiting() == []
    requeue_stale(timedelta(0))
    assert post.waiting() == [body]


def test_whoever_asks_while_the_queue_is_down_gets_the_same_answer_and_the_mail_later(
    api: Client, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise Unavailable("The queue does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr("pinhole.queues.send_batch", down)
        assert api.post("/auth/password-reset", json={"email": EMAIL}).status_code == 202
    requeue_stale(timedelta(0))
    assert len(post.arrived()) == 1


def test_what_waits_longer_than_its_link_would_be_good_is_not_sent(api: Client, post: Post, conn: Connection) -> None:
    body = ask(api, post)
    conn.execute("UPDATE mail SET expires_at = now()")
    assert post.deliver(body)
    assert post.box.taken == []
    requeue_stale(timedelta(0))
    assert post.waiting() == []


def test_what_has_run_out_is_deleted(api: Client, post: Post, conn: Connection) -> None:
    ask(api, post)
    assert clean_tokens.handle({}, None)["mails"] == 0  # type: ignore[arg-type]
    conn.execute("UPDATE mail SET expires_at = now() - interval '1 second'")
    assert clean_tokens.handle({}, None)["mails"] == 1  # type: ignore[arg-type]


def test_what_users_wrote_is_in_no_header_and_is_no_markup(api: Client, post: Post, conn: Connection) -> None:
    library.insert(conn, "Home <script>", "UTC", originals_may_be_deleted=False)
    post.deliver(ask(api, post))
    [sent] = post.box.taken
    assert "Ann" not in "".join(f"{name}{value}" for name, value in sent.items())
    assert 'Ann <b>"O\'Neil"' in text(sent)
    html = sent.get_body(("html",))
    assert html is not None
    marked = html.get_content()
    assert "<b>" not in marked
    assert "<script>" not in marked
    assert "Home &lt;script&gt;" in marked


def test_what_is_no_message_of_a_mail_is_left_alone(post: Post) -> None:
    for body in ("{}", '{"mailId": "x"}', "no JSON", '{"mailId": "0123456789ab"}'):
        assert post.deliver(body)
    assert post.box.taken == []
