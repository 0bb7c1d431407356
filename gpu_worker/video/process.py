"""The process that decodes a video, from the outside: started for one task, fed with the original, and bounded."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

MEMORY = 3 << 30  # bytes: of an 8K video that is decoded by two threads
CPU_SECONDS = 900  # for whatever it is, and
CPU_SECONDS_PER_SECOND = 30  # of its length: 4K in HEVC takes two
LONGEST_SILENCE = 300  # seconds
BEAT_SECONDS = 10
_TOLD_BYTES = 1 << 20  # of an answer
_REPORT_BYTES = 20_000
_NEEDED = ("LD_LIBRARY_PATH", "SYSTEMROOT")  # without which Python doesn't start
_CHILD = (
    "import sys, os; sys.path[:] = sys.argv.pop().split(os.pathsep); from gpu_worker.video import child; child.main()"
)

Task = Literal["poster", "copy", "stills"]
Read = Callable[[int, int], bytes]


class Refused(Exception):
    """The file is at fault: a sentence for its owner."""


class Broke(Exception):
    """The process ended without an answer. The text is a report for the administrator. too_costly: it took too much."""

    def __init__(self, report: str, *, too_costly: bool = False) -> None:
        super().__init__(report)
        self.too_costly = too_costly


@dataclass(frozen=True, slots=True)
class Original:
    """What is decoded. read: bytes from an offset, as many as are asked for or to the end. seconds: its length, 0 where
    that is not known."""

    mime_type: str
    size_bytes: int
    seconds: float
    read: Read


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty directory for what is made, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="pinhole-video-") as path:
        yield Path(path)


def make(
    task: Task, original: Original, directory: Path, beat: Callable[[], None], still: Callable[[int, int, int], None]
) -> Mapping[str, Any]:
    """Have it done; the files lie in the directory then. What the child said at its end.

    beat: called every few seconds, and may raise to end it. still: told of each still as soon as it is there:
    its percentage, width and height.
    Raises Refused, Broke, and whatever `original.read`, `beat` and `still` raise.
    """
    seconds = CPU_SECONDS + round(CPU_SECONDS_PER_SECOND * original.seconds)
    arguments = [task, original.mime_type, str(original.size_bytes), str(MEMORY), str(seconds)]
    with tempfile.TemporaryFile() as report:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CHILD, *arguments, os.pathsep.join(sys.path)],
            cwd=directory,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=report,
        )
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            for told in _told(child.stdout, beat):
                if "read" in told:
                    content = original.read(*told["read"])
                    child.stdin.write(len(content).to_bytes(4, "big") + content)
                    child.stdin.flush()
                elif "still" in told:
                    still(*map(int, told["still"]))
                elif "refused" in told:
                    raise Refused(str(told["refused"]))
                elif "end" in told:
                    end: Mapping[str, Any] = told["end"]
                    return end
        except BrokenPipeError:
            pass  # it ended while it was answered: that is told below
        finally:
            child.kill()
            child.wait()
        raise _broke(child.returncode, report, seconds)


def _told(said: IO[bytes], beat: Callable[[], None]) -> Iterator[Mapping[str, Any]]:
    """What the child says, line by line. Raises Broke when it says nothing for too long."""
    held = b""
    heard_at = time.monotonic()
    while True:
        beat()
        ready, _, _ = select.select([said], [], [], BEAT_SECONDS)
        if not ready:
            if time.monotonic() - heard_at > LONGEST_SILENCE:
                raise Broke(f"The decoder said nothing for {LONGEST_SILENCE} seconds.", too_costly=True)
            continue
        piece = os.read(said.fileno(), 1 << 16)
        heard_at = time.monotonic()
        if not piece:
            return
        *lines, held = (held + piece).split(b"\n")
        if len(held) > _TOLD_BYTES:
            raise Broke("The decoder said more than it has to say.")
        yield from map(json.loads, lines)


def _broke(status: int, report: IO[bytes], seconds: int) -> Broke:
    if status == -signal.SIGXCPU:
        return Broke(f"The video takes more than {seconds:,} CPU seconds, which is the limit.", too_costly=True)
    report.seek(max(0, report.seek(0, os.SEEK_END) - _REPORT_BYTES))
    said = report.read().decode(errors="replace")
    return Broke(f"The decoder ended with exit status {status}.\n{said}", too_costly="MemoryError" in said)
