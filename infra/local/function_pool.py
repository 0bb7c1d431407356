"""The environments of one function: processes that are started when calls need them and kept warm after."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
import uuid
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from infra.local.function_process import LENGTH
from infra.local.template import Function

ROOT = Path(__file__).parents[2]
IMPORT_ROOTS = (ROOT, ROOT / "functions", ROOT / "layers" / "core", ROOT / "layers" / "models")
INHERITED = ("HOME", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")
IDLE_SECONDS = 120
START_SECONDS = 60
STOP_SECONDS = 5
BUFFER_BYTES = 1024 * 1024


class FunctionError(Exception):
    """A call failed: the handler raised or could not be imported, or its process ended."""

    def __init__(self, function: str, error_type: str, message: str) -> None:
        super().__init__(f"{function}: {error_type}: {message}")
        self.error_type = error_type


class TimedOut(FunctionError):
    """A call took longer than the function's time-out, and its process was killed."""

    def __init__(self, function: Function) -> None:
        super().__init__(function.name, "Sandbox.Timedout", f"timed out after {function.timeout_seconds} seconds")


class FunctionPool:
    """Runs calls of one function, at most `size` at once; further calls wait in order.

    environment: variables of the processes, beside the few of this machine that any process needs.
    kept: how many idle processes stay; those beyond end after two minutes without work.
    import_roots: directories that handlers are imported from.
    """

    def __init__(
        self,
        function: Function,
        environment: Mapping[str, str],
        *,
        size: int,
        kept: int = 0,
        import_roots: tuple[Path, ...] = IMPORT_ROOTS,
    ) -> None:
        self._function = function
        self._variables = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **environment,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "PYTHONPATH": os.pathsep.join(map(str, import_roots)),
            "PYTHONSAFEPATH": "1",
            "PYTHONUTF8": "1",
            "TZ": "UTC",
        }
        self._size = size
        self._kept = kept
        self._all: set[_Process] = set()
        self._idle: deque[_Process] = deque()
        self._waiting: deque[asyncio.Future[_Process]] = deque()
        self._starting = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._trimmer: asyncio.TimerHandle | None = None

    async def warm_up(self) -> None:
        """Start the processes that are kept. Raises FunctionError when the handler cannot be imported."""
        for process in await asyncio.gather(*(self._started() for _ in range(self._kept))):
            self._release(process)

    async def invoke(self, event: Any) -> Any:
        """Run the handler on an event. A call that has begun goes on when its caller gives up waiting.

        Raises:
            TimedOut: the process was killed.
            FunctionError: the handler raised, could not be imported, or ended its process.
        """
        process = await self._free_process()
        return await asyncio.shield(self._background(self._run(process, event)))

    async def close(self) -> None:
        """End every process, once calls under way have ended or a few seconds have passed."""
        if self._trimmer is not None:
            self._trimmer.cancel()
        for future in self._waiting:
            future.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.end() for process in self._all))

    async def _free_process(self) -> "_Process":
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            self._all.discard(process)
        future: asyncio.Future[_Process] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._start_for_waiting()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._release(future.result())
            raise

    def _start_for_waiting(self) -> None:
        while self._starting < len(self._waiting) and len(self._all) + self._starting < self._size:
            self._starting += 1
            self._background(self._start_one())

    async def _start_one(self) -> None:
        process = None
        try:
            process = await self._started()
        except FunctionError as error:
            if waiting := self._next_waiting():
                waiting.set_exception(error)
        finally:
            self._starting -= 1
        if process is None:
            self._start_for_waiting()
        else:
            self._release(process)

    async def _started(self) -> "_Process":
        process = await _Process.start(self._function, self._variables)
        self._all.add(process)
        return process

    async def _run(self, process: "_Process", event: Any) -> Any:
        try:
            return await process.call(event)
        finally:
            self._release(process)

    def _release(self, process: "_Process") -> None:
        if not process.alive:
            self._all.discard(process)
            self._start_for_waiting()
        elif waiting := self._next_waiting():
            waiting.set_result(process)
        else:
            process.idle_since = time.monotonic()
            self._idle.append(process)
            self._watch_idle()

    def _next_waiting(self) -> "asyncio.Future[_Process] | None":
        while self._waiting:
            if not (future := self._waiting.popleft()).done():
                return future
        return None

    def _trim(self) -> None:
        self._trimmer = None
        while len(self._idle) > self._kept and self._idle[0].idle_since <= time.monotonic() - IDLE_SECONDS:
            process = self._idle.popleft()
            self._all.discard(process)
            self._background(process.end())
        self._watch_idle()

    def _watch_idle(self) -> None:
        if len(self._idle) > self._kept and self._trimmer is None:
            due = self._idle[0].idle_since + IDLE_SECONDS - time.monotonic()
            self._trimmer = asyncio.get_running_loop().call_later(due, self._trim)

    def _background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Process:
    """One process of a function (see `function_process`), which takes one call at a time."""

    def __init__(self, function: Function, process: Process) -> None:
        self.idle_since = 0.0
        self._function = function
        self._process = process
        self._calls = cast(asyncio.StreamWriter, process.stdin)
        self._answers = cast(asyncio.StreamReader, process.stdout)
        self._lines = cast(asyncio.StreamReader, process.stderr)
        self._log = asyncio.create_task(self._pass_on_log())
        self._broken = False

    @classmethod
    async def start(cls, function: Function, variables: Mapping[str, str]) -> "_Process":
        """Start, and wait for the import of the handler. Raises FunctionError."""
        try:
            started = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "infra.local.function_process",
                function.handler,
                str(function.memory_mb),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=BUFFER_BYTES,
                env=variables,
            )
        except OSError as error:  # the machine is short of files, processes or memory
            raise FunctionError(function.name, "Sandbox.NotStarted", str(error)) from error
        process = cls(function, started)
        try:
            async with asyncio.timeout(START_SECONDS):
                await process._read()
        except TimeoutError:
            await process.end()
            message = f"{function.handler} was not imported after {START_SECONDS} seconds"
            raise FunctionError(function.name, "Sandbox.Timedout", message) from None
        except BaseException:
            await process.end()
            raise
        return process

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._broken

    async def call(self, event: Any) -> Any:
        """Run one event. Raises TimedOut, FunctionError; the process may be dead after that."""
        seconds = self._function.timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                call = {
                    "event": event,
                    "requestId": str(uuid.uuid4()),
                    "deadline": time.time() + seconds,
                    "name": self._function.name,
                    "arn": self._function.arn,
                    "memoryMb": self._function.memory_mb,
                }
                return (await self._exchange(json.dumps(call).encode()))["result"]
        except TimeoutError:
            await self.end()
            raise TimedOut(self._function) from None
        except asyncio.CancelledError:
            # Its answer is still to come, and would be taken for that of the next call.
            await self.end()
            raise

    async def end(self) -> None:
        """Kill the process."""
        self._broken = True
        if self._process.returncode is None:
            _kill(self._process)
        await self._process.wait()
        await self._log

    async def _exchange(self, call: bytes) -> dict[str, Any]:
        with suppress(ConnectionError):  # when the process is gone, reading its answer says how
            self._calls.write(LENGTH.pack(len(call)) + call)
            await self._calls.drain()
        return await self._read()

    async def _read(self) -> dict[str, Any]:
        try:
            (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
            answer: dict[str, Any] = json.loads(await self._answers.readexactly(length))
        except asyncio.IncompleteReadError:
            self._broken = True
            status = await self._process.wait()
            raise FunctionError(self._function.name, "Runtime.ExitError", f"exit status {status}") from None
        if error := answer.get("error"):
            raise FunctionError(self._function.name, error["errorType"], error["errorMessage"])
        return answer

    async def _pass_on_log(self) -> None:
        log = logging.getLogger(f"infra.function.{self._function.name}")
        while True:
            try:
                line = await self._lines.readline()
            except ValueError:  # longer than the buffer, which has been emptied
                continue
            if not line:
                return
            log.info("%s", line.decode(errors="replace").rstrip())


def _kill(process: Process) -> None:
    """Kill a process that may have ended already, unnoticed: `Process.kill` would take its exit status from asyncio."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    else:
        process.kill()
