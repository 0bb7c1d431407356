"""The process that decodes: bounded in time and memory, and told from one whose file is at fault."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from gpu_worker.video import process
from gpu_worker.video.process import Broke, Original, make
from pinhole.errors import ErrorCode, FileRejected
from tests.fixtures.clips import Clip, made

CLIP = Clip("mkv", pixels=(160, 90), seconds=2)


def of(content: bytes, mime_type: str = "video/x-matroska") -> Original:
    """A file in memory, read as a store gives it: seldom as much as is asked for."""

    def read(at: int, length: int) -> bytes:
        return content[at : at + min(length, 100_000)]

    return Original(mime_type, len(content), 2, read)


def nothing(*_: Any) -> None:
    pass


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    made_in = tmp_path / "made"
    made_in.mkdir()
    before = psutil.Process().children()
    yield made_in
    assert psutil.Process().children() == before


def test_a_copy_tells_its_stills_and_how_far_it_has_come(directory: Path) -> None:
    told: list[Any] = []
    end = make("copy", of(made(CLIP)), directory, 2, nothing, told.append)
    assert end == {"width": 160, "height": 90}
    assert [one["still"] for one in told if "still" in one] == [[share, 160, 90] for share in (0, 33, 66, 99)]
    assert [int(one["seconds"]) for one in told if "seconds" in one] == [1]
    names = {"720p.mp4", "still-0.webp", "still-33.webp", "still-66.webp", "still-99.webp"}
    assert {path.name for path in directory.iterdir()} == names


def test_where_nothing_tells_how_long_it_is_stills_are_of_the_copy(directory: Path) -> None:
    content = without_length(made(CLIP))
    told: list[Any] = []
    make("copy", of(content), directory, 2, nothing, told.append)
    assert [one["still"][0] for one in told if "still" in one] == [0, 33, 66, 99]
    assert len({(directory / f"still-{share}.webp").read_bytes() for share in (0, 33, 66, 99)}) == 4


def without_length(content: bytes) -> bytes:
    """As browsers record: Matroska whose duration (EBML id 4489) nobody wrote, with no index."""
    at = content.index(b"\x44\x89\x88")
    # An element of the same size that says nothing (EC).
    return content[:at] + b"\xec\x89" + bytes(9) + content[at + 11 :]


def test_more_time_than_its_limit_is_too_costly(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "CPU_SECONDS", 1)
    monkeypatch.setattr(process, "CPU_SECONDS_PER_SECOND", 0)
    with pytest.raises(FileRejected) as rejected:
        make("copy", of(made(Clip("mkv", pixels=(1280, 720), seconds=4))), directory, 2, nothing, nothing)
    assert rejected.value.code == ErrorCode.TOO_COSTLY
    assert "1 CPU second" in rejected.value.detail


def test_more_memory_than_its_limit_is_too_costly(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = made(Clip("mkv", pixels=(3840, 2160), seconds=0.2))
    monkeypatch.setattr(process, "MEMORY", 200 << 20)
    with pytest.raises(FileRejected) as rejected:
        make("copy", of(content), directory, 2, nothing, nothing)
    assert rejected.value.code == ErrorCode.TOO_COSTLY
    assert "GB of memory" in rejected.value.detail


def child(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Have another program run in place of what decodes."""
    monkeypatch.setattr(process, "_CHILD", f"import sys, os, time\n{body}")


def test_a_process_that_says_nothing_is_ended(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "time.sleep(1000)")
    monkeypatch.setattr(process, "LONGEST_SILENCE", 0)
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.1)
    # An attempt, and not the fault of the file: it may be the disk's.
    with pytest.raises(Broke, match="said nothing"):
        make("copy", of(b""), directory, 2, nothing, nothing)


def test_a_process_that_breaks_down_tells_of_a_damaged_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "import signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(FileRejected) as rejected:
        make("copy", of(b""), directory, 2, nothing, nothing)
    assert rejected.value.code == ErrorCode.CORRUPT


@pytest.mark.parametrize("body", ["raise ValueError('no such thing')", "os.kill(os.getpid(), 9)", "print('x' * 2**21)"])
def test_a_process_that_ends_without_an_answer_is_reported(
    directory: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    child(monkeypatch, body)
    with pytest.raises(Broke):
        make("copy", of(b""), directory, 2, nothing, nothing)


def test_a_process_that_talks_without_end_fills_no_memory(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "while True: print('{\"seconds\": 1}' + ' ' * 100_000, flush=True)")
    heard = 0

    def hear(_told: Any) -> None:
        nonlocal heard
        heard += 1
        time.sleep(0.01)
        if heard == 50:
            raise StopIteration

    before = psutil.Process().memory_info().rss
    with pytest.raises(StopIteration):
        make("copy", of(b""), directory, 2, nothing, hear)
    assert psutil.Process().memory_info().rss - before < 50 << 20


@pytest.mark.parametrize("where", ["beat", "read", "hear"])
def test_what_its_caller_raises_ends_it(directory: Path, where: str) -> None:
    def refuse(*_: Any) -> Any:
        raise ZeroDivisionError

    calls: dict[str, Callable[..., Any]] = {
        "beat": nothing,
        "read": of(made(CLIP)).read,
        "hear": nothing,
        where: refuse,
    }
    original = Original("video/x-matroska", len(made(CLIP)), 2, calls["read"])
    with pytest.raises(ZeroDivisionError):
        make("copy", original, directory, 2, calls["beat"], calls["hear"])


def test_it_finds_nothing_of_its_parents_environment(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_DATABASE_URL", "postgresql://secret")
    body = """
try: theirs = open(f"/proc/{os.getppid()}/environ").read()
except OSError: theirs = ""
import json
print(json.dumps({"end": {"own": dict(os.environ), "theirs": theirs}}))
"""
    child(monkeypatch, body)
    end = make("copy", of(b""), directory, 2, nothing, nothing)
    assert "secret" not in str(end["own"])
    if os.geteuid() != 0:
        assert end["theirs"] == ""


def test_it_ends_when_its_parent_is_killed(directory: Path) -> None:
    script = f"""
import sys; sys.path[:] = {sys.path!r}
from pathlib import Path
from gpu_worker.video import process
from tests.gpu_worker.video.test_process import CLIP, made, nothing, Original
import os
content = made(CLIP)
def read(at, length):
    if at > len(content) // 2:
        print(os.getpid(), flush=True)
        os.kill(os.getpid(), 9)
    return content[at : at + 1000]
process.make("copy", Original("video/x-matroska", len(content), 2, read), Path({str(directory)!r}), 2, nothing, nothing)
"""
    before = {one.pid for one in psutil.process_iter()}
    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert killed.returncode == -9

    def left() -> list[psutil.Process]:
        return [
            one for one in psutil.process_iter(["cwd"]) if one.pid not in before and one.info["cwd"] == str(directory)
        ]

    while left():
        time.sleep(0.02)


def test_what_killed_workers_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own, old, young = (tmp_path / f"pinhole-video-{name}" for name in (f"{os.getpid()}-abc", "1-abc", "1-def"))
    for path in (own, old, young):
        path.mkdir()
    os.utime(old, (0, 0))
    process.remove_leftovers()
    assert list(tmp_path.iterdir()) == [young]
