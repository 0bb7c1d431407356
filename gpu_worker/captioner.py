"""`python -m gpu_worker --queues captions`: have photos described by a vision endpoint, one after the other."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, PositiveInt, ValidationError

from gpu_worker import metrics, questions
from gpu_worker.decoding import Undecodable
from gpu_worker.questions import Animal, Document
from gpu_worker.vision_endpoint import Endpoint, Message, NoAnswer, Refused
from pinhole import analysis, captions, objects
from pinhole.analysis import Photo
from pinhole.errors import Busy, NotFound, Unavailable
from pinhole.reanalysis import Reanalysis
from pinhole.seen import Caption, Model, Role, Seen
from pinhole.stages import Claim, Stage, backoff_seconds
from pinhole.telemetry import logger
from pinhole_models.model_set import ModelSet
from pinhole_models.roles import ModelError

IDLE_SECONDS = 5
BACKFILL_SECONDS = 40
SPENT_SECONDS = 60  # until the budget is looked at again
LONGEST_PAUSE_SECONDS = 3600
SEVERAL = 3  # photos that an endpoint fails at in a row: then that is no photo's fault

A = TypeVar("A", bound=BaseModel)


class Options(BaseModel):
    """`options` of the role in a model set. url: the endpoint's base. seconds: that an answer may take."""

    model_config = ConfigDict(extra="forbid")

    url: HttpUrl
    questions_a_day: PositiveInt
    seconds: Annotated[float, Field(gt=0, le=600)] = 60

    @property
    def lease(self) -> timedelta:
        """How long a photo is held: each question extends that, and takes less."""
        return timedelta(seconds=60 + 2 * self.seconds)  # it may begin to answer late, and then be slow


class Stopped(BaseException):
    """The process is to end, and waits for an answer that it need not wait for."""


class BudgetSpent(Exception):
    """Today's questions are used up."""


@dataclass
class Captioner:
    """Works until it is stopped. key: of the endpoint."""

    model: Model
    options: Options
    key: str

    def __post_init__(self) -> None:
        self._endpoint = Endpoint(str(self.options.url), self.model.name, self.key, self.options.seconds)
        self._stopped = threading.Event()
        self._waits = False
        self._failures = 0
        self._failed_at: set[str] = set()  # photos, since it last said anything that could be used
        self._round_at = time.monotonic()

    def stop(self) -> None:
        """From a handler of signals, in the thread that works: give up what is waited for, and end."""
        self._stopped.set()
        if self._waits:
            raise Stopped

    def healthy(self) -> bool:
        """Whether it goes round. From any thread."""
        return time.monotonic() - self._round_at < LONGEST_PAUSE_SECONDS + self.options.lease.total_seconds()

    def run(self) -> None:
        """Work until `stop`."""
        ids = None
        backfill_at = 0.0
        while not self._stopped.is_set():
            self._round_at = time.monotonic()
            try:
                if ids is None:
                    ids = analysis.introduce([self.model])
                    reanalysis = Reanalysis(list(ids.values()), Stage.CAPTION)
                if time.monotonic() >= backfill_at:
                    reanalysis.go_on()
                    backfill_at = time.monotonic() + BACKFILL_SECONDS
                photo = captions.next_photo(datetime.now(UTC) + self.options.lease)
                pause = IDLE_SECONDS if photo is None else self._describe(photo, ids[Role.CAPTION])
            except Unavailable as down:
                logger.warning("captions_wait", extra={"reason": str(down)})
                pause = IDLE_SECONDS
            self._stopped.wait(pause)

    def _describe(self, photo: Photo, model_id: int) -> float:
        """Have a photo described. How many seconds to wait before the next one."""
        asking = _Asking(photo.claimed)
        try:
            said = self._said(photo, asking)
            analysis.record(asking.claimed, Seen({Role.CAPTION: self.model}, caption=said), {Role.CAPTION: model_id})
        except Busy:
            metrics.captions.labels("lost").inc()
            return 0
        except BudgetSpent:
            captions.give_back(asking.claimed, "The questions of its day were used up.", counts=False)
            logger.info("budget_spent", extra={"questions_a_day": self.options.questions_a_day})
            return SPENT_SECONDS
        except Stopped:
            captions.give_back(asking.claimed, "The worker was ended before there was an answer.", counts=False)
            return 0
        except Refused as refused:
            self._failed_at.clear()
            metrics.captions.labels("refused").inc()
            captions.refuse(asking.claimed, str(refused))
            return 0
        except Unavailable as down:
            captions.give_back(asking.claimed, str(down), counts=False)
            raise
        except (NoAnswer, NotFound, Undecodable) as failed:
            return self._failed(asking.claimed, failed)
        self._failures = 0
        metrics.captions.labels("described").inc()
        return 0

    def _said(self, photo: Photo, asking: "_Asking") -> Caption:
        messages = questions.begin(objects.read_rendition(photo.object_key))
        first = self._ask(asking, messages, questions.Photo)
        animal: Animal | None = None
        document: Document | None = None
        with suppress(BudgetSpent):  # what is known by then is not thrown away
            if first.pets or first.animals:
                animal = self._ask(asking, questions.go_on(messages, first, questions.ANIMAL), Animal)
            if first.document:
                document = self._ask(asking, questions.go_on(messages, first, questions.DOCUMENT), Document)
        return questions.caption(first, animal, document)

    def _ask(self, asking: "_Asking", messages: list[Message], answer: type[A]) -> A:
        held = captions.may_ask(asking.claimed, datetime.now(UTC) + self.options.lease, self.options.questions_a_day)
        if held is None:
            raise BudgetSpent
        asking.claimed = held
        with metrics.stage_seconds.labels("ask").time(), self._waiting():
            said = self._endpoint.ask(messages, answer)
        self._failed_at.clear()
        return said

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self._waits = True
        try:
            if self._stopped.is_set():
                raise Stopped
            yield
        finally:
            self._waits = False

    def _failed(self, claimed: Claim, failed: NoAnswer | NotFound | Undecodable) -> float:
        metrics.captions.labels("failed").inc()
        logger.warning("attempt_failed", extra={"item_id": claimed.subject.id, "report": str(failed)})
        captions.give_back(claimed, str(failed), counts=self._counts(claimed, failed))
        if not isinstance(failed, NoAnswer) or not failed.pause:
            return 0
        self._failures += 1
        wished = backoff_seconds(self._failures) if failed.retry_after is None else failed.retry_after
        return min(wished, LONGEST_PAUSE_SECONDS)

    def _counts(self, claimed: Claim, failed: NoAnswer | NotFound | Undecodable) -> bool:
        """Whether it may be the photo's fault: not once the endpoint has failed at several in a row."""
        if not isinstance(failed, NoAnswer):
            return True
        if not failed.pause:
            self._failed_at.clear()  # it works
        elif failed.counts:
            self._failed_at.add(claimed.subject.id)
        return failed.counts and len(self._failed_at) < SEVERAL


@dataclass
class _Asking:
    """A photo that is asked about. claimed: as it is held now."""

    claimed: Claim


def of(models: ModelSet, key: str) -> Captioner:
    """What describes photos as a set says. Raises ModelError when it has no such role, or does not say all."""
    part = models.parts.get(Role.CAPTION)
    if part is None or part.runtime != "openai":
        raise ModelError(f'Set {models.name} has no role caption with runtime = "openai"')
    told: dict[str, object] = {"name": part.name, "version": part.version}
    if wrong := ", ".join(name for name, value in told.items() if not isinstance(value, str) or not value):
        raise ModelError(f"caption of set {models.name} needs words in quotes as its {wrong}")
    try:
        options = Options.model_validate(part.options)
    except ValidationError as error:
        names = ", ".join(str(each["loc"][0]) for each in error.errors())
        raise ModelError(f"caption of set {models.name} has wrong or no options: {names}") from error
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ModelError("PINHOLE_CAPTION_KEY holds what no key can: a space, the end of a line, or such")
    return Captioner(Model(Role.CAPTION, part.name, part.version), options, key)
