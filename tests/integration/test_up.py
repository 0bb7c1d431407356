"""`python -m infra up` as its user meets it: started, stopped, killed in parts and as a whole."""

import hashlib
import io
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from PIL import Image

from infra.local import postgres
from infra.local.processes import free_ports

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
ACCOUNT = {"name": "ada", "password": "a password of the tests"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


class Instance:
    """A running `infra up`. It answers, unless told to wait for other words than those that say so."""

    def __init__(self, data: Path, *options: str, until: str = "answers at") -> None:
        self.data = data
        self.port = free_ports(1)[0]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.token = ""
        command = [sys.executable, "-m", "infra", "up", "--data", str(data), "--port", str(self.port), *options]
        self.process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_for(until)
        except AssertionError:
            self.kill()
            raise

    def wait_for(self, words: str) -> str:
        """The next line of output with these words."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=1)
            except queue.Empty:
                if not self._reader.is_alive():
                    break
                continue
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"no {words!r} in:\n" + "".join(self.said))

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def process_of(self, program: str) -> psutil.Process:
        """The service, not the processes that it may have started itself."""
        return next(
            process
            for process in psutil.Process(self.process.pid).children()
            if any(program in part for part in process.cmdline()[:3])
        )

    def interrupt(self) -> None:
        """Press Ctrl-C, which reaches the whole group of the terminal."""
        os.killpg(self.process.pid, signal.SIGINT)
        assert self.process.wait(PATIENCE_SECONDS) == 0
        self._close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._close()

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.origin}/api{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def register(self) -> None:
        self.token = self.call("POST", "/auth/register", ACCOUNT)["accessToken"]

    def log_in(self) -> None:
        self.token = self.call("POST", "/auth/login", ACCOUNT)["accessToken"]

    def upload(self, photo: bytes) -> str:
        """Upload until the store has acknowledged it. Returns the upload's id."""
        promise = {
            "filename": "photo.jpg",
            "sizeBytes": len(photo),
            "sha256": hashlib.sha256(photo).hexdigest(),
            "contentType": "image/jpeg",
        }
        upload = self.call("POST", "/uploads", promise)
        request = urllib.request.Request(upload["url"], photo, upload["headers"], method="PUT")
        with urllib.request.urlopen(request, timeout=30) as stored:
            assert stored.status == 200
        return str(upload["id"])

    def item_of(self, upload_id: str) -> Any:
        """The item that an upload became, once it is ready."""
        upload = eventually(
            lambda: self.call("GET", f"/uploads/{upload_id}"), lambda upload: upload["state"] == "ready"
        )
        return self.call("GET", f"/items/{upload['itemId']}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _close(self) -> None:
        assert self.process.stdout is not None
        self._reader.join()
        self.process.stdout.close()


def eventually(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Ask until it holds; what can't be asked yet doesn't hold."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer: Any = None
    while time.monotonic() < deadline:
        try:
            answer = ask()
        except (urllib.error.URLError, ConnectionError) as error:
            answer = error
            if isinstance(error, urllib.error.HTTPError):
                error.close()
        else:
            if holds(answer):
                return answer
        time.sleep(0.1)
    raise AssertionError(f"not even after {PATIENCE_SECONDS} s: {answer}")


def is_healthy(instance: Instance) -> bool:
    return bool(eventually(lambda: instance.call("GET", "/health"), lambda health: health["status"] == "ok"))


def gone(processes: list[psutil.Process]) -> bool:
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def processes_in(directory: Path) -> list[psutil.Process]:
    """The services of this data directory, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(directory):
                found.append(process)
        except psutil.Error:
            continue
    return found


def photo(color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), color).save(file, "JPEG")
    return file.getvalue()


def original_of(item: Any) -> bytes:
    with urllib.request.urlopen(item["original"]["url"]) as answer:
        content: bytes = answer.read()
        return content


@pytest.fixture
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    yield path
    for process in processes_in(path):
        process.kill()
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running(data: Path, *options: str, until: str = "answers at") -> Iterator[Instance]:
    instance = Instance(data, *options, until=until)
    try:
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.interrupt()


def refusal(*options: str, environment: dict[str, str] | None = None) -> str:
    """What `infra up` says when it doesn't start for a reason its user can do something about."""
    command = [sys.executable, "-m", "infra", "up", *options]
    refused = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
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
    with running(directory) as instance:
        instance.register()
        item = instance.item_of(instance.upload(photo((200, 30, 30))))
        processes = instance.processes()
        assert len(processes) > 4
        instance.interrupt()
        assert gone(processes)
    with running(directory) as instance:
        instance.log_in()
        again = instance.call("GET", f"/items/{item['id']}")
        assert original_of(again) == photo((200, 30, 30))
        months = instance.call("GET", "/timeline")["months"]
        assert [month["count"] for month in months if month["count"]] == [1]


def test_ctrl_c_while_it_starts_ends_what_was_started(directory: Path) -> None:
    with running(directory, until="Starting PostgreSQL") as instance:
        instance.interrupt()
    assert processes_in(directory) == []


def test_a_photo_outlives_the_kill_of_everything_before_it_was_looked_at(directory: Path) -> None:
    with running(directory) as instance:
        instance.register()
        upload_id = instance.upload(photo((30, 200, 30)))
        for process in instance.processes():
            process.suspend()
        for process in instance.processes():
            process.kill()
        instance.kill()
    with running(directory) as instance:
        instance.log_in()
        assert original_of(instance.item_of(upload_id)) == photo((30, 200, 30))


def test_what_a_killed_run_left_behind_is_ended_by_the_next_start(directory: Path) -> None:
    with running(directory) as instance:
        instance.register()
        item = instance.item_of(instance.upload(photo((30, 30, 200))))
        left = instance.processes()
        instance.kill()
        assert not gone(left)
    with running(directory) as instance:
        assert gone(left)
        instance.log_in()
        assert original_of(instance.call("GET", f"/items/{item['id']}")) == photo((30, 30, 200))


@pytest.fixture(scope="module")
def shared() -> Iterator[Instance]:
    """One instance for tests that leave it in order."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    with running(directory) as instance:
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


def test_two_instances_run_side_by_side(shared: Instance, directory: Path) -> None:
    with running(directory) as other:
        assert other.call("GET", "/setup")["registrationOpen"] is True
        assert shared.call("GET", "/setup")["registrationOpen"] is False


def test_it_listens_to_this_machine_only(shared: Instance) -> None:
    listening = {
        connection.laddr.ip
        for process in shared.processes()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_directory_that_is_in_use_is_refused(shared: Instance) -> None:
    assert "already runs" in refusal("--data", str(shared.data))


def test_a_port_that_is_in_use_is_refused(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"Port {port} is in use" in refusal("--data", str(directory), "--port", port)


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
    (directory / "version").write_text("1")
    (directory / "secrets.json").write_text("{}")
    assert "--yes" in refusal("--data", str(directory), "--reset")
    assert (directory / "secrets.json").exists()


def test_a_confirmed_reset_begins_a_new_library(directory: Path) -> None:
    (directory / "version").write_text("1")
    left = postgres.start(directory / "postgres")
    with psycopg.connect(left.url) as conn:
        conn.execute("CREATE TABLE users AS SELECT 'of the old library' AS name")
    with running(directory, "--reset", "--yes") as instance:
        assert left.pid is None
        assert instance.call("GET", "/setup")["registrationOpen"] is True


def test_an_endpoint_where_nothing_answers_is_refused(directory: Path) -> None:
    port = free_ports(1)[0]
    assert "Nothing answers" in refusal("--data", str(directory), "--endpoint", f"http://127.0.0.1:{port}")
