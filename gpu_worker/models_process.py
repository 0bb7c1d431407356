"""The process that holds the models: what kills it takes no queue with it, and its memory is given back when it ends.

Pictures go in one by one, and are decoded as they come; a look takes those that it names. So the next batch is ready
when the models are, and a new photo waits for one batch at most.
"""

import ctypes
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_worker import surroundings
from pinhole.seen import Model, Role, Seen
from pinhole_models.roles import ModelError

if TYPE_CHECKING:
    from gpu_worker.looking import Looker, Picture

PR_SET_PDEATHSIG = 1
NVIDIA = Path("/dev/nvidiactl")
MOST_MEMORY = 8 * 2**30  # bytes: the embedded set takes 1.2 GB of what is counted here at a page full of text
LONGEST_SECONDS = 900  # that models take to load, and for a picture: a page full of text takes a core 75


@dataclass(frozen=True, slots=True)
class Options:
    """What the models are, where their files lie, and how many threads each may use. decoders: pictures at once.

    source: where files come from that don't lie there yet, such as s3://bucket/prefix; empty: from nowhere.
    """

    model_set: str
    directory: str
    threads: int
    decoders: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The models of the set are there, and work."""

    models: Mapping[Role, Model]


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """They don't, and `reason` is a sentence for the operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture is ready to be looked at; report: why it never will be. seconds: that decoding took."""

    ticket: int
    report: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of each picture of a look, or a report of what went wrong with that one. seconds: that it took."""

    seen: Mapping[int, Seen | str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The process is gone. exitcode: negative: by that signal."""

    exitcode: int


Told = Loaded | NotLoaded | Decoded | Looked | Ended


class ModelsProcess:
    """The running process, as the loop sees it. What it tells is given to `tell`, in a thread."""

    def __init__(self, options: Options, tell: Callable[[Told], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(options, theirs), name="models", daemon=True)
        self._process.start()
        theirs.close()
        self._asked: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._tell = tell
        self._closed = False
        self._due: dict[int | None, float] = {None: time.monotonic() + LONGEST_SECONDS}  # by ticket; None: to load
        for speak in (self._send, self._listen):
            threading.Thread(target=speak, name="models", daemon=True).start()

    def add(self, ticket: int, content: bytes, original: tuple[int, int]) -> None:
        """Have a picture decoded; it keeps its memory until it was looked at. original: its width and height."""
        self._due[ticket] = time.monotonic() + LONGEST_SECONDS
        self._asked.put((ticket, content, original))

    def look(self, tickets: Sequence[int]) -> None:
        """Have these pictures looked at, as one batch; each was decoded."""
        # One after the other, at worst: those before it are not held against any.
        self._due.update(dict.fromkeys(tickets, time.monotonic() + len(tickets) * LONGEST_SECONDS))
        self._asked.put(list(tickets))

    def forget(self, ticket: int) -> None:
        """Let go of a picture that nobody wants to have looked at any more."""
        self._due.pop(ticket, None)
        self._asked.put(ticket)

    def kill_if_it_hangs(self) -> None:
        """End it when it has been at something for longer than that ever takes; `Ended` follows."""
        if any(due < time.monotonic() for due in list(self._due.values())):
            self._process.kill()

    def memory(self) -> int:
        """Its resident memory in bytes; 0 where no /proc tells it."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End it, and wait until it has; nothing is told of that."""
        self._closed = True
        self._process.kill()
        self._process.join()

    def _send(self) -> None:
        """In a thread, since it waits for as long as the process takes nothing more: that may be for ever."""
        with suppress(OSError):  # it is gone, which `Ended` tells
            while (asked := self._asked.get()) is not None:
                self._connection.send(asked)

    def _listen(self) -> None:
        try:
            while True:
                told = self._connection.recv()
                self._done(told)
                self._tell(told)
        except (EOFError, OSError):
            self._process.join()
        self._asked.put(None)
        if self._closed:
            return
        assert self._process.exitcode is not None
        self._tell(Ended(self._process.exitcode))

    def _done(self, told: Told) -> None:
        match told:
            case Loaded():
                self._due.pop(None)
            case Decoded(ticket):
                self._due.pop(ticket, None)
            case Looked(seen):
                for ticket in seen:
                    self._due.pop(ticket, None)


def _run(options: Options, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _limit_memory()
    # A vector times a matrix takes ten times as long by many threads as by one, when they are busy elsewhere.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        looker = _looker(options)
    except ModelError as error:
        connection.send(NotLoaded(str(error)))
        return
    except ModuleNotFoundError as error:
        connection.send(NotLoaded(surroundings.without(error)))
        return
    except OSError as error:
        connection.send(NotLoaded(f"Files of {options.model_set} can't be used: {error}"))
        return
    with suppress(BrokenPipeError):  # the loop is gone
        connection.send(Loaded(looker.models))
        Looking(looker.look, connection, options.decoders).run()


def _looker(options: Options) -> "Looker":
    # Only here: the process of the loop needs none of it.
    from gpu_worker.looking import Looker
    from pinhole_models import fetching, model_set

    models = model_set.read(options.model_set, Path(options.directory), options.threads)
    if options.source:
        fetching.fetch(models, options.source)
    looker = Looker(models)
    looker.load()
    return looker


def _limit_memory() -> None:
    """Have what takes more fail, instead of the machine. Not beside a GPU: CUDA maps far more than it takes."""
    import resource  # Linux has it, and Windows has not

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY and not NVIDIA.exists():
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, hard))


class Looking:
    """The other end: takes what is asked in a thread, decodes in a pool, looks in the main thread. look: Looker's."""

    def __init__(
        self, look: "Callable[[Sequence[Picture]], list[Seen]]", connection: Connection, decoders: int
    ) -> None:
        self._look = look
        self._connection = connection
        self._sending = threading.Lock()
        self._pool = ThreadPoolExecutor(decoders, thread_name_prefix="decoder")
        self._to_look_at: queue.SimpleQueue[list[int] | None] = queue.SimpleQueue()
        self._pictures: dict[int, Picture] = {}

    def run(self) -> None:
        """Do what is asked until nobody asks any more."""
        threading.Thread(target=self._receive, name="receiver", daemon=True).start()
        while (tickets := self._to_look_at.get()) is not None:
            self._say(self._looked(tickets))

    def _receive(self) -> None:
        try:
            while True:
                match self._connection.recv():
                    case list(tickets):
                        self._to_look_at.put(tickets)
                    case int(ticket):
                        self._pictures.pop(ticket, None)
                    case asked:
                        self._pool.submit(self._decode, *asked)
        except (EOFError, OSError):
            pass  # the loop is gone
        finally:
            self._to_look_at.put(None)

    def _decode(self, ticket: int, content: bytes, original: tuple[int, int]) -> None:
        from gpu_worker.decoding import Undecodable, decode
        from gpu_worker.looking import Picture

        began = time.monotonic()
        report = None
        try:
            self._pictures[ticket] = Picture(decode(content), *original)
        except Undecodable as error:
            report = str(error)
        except Exception:  # noqa: BLE001 - such as too little memory: the photo's attempt ends with it
            report = traceback.format_exc()
        self._say(Decoded(ticket, report, time.monotonic() - began))

    def _looked(self, tickets: Sequence[int]) -> Looked:
        began = time.monotonic()
        found = {ticket: self._pictures.pop(ticket, None) for ticket in tickets}
        pictures = {ticket: picture for ticket, picture in found.items() if picture is not None}  # not forgotten
        return Looked(self._seen(pictures), time.monotonic() - began)

    def _seen(self, pictures: Mapping[int, "Picture"]) -> Mapping[int, Seen | str]:
        try:
            return dict(zip(pictures, self._look(list(pictures.values())), strict=True))
        except Exception:  # noqa: BLE001 - whatever a runtime raises: which picture it is of is found out one by one
            if len(pictures) == 1:
                return dict.fromkeys(pictures, traceback.format_exc())
        seen: dict[int, Seen | str] = {}
        for ticket, picture in pictures.items():
            seen.update(self._seen({ticket: picture}))
        return seen

    def _say(self, what: Told) -> None:
        with self._sending:
            self._connection.send(what)
