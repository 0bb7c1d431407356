"""`pinhole-upload` killed at any of its requests, and called again."""

import os
import signal
import subprocess
import sys
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
# Log in, list, check, four uploads with their five PUTs and what parts take, completions, log out.
REQUESTS = range(1, 21, 2)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


@contextmanager
def running(environment: dict[str, str], *words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **environment, "PYTHONPATH": CLIENT},
        stdout=subprocess.DEVNULL,
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
