"""The real template, built and deployed by SAM into a LocalStack that runs functions as processes."""

import http.client
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from localstack_client.session import Session
from psycopg import Connection

from infra import bootstrap, database_roles
from infra.bootstrap import say
from infra.local.postgres import Postgres
from infra.local.processes import HOST
from infra.localstack import sam, server
from infra.localstack.server import LocalStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

STACK = "pinhole"
DATABASE = "localstack"
PATIENCE_SECONDS = 300
# Small, so that a message is dead after its first failure and schedules fire within a minute. LocalStack has no
# WebSocket API: it says that it deployed one, and has not.
PARAMETERS = {
    "IngestConcurrency": "4",
    "IngestMaxReceiveCount": "1",
    "CleanTokensSchedule": "rate(1 minute)",
    "WithLive": "false",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; redirects are not followed."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def fetch(
    url: str, method: str = "GET", content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request, to this machine whatever the URL's host, which only goes into the header."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(HOST, parts.port or 80, timeout=240)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, content, {"Host": parts.netloc, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack, seen from outside. `conn` is a connection to its database, on `postgres`."""

    localstack: LocalStack
    outputs: Mapping[str, str]
    conn: Connection
    postgres: Postgres

    def client(self, service: Any) -> Any:
        """A client of an AWS service."""
        host = self.localstack.endpoint.removeprefix("http://")
        return Session("test", "test", localstack_host=host).client(service)

    @property
    def s3(self) -> "S3Client":
        client: S3Client = self.client("s3")
        return client

    @property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self.client("sqs")
        return client

    def physical_id(self, logical_name: str) -> str:
        """Name of a function, id of a mapping, …"""
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_name)
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def call(
        self, method: str, path: str, body: object = None, token: str = "", accept: str = "application/json"
    ) -> Answer:
        """A request to the API."""
        headers = {"Accept": accept, "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        content = None if body is None else json.dumps(body).encode()
        return fetch(self.outputs["ApiUrl"].replace("https", "http", 1) + path, method, content, headers)


def until(what: str, holds: Callable[[], object]) -> None:
    """Wait until it holds; fail when it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"still not after {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.5)


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line past the capturing of output."""

    def print_line(text: str) -> None:
        with _shown(request):
            say(text)

    return print_line


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> None:
    """LocalStack and SAM, installed. Tests are skipped where a machine lacks what these need."""
    if shutil.which("make") is None:
        pytest.skip("SAM builds by Makefile: install make (Debian, Ubuntu: apt install make)")
    with _shown(request):
        bootstrap.make_environment(server.ENVIRONMENT, server.REQUIREMENTS)
        bootstrap.make_environment(sam.ENVIRONMENT, sam.REQUIREMENTS)


@pytest.fixture(scope="session")
def built(tools: None, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The built template; beside it lies a directory for each layer and function."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    with _shown(request):
        say("Building layers and functions with SAM")
        template = sam.build(directory)
    yield template
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def stack(built: Path, postgres_server: Postgres, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The template, deployed. The logs of LocalStack and of the functions are kept when a test failed."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    with psycopg.connect(postgres_server.url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template_pinhole")
    url = postgres_server.url_of(DATABASE)
    with server.start(directory) as localstack, psycopg.connect(url, autocommit=True) as conn:
        deployed = Stack(localstack, {}, conn, postgres_server)
        deployed.s3.create_bucket(Bucket="artifacts")
        with _shown(request):
            say("Deploying the template with SAM into LocalStack")
            sam.deploy(
                built,
                STACK,
                {
                    **PARAMETERS,
                    "DatabaseUrl": url,
                    "IngestDatabaseUrl": database_roles.let_in(url, database_roles.INGEST),
                },
                endpoint=localstack.endpoint,
                artifacts_bucket="artifacts",
            )
        (described,) = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        yield Stack(localstack, outputs, conn, postgres_server)
        if request.session.testsfailed:
            _write_logs(deployed, directory / "functions.log")
    if request.session.testsfailed:
        with _shown(request):
            say(f"Logs are in {directory}")
    else:
        shutil.rmtree(directory)
    with psycopg.connect(postgres_server.url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def _write_logs(stack: Stack, path: Path) -> None:
    logs = stack.client("logs")
    with path.open("w") as file:
        for group in logs.describe_log_groups()["logGroups"]:
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
                print(group["logGroupName"], event["message"].rstrip(), file=file)


@contextmanager
def _shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Progress goes to the terminal and not into the captured output of a test.

    By stderr: where tests run in several processes, these have no other way to it.
    """
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled(), redirect_stdout(sys.stderr):
        yield
