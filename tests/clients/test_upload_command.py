"""`pinhole-upload` as its user meets it."""

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest

import pinhole_client
from pinhole_client.upload import reading
from pinhole_client.upload.hashes import state_file
from pinhole_client.upload.run import Run
from tests.clients.conftest import LONG_AGO, Upload, write
from tests.clients.pretended import MEBIBYTE, PASSWORD, Pinhole, problem
from tests.clients.pretended import Upload as OpenUpload

MANY = 10_000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_tree_is_sent_with_the_path_of_each_file_from_the_folder_that_was_named(
    server: Pinhole, upload: Upload, tree: Path
) -> None:
    assert upload(tree) == 0
    assert server.names() == ["trip/beach.jpg", "trip/day two/forest.heic"]
    [beach] = [item for item in server.library.values() if item["filename"] == "beach.jpg"]
    assert beach["contentType"] == "image/jpeg"
    assert beach["modifiedAt"] == "2023-11-14T22:13:20+00:00"


def test_a_file_that_was_named_by_itself_has_no_path_and_is_sent_if_its_name_says_nothing(
    server: Pinhole, upload: Upload, tmp_path: Path
) -> None:
    write(tmp_path / "scan.bin", b"a scan")
    assert upload(tmp_path / "scan.bin") == 0
    assert server.names() == [None]


def test_the_name_of_a_folder_that_was_named_as_a_dot_is_told(
    server: Pinhole, upload: Upload, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree / "day two")
    assert upload(".") == 0
    assert server.names() == ["day two/forest.heic"]


def test_what_is_there_already_is_not_sent_again(server: Pinhole, upload: Upload, tree: Path) -> None:
    upload(tree)
    puts, begun = server.asked("PUT", ""), server.asked("POST", "/api/uploads")
    assert upload(tree) == 0
    assert server.asked("PUT", "") == puts
    # The question about both files, and nothing else.
    assert server.asked("POST", "/api/uploads") == begun + 1


def test_files_of_the_same_bytes_are_sent_once_and_told_apart_from_what_was_there(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tree / "again.jpg", b"a beach")
    assert upload(tree, "--dry-run") == 0
    told = "2 files to send (15 B), 0 there already, 1 the same as another of these files\n"
    assert told in capsys.readouterr().err
    write(tree / "day two" / "again.jpg", b"a beach")
    assert upload(tree) == 0
    assert server.asked("PUT", "") == 2
    assert "2 files added, 0 there already, 2 the same as others of these files\n" in capsys.readouterr().err
    assert upload(tree) == 0
    assert "0 files added, 4 there already\n" in capsys.readouterr().err


def test_a_file_is_sent_when_the_one_that_stood_for_its_bytes_goes(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinhole_client.upload.run.READ_AT_ONCE", 1)  # so that they come in their order
    write(tree / "a.jpg", b"a beach")
    begin = server._begin

    def begin_and_delete(promise: dict[str, object]) -> tuple[int, object]:
        if promise["filename"] == "a.jpg":
            (tree / "a.jpg").unlink(missing_ok=True)
        return begin(promise)

    server._begin = begin_and_delete  # type: ignore[method-assign]
    assert upload(tree) == 1
    assert server.names() == ["trip/beach.jpg", "trip/day two/forest.heic"]
    assert "a.jpg: is gone" in capsys.readouterr().err


def test_a_dry_run_tells_what_is_missing_and_sends_nothing(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.library[sha256(b"a forest")] = {"relativePath": None}
    assert upload(tree, "--dry-run") == 0
    told = capsys.readouterr()
    assert told.out == f"{tree / 'beach.jpg'}\n"
    assert "1 file to send (7 B), 1 there already\n" in told.err
    assert server.asked("PUT", "") == 0
    assert ("POST", "/api/uploads") not in server.requests


def test_a_second_run_reads_no_file_again(
    server: Pinhole, upload: Upload, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(tree, "--dry-run")

    def read(*_: object) -> bytes:
        raise AssertionError("it was read already")

    monkeypatch.setattr("pinhole_client.upload.run.sha256_of", read)
    assert upload(tree) == 0
    assert len(server.library) == 2


def test_a_file_that_was_written_to_since_is_read_again(server: Pinhole, upload: Upload, tree: Path) -> None:
    upload(tree, "--dry-run")
    write(tree / "beach.jpg", b"a shore", LONG_AGO + 1)
    upload(tree)
    assert sha256(b"a shore") in server.library
    assert sha256(b"a beach") not in server.library


def test_a_remembered_hash_that_is_wrong_is_found_out_by_the_store(server: Pinhole, upload: Upload, tree: Path) -> None:
    upload(tree, "--dry-run")
    write(tree / "beach.jpg", b"a shore")  # of the same length, and its time was put back
    assert upload(tree) == 0
    assert sha256(b"a shore") in server.library
    assert sha256(b"a beach") not in server.library
    assert not [one for one in server.uploads.values() if one.state == "waiting"]


def test_a_large_file_is_sent_in_parts(server: Pinhole, upload: Upload, tmp_path: Path) -> None:
    content = os.urandom(40 * MEBIBYTE)
    write(tmp_path / "long.mov", content)
    assert upload(tmp_path / "long.mov") == 0
    assert list(server.library) == [sha256(content)]
    assert server.asked("PUT", "/store/") == 3


def test_parts_that_the_store_has_already_are_not_sent_again(server: Pinhole, upload: Upload, tmp_path: Path) -> None:
    content = os.urandom(40 * MEBIBYTE)
    write(tmp_path / "long.mov", content)
    # The store has trouble with the last part until the session ends, which nobody renews.
    server.tokens.add("short")
    server.faults["/store/.*/3"] = [(503, {"Retry-After": "0"}, {})] * 1000
    gone = {"code": "token_expired", "detail": "It is over."}
    stored = server.stored

    def end_session(path: str, content: bytes, wanted: str | None) -> tuple[int, bytes]:
        if path.endswith("/2"):
            server.faults["/api/uploads/.*/parts"] = [(401, {}, gone)] * 1000
        return stored(path, content, wanted)

    server.stored = end_session  # type: ignore[method-assign]
    assert upload(tmp_path / "long.mov", PINHOLE_TOKEN="short") == 3
    server.faults.clear()
    sent = server.asked("PUT", "/store/")
    assert upload(tmp_path / "long.mov") == 0
    [uploaded] = server.uploads.values()
    assert uploaded.state == "ready"
    assert server.asked("PUT", "/store/") == sent + 1


def test_what_the_server_refuses_is_told_by_file_and_stops_nothing(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refused[sha256(b"a beach")] = "unsupported_type"
    assert upload(tree) == 1
    told = capsys.readouterr().err
    assert f"{tree / 'beach.jpg'}: This is no photo.\n" in told
    assert "1 file added, 0 there already, 1 failed\n" in told


def test_a_refusal_before_the_bytes_is_told_with_its_field(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "code": "invalid",
        "detail": "Some fields are wrong.",
        "errors": [{"field": "filename", "message": "is bad"}],
    }
    server.faults["/api/uploads"] = [(200, {}, {"uploads": []}), (422, {}, wrong)]
    assert upload(tree) == 1
    assert ": Some fields are wrong. filename: is bad.\n" in capsys.readouterr().err
    assert len(server.library) == 1


def test_sidecars_are_told_before_a_byte_is_sent(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tree / "beach.XMP", b"<x:xmpmeta/>")
    write(tree / "beach.jpg.json", b"{}")
    write(tree / "notes.txt", b"no photo")
    assert upload(tree) == 0
    told = capsys.readouterr().err
    assert "2 sidecars left out" in told
    assert "1 file left out" in told
    assert len(server.uploads) == 2


def test_a_real_file_goes_before_a_link_to_it(
    server: Pinhole, upload: Upload, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "a link.jpg").symlink_to("beach.jpg")
    (tree / "a folder").symlink_to("day two", target_is_directory=True)
    (tmp_path / "sea.jpg").symlink_to(tree / "beach.jpg")
    assert upload(tmp_path / "sea.jpg", tree) == 0
    assert server.names() == ["trip/beach.jpg", "trip/day two/forest.heic"]
    told = capsys.readouterr().err
    assert "2 links left out: to files that are among these by their own names\n" in told
    assert "2 files added, 0 there already\n" in told


def test_a_link_to_what_is_left_out_by_its_own_name_is_followed(
    server: Pinhole, upload: Upload, tree: Path, tmp_path: Path
) -> None:
    write(tree / ".hidden.jpg", b"hidden")
    write(tree / "scan.bin", b"a scan")
    write(tree / ".store" / "lake.jpg", b"a lake")
    for name, target in (("a.jpg", ".hidden.jpg"), ("b.jpg", "scan.bin"), ("c.jpg", ".store/lake.jpg")):
        (tree / name).symlink_to(target)
    assert upload(tree) == 0
    assert {f"trip/{name}.jpg" for name in "abc"} < set(server.names())


@pytest.mark.parametrize("named", [["."], ["pipe.jpg", "null.jpg", "socket.jpg"]])
def test_what_has_the_name_of_a_photo_and_is_no_file_is_told_for_what_it_is(
    upload: Upload, tree: Path, named: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tree)
    os.mkfifo("pipe.jpg")
    Path("null.jpg").symlink_to(os.devnull)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jpg")
    assert upload(*named) == 1
    told = capsys.readouterr().err
    for name, what in (("pipe", "a named pipe"), ("null", "a device"), ("socket", "a socket")):
        assert f"{tree / name}.jpg: is {what}, and no file\n" in told
    assert "left out" not in told


def test_what_was_named_by_itself_is_sent_unless_its_name_is_of_something_else(
    server: Pinhole, upload: Upload, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [tmp_path / name for name in ("notes.TXT", "IMG_0001", "copy.jpg.bak")]
    for path in named:
        write(path, path.name.encode())
    assert upload(*named) == 0
    assert "1 file left out" in capsys.readouterr().err
    assert len(server.uploads) == 2


def test_hidden_files_are_left_alone(server: Pinhole, upload: Upload, tree: Path) -> None:
    write(tree / ".thumbnails" / "small.jpg", b"small")
    write(tree / "._beach.jpg", b"of another system")
    assert upload(tree) == 0
    assert len(server.uploads) == 2


def test_an_empty_file_is_told_and_not_sent(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tree / "empty.jpg", b"")
    assert upload(tree) == 1
    assert f"{tree / 'empty.jpg'}: is empty\n" in capsys.readouterr().err
    assert len(server.uploads) == 2


def test_a_file_that_changes_while_it_is_sent_arrives_as_it_was_in_the_end(
    server: Pinhole, upload: Upload, tmp_path: Path
) -> None:
    path, before, after = tmp_path / "growing.jpg", b"1" * MEBIBYTE, b"2" * MEBIBYTE
    write(path, before)
    begin = server._begin

    def begin_and_write(promise: dict[str, object]) -> tuple[int, object]:
        if promise["sha256"] == sha256(before):
            write(path, after, LONG_AGO + 1)
        return begin(promise)

    server._begin = begin_and_write  # type: ignore[method-assign]
    assert upload(path) == 0
    assert list(server.library) == [sha256(after)]
    assert [one.state for one in server.uploads.values()] == ["aborted", "ready"]


def test_a_file_that_changes_between_two_of_its_blocks_never_arrives_mixed(
    server: Pinhole, upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before, after = tmp_path / "growing.jpg", b"1" * MEBIBYTE, b"2" * MEBIBYTE
    write(path, before)
    count = Run._count_sent
    changes: list[int] = []

    def change(run: Run, more: int) -> None:
        if not changes:
            changes.append(more)
            with path.open("r+b") as file:
                file.write(after)
            os.utime(path, (LONG_AGO + 1, LONG_AGO + 1))
        count(run, more)

    monkeypatch.setattr(Run, "_count_sent", change)
    assert upload(path) == 0
    assert list(server.library) == [sha256(after)]
    assert 0 < changes[0] < MEBIBYTE


def test_a_file_that_is_written_to_on_and_on_is_given_up(
    server: Pinhole, upload: Upload, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "growing.jpg"
    write(path, b"0")
    begin = server._begin

    def begin_and_write(promise: dict[str, object]) -> tuple[int, object]:
        write(path, path.read_bytes() + b"0", LONG_AGO + path.stat().st_size)
        return begin(promise)

    server._begin = begin_and_write  # type: ignore[method-assign]
    assert upload(path) == 1
    assert "growing.jpg: is still being written to\n" in capsys.readouterr().err
    assert server.library == {}


def test_a_file_that_was_just_written_is_read_only_once_it_is_still(
    server: Pinhole, upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fresh.jpg"
    write(path, b"half", time.time())
    real, ages = reading.sha256_of, []

    def read(path: str, *more: object) -> bytes:
        ages.append(time.time() - Path(path).stat().st_mtime)
        return real(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("pinhole_client.upload.run.sha256_of", read)
    assert upload(path) == 0
    assert ages[0] >= 2


def test_links_in_circles_end(server: Pinhole, upload: Upload, tree: Path) -> None:
    (tree / "day two" / "up").symlink_to(tree, target_is_directory=True)
    assert upload(tree, tree / "day two") == 0
    assert server.names() == ["trip/beach.jpg", "trip/day two/forest.heic"]


def test_a_link_is_followed_and_one_that_leads_nowhere_is_told(
    server: Pinhole, upload: Upload, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "elsewhere" / "lake.jpg", b"a lake")
    (tree / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tree / "gone").symlink_to(tmp_path / "unmounted")
    (tree / "circle.jpg").symlink_to(tree / "circle.jpg")
    assert upload(tree) == 1
    assert "trip/more/lake.jpg" in server.names()
    told = capsys.readouterr().err
    assert f"{tree / 'gone'}: is gone, or a link that leads nowhere\n" in told
    assert f"{tree / 'circle.jpg'}: can't be read: " in told
    assert len(server.library) == 3


def test_what_may_not_be_read_is_told_and_the_rest_is_sent(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tree / "secret" / "diary.jpg", b"a diary")
    write(tree / "locked.jpg", b"locked")
    real_scan, real_read = os.scandir, reading.sha256_of

    def scan(path: str) -> object:  # the tests may run as root, whom no permission stops
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return real_scan(path)

    def read(path: str, *more: object) -> bytes:
        if path.endswith("locked.jpg"):
            raise PermissionError(13, "Permission denied", path)
        return real_read(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("os.scandir", scan)
    monkeypatch.setattr("pinhole_client.upload.run.sha256_of", read)
    assert upload(tree) == 1
    monkeypatch.undo()
    told = capsys.readouterr().err
    assert f"{tree / 'secret'}: can't be read: Permission denied\n" in told
    assert f"{tree / 'locked.jpg'}: can't be read: Permission denied\n" in told
    assert "2 files added, 0 there already, 2 failed\n" in told


def test_a_disk_that_fails_while_a_file_is_sent_is_no_outage(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pinhole_client.sending.Sending._check", fail)
    assert upload(tree) == 1
    assert f"{tree / 'beach.jpg'}: can't be read: Input/output error\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Cafe\u0301.jpg".encode(), "Cafe\u0301.jpg"),  # the server composes it
        (b"two\nlines.jpg", "two\nlines.jpg"),
        (b"latin-\xe9.jpg", "latin-\ufffd.jpg"),
    ],
)
def test_names_of_any_bytes_are_sent(server: Pinhole, upload: Upload, tmp_path: Path, name: bytes, sent: str) -> None:
    write(tmp_path / "odd" / os.fsdecode(name), b"odd")
    assert upload(tmp_path / "odd") == 0
    assert server.names() == [f"odd/{sent}"]


def test_names_can_not_write_to_the_terminal(
    server: Pinhole, upload: Upload, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "odd" / os.fsdecode(b"\x1b[2J\xe9\n.jpg"), b"odd")
    assert upload(tmp_path / "odd", "--dry-run") == 0
    assert capsys.readouterr().out == f"{tmp_path}/odd/\\x1b[2J\\xe9\\n.jpg\n"


def test_a_path_that_is_longer_than_the_api_takes_loses_its_first_folders(
    server: Pinhole, upload: Upload, tmp_path: Path
) -> None:
    write(tmp_path.joinpath("top", *["f"] * 40, "deep.jpg"), b"deep")
    assert upload(tmp_path / "top") == 0
    assert server.names() == ["/".join([*["f"] * 31, "deep.jpg"])]


def test_ten_thousand_files_are_asked_about_in_bulk(server: Pinhole, upload: Upload, tmp_path: Path) -> None:
    for number in range(MANY):
        content = f"photo {number}".encode()
        write(tmp_path / "many" / f"{number % 100:02}" / f"{number}.jpg", content)
        if number % 100:
            server.library[sha256(content)] = {"relativePath": None}
    assert upload(tmp_path / "many") == 0
    assert len(server.library) == MANY
    assert server.asked("PUT", "") == MANY / 100
    assert server.asked("POST", "/uploads/check") < 100


def test_outages_and_limits_are_waited_out(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = {"code": "unavailable", "detail": "A part does not answer."}
    full = {"code": "too_many_uploads", "detail": "Too many are open."}
    server.faults["/api/uploads"] = [
        (200, {}, {"uploads": []}),
        (503, {"Retry-After": "0"}, busy),
        (409, {"Retry-After": "0"}, full),
        (429, {"Retry-After": "0"}, busy),
        (0, {}, {}),
    ]
    server.faults["/api/uploads/check"] = [(502, {}, {})]
    server.faults["/api/uploads/complete"] = [(503, {"Retry-After": "0"}, busy)]
    server.faults["/store/.*"] = [(503, {"Retry-After": "0"}, {}), (403, {}, {}), (0, {}, {})]
    assert upload(tree) == 0
    assert len(server.library) == 2
    assert server.faults == {path: [] for path in server.faults}
    assert "A part does not answer. Trying again.\n" in capsys.readouterr().err


def test_a_session_that_ends_is_renewed(server: Pinhole, upload: Upload, tree: Path) -> None:
    begin = server._begin

    def begin_and_expire(promise: dict[str, object]) -> tuple[int, object]:
        server.tokens.clear()
        return begin(promise)

    server._begin = begin_and_expire  # type: ignore[method-assign]
    assert upload(tree) == 0
    assert len(server.library) == 2
    assert server.asked("POST", "/auth/login") == 1
    assert server.asked("POST", "/auth/refresh") >= 1


def test_a_refresh_token_is_used_once_even_when_its_answer_got_lost(
    server: Pinhole, upload: Upload, tree: Path
) -> None:
    server.faults["/api/uploads/check"] = [(401, {}, {"code": "token_expired", "detail": "It is over."})]
    server.faults["/api/auth/refresh"] = [(0, {}, {})]
    assert upload(tree) == 0
    assert server.asked("POST", "/auth/refresh") == 1


def test_uploads_whose_bytes_arrived_before_it_was_killed_are_not_sent_again(
    server: Pinhole, upload: Upload, tree: Path
) -> None:
    server.ingests = False
    for content in (b"a beach", b"a forest"):
        promise = {"sha256": sha256(content), "relativePath": content.decode(), "sizeBytes": len(content)}
        server.uploads[str(len(server.uploads))] = one = OpenUpload(str(len(server.uploads)), promise)
        one.state = "received"
    server.ingests = True
    assert upload(tree) == 0
    assert server.asked("PUT", "") == 0
    assert server.names() == ["a beach", "a forest"]


def test_a_damaged_memory_is_made_anew(server: Pinhole, upload: Upload, tree: Path) -> None:
    upload(tree, "--dry-run")
    state_file().write_bytes(b"no database, of a disk that ran full")
    assert upload(tree) == 0
    assert len(server.library) == 2


def test_a_memory_that_can_not_be_written_is_told(
    upload: Upload, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_bytes(b"a file where a folder is to be")
    assert upload(tree) == 3
    assert "Hashes can't be remembered in" in capsys.readouterr().err


def test_parts_that_another_client_put_together_meanwhile_are_no_failure(
    server: Pinhole, upload: Upload, tmp_path: Path
) -> None:
    content = os.urandom(20 * MEBIBYTE)
    write(tmp_path / "long.mov", content)
    answer = server.answer

    def be_quicker(method: str, path: str, token: str, body: object) -> tuple[int, object]:
        if path.endswith("/parts"):
            for one in server.uploads.values():
                one.state = "received"
            return problem(409, "upload_not_waiting", "This upload waits for nothing.")
        return answer(method, path, token, body)

    server.answer = be_quicker  # type: ignore[method-assign]
    assert upload(tmp_path / "long.mov") == 0
    assert list(server.library) == [sha256(content)]


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["--fast"], {}),
        ([], {}),
        (["nowhere"], {}),
        (["."], {"PINHOLE_PASSWORD": ""}),
        (["."], {"PINHOLE_SERVER": "photos.example.org"}),
        ([".", "--watch", "--dry-run"], {}),
        (["."], {"PINHOLE_TOKEN": "one", "PINHOLE_NAME": "ann"}),
    ],
)
def test_what_is_called_wrongly_is_told(
    upload: Upload, words: list[str], more: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        upload(*words, **more)
    assert end.value.code == 2
    assert PASSWORD not in capsys.readouterr().err


def test_a_server_that_is_not_there_or_lets_nobody_in_is_told(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upload(tree, "--server", "http://127.0.0.1:1") == 3
    assert "http://127.0.0.1:1 does not answer.\n" in capsys.readouterr().err
    assert upload(tree, PINHOLE_PASSWORD="another") == 3
    assert "Name or password is wrong.\n" in capsys.readouterr().err
    assert upload(tree, PINHOLE_TOKEN="another") == 3
    assert "The access token has expired.\n" in capsys.readouterr().err


def test_where_nobody_is_registered_yet_it_says_what_comes_first(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.registration_open = True
    sentence = f"Nobody is registered there yet: open {server.origin} in a browser first.\n"
    for credentials in ({"PINHOLE_PASSWORD": "another"}, {"PINHOLE_TOKEN": "another"}):
        assert upload(tree, **credentials) == 3
        assert capsys.readouterr().err == sentence


def test_what_keeps_an_answer_from_coming_is_told_in_words_of_our_own(
    server: Pinhole, upload: Upload, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere, unsafe = "http://nowhere.invalid", server.origin.replace("http", "https")
    server.faults["/api/auth/login"] = [(0, {}, {})]
    for address, sentence in (
        (nowhere, "is not found by its name"),
        (unsafe, "has no certificate that is trusted here, or answers without https"),
        (server.origin, "broke the connection off"),
    ):
        assert upload(tree, "--server", address) == 3
        assert capsys.readouterr().err == f"{address} {sentence}.\n"


def test_it_tells_its_version(upload: Upload, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        upload("--version")
    assert end.value.code == 0
    assert capsys.readouterr().out == f"pinhole-upload {pinhole_client.__version__}\n"


def test_a_session_of_its_own_is_ended_and_a_token_is_not(server: Pinhole, upload: Upload, tree: Path) -> None:
    assert upload(tree) == 0
    assert server.tokens == set()
    server.tokens.add("mine")
    assert upload(tree, PINHOLE_TOKEN="mine") == 0
    assert server.tokens == {"mine"}
