"""Plays Lambda: every function of the template, fed by its queues and schedules, or invoked by hand."""

import asyncio
import logging
import os
from collections.abc import Collection, Coroutine, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from botocore.credentials import Credentials

from infra.local.function_pool import IMPORT_ROOTS, FunctionPool
from infra.local.pollers import Poller
from infra.local.sqs import Sqs
from infra.local.template import Function, Template
from infra.local.timers import run_schedule

# The template sets no bound for what API Gateway invokes: as many at once as make sense on this machine.
DIRECT_CONCURRENCY = max(4, 2 * (os.cpu_count() or 1))
KEPT_FOR_API = 2

log = logging.getLogger(__name__)


class Runtime:
    """The functions of a template.

    environment: variables of every function beside, and before, those of the template: `AWS_REGION`,
    `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` (which sign the runtime's own calls of SQS too),
    `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SQS`, `PINHOLE_LIVE_CONNECTIONS_URL`.
    own: more variables of single functions, by logical name.
    paused: UUIDs of the event sources that are switched off from the start.
    """

    def __init__(
        self,
        template: Template,
        environment: Mapping[str, str],
        *,
        own: Mapping[str, Mapping[str, str]] | None = None,
        paused: Collection[str] = (),
        import_roots: tuple[Path, ...] = IMPORT_ROOTS,
    ) -> None:
        self._template = template
        self._paused = paused
        self.pollers: dict[str, Poller] = {}
        self.credentials = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        for_http = {route.function for methods in template.rest_routes.values() for route in methods.values()}
        self._pools = {
            name: FunctionPool(
                function,
                {**function.environment, **environment, **(own or {}).get(name, {})},
                size=_concurrency(function),
                kept=KEPT_FOR_API if name in for_http else 0,
                import_roots=import_roots,
            )
            for name, function in template.functions.items()
        }
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        """Warm up what answers HTTP, then start pollers and timers. Raises FunctionError."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        await asyncio.gather(*(pool.warm_up() for pool in self._pools.values()))
        sqs = Sqs(self._session, region=self._template.region, credentials=self.credentials)
        for name, function in self._template.functions.items():
            invoke = self._pools[name].invoke
            for source in function.queue_sources:
                queue = self._template.queues[source.queue]
                poller = self.pollers[source.uuid] = Poller(sqs, queue, source, invoke)
                poller.switch(on=source.uuid not in self._paused)
                self._background(poller.run())
            for schedule in function.schedules:
                self._background(run_schedule(function, schedule, invoke))

    async def stop(self) -> None:
        """Stop polling, let calls under way end for a few seconds, end every process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(
            asyncio.gather(*self._tasks, return_exceptions=True),
            # Not after them: they wait for the same calls.
            *(pool.close() for pool in self._pools.values()),
        )
        if self._session is not None:
            await self._session.close()

    @property
    def functions(self) -> Collection[str]:
        """Logical names of the functions."""
        return self._pools.keys()

    async def invoke(self, function_name: str, event: Any) -> Any:
        """Run a function, by its logical name, and return its answer. Raises TimedOut, FunctionError."""
        return await self._pools[function_name].invoke(event)

    def begin(self, function_name: str, event: Any) -> None:
        """Run a function, by its logical name, without waiting for it. A failure is logged by its process, and here."""
        self._background(self.invoke(function_name, event))

    def _background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_report)
        task.add_done_callback(self._tasks.remove)
        self._tasks.append(task)


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("something that nobody waits for ended", exc_info=error)


def _concurrency(function: Function) -> int:
    return sum(source.maximum_concurrency for source in function.queue_sources) or DIRECT_CONCURRENCY
