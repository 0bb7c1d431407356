"""A running gateway before a real store, a real queue, and functions that the tests wrote."""

import asyncio
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

import boto3
import pytest
import urllib3
from botocore.config import Config

from infra.local import provision, queue, store
from infra.local.function_pool import ROOT
from infra.local.gateway import Gateway
from infra.local.processes import free_ports
from infra.local.runtime import Runtime
from infra.local.template import Template
from pinhole.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

Background = Callable[[Coroutine[Any, Any, Any]], Any]

LIVE_SECRET = "a-secret-of-the-tests"
NOTE = """
import json, pathlib
NOTES = pathlib.Path(__file__).parent / "notes"
def note(value):
    with NOTES.open("a") as notes:
        notes.write(json.dumps(value) + "\\n")
"""
API = """
import base64, json, os, time
def app(event, context):
    query = event["queryStringParameters"] or {}
    if "sleep" in query:
        time.sleep(float(query["sleep"]))
    if "exit" in query:
        os._exit(1)
    if "nonsense" in query:
        return query["nonsense"]
    if "bytes" in query:
        body = base64.b64encode(bytes(range(256)) * int(query["bytes"])).decode()
        headers = {"Content-Type": "application/x-protobuf"}
        return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}
    if "cookies" in query:
        return {"statusCode": 204, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": ""}
    headers = {"Content-Type": "application/json"}
    body = json.dumps({**event, "function": context.function_name})
    return {"statusCode": int(query.get("status", 200)), "headers": headers, "body": body}
"""
LIVE = """
from notes import note
def app(event, context):
    note(event)
    ticket = (event.get("queryStringParameters") or {}).get("ticket")
    if ticket == "crash":
        raise RuntimeError("no")
    return {"statusCode": 200 if ticket == "good" else 401}
"""
INGEST = """
import json
from notes import note
def handle(event, context):
    note([json.loads(record["body"]) for record in event["Records"]])
    return {"batchItemFailures": []}
"""
HANDLERS = {
    "notes.py": NOTE,
    "api/app.py": API,
    "api/search_app.py": API,
    "live/app.py": LIVE,
    "live/notices.py": INGEST,
    "ingest/handler.py": INGEST,
    "schedules/requeue_stale.py": "def handle(event, context): pass",
    "schedules/refresh_search_texts.py": "def handle(event, context): pass",
    "schedules/clean_tokens.py": "def handle(event, context): pass",
    "schedules/expire_uploads.py": "def handle(event, context): pass",
    "schedules/expire_full_sizes.py": "def handle(event, context): pass",
}
PAGES = {
    "index.html": "<!doctype html><title>Pinhole</title>",
    "assets/app-1a2b.js": "export {}",
    "docs-assets/init.js": "1",
}


@dataclass(frozen=True, slots=True)
class Site:
    """The gateway as clients see it, and what the functions behind it took note of."""

    origin: str
    directory: Path
    s3: "S3Client"
    sqs: "SQSClient"
    template: Template
    http: urllib3.PoolManager

    @property
    def originals(self) -> str:
        return self.template.buckets["OriginalsBucket"].name

    @property
    def renditions(self) -> str:
        return self.template.buckets["RenditionsBucket"].name

    def request(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        """One request, without redirects or decoding."""
        options = {"redirect": False, "decode_content": False, "retries": False, **options}
        return self.http.request(method, self.origin + path, **options)

    def notes(self) -> list[Any]:
        file = self.directory / "handlers" / "notes"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def event_of(self, key: str) -> dict[str, Any]:
        """The S3 event of an object, once it has reached its function."""
        found: list[dict[str, Any]] = eventually(lambda: self.events_of(key))
        assert len(found) == 1
        return found[0]

    def events_of(self, key: str) -> list[dict[str, Any]]:
        return [
            record
            for batch in self.notes()
            if isinstance(batch, list)
            for body in batch
            for record in body["Records"]
            if unquote_plus(record["s3"]["object"]["key"]) == key
        ]

    def delivered_events(self) -> bool:
        """Whether every event that was sent has reached its function."""
        told = self.sqs.get_queue_attributes(QueueUrl=self.template.queues["IngestQueue"].url, AttributeNames=["All"])
        counts = told["Attributes"]
        return (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def eventually(found: Callable[[], Any]) -> Any:
    """What was found, once there is something, within four minutes."""
    deadline = time.monotonic() + 240
    while not (value := found()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def loop_in_background() -> Iterator[Background]:
    """Runs a coroutine on an event loop that goes on while the test waits, and returns its result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def objects() -> Iterator[store.Store]:
    """The session's object store."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    with store.start(directory / "store", ["pinhole-originals", "pinhole-renditions"]) as server:
        yield server
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def site(
    objects: store.Store, loop_in_background: Background, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The session's gateway."""
    with a_site(tmp_path_factory.mktemp("gateway"), objects, loop_in_background) as site:
        yield site


@contextmanager
def a_site(
    directory: Path, objects: store.Store, in_background: Background, public_origin: str | None = None
) -> Iterator[Site]:
    """A gateway with a queue of its own before the store of the session."""
    with queue.start(directory / "queue", objects.credentials) as messages:
        template = template_for(messages.endpoint)
        provision.create_queues(template, _client("sqs", messages.endpoint, objects))
        provision.create_buckets(template, objects.administrator(), notifications=False)
        with serving(directory, template, objects, objects.endpoint, in_background, public_origin) as site:
            yield site


def template_for(queue_endpoint: str) -> Template:
    """The template with a queue there."""
    parameters = {
        "DatabaseUrl": "",
        "IngestDatabaseUrl": "",
        "TokenSecret": "",
        "MediaKeys": "{}",
        "SetupToken": "",
        "WithApiLogRole": "false",
    }
    return Template(ROOT / "template.yaml", parameters=parameters, queue_endpoint=queue_endpoint)


@contextmanager
def serving(
    directory: Path,
    template: Template,
    objects: store.Store,
    store_endpoint: str,
    in_background: Background,
    public_origin: str | None = None,
) -> Iterator[Site]:
    """A gateway before functions and pages that are written to the directory."""
    write_files(directory / "handlers", HANDLERS)
    write_files(directory / "web", PAGES)
    port = free_ports(1)[0]
    environment = {
        "AWS_ACCESS_KEY_ID": objects.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": objects.credentials.secret_key,
        "AWS_REGION": "us-east-1",
    }
    runtime = Runtime(template, environment, import_roots=(ROOT, directory / "handlers"))
    gateway = Gateway(
        template,
        runtime,
        port=port,
        store_endpoint=store_endpoint,
        publishes_events=True,
        live_secret=LIVE_SECRET,
        web_root=directory / "web",
        disk=directory,
        public_origin=public_origin,
    )
    in_background(runtime.start())
    in_background(gateway.start())
    origin = f"http://localhost:{port}"
    with urllib3.PoolManager() as http:
        messages = _client("sqs", "http://" + urlsplit(template.queues["IngestQueue"].url).netloc, objects)
        yield Site(origin, directory, _client("s3", origin, objects), messages, template, http)
    in_background(gateway.stop())
    in_background(runtime.stop())


@pytest.fixture
def media_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings with a key that signs media."""
    monkeypatch.setenv("PINHOLE_DATABASE_URL", "")
    monkeypatch.setenv("PINHOLE_ORIGINALS_BUCKET", "pinhole-originals")
    monkeypatch.setenv("PINHOLE_RENDITIONS_BUCKET", "pinhole-renditions")
    monkeypatch.setenv("PINHOLE_MEDIA_KEYS", '{"k1": "a media key of the tests"}')
    monkeypatch.setenv("PINHOLE_MEDIA_KEY_ID", "k1")
    settings.cache_clear()
    yield
    settings.cache_clear()


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files whose paths may have directories."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def _client(service: Any, endpoint: str, objects: store.Store) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=objects.credentials.access_key,
        aws_secret_access_key=objects.credentials.secret_key,
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}),
    )
