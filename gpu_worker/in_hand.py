"""What the worker has in hand: each photo with its message and its claim, held, given back and ended together."""

import time
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count

from gpu_worker import metrics
from gpu_worker.intake import Intake, Received
from pinhole import analysis, queues, stages
from pinhole.analysis import Photo
from pinhole.db import transaction
from pinhole.errors import Busy, Unavailable
from pinhole.queues import Message
from pinhole.seen import Seen
from pinhole.stages import Lane, Stage, backoff_seconds
from pinhole.telemetry import logger

LEASE = timedelta(seconds=120)  # a dead worker's photos come back after it
LEASE_SECONDS = int(LEASE.total_seconds())
NOT_REACHED = "The worker was ended before it came to it."


class At(StrEnum):
    """How far a photo in hand is."""

    FETCHING = "fetching"
    FETCHED = "fetched"
    DECODING = "decoding"
    READY = "ready"
    LOOKING = "looking"
    SEEN = "seen"


@dataclass(slots=True)
class Held:
    """A photo in hand. content: of its rendition, until it is with the models; seen: what they saw.

    since: when it was claimed, by the monotonic clock.
    """

    lane: Lane
    message: Message
    photo: Photo
    at: At = At.FETCHING
    content: bytes = b""
    seen: Seen | None = None
    since: float = field(default_factory=time.monotonic)

    @property
    def alone(self) -> bool:
        """Whether it goes to the models with no other: an earlier attempt failed, and may have killed them."""
        return self.photo.claimed.attempt > 1


class InHand:
    """The photos in hand by ticket, a number that says nothing else. urls: of the queues, by lane."""

    def __init__(self, urls: Mapping[Lane, str], intake: Intake) -> None:
        self._urls = urls
        self._intake = intake
        self._held: dict[int, Held] = {}
        self._tickets = count()

    def __bool__(self) -> bool:
        return bool(self._held)

    def __contains__(self, ticket: int) -> bool:
        return ticket in self._held

    def __getitem__(self, ticket: int) -> Held:
        return self._held[ticket]

    def at(self, *where: At) -> list[int]:
        """Tickets of what is there: new photos first, then as they came."""
        found = [ticket for ticket, held in self._held.items() if held.at in where]
        return sorted(found, key=lambda ticket: (self._held[ticket].lane is not Lane.FRESH, ticket))

    def count(self, lane: Lane) -> int:
        """How many are of this lane."""
        return sum(held.lane is lane for held in self._held.values())

    def receive(self, received: Received, models: Collection[int]) -> Iterator[int]:
        """Claim what these messages ask for: tickets of what is in hand now. The rest is done with, or comes back.

        models: ids of those that are to look.
        """
        for message in received.messages:
            metrics.queue_age.labels(received.lane).observe(max(0.0, time.time() - message.sent_at))
            asked = stages.read(message.body)
            if asked is None or asked.stage is not Stage.ANALYSIS:
                logger.error("message_unreadable", extra={"lane": received.lane})
                self._intake.released(received.lane)  # it comes back until it is dead, and there it is told
                continue
            try:
                photo = analysis.begin(asked, received.lane, received.until, models)
            except Busy as busy:
                self._return(received.lane, message, busy.retry_after_seconds)
            except Unavailable as down:
                logger.warning("attempt_not_begun", extra={"item_id": asked.subject.id, "reason": str(down)})
                self._return(received.lane, message, backoff_seconds(message.receive_count))
            except Exception:  # noqa: BLE001 - of this photo alone, whatever it is: the queue counts how often
                logger.exception("attempt_not_begun", extra={"item_id": asked.subject.id})
                self._return(received.lane, message, backoff_seconds(message.receive_count))
            else:
                if photo is None:
                    self._delete(received.lane, [message])
                    continue
                ticket = next(self._tickets)
                self._held[ticket] = Held(received.lane, message, photo)
                about = {"item_id": asked.subject.id, "stage": asked.stage, "attempt": photo.claimed.attempt}
                logger.info("attempt_begun", extra=about)
                yield ticket

    def refuse(self, received: Received) -> None:
        """Give messages back unread."""
        for message in received.messages:
            self._return(received.lane, message, 0)

    def failed(self, ticket: int, report: str, *, counts: bool = True) -> None:
        """An attempt failed: its report goes into the ledger, and its message comes back later.

        counts: whether it was an attempt; it was none when something that we depend on was down.
        """
        held = self._held[ticket]
        report = _storable(report)
        metrics.failures.labels(held.lane).inc()
        logger.warning("attempt_failed", extra={"item_id": held.photo.claimed.subject.id, "report": report})
        self.give_back(ticket, report, counts=counts, seconds=backoff_seconds(held.photo.claimed.attempt))

    def give_back(self, ticket: int, report: str = NOT_REACHED, *, counts: bool = False, seconds: int = 0) -> None:
        """Let another delivery do it, in so many seconds."""
        held = self._held.pop(ticket)
        claimed = held.photo.claimed
        # Where that fails, it is free when the lease ends.
        with told("attempt_not_given_back", item_id=claimed.subject.id), transaction() as conn:
            stages.give_back(conn, claimed.subject, claimed.until, report, counts=counts)
        self._return(held.lane, held.message, seconds)

    def finish(self, tickets: Sequence[int]) -> None:
        """What these messages asked for is done, and committed: they may go."""
        done = [self._held.pop(ticket) for ticket in tickets]
        for lane in self._urls:
            self._delete(lane, [held.message for held in done if held.lane is lane])

    def drop(self, ticket: int) -> None:
        """Another worker has taken over: what is known of it here counts no more."""
        held = self._held.pop(ticket)
        self._intake.released(held.lane)
        logger.warning("lease_lost", extra={"item_id": held.photo.claimed.subject.id})

    def extend(self) -> Iterator[int]:
        """This worker is alive: all of it stays its own, in the ledger and in the queue.

        Tickets of what does not, and is not in hand any more. Raises Unavailable.
        """
        until = datetime.now(UTC) + LEASE
        for ticket, held in list(self._held.items()):
            try:
                with transaction() as conn:
                    claimed = stages.extend(conn, held.photo.claimed, until)
            except Busy:
                self.drop(ticket)
                yield ticket
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - whatever it is, the other photos are to be held
                self.failed(ticket, traceback.format_exc())
                yield ticket
            else:
                held.photo = replace(held.photo, claimed=claimed)
        for lane, url in self._urls.items():
            handles = [held.message.receipt_handle for held in self._held.values() if held.lane is lane]
            with told("messages_not_held", lane=lane):
                queues.change_visibility_batch(url, handles, LEASE_SECONDS)

    def _return(self, lane: Lane, message: Message, seconds: int) -> None:
        self._intake.released(lane)
        # Where that fails, it comes back when its lease would have ended. One by the call for many: that minds no
        # message which is not this worker's any more.
        with told("message_not_returned", lane=lane):
            queues.change_visibility_batch(self._urls[lane], [message.receipt_handle], seconds)

    def _delete(self, lane: Lane, messages: Sequence[Message]) -> None:
        for _ in messages:
            self._intake.released(lane)
        # Where that fails, they come again, and are found to be done.
        with told("messages_not_deleted", lane=lane):
            queues.delete_batch(self._urls[lane], [message.receipt_handle for message in messages])


@contextmanager
def told(event: str, expected: type[Exception] = Exception, **about: str) -> Iterator[None]:
    """Log what goes wrong where everything comes right again by itself: the queue's refusals are many, as when it is
    gone, or the key too old."""
    try:
        yield
    except expected as error:
        logger.warning(event, extra={**about, "reason": f"{type(error).__name__}: {error}"})


def _storable(report: str) -> str:
    """A report as the database takes it: what models raise may quote what they read."""
    return report.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")
