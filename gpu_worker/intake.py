"""Messages in: one poller a lane, each with as many messages in hand as it has room for."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pinhole import queues
from pinhole.queues import BATCH_SIZE, Message
from pinhole.stages import Lane
from pinhole.telemetry import logger

WAIT_SECONDS = 5  # as long takes the end of a worker: a poll that nobody waits for may still be given messages
PAUSE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Received:
    """Messages of a lane. until: when they come back by themselves."""

    lane: Lane
    messages: list[Message]
    until: datetime


class Intake:
    """Polls each lane for as long as it has room; `released` gives a place back."""

    def __init__(self, urls: Mapping[Lane, str], room: int, visibility_seconds: int) -> None:
        self._urls = urls
        self._visibility = visibility_seconds
        self._free = {lane: threading.Semaphore(room) for lane in urls}
        self._stopped = threading.Event()
        self._pollers: list[threading.Thread] = []

    def start(self, deliver: Callable[[Received], None]) -> None:
        """Begin; `deliver` is called with what comes, in threads that end with the process."""
        for lane in self._urls:
            poller = threading.Thread(target=self._poll, args=(lane, deliver), name=f"poller-{lane}", daemon=True)
            self._pollers.append(poller)
            poller.start()

    def released(self, lane: Lane) -> None:
        """A message of this lane is not in hand any more."""
        self._free[lane].release()

    def stop(self) -> None:
        """Take no more. A poll that is under way may still deliver, until `ended`."""
        self._stopped.set()

    @property
    def ended(self) -> bool:
        """Whether no poll is under way, nor ever will be."""
        return self._stopped.is_set() and not any(poller.is_alive() for poller in self._pollers)

    @property
    def polls(self) -> bool:
        """Whether every lane is polled that should be."""
        return self._stopped.is_set() or all(poller.is_alive() for poller in self._pollers)

    def _poll(self, lane: Lane, deliver: Callable[[Received], None]) -> None:
        free = self._free[lane]
        while not self._stopped.is_set():
            if not free.acquire(timeout=WAIT_SECONDS):
                continue
            places = 1
            while places < BATCH_SIZE and free.acquire(blocking=False):
                places += 1
            asked_at = datetime.now(UTC)
            try:
                messages = queues.receive(
                    self._urls[lane], places, wait_seconds=WAIT_SECONDS, visibility_seconds=self._visibility
                )
            except Exception as error:  # noqa: BLE001 - it may be gone for a moment, our key too old
                logger.warning("queue_unavailable", extra={"lane": lane, "reason": f"{type(error).__name__}: {error}"})
                messages = []
                self._stopped.wait(PAUSE_SECONDS)
            free.release(places - len(messages)) if places > len(messages) else None
            if messages:
                deliver(Received(lane, messages, asked_at + timedelta(seconds=self._visibility)))
