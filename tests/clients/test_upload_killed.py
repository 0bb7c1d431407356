"""`pinhole-upload` killed at any of its requests, and called again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.bootstrap import REPOSITORY
from tests.clients.conftest import Upload, write
from tests.clients.pretended import MEBIBYTE, Pinhole

CLIENT = str(REPOSITORY / "clients" / "python")
COMMAND = [sys.executable, "-c", "from pinhole_client.upload.command import main; main()"]
LONGEST_SECONDS = 30  # half of what it waits for an answer
# Log in, list, check, four uploads with their five PUTs and what parts take, completions, log out.
REQUESTS = range(1, 21, 2)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


@contextmanager
def running(
    environment: dict[str, str], *words: str | Path, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **environment, "PYTHONPATH": CLIENT},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("request_number", REQUESTS)
def test_killed_at_any_request_the_next_call_completes_it(
    server: Pinhole, environment: dict[str, str], upload: Upload, tree: Path, moment: str, request_number: int
) -> None:
    write(tree / "long.mov", os.urandom(17 * MEBIBYTE))
    write(tree / "twin.jpg", b"a beach")
    with running(environment, tree) as process:

        def kill(number: int) -> None:
            if number == request_number:
                process.kill()
                process.wait()

        setattr(server, moment, kill)
        process.wait()
    setattr(server, moment, lambda _number: None)
    assert upload(tree) == 0
    assert len(server.library) == 3
    # Nothing is left half done, and nothing was sent as two.
    assert sorted(one.state for one in server.uploads.values()) == ["ready"] * 3


def test_killed_while_it_sends_it_reads_no_file_again(
    server: Pinhole, environment: dict[str, str], upload: Upload, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(environment, tree) as process:

        def kill(_number: int) -> None:
            if server.asked("PUT", "/store/"):
                process.kill()

        server.before = kill
        assert process.wait() == -signal.SIGKILL
    server.before = lambda _number: None

    def read(*_: object) -> bytes:
        raise AssertionError("it was read already")

    monkeypatch.setattr("pinhole_client.upload.run.sha256_of", read)
    assert upload(tree) == 0
    assert len(server.library) == 2


def test_interrupted_it_ends_at_once_and_says_so(server: Pinhole, environment: dict[str, str], tree: Path) -> None:
    unavailable = (503, {"Retry-After": "60"}, {"code": "unavailable", "detail": "Not now."})
    server.faults["/api/uploads/check"] = [unavailable] * 100
    with running(environment, tree) as process:
        while not server.asked("POST", "/uploads/check"):
            time.sleep(0.05)
        process.terminate()
        assert process.wait() == 130
        assert process.stderr is not None
        assert "Interrupted. The next call goes on from here.\n" in process.stderr.read()
    assert server.tokens == set()


def test_watching_it_sends_files_as_they_appear_once_they_are_whole(
    server: Pinhole, environment: dict[str, str], tree: Path
) -> None:
    with running(environment, tree, "--watch") as process:
        while len(server.library) < 2:
            time.sleep(0.1)
        with (tree / "new.jpg").open("wb") as file:
            # Longer than it looks at the folder.
            for _ in range(14):
                file.write(b"some")
                file.flush()
                time.sleep(0.5)
        while len(server.library) < 3:
            time.sleep(0.1)
        process.terminate()
        assert process.wait() == 0
    assert sorted(one.promise["sizeBytes"] for one in server.uploads.values()) == [7, 8, 14 * 4]


@pytest.mark.parametrize("megabytes", [1, 17])
def test_interrupted_while_the_store_keeps_silent_it_ends_at_once(
    server: Pinhole, environment: dict[str, str], tree: Path, megabytes: int
) -> None:
    write(tree / "day two" / "long.mov", os.urandom(megabytes * MEBIBYTE))
    silent, is_over = threading.Event(), threading.Event()

    def keep_silent(_number: int) -> None:  # to whoever asks: a session can't be ended either
        if server.asked("PUT", "/store/"):
            silent.set()
            is_over.wait()

    server.before = keep_silent
    with running(environment, tree / "day two" / "long.mov") as process:
        try:
            silent.wait()
            process.send_signal(signal.SIGINT)
            assert process.wait(LONGEST_SECONDS) == 130
        finally:
            process.kill()
            is_over.set()


@pytest.mark.parametrize("files", [1, 300])  # more than a pipe takes while nobody reads, and less
def test_a_list_that_nobody_reads_on_ends_quietly(
    server: Pinhole, environment: dict[str, str], tmp_path: Path, files: int
) -> None:
    for number in range(files):
        write(tmp_path / "many" / f"{'x' * 240}{number}.jpg", b"%d" % number)
    reading, writing = os.pipe()
    os.close(reading)
    with running(environment, tmp_path / "many", "--dry-run", stdout=writing) as process:
        os.close(writing)
        assert process.wait() == 141
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_names_that_a_terminal_lacks_letters_for_are_spelled_out(
    server: Pinhole, environment: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "\u65e5\u672c.jpg", b"a day")
    latin = {**environment, "PYTHONIOENCODING": "latin-1"}
    with running(latin, tmp_path / "\u65e5\u672c.jpg", "--dry-run", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read() == f"{tmp_path}/\\u65e5\\u672c.jpg\n"
        assert process.wait() == 0
