"""`python -m infra up` as a child process: for the tests, and for the bench."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from infra.bootstrap import REPOSITORY
from infra.local.origin import Origin
from infra.local.processes import ServiceFailed, free_ports

PATIENCE_SECONDS = 300


class InstanceProcess:
    """A running `infra up`, until its `with` block is left. It answers, unless told to wait for other words.

    options: more arguments of `up`. analyses: whether it has a worker. environment: variables beside what is there.

    Raises:
        ServiceFailed: it did not say those words. The text is what it did say.
    """

    def __init__(
        self,
        data: Path,
        *options: str,
        analyses: bool = False,
        until: str = "answers at",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port = free_ports(1)[0]
        self.origin = Origin(self.port).url
        command = [sys.executable, "-m", "infra", "up", "--data", str(data), "--port", str(self.port)]
        command += [*options, *([] if analyses else ["--no-worker"])]
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_for(until)
        except ServiceFailed:
            self.__exit__(None, None, None)
            raise

    def wait_for(self, words: str) -> str:
        """The next line of output with these words. Raises ServiceFailed when there comes none."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                line = self.lines.get(timeout=1)
            except queue.Empty:
                if not self._reader.is_alive():
                    break
                continue
            self.said.append(line)
            if words in line:
                return line
        raise ServiceFailed(f"no {words!r} in:\n" + "".join(self.said))

    def processes(self) -> list[psutil.Process]:
        """The process itself and all below it."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def memory_mb(self) -> float:
        """What all its processes hold together; what several share counts once (PSS; Linux tells it)."""
        return float(sum(process.memory_full_info().pss for process in self.processes())) / 1e6

    def interrupt(self) -> None:
        """Press Ctrl-C, which reaches the whole group of the terminal. Raises ServiceFailed if that ends it badly."""
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServiceFailed(f"Ctrl-C does not end it after {PATIENCE_SECONDS} s") from None
        self._close()
        if status != 0:
            raise ServiceFailed(f"exit status {status} after Ctrl-C:\n" + "".join(self.lines.queue))

    def kill(self) -> None:
        """End it hard. What it started stays."""
        self.process.kill()
        self.process.wait()
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.interrupt()
        else:
            self._close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def _close(self) -> None:
        assert self.process.stdout is not None
        self._reader.join()
        self.process.stdout.close()
