"""`pinhole-upload` with what is broken, hostile or only clumsy: environment, server, memory, terminal, files."""

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from pinhole_client import BrokenAnswer, Client, errors, wire
from pinhole_client.upload import reading
from pinhole_client.upload.hashes import state_file
from tests.clients.conftest import LONG_AGO, Upload, write
from tests.clients.pretended import Pinhole

SECRET = "a-secret-of-the-tests"
PAGE_BYTES = 4096  # of SQLite


def test_a_token_of_a_file_with_other_line_ends_is_good(server: Pinhole, upload: Upload, tree: Path) -> None:
    server.tokens.add(SECRET)
    assert upload(tree, PINHOLE_TOKEN=f" {SECRET}\r\n") == 0
    assert len(server.library) == 2


@pytest.mark.parametrize("token", [f"{SECRET}\r\nX: y", f"{SECRET}\x00", f"{SECRET}\u20ac"])
def test_a_token_that_can_be_none_is_refused_and_not_shown(
    upload: Upload, tree: Path, token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, PINHOLE_TOKEN=token)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "The access token has characters in it that none has.\n" in told
    assert SECRET not in told


@pytest.mark.parametrize("address", ["http://ann:{}@127.0.0.1:9", "ann:{}@127.0.0.1:9", "http://{}@127.0.0.1"])
def test_an_address_with_a_password_is_refused_and_not_shown(
    upload: Upload, tree: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, "--server", address.format(SECRET))
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "may hold no user or password" in told
    assert SECRET not in told


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://host:port", "https://host/\x1b[2J", "host"])
def test_an_address_that_can_be_none_is_refused(
    upload: Upload, tree: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(tree, "--server", address)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "is no address like https://photos.example.org" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/auth/login", []),
        ("/api/auth/login", {"accessToken": "a\nb", "refreshToken": "c"}),
        ("/api/uploads", {"uploads": None}),
        ("/api/uploads", {"uploads": [{"id": 1}]}),
        ("/api/uploads/check", "<html>Log in to the hotel</html>"),
        ("/api/uploads/check", {"existing": ["a"], "trashed": {}}),
        ("/api/uploads/complete", {"uploads": [{"id": "a", "state": "failed", "error": "bad"}]}),
    ],
)
def test_an_answer_that_is_none_of_pinholes_is_told(
    server: Pinhole, upload: Upload, tree: Path, path: str, told: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults[path] = [(200, {}, told)]
    assert upload(tree) == 3
    assert f"{server.origin} does not answer as Pinhole does: " in capsys.readouterr().err


def test_who_is_asked_for_a_second_factor_is_told_to_make_a_key(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults["/api/auth/login"] = [(202, {}, {"ticket": "t", "factors": ["totp"], "passkeyOptions": None})]
    assert upload(tree) == 3
    assert "Make a key on the page of the account" in capsys.readouterr().err


def test_an_upload_that_is_begun_with_a_broken_answer_ends_the_run(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server._begin = lambda promise: (201, {"id": "1", "state": "waiting", "method": "pigeon"})  # type: ignore[method-assign]
    assert upload(tree) == 3
    assert "does not answer as Pinhole does: " in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "/store/a", "http://127.0.0.1/\x00"])
def test_nothing_is_sent_to_a_store_that_can_be_none(server: Pinhole, upload: Upload, tree: Path, url: str) -> None:
    single = server._single
    server._single = lambda upload: {**single(upload), "url": url}  # type: ignore[method-assign]
    assert upload(tree) == 3


@pytest.mark.parametrize("wrong", [None, ["a"], {"a": 1}, [{"field": 1}]])
def test_a_problem_whose_fields_are_broken_is_told(
    server: Pinhole, upload: Upload, tree: Path, wrong: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults["/api/uploads/check"] = [(400, {}, {"code": "x", "detail": "It is so.", "errors": wrong})]
    assert upload(tree) == 3
    assert "It is so.\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("9" * 20, 300), ("9" * 5000, 300), ("\u0661", 1), ("-1", None), ("soon", None)]
)
def test_a_wait_that_a_server_asks_for_is_bounded(header: str, seconds: int | None) -> None:
    assert errors._seconds(header) == seconds


def test_what_a_server_says_can_not_write_to_the_terminal(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults["/api/uploads/check"] = [(503, {"Retry-After": "0"}, {"code": "busy", "detail": "\x9b\x1b[2Jevil"})]
    listed: tuple[int, dict[str, str], dict[str, Any]] = (200, {}, {"uploads": []})
    server.faults["/api/uploads"] = [listed, (422, {}, {"detail": "\r\nlies"})]
    assert upload(tree) == 1
    told = capsys.readouterr().err
    assert "\\x9b\\x1b[2Jevil Trying again.\n" in told
    assert "\\r\\nlies" in told
    assert all(letter.isprintable() or letter == "\n" for letter in told)


def test_a_server_with_a_safe_connection_can_not_name_a_store_without(tree: Path) -> None:
    client = Client("https://photos.example.org")
    target = {"partNumber": 1, "url": "http://store.example.org/a", "headers": {}}
    with pytest.raises(BrokenAnswer):
        client.put(cast(wire.PartUrl, target), b"", 0)


def spoil_pages(file: Path) -> None:
    """All but the first."""
    with file.open("r+b") as memory:
        size = memory.seek(0, os.SEEK_END)
        assert size > 2 * PAGE_BYTES
        memory.seek(PAGE_BYTES)
        memory.write(b"\xaa" * (size - PAGE_BYTES))


def change_layout(file: Path) -> None:
    """As another version has it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE file")
        connection.execute("CREATE TABLE file (path)")


@pytest.mark.parametrize("damage", [spoil_pages, change_layout])
def test_a_memory_of_no_use_is_made_anew_and_told(
    server: Pinhole, upload: Upload, tree: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(100):
        write(tree / f"{'long' * 50}{number}.jpg", b"%d" % number)
    assert upload(tree, "--dry-run") == 0
    damage(state_file())
    capsys.readouterr()
    assert upload(tree) == 0
    told = f"{state_file()} is damaged or of another version, and is made anew: files are read again.\n"
    assert capsys.readouterr().err.count(told) == 1
    assert upload(tree) == 0
    assert told not in capsys.readouterr().err


def test_other_bytes_of_the_same_size_time_and_inode_are_sent(server: Pinhole, upload: Upload, tree: Path) -> None:
    assert upload(tree) == 0
    with (tree / "beach.jpg").open("r+b") as file:
        file.write(b"A BEACH")
    os.utime(tree / "beach.jpg", (LONG_AGO, LONG_AGO))
    assert upload(tree) == 0
    assert hashlib.sha256(b"A BEACH").hexdigest() in server.library


@pytest.mark.parametrize("moment", ["before it is read", "while it is read", "before it is sent"])
def test_a_pipe_in_the_place_of_a_file_is_told_and_keeps_nothing_waiting(
    server: Pinhole,
    upload: Upload,
    tree: Path,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tree / "beach.jpg"
    swapping_it = threading.Lock()

    def swap() -> None:
        with swapping_it:
            if path.is_file():
                path.unlink()
                os.mkfifo(path)

    def swapping(real: Callable[..., Any], *, first: bool) -> Callable[..., Any]:
        def do(asked: str, *more: Any) -> Any:
            if first:
                swap()
            result = real(asked, *more)
            swap()
            return result

        return do

    if moment == "before it is sent":
        begin = server._begin
        server._begin = lambda promise: (swap(), begin(promise))[1]  # type: ignore[method-assign, func-returns-value]
    else:
        still = swapping(reading.still_stamp, first=moment == "before it is read")
        monkeypatch.setattr("pinhole_client.upload.run.still_stamp", still)
    assert upload(tree) == 1
    assert f"{path}: can't be read: it is no file any more\n" in capsys.readouterr().err
    assert server.names() == ["trip/day two/forest.heic"]


@pytest.mark.parametrize("lost", [1, 100])
def test_what_the_store_acknowledged_and_lost_is_sent_again_and_told_if_it_is_lost_each_time(
    server: Pinhole, upload: Upload, tree: Path, lost: int, capsys: pytest.CaptureFixture[str]
) -> None:
    land, losses = server._land, iter(range(lost))

    def lose(upload: Any, content: bytes) -> None:
        if next(losses, None) is None:
            land(upload, content)

    server._land = lose  # type: ignore[method-assign]
    beach = tree / "beach.jpg"
    assert upload(beach) == (0 if lost == 1 else 1)
    assert server.asked("PUT", "/store/") == min(lost + 1, 3)
    told = f"{beach}: was sent, and its upload is waiting: send it again\n"
    assert (told in capsys.readouterr().err) == (lost > 1)
