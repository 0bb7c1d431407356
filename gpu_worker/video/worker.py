"""`python -m gpu_worker --queues video`: posters and clips in one thread, copies of whole videos in another.

Each takes what is new before what may wait, one video at a time. What decodes it is a process of its own.
"""

import threading
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from gpu_worker import metrics
from gpu_worker.in_hand import LEASE, LEASE_SECONDS, told
from gpu_worker.video import making, process
from gpu_worker.video.held import Held, Stopped, Stopping
from gpu_worker.video.process import Broke
from pinhole import queues, stages, videos
from pinhole.errors import Busy, FileRejected, NotFound, Unavailable
from pinhole.queues import Message
from pinhole.settings import settings
from pinhole.stages import CATALOGUE, Lane, Stage, backoff_seconds
from pinhole.telemetry import logger

WAIT_SECONDS = 5
PAUSE_SECONDS = 5
NOT_REACHED = "The worker was ended before it was done."


class VideoWorker:
    """Works until it is stopped. threads: of each decoder and encoder. grace: seconds for what is being made when it is
    to end."""

    def __init__(self, threads: int, grace: float) -> None:
        self._stopping = Stopping(grace)
        self._lines = [Line(stage, threads, self._stopping) for stage in (Stage.POSTER, Stage.VIDEO)]

    def stop(self) -> None:
        """End soon: what is not done within the grace time is given back. From any thread."""
        self._stopping.begin()

    def healthy(self) -> bool:
        """Whether both lines go on. From any thread."""
        return all(line.healthy() for line in self._lines)

    def run(self) -> None:
        """Work until `stop`."""
        process.remove_leftovers()
        threads = [threading.Thread(target=line.run, name=f"video-{line.stage}") for line in self._lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Line:
    """What one thread does: the queues of a stage, one message after the other."""

    def __init__(self, stage: Stage, threads: int, stopping: Stopping) -> None:
        self.stage = stage
        self._threads = threads
        self._stopping = stopping
        self._urls: Mapping[Lane, str] = {
            lane: carrier.url(settings()) for lane, carrier in CATALOGUE[stage].lanes.items()
        }
        self._round_at = time.monotonic()
        self._held: Held | None = None

    def healthy(self) -> bool:
        """Whether it goes on. From any thread."""
        held = self._held
        return time.monotonic() - (self._round_at if held is None else held.beat_at) < 3 * LEASE_SECONDS

    def run(self) -> None:
        """Work until it is to stop."""
        while self._stopping.begun_at is None:
            self._round_at = time.monotonic()
            try:
                received = self.receive()
            except Exception as error:  # noqa: BLE001 - it may be gone for a moment, our key too old
                logger.warning("queue_unavailable", extra={"reason": f"{type(error).__name__}: {error}"})
                time.sleep(PAUSE_SECONDS)
                continue
            if received is not None and self._stopping.begun_at is not None:
                lane, message = received
                self._return(lane, message, 0)
            elif received is not None:
                self.work(*received)

    def receive(self) -> tuple[Lane, Message] | None:
        for lane, seconds in ((Lane.FRESH, 0), (Lane.BULK, 0), (Lane.FRESH, WAIT_SECONDS)):
            messages = queues.receive(self._urls[lane], 1, wait_seconds=seconds, visibility_seconds=LEASE_SECONDS)
            if messages:
                return lane, messages[0]
        return None

    def work(self, lane: Lane, message: Message) -> None:
        """Do what a message of this lane asks for."""
        metrics.queue_age.labels(lane).observe(max(0.0, time.time() - message.sent_at))
        asked = stages.read(message.body)
        if asked is None or CATALOGUE[asked.stage].lanes != CATALOGUE[self.stage].lanes:
            logger.error("message_unreadable", extra={"lane": lane})
            return  # it comes back until it is dead, and there it is told
        about = {"item_id": asked.subject.id, "stage": asked.stage}
        try:
            video = videos.begin(asked, lane, datetime.now(UTC) + LEASE)
        except Busy as busy:
            self._return(lane, message, busy.retry_after_seconds)
            return
        except Exception:  # noqa: BLE001 - of this video alone, whatever it is: the queue counts how often
            logger.exception("attempt_not_begun", extra=about)
            self._return(lane, message, backoff_seconds(message.receive_count))
            return
        if video is None:
            self._delete(lane, message)
            return
        self._held = Held(video, lane, self._urls[lane], message, self._stopping)
        try:
            if self._makes(asked.stage, self._held):
                self._delete(lane, message)
        finally:
            self._held = None

    def _makes(self, stage: Stage, held: Held) -> bool:
        """Whether nothing is left to be done by this message."""
        about = {"item_id": held.video.subject.id, "stage": stage}
        attempt = max(claimed.attempt for claimed in held.video.claims.values())
        logger.info("attempt_begun", extra={**about, "attempt": attempt})
        began = time.monotonic()
        try:
            try:
                making.make(stage, held, self._threads)
            except FileRejected as rejected:
                videos.reject(held.video, rejected.detail, rejected.code)
        except Busy:
            logger.warning("lease_lost", extra=about)
            return False
        except Stopped:
            _give_back(held, NOT_REACHED, counts=False, seconds=0)
            return False
        except (Unavailable, NotFound, BotoCoreError, ClientError) as down:
            # Not there: it may be on its way back, and whether it is gone for good is for others to tell.
            counts = isinstance(down, NotFound)
            _give_back(held, str(down), counts=counts, seconds=backoff_seconds(attempt))
            return False
        except Broke as broke:
            report = str(broke)
        except Exception:  # noqa: BLE001 - whatever it is, this video's attempt ends with it
            report = traceback.format_exc()
        else:
            metrics.stage_seconds.labels(stage).observe(time.monotonic() - began)
            return True
        metrics.failures.labels(held.lane).inc()
        logger.warning("attempt_failed", extra={**about, "report": report})
        _give_back(held, report, counts=True, seconds=backoff_seconds(attempt))
        return False

    def _delete(self, lane: Lane, message: Message) -> None:
        with told("message_not_deleted"):  # it comes again, and is found to be done
            queues.delete_batch(self._urls[lane], [message.receipt_handle])

    def _return(self, lane: Lane, message: Message, seconds: int) -> None:
        with told("message_not_returned"):  # it comes back when its lease would have ended
            queues.change_visibility_batch(self._urls[lane], [message.receipt_handle], seconds)


def _give_back(held: Held, report: str, *, counts: bool, seconds: int) -> None:
    with told("attempt_not_given_back"):  # it is free when the lease ends
        videos.give_back(held.video, report, counts=counts)
    held.hide(seconds)
