"""A video that is worked on, held in the ledger and in its queue for as long as that takes."""

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gpu_worker.in_hand import LEASE, LEASE_SECONDS, told
from pinhole import queues, videos
from pinhole.errors import Unavailable
from pinhole.queues import Message
from pinhole.stages import Lane, Stage
from pinhole.videos import Video

EXTEND_SECONDS = LEASE_SECONDS // 3
PAUSE_SECONDS = 5  # between two words on how far it has come, or two tries to extend a lease


class Stopped(Exception):
    """The worker is to end, and its grace time is over."""


@dataclass
class Stopping:
    """Whether the worker is to end. grace: seconds for what is being made then. Set by a handler of signals."""

    grace: float
    begun_at: float | None = None

    def begin(self) -> None:
        """It is to end."""
        self.begun_at = self.begun_at or time.monotonic()

    def check(self) -> None:
        """Raises Stopped once the grace time is over."""
        if self.begun_at is not None and time.monotonic() - self.begun_at > self.grace:
            raise Stopped


@dataclass
class Held:
    """The video as it is held now, with the message that asked for it, of the queue at `url`."""

    video: Video
    lane: Lane
    url: str
    message: Message
    stopping: Stopping
    beat_at: float = field(default_factory=time.monotonic)
    _extend_at: float = field(init=False)
    _told_at: float = 0
    _seconds: float | None = None

    def __post_init__(self) -> None:
        self._extend_at = self.beat_at + EXTEND_SECONDS

    def beat(self) -> None:
        """Hold it for longer, and tell how far it has come, where that is due.

        Raises Stopped, and Busy when another has taken over.
        """
        self.beat_at = now = time.monotonic()
        self.stopping.check()
        if now >= self._extend_at:
            self._extend_at = now + PAUSE_SECONDS
            # Where the database is down for longer than the lease lasts, another may take over: `keep` finds that out.
            with told("lease_not_extended", Unavailable):
                self.video = videos.extend(self.video, datetime.now(UTC) + LEASE)
                self._extend_at = now + EXTEND_SECONDS
            self.hide(LEASE_SECONDS)
        if self._seconds is not None and now - self._told_at >= PAUSE_SECONDS:
            self._told_at = now
            with told("progress_not_told", Unavailable):
                videos.tell_progress(self.video, self._seconds)
            self._seconds = None

    def reached(self, seconds: float) -> None:
        """So much of its copy is made."""
        self._seconds = seconds

    def finished(self, stage: Stage) -> None:
        """A stage of it is done, and not held any more."""
        claims = {other: claimed for other, claimed in self.video.claims.items() if other is not stage}
        self.video = replace(self.video, claims=claims)

    def hide(self, seconds: int) -> None:
        """Have its message come back in so many seconds; where that fails, it does when its lease ends."""
        with told("message_not_held"):
            queues.change_visibility_batch(self.url, [self.message.receipt_handle], seconds)
