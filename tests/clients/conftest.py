"""What the tests of the command line have: a server to send to, a tree to send, a place for its memory."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pinhole_client.upload import command
from tests.clients.pretended import NAME, PASSWORD, Pinhole, pretended

Upload = Callable[..., int]
LONG_AGO = 1_700_000_000


@pytest.fixture
def server() -> Iterator[Pinhole]:
    """A pretended Pinhole."""
    with pretended(Pinhole()) as pinhole:
        yield pinhole


@pytest.fixture
def environment(server: Pinhole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Credentials of the pretended Pinhole, and a memory of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return {"PINHOLE_NAME": NAME, "PINHOLE_PASSWORD": PASSWORD, "PINHOLE_SERVER": server.origin}


@pytest.fixture
def upload(environment: dict[str, str]) -> Upload:
    """Runs `pinhole-upload` with these words; the exit code."""

    def run(*words: str | Path, **more: str) -> int:
        given = {"PINHOLE_SERVER": environment["PINHOLE_SERVER"]} if "PINHOLE_TOKEN" in more else environment
        return command.run([str(word) for word in words], {**given, **more})

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder `trip` with two photos in it, one in a folder of its own."""
    trip = tmp_path / "trip"
    write(trip / "beach.jpg", b"a beach")
    write(trip / "day two" / "forest.heic", b"a forest")
    return trip


def write(path: Path, content: bytes, modified: float = LONG_AGO) -> None:
    """A file that nobody has written to for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (modified, modified))
