"""The loop: messages in, claims in the ledger, pictures to the models, what they saw into the database.

One thread owns the connection to the database and all that is in hand. Whatever happens elsewhere - messages, files,
what the process of the models tells, a signal - comes to it as an event.
"""

import queue
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from gpu_worker import metrics
from gpu_worker.in_hand import LEASE_SECONDS, At, InHand
from gpu_worker.intake import PAUSE_SECONDS, Intake, Received
from gpu_worker.models_process import LONGEST_SECONDS, Decoded, Ended, Loaded, Looked, ModelsProcess, NotLoaded, Options
from pinhole import analysis, objects
from pinhole.errors import Busy, NotFound, Unavailable
from pinhole.reanalysis import Reanalysis
from pinhole.seen import Model, Role
from pinhole.stages import Lane
from pinhole.telemetry import logger

BEAT_SECONDS = LEASE_SECONDS // 3
REFILL_SECONDS = 5
IDLE_SECONDS = 600
LONGEST_FETCH_SECONDS = 300
FETCHERS = 8
MAX_PIXELS = 150_000_000  # with the models at once, decoded: 450 MB
WITH_MODELS = (At.DECODING, At.READY, At.LOOKING)


class CannotWork(Exception):
    """The models do not load: a sentence for the operator, who has to do something first."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of a photo's rendition; or why there are none."""

    ticket: int
    content: bytes | Exception


@dataclass(frozen=True, slots=True)
class Stop:
    """The worker is to end."""


Event = Received | Fetched | Loaded | NotLoaded | Decoded | Looked | Ended | Stop


class Worker:
    """A worker for the stage `analysis`. urls: of the queues to poll, by lane. batch: photos looked at together.

    grace: seconds to finish what is looked at when it is to end; 20 of the thirty that ECS gives.
    """

    def __init__(self, urls: Mapping[Lane, str], options: Options, batch: int, grace: float = 20) -> None:
        self._options = options
        self._batch = batch
        self._grace = grace
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._intake = Intake(urls, room=2 * batch, visibility_seconds=LEASE_SECONDS)
        self._in_hand = InHand(urls, self._intake)
        self._fetchers = ThreadPoolExecutor(FETCHERS, thread_name_prefix="fetcher")
        self._models: ModelsProcess | None = None
        self._loading = False
        self._unknown: Mapping[Role, Model] | None = None  # models that the database was not told of yet
        self._loaded: Mapping[Role, int] | None = None
        self._reanalysis: Reanalysis | None = None
        self._stopping_since: float | None = None
        self._busy_at = self._beat_at = self._refilled_at = time.monotonic()

    def stop(self) -> None:
        """End soon: what is looked at is finished within the grace time, the rest given back. From any thread."""
        self._events.put(Stop())

    def healthy(self) -> bool:
        """Whether the loop goes round, or waits for models that load, and all lanes are polled. From any thread."""
        patience = 3 * BEAT_SECONDS + (LONGEST_SECONDS if self._loaded is None else 0)
        return time.monotonic() - self._beat_at < patience and self._intake.polls

    def run(self) -> None:
        """Work until `stop`. Raises CannotWork when the models don't load, now or after they were unloaded."""
        self._start_models()
        try:
            while self._loaded is None and self._stopping_since is None:
                with suppress(queue.Empty):
                    self._take(self._events.get(timeout=1 if self._unknown is None else PAUSE_SECONDS))
                assert self._models is not None
                self._models.kill_if_it_hangs()
                self._introduce()
            self._beat_at = time.monotonic()
            self._intake.start(self._events.put)
            while not self._may_end():
                with suppress(queue.Empty):
                    self._take(self._events.get(timeout=1))  # nothing that happens waits for it: it is for the clock
                    while True:
                        self._take(self._events.get_nowait())
                self._record()
                if self._stopping_since is None:
                    self._feed_models()
                    self._look()
                    self._refill()
                elif self._intake.ended:
                    self._return(At.FETCHING, At.FETCHED, At.DECODING, At.READY)
                self._watch_clock()
        finally:
            self._intake.stop()
            self._return(*At)
            self._fetchers.shutdown(cancel_futures=True)
            if self._models is not None:
                self._models.close()

    def _take(self, event: Event) -> None:
        match event:
            case Received() if self._stopping_since is not None:
                self._in_hand.refuse(event)
            case Received():
                models = [] if self._loaded is None else list(self._loaded.values())
                for ticket in self._in_hand.receive(event, models):
                    self._fetchers.submit(self._fetch, ticket, self._in_hand[ticket].photo.object_key)
            case Fetched(ticket) if ticket not in self._in_hand:
                pass  # it was given back meanwhile
            case Decoded(ticket) if ticket not in self._in_hand:
                self._forget(ticket)
            case Fetched(ticket, bytes(content)):
                self._in_hand[ticket].content = content
                self._in_hand[ticket].at = At.FETCHED
            case Fetched(ticket, NotFound() as missing):
                self._in_hand.failed(ticket, str(missing))
            case Fetched(ticket, Unavailable() | BotoCoreError() | ClientError() as down):  # no fault of the photo
                self._in_hand.failed(ticket, str(down), counts=False)
            case Fetched(ticket, Exception() as error):
                self._in_hand.failed(ticket, "".join(traceback.format_exception(error)))
            case Decoded(ticket, None, seconds):
                metrics.stage_seconds.labels("decode").observe(seconds)
                self._in_hand[ticket].at = At.READY
            case Decoded(ticket, str(report)):
                self._in_hand.failed(ticket, report)
            case Looked():
                self._looked(event)
            case Loaded(models):
                self._loading = False
                self._unknown = models
                logger.info("models_loaded", extra={"models": {role: one.name for role, one in models.items()}})
            case NotLoaded(reason):
                raise CannotWork(reason)
            case Ended(exitcode):
                self._ended(exitcode)
            case Stop():
                self._stopping_since = self._stopping_since or time.monotonic()
                self._intake.stop()

    def _start_models(self) -> None:
        self._models = ModelsProcess(self._options, self._events.put)
        self._loading = True

    def _introduce(self) -> None:
        """Tell the database which models were loaded, as soon as it is there: until then nothing can be recorded."""
        if self._unknown is None:
            return
        try:
            self._loaded = analysis.introduce(list(self._unknown.values()))
        except Unavailable as down:
            logger.warning("analysis_waits", extra={"reason": str(down)})
        else:
            self._unknown = None
            self._reanalysis = self._reanalysis or Reanalysis(list(self._loaded.values()))
        self._beat_at = time.monotonic()

    def _forget(self, ticket: int) -> None:
        if self._models is not None:
            self._models.forget(ticket)

    def _fetch(self, ticket: int, key: str) -> None:
        content: bytes | Exception
        try:
            with metrics.stage_seconds.labels("fetch").time():
                content = objects.read_rendition(key)
        except Exception as error:  # noqa: BLE001 - whatever it is, the photo's attempt ends with it
            content = error
        self._events.put(Fetched(ticket, content))

    def _feed_models(self) -> None:
        """Have decoded what there is room for: so many pixels at once, and a suspect with no other."""
        for ticket in self._in_hand.at(At.FETCHED):
            held = self._in_hand[ticket]
            inside = [self._in_hand[other] for other in self._in_hand.at(*WITH_MODELS)]
            pixels = sum(other.photo.width * other.photo.height for other in [*inside, held])
            if inside and (pixels > MAX_PIXELS or held.alone or inside[0].alone):
                return
            if self._models is None:
                self._start_models()
                assert self._models is not None
            self._models.add(ticket, held.content, (held.photo.original_width, held.photo.original_height))
            held.at, held.content = At.DECODING, b""

    def _look(self) -> None:
        ready = self._in_hand.at(At.READY)
        if not ready or self._in_hand.at(At.LOOKING) or self._models is None:
            return
        # Those that are ready in a moment make one batch with them, which costs less than two.
        if len(ready) < self._batch and self._in_hand.at(At.DECODING):
            return
        self._models.look(ready[: self._batch])
        for ticket in ready[: self._batch]:
            self._in_hand[ticket].at = At.LOOKING

    def _looked(self, event: Looked) -> None:
        metrics.batch_size.observe(len(event.seen))
        metrics.stage_seconds.labels("look").observe(event.seconds)
        for ticket, seen in event.seen.items():
            if ticket not in self._in_hand:
                continue  # its lease was lost
            if isinstance(seen, str):
                self._in_hand.failed(ticket, seen)
            else:
                self._in_hand[ticket].seen = seen
                self._in_hand[ticket].at = At.SEEN

    def _record(self) -> None:
        self._introduce()
        if self._unknown is not None:
            return
        recorded = []
        for ticket in self._in_hand.at(At.SEEN):
            held = self._in_hand[ticket]
            assert held.seen is not None
            assert self._loaded is not None
            try:
                with metrics.stage_seconds.labels("record").time():
                    analysis.record(held.photo.claimed, held.seen, self._loaded, held.photo.percentage)
            except Busy:
                self._in_hand.drop(ticket)
            except Unavailable as down:
                # What was seen is kept, and written when the database is there again.
                logger.warning("not_recorded", extra={"reason": str(down)})
                break
            except Exception:  # noqa: BLE001 - a row that the database refuses, say: it is of this photo alone
                self._in_hand.failed(ticket, traceback.format_exc())
            else:
                metrics.photos.labels(held.lane).inc()
                recorded.append(ticket)
        self._in_hand.finish(recorded)

    def _ended(self, exitcode: int) -> None:
        """The process of the models died: of what it had, any may have been the cause."""
        if self._loading:
            raise CannotWork(f"The process that loads the models ended (exit status {exitcode}).")
        self._models = None
        logger.error("models_ended", extra={"exit_status": exitcode})
        for ticket in self._in_hand.at(*WITH_MODELS):
            self._in_hand.failed(ticket, f"The process of the models ended at it (exit status {exitcode}).")

    def _return(self, *where: At) -> None:
        for ticket in self._in_hand.at(*where):
            self._in_hand.give_back(ticket)

    def _may_end(self) -> bool:
        if self._stopping_since is None:
            return False
        done = self._intake.ended and not self._in_hand
        return done or time.monotonic() - self._stopping_since > self._grace

    def _watch_clock(self) -> None:
        now = time.monotonic()
        for lane in Lane:
            metrics.in_hand.labels(lane).set(self._in_hand.count(lane))
        metrics.with_models.set(len(self._in_hand.at(*WITH_MODELS)))
        metrics.models_loaded.set(self._models is not None and not self._loading)
        metrics.models_memory.set(self._models.memory() if self._models is not None else 0)
        if self._in_hand:
            self._busy_at = now
        elif self._models is not None and now - self._busy_at > IDLE_SECONDS:
            logger.info("models_unloaded")
            self._models.close()
            self._models = None
        if now - self._beat_at < BEAT_SECONDS:
            return
        self._beat_at = now
        if self._models is not None:
            self._models.kill_if_it_hangs()
        for ticket in self._in_hand.at(At.FETCHING):
            if now - self._in_hand[ticket].since > LONGEST_FETCH_SECONDS:
                self._in_hand.failed(ticket, "The object store took too long.", counts=False)
        try:
            for ticket in self._in_hand.extend():
                self._forget(ticket)
        except Unavailable as down:
            logger.warning("lease_not_extended", extra={"reason": str(down)})

    def _refill(self) -> None:
        """Ask for photos that these models have not seen, sooner where none of them is in hand."""
        now = time.monotonic()
        pause = BEAT_SECONDS if self._in_hand.count(Lane.BULK) else REFILL_SECONDS
        if self._reanalysis is None or now - self._refilled_at < pause:
            return
        self._refilled_at = now
        try:
            self._reanalysis.go_on()
        except (Unavailable, BotoCoreError, ClientError) as down:  # such as a queue that is not there
            logger.warning("not_refilled", extra={"reason": str(down)})
