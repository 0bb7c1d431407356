"""What a worker has in hand is its own, in the ledger and in the queue, for as long as it lives."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg import Connection, DataError

from gpu_worker.in_hand import LEASE, InHand
from gpu_worker.intake import Intake, Received
from pinhole import queues, stages
from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.stages import Claim, Lane, Stage, Subject
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg

SOON = 2  # seconds


@pytest.fixture
def url(inbox: Inbox) -> str:
    """Of the queue, in which one photo waits."""
    inbox.deliver(inbox.landed(jpeg()))
    return inbox.cloud.queue_urls["ml"]


@pytest.fixture
def in_hand(url: str) -> InHand:
    urls = {Lane.FRESH: url}
    return InHand(urls, Intake(urls, room=1, visibility_seconds=SOON))


def receive(in_hand: InHand, url: str) -> list[int]:
    """Tickets of what is received now, for a moment."""
    messages = queues.receive(url, 10, wait_seconds=0, visibility_seconds=SOON)
    return list(in_hand.receive(Received(Lane.FRESH, messages, datetime.now(UTC) + timedelta(seconds=SOON)), []))


def waiting(url: str, seconds: int) -> int:
    """How many messages can be received within so many seconds."""
    return len(queues.receive(url, 10, wait_seconds=seconds, visibility_seconds=0))


def test_it_is_held_for_longer_in_the_ledger_and_in_the_queue(inbox: Inbox, in_hand: InHand, url: str) -> None:
    receive(in_hand, url)
    assert list(in_hand.extend()) == []
    [(left,)] = inbox.conn.execute("SELECT leased_until - now() FROM job WHERE stage = 'analysis'")
    assert left > LEASE / 2
    assert waiting(url, 2 * SOON) == 0


def test_what_is_given_back_can_be_received_at_once_and_has_lost_no_attempt(
    inbox: Inbox, in_hand: InHand, url: str
) -> None:
    [ticket] = receive(in_hand, url)
    in_hand.give_back(ticket)
    assert inbox.jobs()["analysis"] == ("waiting", 0)
    assert waiting(url, 1) == 1


def test_what_failed_comes_back_later_with_its_report(inbox: Inbox, in_hand: InHand, url: str) -> None:
    [ticket] = receive(in_hand, url)
    in_hand.failed(ticket, "the model fell over")
    assert inbox.jobs()["analysis"] == ("waiting", 1)
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis'")
    assert report == "the model fell over"
    assert waiting(url, 1) == 0


def test_what_another_worker_took_over_is_let_go(inbox: Inbox, in_hand: InHand, url: str) -> None:
    [ticket] = receive(in_hand, url)
    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'analysis'")
    [item] = inbox.items()
    with transaction() as conn:
        later = datetime.now(UTC) + timedelta(hours=1)
        stages.claim(conn, Subject(inbox.owner.id, item["id"]), Stage.ANALYSIS, Lane.FRESH, later)
    assert list(in_hand.extend()) == [ticket]
    assert not in_hand
    assert inbox.jobs()["analysis"] == ("running", 2)


def test_a_database_that_is_down_costs_no_attempt(
    inbox: Inbox, in_hand: InHand, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(stages, "claim", down)
    assert receive(in_hand, url) == []
    assert inbox.jobs()["analysis"] == ("waiting", 0)


def test_a_message_that_nobody_can_begin_comes_back_later_and_ends_nothing(
    inbox: Inbox, in_hand: InHand, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise DataError("There is no such text.")

    monkeypatch.setattr(stages, "claim", refused)
    assert receive(in_hand, url) == []
    assert inbox.jobs()["analysis"] == ("waiting", 0)
    assert waiting(url, 2 * SOON) == 0


def test_a_photo_whose_lease_can_not_be_extended_fails_alone(
    inbox: Inbox, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(inbox.landed(jpeg(shade=1)))
    in_hand = InHand({Lane.FRESH: url}, Intake({Lane.FRESH: url}, room=2, visibility_seconds=SOON))
    one, other = receive(in_hand, url)
    extend, its = stages.extend, in_hand[one].photo.claimed

    def refused(conn: Connection, claimed: Claim, until: datetime) -> Claim:
        if claimed == its:
            raise DataError("There is no such lease.")
        return extend(conn, claimed, until)

    monkeypatch.setattr(stages, "extend", refused)
    assert list(in_hand.extend()) == [one]
    assert one not in in_hand
    assert in_hand[other].photo.claimed.until > datetime.now(UTC) + LEASE / 2
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis' AND state = 'waiting'")
    assert "There is no such lease." in report


def test_a_report_that_quotes_what_no_database_keeps_is_kept(inbox: Inbox, in_hand: InHand, url: str) -> None:
    [ticket] = receive(in_hand, url)
    in_hand.failed(ticket, "what is \0 and \ud800?")
    [(report,)] = inbox.conn.execute("SELECT last_error FROM job WHERE stage = 'analysis'")
    assert report == "what is \\0 and \\ud800?"


def test_a_queue_that_is_gone_ends_nothing(
    inbox: Inbox, in_hand: InHand, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ticket] = receive(in_hand, url)
    inbox.cloud.sqs.delete_queue(QueueUrl=url)
    assert list(in_hand.extend()) == []
    in_hand.give_back(ticket)
    assert inbox.jobs()["analysis"] == ("waiting", 0)


def test_a_message_that_asks_for_nothing_stays_until_it_is_dead(inbox: Inbox, in_hand: InHand, url: str) -> None:
    inbox.cloud.messages("ml")
    inbox.cloud.sqs.send_message(QueueUrl=url, MessageBody="what is this?")
    assert receive(in_hand, url) == []
    assert waiting(url, 2 * SOON) == 1
