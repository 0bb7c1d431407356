"""The services of one run: started side by side, started again when one ends by itself, stopped together."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.processes import CannotWork, Service, ServiceFailed

STEADY_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30
# What else a start may meet while the machine is short of something, or the service goes down again at once.
PASSING = (OSError, BotoCoreError, ClientError, psycopg.OperationalError, subprocess.TimeoutExpired)

S = TypeVar("S", bound=Service)


class Supervisor:
    """Keeps services running until its `async with` block is left. `say` tells the operator."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._starts: list[asyncio.Task[Any]] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, start: Callable[..., S], *arguments: object) -> S:
        """Start a service, such as `start(postgres.start, directory)`. Raises ServiceFailed."""
        starting = asyncio.create_task(asyncio.to_thread(start, *arguments))
        self._starts.append(starting)
        # A thread can't be interrupted. Who waits for it can: then the service is stopped when it has started.
        return await asyncio.shield(starting)

    def watch(self, service: Service, after_restart: Callable[[], Awaitable[None]] | None = None) -> None:
        """Start the service again whenever it ends by itself, then await `after_restart`.

        Either may fail: that is told, and tried again after a while. Where a person has to do something first, that is
        told, and all else goes on without it.
        """
        self._watches.append(asyncio.create_task(self._keep(service, after_restart)))

    def later(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something beside all else, such as to start one more service, and end it with the rest.

        Where a service does not start, that is told, and all else goes on without it.
        """
        self._watches.append(asyncio.create_task(self._tell_failure(doing)))

    async def run(self) -> None:
        """Wait, as long as the services are looked after. Raises what prevents that."""
        watched: set[asyncio.Task[None]] = set()
        while open_watches := [watch for watch in self._watches if watch not in watched]:
            done, _ = await asyncio.wait(open_watches, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            for watch in done:
                watch.result()
            watched |= done

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        started = await asyncio.gather(*self._starts, return_exceptions=True)
        services = [service for service in started if isinstance(service, Service)]
        for uses_others in (True, False):
            stops = [service.stop for service in services if service.uses_others is uses_others]
            await asyncio.gather(*(asyncio.to_thread(stop) for stop in stops))

    async def _tell_failure(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except (ServiceFailed, *PASSING) as error:
            self._say(str(error))

    async def _keep(self, service: Service, after_restart: Callable[[], Awaitable[None]] | None) -> None:
        try:
            await self._restart(service, after_restart)
        except CannotWork as error:
            self._say(str(error))

    async def _restart(self, service: Service, after_restart: Callable[[], Awaitable[None]] | None) -> None:
        pause = 0
        while True:
            began = time.monotonic()
            while service.ended is None:  # no event tells
                service.bound_log()
                await asyncio.sleep(0.25)
            if (complaint := service.complaint()) is not None:
                raise CannotWork(f"{service.name} can't work: {complaint}")
            self._say(f"{service.name} ended (exit status {service.ended}); starting it again. Why: {service.log}")
            if time.monotonic() - began > STEADY_SECONDS:
                pause = 0
            await asyncio.sleep(pause)
            pause = min(2 * pause + 1, LONGEST_PAUSE_SECONDS)
            while not await self._started_again(service, after_restart):  # noqa: ASYNC110
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            self._say(f"{service.name} answers again")

    async def _started_again(self, service: Service, after_restart: Callable[[], Awaitable[None]] | None) -> bool:
        starting = asyncio.create_task(asyncio.to_thread(service.start))
        try:
            await asyncio.shield(starting)
            if after_restart is not None:
                await after_restart()
        except asyncio.CancelledError:
            await asyncio.wait([starting])
            raise
        except CannotWork:
            raise
        except ServiceFailed as error:
            self._say(str(error))
            return False
        except PASSING as error:
            self._say(f"{service.name} does not start: {error}")
            return False
        return True
