"""One poller per SQS event source: it receives, invokes, and deletes what succeeded, as Lambda does.

A batch that fails as a whole - the handler raised, ran out of time or took its process with it - is left
alone, and comes back when its visibility timeout has passed. Of a batch that answers `batchItemFailures` only
the others are deleted.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.function_pool import FunctionError
from infra.local.sqs import QueueUnavailable, Sqs
from infra.local.template import Queue, QueueSource

POLL_SECONDS = 20
RETRY_SECONDS = (0.5, 1, 2, 5)
STOP_SECONDS = 5

log = logging.getLogger(__name__)


class Poller:
    """Feeds one function from one queue, at most the source's `maximum_concurrency` batches at once.

    It can be switched off: then messages stay in the queue.
    """

    def __init__(
        self,
        sqs: Sqs,
        queue: Queue,
        source: QueueSource,
        invoke: Callable[[Any], Awaitable[Any]],
    ) -> None:
        self._sqs = sqs
        self._queue = queue
        self._source = source
        self._invoke = invoke
        self._free = asyncio.Semaphore(source.maximum_concurrency)
        self._under_way: set[asyncio.Task[None]] = set()
        self._polling = False
        self._failures = 0
        self._on = asyncio.Event()
        self._on.set()

    @property
    def queue_arn(self) -> str:
        """The queue that it feeds from."""
        return self._queue.arn

    @property
    def state(self) -> str:
        """As Lambda calls it: `Enabled`, `Disabled`, or `Disabling` while what was begun comes to its end."""
        if self._on.is_set():
            return "Enabled"
        return "Disabling" if self._polling or self._under_way else "Disabled"

    def switch(self, *, on: bool) -> None:
        """Go on polling, or begin no poll any more. One under way ends as ever: a message may have left for it."""
        if on:
            self._on.set()
        else:
            self._on.clear()

    async def run(self) -> None:
        """Poll until cancelled; batches under way then have a few seconds to end."""
        try:
            while True:
                # A message is taken only when something is free to work on it: its visibility timeout runs.
                await self._free.acquire()
                try:
                    messages = await self._received()
                except BaseException:
                    self._free.release()
                    raise
                task = asyncio.create_task(self._deliver(messages))
                self._under_way.add(task)
                task.add_done_callback(self._finished)
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
            for task in self._under_way:
                task.cancel()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._free.release()
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: a batch was lost", self._queue.name, exc_info=error)

    async def _received(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while not messages:
            await self._on.wait()
            self._polling = True
            try:
                messages = await self._receive(self._source.batch_size, POLL_SECONDS)
            finally:
                self._polling = False
        until = time.monotonic() + self._source.window_seconds
        while (missing := self._source.batch_size - len(messages)) > 0 and (left := until - time.monotonic()) >= 1:
            messages += await self._receive(missing, int(left))
        return messages

    async def _receive(self, limit: int, wait_seconds: int) -> list[dict[str, Any]]:
        try:
            messages = await self._sqs.receive(
                self._queue.url, limit=min(limit, 10), wait_seconds=min(wait_seconds, POLL_SECONDS)
            )
        except QueueUnavailable as error:
            if self._failures == 0:
                log.warning("%s cannot be polled, and is tried again: %s", self._queue.name, error)
            await asyncio.sleep(RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)])
            self._failures += 1
            return []
        if self._failures:
            log.info("%s is polled again", self._queue.name)
            self._failures = 0
        return messages

    async def _deliver(self, messages: list[dict[str, Any]]) -> None:
        try:
            answer = await self._invoke({"Records": [self._record(message) for message in messages]})
        except FunctionError as error:
            log.warning("%s: %d messages will come back: %s", self._queue.name, len(messages), error)
            return
        failed = self._failed(messages, answer)
        done = [message["ReceiptHandle"] for message in messages if message["MessageId"] not in failed]
        for start in range(0, len(done), 10):
            try:
                await self._sqs.delete(self._queue.url, done[start : start + 10])
            except QueueUnavailable as error:
                log.warning("%s: messages that were worked off will come back: %s", self._queue.name, error)

    def _failed(self, messages: list[dict[str, Any]], answer: Any) -> set[str]:
        """Ids of the messages to leave. An answer that makes no sense means all of them, as with Lambda."""
        everything = {message["MessageId"] for message in messages}
        if not self._source.partial_failures or answer is None:
            return set()
        try:
            failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures") or ()}
        except (AttributeError, KeyError, TypeError):
            failed = {None}
        if not failed <= everything:
            log.error(
                "%s: the batch counts as failed, its answer is not understood: %.200r",
                self._queue.name,
                answer,
            )
            return everything
        return failed

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {key[0].lower() + key[1:]: value for key, value in attribute.items()}
                for name, attribute in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue.arn,
            "awsRegion": self._queue.arn.split(":")[3],
        }
