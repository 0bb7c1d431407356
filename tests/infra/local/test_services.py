"""The services of the local system as real processes: started, killed, and found again."""

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import boto3
import psutil
import psycopg
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, EndpointConnectionError
from mypy_boto3_s3 import S3Client

from infra.local import postgres, processes, queue, store, store_trust, supervisor
from infra.local.supervisor import Supervisor

REPOSITORY = Path(__file__).parents[3]
# It is processes that are killed here: what they wrote outlives them in the system's cache.
NO_FSYNC = {"fsync": "off"}
OWN = store.Credentials("AKIAOWN", "a secret of the tests")
posix = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that PostgreSQL can use as root, too: pytest's own is closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    yield path
    shutil.rmtree(path)


class Sleeper(processes.Service):
    """Sleeps, and meets these errors at its next starts."""

    def __init__(self, directory: Path) -> None:
        super().__init__("The sleeper", directory, [sys.executable, "-c", "import time; time.sleep(600)"])
        self.errors: list[Exception] = []

    def ready(self) -> bool:
        return True

    def prepare(self) -> None:
        if self.errors:
            raise self.errors.pop()


class Complaining(Sleeper):
    """It can't work, once it has ended."""

    def complaint(self) -> str | None:
        return None if self.ended is None else "somebody has to do something"


class NeverReady(processes.Service):
    def ready(self) -> bool:
        return False


def start_and_die(start: str, directory: Path) -> int:
    """Have another process start a service and end at once, as by `kill -9`. The id of what it leaves behind."""
    program = (
        "import os, pathlib\n"
        "from infra.local import postgres, queue, store\n"
        f"service = {start}\n"
        "print(service.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    dead = subprocess.run(
        [sys.executable, "-c", program, directory], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    pid = int(dead.stdout.split()[-1])
    assert psutil.pid_exists(pid)
    return pid


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def client(server: store.Store, credentials: store.Credentials) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def test_what_was_committed_is_there_after_the_next_start(directory: Path) -> None:
    for count in (1, 2):
        with postgres.start(directory / "postgres", NO_FSYNC) as server, psycopg.connect(server.url) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
            conn.execute("INSERT INTO kept VALUES (1)")
            assert conn.execute("SELECT count(*) FROM kept").fetchone() == (count,)


def test_postgresql_offers_the_extensions_of_the_product(directory: Path) -> None:
    with postgres.start(directory / "postgres", NO_FSYNC) as server, psycopg.connect(server.url) as conn:
        for extension in ("vector", "pg_trgm", "unaccent"):
            conn.execute(f"CREATE EXTENSION {extension}")


def test_postgresql_asks_for_its_password(directory: Path) -> None:
    with postgres.start(directory / "postgres", NO_FSYNC) as server:
        password = (directory / "postgres" / "password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace(password, "wrong"))


@posix
def test_a_directory_with_a_long_name_works(directory: Path) -> None:
    with postgres.start(directory / ("long" * 30), NO_FSYNC) as server:
        psycopg.connect(server.url).close()


@posix
def test_a_postgresql_that_a_killed_run_left_is_stopped_and_keeps_its_data(directory: Path) -> None:
    with postgres.start(directory / "postgres", NO_FSYNC) as server, psycopg.connect(server.url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 1 AS number")
    pid = start_and_die("postgres.start(pathlib.Path(__import__('sys').argv[1]) / 'postgres')", directory)
    with postgres.start(directory / "postgres", NO_FSYNC) as server:
        assert is_gone(pid)
        with psycopg.connect(server.url) as conn:
            assert conn.execute("SELECT number FROM kept").fetchone() == (1,)


@posix
def test_a_killed_postgresql_starts_again_with_what_was_committed(directory: Path) -> None:
    with postgres.start(directory / "postgres", NO_FSYNC) as server:
        url = server.url
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 1 AS number")
        kill(server)
        server.start()
        assert server.url == url
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT number FROM kept").fetchone() == (1,)


@posix
def test_a_process_id_that_another_program_got_does_not_stop_postgresql(directory: Path) -> None:
    postgres.start(directory / "postgres", NO_FSYNC).stop()
    stale = directory / "postgres" / "cluster" / "postmaster.pid"
    # Of the same user: PostgreSQL itself knows that a process of another user is none of its servers.
    with subprocess.Popen(["sleep", "60"], user=stale.parent.owner()) as other:
        stale.write_text(f"{other.pid}\n{stale.parent}\n1\n5432\n\n\n\nready\n")
        postgres.start(directory / "postgres", NO_FSYNC).stop()
        assert other.poll() is None
        other.kill()


def test_a_file_of_process_ids_that_came_out_empty_does_not_stop_postgresql(directory: Path) -> None:
    postgres.start(directory / "postgres", NO_FSYNC).stop()
    (directory / "postgres" / "cluster" / "postmaster.pid").touch()
    postgres.start(directory / "postgres", NO_FSYNC).stop()


@posix
def test_an_interrupted_first_start_is_made_anew(directory: Path) -> None:
    (directory / "postgres" / "cluster.unfinished").mkdir(parents=True)
    (directory / "postgres" / "cluster.unfinished" / "PG_VERSION").write_text("18\n")
    with postgres.start(directory / "postgres", NO_FSYNC) as server:
        psycopg.connect(server.url).close()


@posix
def test_an_acknowledged_object_outlives_a_killed_store(directory: Path) -> None:
    with store.start(directory / "store", ["originals"]) as server:
        s3 = client(server, server.credentials)
        for number in range(20):
            s3.put_object(Bucket="originals", Key=f"photo {number}", Body=bytes([number]) * 100_000)
        kill(server)
        server.start()
        for number in range(20):
            body = s3.get_object(Bucket="originals", Key=f"photo {number}")["Body"].read()
            assert body == bytes([number]) * 100_000


@posix
def test_a_store_that_a_killed_run_left_is_stopped_and_keeps_its_address(directory: Path) -> None:
    started = "store.start(pathlib.Path(__import__('sys').argv[1]) / 'store', ['originals'])"
    pid = start_and_die(started, directory)
    ports = (directory / "store" / "ports.json").read_text()
    with store.start(directory / "store", ["originals"]):
        assert is_gone(pid)
        assert (directory / "store" / "ports.json").read_text() == ports


def test_the_application_may_use_its_buckets_and_nothing_else(directory: Path) -> None:
    with store.start(directory / "store", ["originals"]) as server:
        s3 = client(server, server.credentials)
        server.administrator().create_bucket(Bucket="others")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.create_bucket(Bucket="more")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_bucket(Bucket="originals")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket="others", Key="key", Body=b"")
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            client(server, store.new_credentials()).list_objects_v2(Bucket="originals")


def test_no_port_of_the_store_but_that_of_s3_answers_to_strangers(directory: Path) -> None:
    with store.start(directory / "store", ["originals"]) as server:
        client(server, server.credentials).put_object(Bucket="originals", Key="secret", Body=b"secret photo")
        ports = json.loads((directory / "store" / "ports.json").read_text())
        stranger = ssl.create_default_context(cafile=directory / "store" / "config" / "certificate.pem")
        for component in ("master", "volume", "filer"):
            for port in (ports[f"{component}.port"], ports[f"{component}.port.grpc"]):
                assert b"HTTPS server" in asked(port) or asked(port) == b"", component
                assert asked(port, stranger) == b"", component
        assert {name.partition(".")[0] for name in ports} == {"master", "volume", "filer", "s3"}


def asked(port: int, tls: ssl.SSLContext | None = None) -> bytes:
    """What a port answers to who asks it for its status, over HTTP or, without a certificate, over TLS."""
    with suppress(OSError), socket.create_connection((processes.HOST, port), timeout=120) as connection:
        asking = connection if tls is None else tls.wrap_socket(connection, server_hostname=processes.HOST)
        with asking:
            asking.sendall(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: asking.recv(10_000), b""))
            return answer if answer.startswith(b"HTTP/") else b""
    return b""


def test_a_shell_without_the_key_of_this_start_is_refused(directory: Path) -> None:
    with store.start(directory / "store", ["originals"]) as server:
        keys = directory / "store" / "config"
        assert "originals" in shell(server, "fs.ls /buckets", keys, seconds=240)
        strangers = directory / "stranger"
        strangers.mkdir()
        assert "originals" not in shell(server, "fs.ls /buckets", strangers)
        store_trust.write(strangers)
        assert "originals" not in shell(server, "fs.ls /buckets", strangers)


def shell(server: store.Store, command: str, config: Path, *, seconds: float = 5) -> str:
    """What the store's shell says to who has these keys, until it ends, which who is refused waits for in vain."""
    ports = json.loads((server.directory / "ports.json").read_text())
    addresses = [
        f"-{name}={processes.HOST}:{ports[f'{name}.port']}.{ports[f'{name}.port.grpc']}" for name in ("master", "filer")
    ]
    program = [store._command()[0], "-logtostderr", f"-config_dir={config}", "shell", *addresses]
    with subprocess.Popen(program, cwd=config, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            return process.communicate(command + "\n", timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0]


def test_two_stores_run_side_by_side(directory: Path) -> None:
    with store.start(directory / "a", ["originals"]) as a, store.start(directory / "b", ["originals"]) as b:
        client(a, a.credentials).put_object(Bucket="originals", Key="only in a", Body=b"")
        assert client(b, b.credentials).list_objects_v2(Bucket="originals")["KeyCount"] == 0


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[queue.Queue]:
    with queue.start(tmp_path_factory.mktemp("queue"), OWN) as server:
        yield server


def status(
    server: queue.Queue,
    method: str = "POST",
    path: str = "/",
    changed: Mapping[str, str] = {},
    *,
    content: bytes = b"{}",
    signed: bytes = b"{}",
    credentials: store.Credentials = OWN,
) -> int:
    """How a queue answers to a request as programs of this instance send it, but for what is changed."""
    own = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"}
    signing = AWSRequest("POST", f"{server.endpoint}/", headers=own, data=signed)
    SigV4Auth(Credentials(credentials.access_key, credentials.secret_key), "sqs", "us-east-1").add_auth(signing)
    headers = {**signing.headers, **changed}
    request = urllib.request.Request(server.endpoint + path, content if method == "POST" else None, headers)
    request.method = method
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_the_queue_answers_to_programs_of_its_instance(messages: queue.Queue) -> None:
    assert status(messages) == 200


@pytest.mark.parametrize(
    ("method", "path", "changed"),
    [
        ("GET", "/?Action=ListQueues", {}),
        ("GET", "/?Action=PurgeQueue&QueueUrl=x", {}),
        ("GET", "/health", {}),
        ("OPTIONS", "/", {}),
        ("POST", "/health", {}),
        ("POST", "/_ministack/reset", {}),
        ("POST", "/%5fministack/reset", {}),
        ("POST", "/", {"Host": "pinhole.example"}),
        ("POST", "/", {"Origin": "http://pinhole.example"}),
        ("POST", "/", {"X-Amz-Target": ""}),
        ("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}),
        ("POST", "/", {"Authorization": ""}),
        ("POST", "/", {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAOWN/20261124/us-east-1/sqs/aws4_request"}),
        ("POST", "/", {"X-Amz-Target": "AmazonSQS.DeleteQueue"}),
        ("POST", "/", {"X-Amz-Date": "20261124T000000Z"}),
        ("POST", "/", {"Content-Length": "9000000"}),
    ],
)
def test_the_queue_is_fenced(messages: queue.Queue, method: str, path: str, changed: dict[str, str]) -> None:
    assert status(messages, method, path, changed) == 403


def test_the_access_key_that_every_presigned_url_tells_opens_no_queue(messages: queue.Queue) -> None:
    assert status(messages, credentials=store.Credentials(OWN.access_key, "guessed")) == 403
    assert status(messages, credentials=store.Credentials("AKIAOTHER", OWN.secret_key)) == 403


def test_a_signature_is_good_for_its_own_body(messages: queue.Queue) -> None:
    assert status(messages, content=b'{"MaxResults": 1}') == 403


@posix
def test_only_what_runs_in_the_same_directory_is_a_leftover(directory: Path) -> None:
    with queue.start(directory / "a", OWN) as other:
        queue.end_leftovers(directory / "b")
        assert other.pid is not None
        queue.end_leftovers(directory / "a")
        assert other.pid is None


def test_a_service_that_cannot_start_quotes_its_log(directory: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no luck today')"]
    with pytest.raises(processes.ServiceFailed, match="no luck today"):
        NeverReady("The service", directory, command).start()


class Chatterbox(Sleeper):
    """Says this much, and that it did."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        program = "import sys, time; print('x' * 10_000_001, 'end', flush=True); time.sleep(600)"
        self._command = [sys.executable, "-c", program]

    def ready(self) -> bool:
        return self.log.stat().st_size > 10_000_000 or self.log.with_suffix(".old").exists()


@posix
def test_a_log_that_grows_is_put_aside_while_its_service_runs(directory: Path) -> None:
    async def run() -> None:
        async with Supervisor(print) as services:
            service = Chatterbox(directory)
            service.start()
            try:
                services.watch(service)
                async with asyncio.timeout(240):
                    while service.log.stat().st_size > 0:  # noqa: ASYNC110 - no event tells
                        await asyncio.sleep(0.01)
            finally:
                service.stop()

    asyncio.run(run())
    assert (directory / "log.old").read_text().endswith(" end\n")


@posix
def test_a_service_is_started_until_it_answers_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_SECONDS", 0)
    said: list[str] = []

    async def run() -> None:
        answers = asyncio.Event()

        def say(text: str) -> None:
            said.append(text)
            if text == "The sleeper answers again":
                answers.set()

        def started() -> Sleeper:
            service = Sleeper(directory)
            service.start()
            return service

        async with Supervisor(say) as services:
            service = await services.start(started)
            services.watch(service)
            service.errors = [
                processes.ServiceFailed("no luck"),
                OSError(errno.EAGAIN, "no luck"),
                EndpointConnectionError(endpoint_url="no luck"),
                ClientError({"Error": {"Code": "500", "Message": "no luck"}}, "no luck"),
                psycopg.OperationalError("no luck"),
                subprocess.TimeoutExpired("no luck", 1),
            ]
            kill(service)
            async with asyncio.timeout(240):
                await answers.wait()

    asyncio.run(run())
    assert sum("no luck" in line for line in said) == 6


def started(service: processes.Service) -> processes.Service:
    service.directory.mkdir(exist_ok=True)
    service.start()
    return service


@posix
def test_a_service_that_can_not_work_is_told_once_and_all_else_goes_on(directory: Path) -> None:
    said: list[str] = []

    async def run() -> None:
        async with Supervisor(said.append) as services:
            other = await services.start(started, Sleeper(directory / "other"))
            complaining = await services.start(started, Complaining(directory / "complaining"))
            services.watch(other)
            services.watch(complaining)
            running = asyncio.create_task(services.run())
            kill(complaining)
            while not said:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.05)
            kill(other)
            while other.ended is not None or "The sleeper answers again" not in said:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert not running.done()
            assert complaining.pid is None
            running.cancel()

    asyncio.run(run())
    assert said[0] == "The sleeper can't work: somebody has to do something"
    assert len(said) == 3


def test_a_service_that_can_not_work_is_not_tried_again(directory: Path) -> None:
    class Ending(Complaining):
        def ready(self) -> bool:
            while self.ended is None:
                time.sleep(0.01)
            return False

    service = Ending(directory)
    service._command = [sys.executable, "-c", "print('began')"]
    with pytest.raises(processes.CannotWork, match="can't work: somebody has to do something"):
        service.start()
    assert service.log.read_text() == "began\n"


@pytest.mark.parametrize(
    "error", [processes.ServiceFailed("no luck"), OSError(errno.EAGAIN, "no luck")], ids=["failed", "passing"]
)
def test_what_comes_later_and_fails_is_told_and_all_else_goes_on(error: Exception) -> None:
    said: list[str] = []

    async def fail() -> None:
        raise error

    async def run() -> None:
        async with Supervisor(said.append) as services:
            services.later(fail())
            await services.run()

    asyncio.run(run())
    assert said == [str(error)]


def test_a_service_that_uses_others_ends_before_they_do(directory: Path) -> None:
    ended: list[str] = []

    class Noting(Sleeper):
        def stop(self) -> None:
            time.sleep(0.2 if self.uses_others else 0)
            super().stop()
            ended.append(self.directory.name)

    user = Noting(directory / "user")
    user.uses_others = True

    async def run() -> None:
        async with Supervisor(print) as services:
            await services.start(started, Noting(directory / "used"))
            await services.start(started, user)

    asyncio.run(run())
    assert ended == ["user", "used"]


def kill(server: processes.Service) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.ended is None:
        time.sleep(0.01)
