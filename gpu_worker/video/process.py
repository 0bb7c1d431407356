"""The process that decodes a video, from the outside: started for one task, fed with the original, and bounded."""

import contextlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Literal

from pinhole.errors import ErrorCode, FileRejected
from pinhole.imaging.apart import keep_to_oneself

MEMORY = 3 << 30  # bytes: of an 8K video that is decoded by two threads
CPU_SECONDS = 900  # for whatever it is, and
CPU_SECONDS_PER_SECOND = 30  # of its length: 4K in HEVC takes two
LONGEST_SILENCE = 1800  # seconds: the index of a very long copy is moved to its front without a word
BEAT_SECONDS = 2
_TOLD_BYTES = 1 << 20  # of a line
_LINES = 16  # that were said and not heard yet
_REPORT_BYTES = 20_000
_NEEDED = ("LD_LIBRARY_PATH", "SYSTEMROOT")  # without which Python doesn't start
_SCRATCH = re.compile(r"pinhole-video-([0-9]+)-\w+")
_CHILD = (
    "import sys, os; sys.path[:] = sys.argv.pop().split(os.pathsep); from gpu_worker.video import child; child.main()"
)

Task = Literal["poster", "copy", "clip", "stills"]
Read = Callable[[int, int], bytes]
Told = Mapping[str, Any]


class Broke(Exception):
    """The process ended without an answer. The text is a report for the administrator."""


@dataclass(frozen=True, slots=True)
class Original:
    """What is decoded. read: bytes from an offset, at least one and at most as many as are asked for. seconds: its
    length, 0 where that is not known."""

    mime_type: str
    size_bytes: int
    seconds: float
    read: Read


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty directory for what is made, removed at the end."""
    with tempfile.TemporaryDirectory(prefix=f"pinhole-video-{os.getpid()}-") as path:
        yield Path(path)


def remove_leftovers() -> None:
    """Remove what workers left that were killed: those of another id after a day, in which they would have ended."""
    for path in Path(tempfile.gettempdir()).glob("pinhole-video-*"):
        name = _SCRATCH.fullmatch(path.name)
        with contextlib.suppress(FileNotFoundError):
            # In a container each start has the same id.
            if name is not None and (int(name[1]) == os.getpid() or path.stat().st_mtime < time.time() - 86_400):
                shutil.rmtree(path, ignore_errors=True)


def make(
    task: Task,
    original: Original,
    directory: Path,
    threads: int,
    beat: Callable[[], None],
    hear: Callable[[Told], None],
) -> Told:
    """Have it done; the files lie in the directory then. What the child said at its end.

    beat: called every few seconds, and may raise to end it. hear: is given what the child says on the way.
    Raises FileRejected (`corrupt`, `too_costly`), Broke, and whatever `original.read`, `beat` and `hear` raise.
    """
    keep_to_oneself()
    seconds = CPU_SECONDS + round(CPU_SECONDS_PER_SECOND * original.seconds)
    arguments = [task, original.mime_type, *map(str, (original.size_bytes, threads, MEMORY, seconds))]
    with tempfile.TemporaryFile() as report:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CHILD, *arguments, os.pathsep.join(sys.path)],
            cwd=directory,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=report,
            start_new_session=True,
        )
        try:
            end = _followed(child, original, beat, hear)
        finally:
            _kill(child)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):  # what was to be written to it is not read any more
                    assert pipe is not None
                    pipe.close()
        if end is None:
            raise _broke(child.returncode, report, seconds)
    if "refused" in end:
        raise FileRejected(str(end["refused"]), code=ErrorCode(end["code"]))
    return end


def _kill(child: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    if sys.platform != "win32" and child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _followed(
    child: subprocess.Popen[bytes], original: Original, beat: Callable[[], None], hear: Callable[[Told], None]
) -> Told | None:
    """Answer the child until it ends. What it said last; None where it ended without a word."""
    assert child.stdin is not None
    with _lines(child) as said:
        for told in _told(said, beat):
            if "read" in told:
                content = original.read(*told["read"])
                try:
                    child.stdin.write(len(content).to_bytes(4, "big") + content)
                    child.stdin.flush()
                except OSError:  # it ended meanwhile, and what it said before is all
                    return None
            elif "end" in told:
                end: Told = told["end"]
                return end
            else:
                hear(told)
    return None


@contextlib.contextmanager
def _lines(child: subprocess.Popen[bytes]) -> "Iterator[queue.Queue[bytes]]":
    """What the child says, line by line; empty at its end. By a thread, since not every system can wait for a pipe."""
    said: queue.Queue[bytes] = queue.Queue(_LINES)

    def listen() -> None:
        assert child.stdout is not None
        while line := child.stdout.readline(_TOLD_BYTES):
            said.put(line)
        said.put(b"")

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield said
    finally:
        _kill(child)
        while listener.is_alive():  # it may wait for room
            with contextlib.suppress(queue.Empty):
                said.get(timeout=0.01)


def _told(said: "queue.Queue[bytes]", beat: Callable[[], None]) -> Iterator[Told]:
    """Raises Broke when it says nothing for too long, or what it has not to say."""
    heard_at = time.monotonic()
    while True:
        beat()
        try:
            line = said.get(timeout=BEAT_SECONDS)
        except queue.Empty:
            if time.monotonic() - heard_at > LONGEST_SILENCE:
                raise Broke(f"The decoder said nothing for {LONGEST_SILENCE} seconds.") from None
            continue
        if not line:
            return
        heard_at = time.monotonic()
        try:
            told: Told = json.loads(line)
        except ValueError as error:
            raise Broke(f"The decoder said what it has not to say: {line[:100]!r}") from error
        yield told


def _broke(status: int, report: IO[bytes], seconds: int) -> Exception:
    if status < 0 and signal.Signals(-status).name == "SIGXCPU":
        return FileRejected(
            f"The video takes more than {seconds:,} CPU seconds to decode, which is the limit.",
            code=ErrorCode.TOO_COSTLY,
        )
    if status < 0 and signal.Signals(-status).name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"):
        return FileRejected("The video is damaged: its decoder breaks down over it.", code=ErrorCode.CORRUPT)
    report.seek(max(0, report.seek(0, os.SEEK_END) - _REPORT_BYTES))
    said = report.read().decode(errors="replace")
    return Broke(f"The decoder ended with exit status {status}.\n{said}")
