"""Services as child processes: started, waited for, stopped, and found again when an earlier run left them.

A service runs in a directory of its own. Its program, its first arguments and this working directory
together are its identity: so the next start finds what a killed run left behind, and never ends what belongs
to someone else. A file that holds a process id may be missing or stale, the working directory of a live
process is neither.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 15
ATTEMPTS = 3
MAX_LOG_BYTES = 10_000_000


class ServiceFailed(Exception):
    """A service did not start. The text names its log and quotes its end."""


class CannotWork(ServiceFailed):
    """It says that a person has to do something first: to start it again is of no use."""


class Service(ABC):
    """One child process with its log, `{directory}/log`.

    After a start `ready` is asked until it says True; an `OSError` from it counts as not yet.
    `user` is the account to run as, for programs that refuse to run as root. inherits: names of variables of this
    process that it gets beside its environment; all, where none are named.
    """

    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = STOP_SECONDS  # then it is killed
    uses_others: bool = False  # until it has ended: so it is stopped before them

    def __init__(
        self,
        name: str,
        directory: Path,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        inherits: Collection[str] | None = None,
    ) -> None:
        self.name = name
        self.directory = directory
        self.log = directory / "log"
        self._command = [str(part) for part in command]
        inherited = {name: value for name, value in os.environ.items() if inherits is None or name in inherits}
        self._environment = {**inherited, **(environment or {})}
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def ready(self) -> bool:
        """Whether the service answers."""

    def start(self) -> None:
        """Start, or start again, and return when the service answers.

        Raises:
            ServiceFailed: it ended, or did not answer within a minute.
            CannotWork: it ended, and its `complaint` is why.
        """
        end_leftovers(self._command, self.directory, self.stop_signal)
        deadline = time.monotonic() + START_SECONDS
        for attempt in range(ATTEMPTS):
            time.sleep(attempt)  # what it needs may be let go of only now
            self._launch()
            if self._answers(deadline):
                self._prepare_or_end()
                return
        raise ServiceFailed(f"{self.name} does not start. The end of {self.log}:\n{end_of(self.log)}")

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """What must be done each time after it has started."""

    def complaint(self) -> str | None:
        """What a person has to do before it can work, of a process that ended for that; None of any other."""
        return None

    def stop(self) -> None:
        """End the process, gently first. Stopping twice is harmless."""
        self._end()

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def ended(self) -> int | None:
        """The exit status of a process that ended by itself (negative: by that signal), else None."""
        return self._process.poll() if self._process is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def bound_log(self) -> None:
        """Put a log of more than 10 MB aside, in place of the one before. It may be written to meanwhile."""
        if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
            # Copied, not renamed: the process goes on at the end of the file that it was given.
            shutil.copyfile(self.log, self.log.with_suffix(".old"))
            os.truncate(self.log, 0)

    def _launch(self) -> None:
        self.bound_log()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.directory,
                env=self._environment,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches every process of the terminal's group; services must end last.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
            )

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            _signal(self._process, self.stop_signal)
            try:
                self._process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _prepare_or_end(self) -> None:
        try:
            self.prepare()
        except BaseException:
            self._end()
            raise

    def _answers(self, deadline: float) -> bool:
        while self.ended is None and time.monotonic() < deadline:
            if _says_yes(self.ready):
                return True
            time.sleep(0.05)
        complaint = self.complaint()
        self._end()
        if complaint is not None:
            raise CannotWork(f"{self.name} can't work: {complaint}")
        return False


def end_leftovers(command: Sequence[str], directory: Path, stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """End what an earlier run started by this command (program and two arguments) in this directory."""
    found = [process for process in psutil.process_iter(["cmdline"]) if _is_left_over(process, command, directory)]
    for process in found:
        _signal(process, stop_signal)
    deadline = time.monotonic() + STOP_SECONDS
    while (found := [process for process in found if _alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in found:
        process.kill()


def free_ports(count: int) -> list[int]:
    """Distinct ports of 127.0.0.1 that nothing listens on.

    They come from below every system's range of ephemeral ports, so that no outgoing connection takes one
    before a service binds it, or while the service is down and about to come back.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(15_000, 32_000)  # noqa: S311 - no secret
        if port not in ports and port_is_free(port):
            ports.append(port)
    return ports


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    try:
        check_port(port)
    except OSError:
        return False
    return True


def check_port(port: int, address: str = HOST) -> None:
    """Raise the OSError that a server would meet which listens on this port of an address."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))


def loopback() -> list[str]:
    """The addresses that `localhost` may mean on this machine."""
    try:
        check_port(0, "::1")
    except OSError:
        return [HOST]
    return [HOST, "::1"]


def accepts_connections(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.create_connection((HOST, port), timeout=1):
        return True


def _says_yes(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False


def _is_left_over(process: psutil.Process, command: Sequence[str], directory: Path) -> bool:
    started_as = process.info["cmdline"] or [""]
    if Path(started_as[0]).name != Path(command[0]).name or started_as[1:3] != list(command[1:3]):
        return False
    try:
        return Path(process.cwd()).is_relative_to(directory)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _alive(process: psutil.Process) -> bool:
    """Whether it still runs. One that ended but whose parent has not noticed yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process | subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if os.name == "posix":
        process.send_signal(stop_signal)
    else:
        process.terminate()


def end_of(log: Path, lines: int = 15) -> str:
    """Its last lines."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
