"""`python -m infra up` as its user meets it: started, stopped, killed in parts and as a whole."""

import errno
import http.server
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from PIL import Image

from infra import demo, up
from infra.bootstrap import REPOSITORY, CannotStart
from infra.local import data_directory, postgres
from infra.local.instance import Place
from infra.local.instance_process import PATIENCE_SECONDS
from infra.local.processes import free_ports, loopback
from tests.fixtures.instance import Instance, eventually, processes_in

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


def is_healthy(instance: Instance) -> bool:
    return bool(eventually(lambda: instance.call("GET", "/health"), lambda health: health["status"] == "ok"))


def gone(processes: list[psutil.Process]) -> bool:
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def photo(color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), color).save(file, "JPEG")
    return file.getvalue()


def original_of(item: Any) -> bytes:
    with urllib.request.urlopen(item["original"]["url"]) as answer:
        content: bytes = answer.read()
        return content


def refusal(*options: str) -> str:
    """What `infra up` says when it doesn't start for a reason its user can do something about."""
    command = [sys.executable, "-m", "infra", "up", *options]
    refused = subprocess.run(
        command,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert refused.returncode == 2, refused.stderr
    assert refused.stderr.count("\n") == 1, refused.stderr
    return refused.stderr


def test_ctrl_c_ends_every_process_and_the_next_start_has_every_photo(directory: Path) -> None:
    with Instance(directory) as instance:
        instance.register()
        item = instance.item_of(instance.upload(photo((200, 30, 30))))
        processes = instance.processes()
        assert len(processes) > 4
        instance.interrupt()
        assert gone(processes)
    with Instance(directory) as instance:
        instance.log_in()
        again = instance.call("GET", f"/items/{item['id']}")
        assert original_of(again) == photo((200, 30, 30))
        months = instance.call("GET", "/timeline")["months"]
        assert [month["count"] for month in months if month["count"]] == [1]


def test_ctrl_c_while_it_starts_ends_what_was_started(directory: Path) -> None:
    with Instance(directory, until="Starting PostgreSQL") as instance:
        instance.interrupt()
    assert processes_in(directory) == []


def test_ctrl_c_ends_it_too_where_a_script_started_it_in_its_background(directory: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # so do shells, and children inherit it
    try:
        instance = Instance(directory, until="Starting PostgreSQL")
    finally:
        signal.signal(signal.SIGINT, before)
    instance.interrupt()
    assert processes_in(directory) == []


def test_behind_a_proxy_uploads_are_signed_for_the_public_origin(begun: Path) -> None:
    public = "https://photos.example.org"
    with Instance(begun, "--public-origin", public) as instance:
        instance.register()
        promise = {"filename": "a.jpg", "sizeBytes": 5, "sha256": "0" * 64, "contentType": "image/jpeg"}
        assert instance.call("POST", "/uploads", promise)["url"].startswith(f"{public}/")
        item = instance.item_of(instance.upload(photo((7, 70, 7))))
        assert item["original"]["url"].startswith(f"{public}/")


def test_a_photo_outlives_the_kill_of_everything_before_it_was_looked_at(begun: Path) -> None:
    with Instance(begun) as instance:
        instance.register()
        upload_id = instance.upload(photo((30, 200, 30)))
        for process in instance.processes():
            process.suspend()
        for process in instance.processes():
            process.kill()
        instance.kill()
    with Instance(begun) as instance:
        instance.log_in()
        assert original_of(instance.item_of(upload_id)) == photo((30, 200, 30))


def test_what_a_killed_run_left_behind_is_ended_by_the_next_start(begun: Path) -> None:
    with Instance(begun) as instance:
        instance.register()
        item = instance.item_of(instance.upload(photo((30, 30, 200))))
        left = instance.processes()
        instance.kill()
        assert not gone(left)
    with Instance(begun) as instance:
        assert gone(left)
        instance.log_in()
        assert original_of(instance.call("GET", f"/items/{item['id']}")) == photo((30, 30, 200))


@pytest.fixture(scope="module")
def shared(begin_library: Callable[[Path], None]) -> Iterator[Instance]:
    """One instance for tests that leave it in order."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    begin_library(directory)
    with Instance(directory) as instance:
        instance.register()
        yield instance
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("program", "color"), [("postgres", (1, 2, 3)), ("weed", (4, 5, 6)), ("infra.local.queue_process", (7, 8, 9))]
)
def test_a_killed_service_comes_back_while_the_rest_runs_on(
    shared: Instance, program: str, color: tuple[int, int, int]
) -> None:
    shared.process_of(program).kill()
    shared.wait_for("starting it again")
    shared.wait_for("answers again")
    assert is_healthy(shared)
    assert original_of(shared.item_of(shared.upload(photo(color)))) == photo(color)


def test_profiles_and_proxies_of_the_shell_do_not_concern_it(
    directory: Path, begin_library: Callable[[Path], None]
) -> None:
    proxy = f"http://127.0.0.1:{free_ports(1)[0]}"
    (directory / "aws").write_text("[default\nno configuration")
    shell = {
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), proxy),
        "AWS_PROFILE": "unknown",
        "AWS_CONFIG_FILE": str(directory / "aws"),
        "NO_PROXY": "",
        "no_proxy": "",
    }
    begin_library(directory / "data")
    with Instance(directory / "data", environment=shell) as instance:
        instance.register()
        assert original_of(instance.item_of(instance.upload(photo((9, 9, 9))))) == photo((9, 9, 9))


def test_two_instances_run_side_by_side(shared: Instance, begun: Path) -> None:
    with Instance(begun) as other:
        assert other.call("GET", "/onboarding")["registrationOpen"] is True
        assert shared.call("GET", "/onboarding")["registrationOpen"] is False


def test_it_listens_to_this_machine_only(shared: Instance) -> None:
    listening = {
        connection.laddr.ip
        for process in shared.processes()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == set(loopback())


def test_a_directory_that_is_in_use_is_refused(shared: Instance) -> None:
    assert "already runs" in refusal("--data", str(shared.data))


def test_a_port_that_is_in_use_is_refused(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"Port {port} is in use" in refusal("--data", str(directory), "--port", port)


def test_a_port_that_is_not_for_everyone_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(CannotStart, match=r"Port 80 can't be used \(Permission denied\)"):
        up._check_port(80)


def test_a_directory_that_cannot_be_written_is_refused(directory: Path) -> None:
    (directory / "file").touch()
    assert "can't be written" in refusal("--data", str(directory / "file" / "data"))


def test_a_directory_with_other_files_is_refused_and_never_deleted(directory: Path) -> None:
    (directory / "thesis.txt").write_text("years of work")
    assert "holds other files" in refusal("--data", str(directory), "--reset", "--yes")
    assert (directory / "thesis.txt").read_text() == "years of work"


def test_a_directory_of_another_version_is_refused(directory: Path) -> None:
    (directory / "version").write_text("1000")
    assert "another version" in refusal("--data", str(directory))


def test_a_reset_that_nobody_confirms_deletes_nothing(directory: Path) -> None:
    (directory / "version").write_text(data_directory.VERSION)
    (directory / "secrets.json").write_text("{}")
    assert "--yes" in refusal("--data", str(directory), "--reset")
    assert (directory / "secrets.json").exists()


def test_a_confirmed_reset_begins_a_new_library(directory: Path) -> None:
    (directory / "version").write_text(data_directory.VERSION)
    left = postgres.start(directory / "postgres")
    with psycopg.connect(left.url) as conn:
        conn.execute("CREATE TABLE users AS SELECT 'of the old library' AS name")
    with Instance(directory, "--reset", "--yes") as instance:
        assert left.pid is None
        assert instance.call("GET", "/onboarding")["registrationOpen"] is True


@pytest.mark.parametrize("wrong", [["--parameter", "Speed=12"], ["--endpoint", "http://127.0.0.1:9"]])
def test_a_reset_that_cannot_be_followed_by_a_start_deletes_nothing(directory: Path, wrong: list[str]) -> None:
    (directory / "version").write_text(data_directory.VERSION)
    (directory / "secrets.json").write_text("{}")
    refusal("--data", str(directory), "--reset", "--yes", *wrong)
    assert (directory / "secrets.json").exists()


def test_a_demo_that_was_refused_can_be_started_the_next_time(directory: Path) -> None:
    place = Place(free_ports(1)[0], parameters={"Speed": "12"})
    options = up.Options(directory, place, demo=True, reset=False, yes=False)
    with pytest.raises(CannotStart, match="no parameter Speed"):
        up.run(options)
    with data_directory.opened(directory) as data:
        assert data.is_empty
        demo.check(data)


def test_a_demo_begins_no_library_of_someone_else(directory: Path) -> None:
    with data_directory.opened(directory) as data:
        data.prepare()
        data.postgres.mkdir()
        with pytest.raises(CannotStart, match="holds a library already"):
            demo.check(data)
        demo.claim(data)
        demo.check(data)


def test_a_directory_that_was_only_begun_is_taken_for_empty(directory: Path) -> None:
    (directory / "version.new").touch()
    with data_directory.opened(directory) as data:
        data.prepare()
        assert (directory / "version").read_text() == data_directory.VERSION


def test_a_parameter_that_the_template_does_not_have_is_refused(directory: Path) -> None:
    data = str(directory / "data")
    assert "no parameter Speed" in refusal("--data", data, "--parameter", "Speed=12")


def test_an_endpoint_where_nothing_answers_is_refused(directory: Path) -> None:
    port = free_ports(1)[0]
    assert "No LocalStack answers" in refusal("--data", str(directory), "--endpoint", f"http://127.0.0.1:{port}")


def test_an_endpoint_where_something_else_answers_is_refused(directory: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever).start()
        endpoint = f"http://127.0.0.1:{other.server_port}"
        assert "No LocalStack answers" in refusal("--data", str(directory), "--endpoint", endpoint)
        other.shutdown()


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ("no-such-set", "There is no model set no-such-set"),
        ("clip", "clip/visual/model.onnx is not there: no package brings it: fetch https://"),
        ("no-such-set.toml", "There is no model set"),
    ],
)
def test_models_that_are_not_there_are_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch, models: str, says: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(directory / "cache"))
    line = refusal("--data", str(directory / "library"), "--models", models)
    assert line.startswith("--models: ")
    assert says in line
    assert not (directory / "library").exists()
