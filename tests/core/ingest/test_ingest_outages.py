"""Ingest while what it depends on goes away: real services that are stopped, and functions in real processes.

Nothing fails for good by an outage: it costs time, and no attempts.
"""

import asyncio
import hashlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import urllib3
from psycopg.rows import dict_row

from infra import database_roles, migrate
from infra.local import postgres, provision, queue, store
from infra.local.function_pool import IMPORT_ROOTS
from infra.local.runtime import Runtime
from infra.local.template import Template
from pinhole import db, objects, queues, s3_events, uploads
from pinhole.db import transaction
from pinhole.ingest import failure
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages.moves import NO_REPORT
from pinhole.tables import upload as upload_table
from pinhole.tables.user import User
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg

STACK = "outages"
TIMEOUT = 8
VISIBILITY = 2 * TIMEOUT  # which begins before the process of the function does
RECEIVES = 5
STALE_AFTER = VISIBILITY * RECEIVES
PATIENCE = 280  # also where a delivery is lost to a slow machine, and the ledger has to send once more
MARK, ENDLESS = b"this file kills", b"this file takes for ever"
# The ingest function, and a decoder that crashes on one file: no exception, the process is gone. Over another one it
# sits until it is released.
KILLING = f"""
import os, signal, time
from pathlib import Path
import boto3  # not within the few seconds of a call
from ingest import handler
from pinhole.imaging import renditions

make = renditions.make

def deadly(path, *arguments):
    if {MARK!r} in path.read_bytes():
        os.kill(os.getpid(), signal.SIGKILL)
    if {ENDLESS!r} in path.read_bytes():
        here = Path(__file__).parent
        here.joinpath(f"begun-{{os.getpid()}}").touch()
        while not here.joinpath("released").exists():
            time.sleep(0.05)
    return make(path, *arguments)

renditions.make = deadly
handle = handler.handle
"""


@dataclass(frozen=True, slots=True)
class Services:
    """What ingest depends on, each of which a test may stop and start."""

    database: postgres.Postgres
    ingest_url: str  # whoever is let in again has another password
    store: store.Store
    queue: queue.Queue
    template: Template


@dataclass
class System:
    """The services with the functions of the template, and one user who uploads."""

    services: Services
    runtime: Runtime
    owner: User
    on_loop: Callable[[Coroutine[Any, Any, Any]], Any]

    def begin(self, *contents: bytes) -> list[uploads.Upload]:
        begun = [
            uploads.begin(
                self.owner,
                uploads.Promise("IMG.jpg", None, len(content), hashlib.sha256(content).digest(), "image/jpeg", None),
            )
            for content in contents
        ]
        assert all(isinstance(upload, uploads.Upload) for upload in begun)
        return [upload for upload in begun if isinstance(upload, uploads.Upload)]

    def put(self, upload: uploads.Upload, content: bytes) -> None:
        """Send the bytes by the presigned URL, and publish the event, as the gateway does."""
        signed = uploads.sign_put(upload)
        with urllib3.PoolManager() as http:
            answer = http.request("PUT", signed.request.url, body=content, headers=dict(signed.request.headers))
        assert answer.status == 200
        there = objects.head(upload.object_key)
        created = ObjectCreated(upload.object_key, there.size_bytes, there.etag, there.version, None)
        queues.send(settings().ingest_queue_url, s3_events.message(created))

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.services.database.url, row_factory=dict_row) as conn:
            return conn.execute(query).fetchall()

    def all_are(self, state: str) -> bool:
        return {row["state"] for row in self.rows("SELECT state FROM upload")} == {state}

    def create_queues(self) -> None:
        provision.create_queues(self.services.template, boto3.client("sqs"))

    def see_taken_messages_after(self, seconds: int) -> None:
        """Of ingest, from now on."""
        boto3.client("sqs").set_queue_attributes(
            QueueUrl=settings().ingest_queue_url, Attributes={"VisibilityTimeout": str(seconds)}
        )

    def forget_what_the_queue_lost(self) -> None:
        """What the local system does when its queue was started again."""
        self.on_loop(self.runtime.invoke("RequeueStaleFunction", {"staleAfterSeconds": 0}))


def eventually(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    """Services of this file's own, since it stops them. The ingest function has a few seconds instead of minutes."""
    directory = Path(tempfile.mkdtemp(prefix="pinhole-test-"))
    directory.chmod(0o755)  # as root PostgreSQL runs as another user
    repository = IMPORT_ROOTS[0]
    (directory / "killing.py").write_text(KILLING)
    (directory / "infra").mkdir()
    shutil.copy(repository / "infra" / "gateway.yaml", directory / "infra")
    with ExitStack() as stack:
        database = stack.enter_context(postgres.start(directory / "postgres", {"fsync": "off"}))
        migrate.apply(database.url)
        access = store.new_credentials()
        messages = stack.enter_context(queue.start(directory / "queue", access))
        ingest_url = database_roles.let_in(database.url, database_roles.INGEST)
        template = template_of(database, ingest_url, messages.endpoint, TIMEOUT, {"IngestConcurrency": "4"})
        buckets = [bucket.name for bucket in template.buckets.values()]
        stored = stack.enter_context(store.start(directory / "store", buckets, access))
        provision.create_buckets(template, stored.administrator(), notifications=False)
        yield Services(database, ingest_url, stored, messages, template)
    shutil.rmtree(directory)


def template_of(
    database: postgres.Postgres, ingest_url: str, queue_endpoint: str, timeout: int, parameters: dict[str, str]
) -> Template:
    """The product's template beside the database's directory, with `killing` for ingest and another time-out."""
    directory = database.directory.parent
    text = (IMPORT_ROOTS[0] / "template.yaml").read_text()
    changes = (("Timeout: 180\n", f"Timeout: {timeout}\n"), ("ingest.handler.handle\n", "killing.handle\n"))
    for there, here in changes:
        assert there in text
        text = text.replace(there, here)
    path = directory / f"template-{timeout}.yaml"
    path.write_text(text)
    values = {
        "DatabaseUrl": database.url,
        "IngestDatabaseUrl": ingest_url,
        "TokenSecret": "a secret of the tests, long enough to sign with",
        "MediaKeys": "{}",
        "SetupToken": "",
        "WithApiLogRole": "false",
        "IngestVisibilityTimeout": str(VISIBILITY),
        "IngestMaxReceiveCount": str(RECEIVES),
        "StaleAfterSeconds": str(STALE_AFTER),
        "RequeueStaleSchedule": "rate(1 minute)",
        **parameters,
    }
    return Template(path, parameters=values, queue_endpoint=queue_endpoint, stack=STACK)


@pytest.fixture
def system(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The system with an empty library, all of it answering."""
    with running(services, monkeypatch) as system:
        yield system


@contextmanager
def running(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    access = services.store.credentials
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": access.access_key,
        "AWS_SECRET_ACCESS_KEY": access.secret_key,
        "AWS_ENDPOINT_URL_S3": services.store.endpoint,
        "AWS_ENDPOINT_URL_SQS": services.queue.endpoint,
    }
    for name, value in {**services.template.functions["IngestFunction"].environment, **environment}.items():
        monkeypatch.setenv(name, value)
    # What is sent from here is sent as the API does, whose role is another.
    monkeypatch.setenv("PINHOLE_DATABASE_URL", services.database.url)
    monkeypatch.setattr(db._own, "connection", None)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials of another store
    _forget_clients()
    with psycopg.connect(services.database.url, autocommit=True) as conn:
        conn.execute("TRUNCATE users, job CASCADE")
        row = conn.execute(
            "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
            " VALUES (7, 'ann', 'ann', '-', 'member', 'ann') RETURNING id"
        ).fetchone()
    assert row is not None
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def on_loop(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    roots = (*IMPORT_ROOTS, services.database.directory.parent)
    runtime = Runtime(services.template, environment, import_roots=roots)
    system = System(services, runtime, User(row[0], "ann", "member", "ann"), on_loop)
    system.create_queues()
    try:
        on_loop(runtime.start())
        yield system
    finally:
        on_loop(runtime.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        db.disconnect()
        _forget_clients()


def _forget_clients() -> None:
    settings.cache_clear()
    objects.client.s3.cache_clear()
    queues._sqs.cache_clear()


def photos(count: int) -> list[bytes]:
    return [jpeg(640 + number, 480) for number in range(count)]


def attempts(system: System) -> Sequence[int]:
    return [row["attempts"] for row in system.rows("SELECT attempts FROM job WHERE stage <> 'analysis'")]


def test_the_database_may_go_away_for_a_while(system: System) -> None:
    contents = photos(6)
    begun = system.begin(*contents)
    for upload, content in zip(begun[:4], contents[:4], strict=True):
        system.put(upload, content)

    system.services.database.stop()
    for upload, content in zip(begun[4:], contents[4:], strict=True):
        system.put(upload, content)
    time.sleep(2)
    system.services.database.start()

    eventually(lambda: system.all_are("ready"))
    assert len(system.rows("SELECT FROM media_item WHERE visible")) == 6
    # What was in work when it went away can't be handed back: that attempt counts, and no other does.
    assert max(attempts(system)) <= 2


def test_the_object_store_may_go_away_for_a_while(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # An attempt that its time-out ends counts, also on a machine that is only slow.
    template = template_of(
        services.database, services.ingest_url, services.queue.endpoint, PATIENCE, {"IngestConcurrency": "4"}
    )
    contents = photos(6)
    with running(replace(services, template=template), monkeypatch) as system:
        for upload, content in zip(system.begin(*contents), contents, strict=True):
            system.put(upload, content)

        system.services.store.stop()
        time.sleep(2)
        system.services.store.start()

        eventually(lambda: system.all_are("ready"))
        assert set(attempts(system)) == {1}


def test_the_queue_may_go_away_with_all_its_messages(system: System) -> None:
    contents = photos(6)
    begun = system.begin(*contents)
    for upload, content in zip(begun[:5], contents[:5], strict=True):
        system.put(upload, content)

    system.services.queue.stop()
    signed = uploads.sign_put(begun[5])  # its event is lost
    with urllib3.PoolManager() as http:
        http.request("PUT", signed.request.url, body=contents[5], headers=dict(signed.request.headers))
    time.sleep(1)
    system.services.queue.start()
    system.create_queues()
    system.forget_what_the_queue_lost()

    eventually(lambda: system.all_are("ready"))
    assert len(system.rows("SELECT FROM media_item WHERE visible")) == 6


@pytest.mark.timeout(2 * PATIENCE)
def test_a_file_that_kills_its_process_each_time_is_given_up_alone_after_five_attempts(system: System) -> None:
    good = photos(5)
    deadly = jpeg(700, 500) + MARK
    contents = [*good[:2], deadly, *good[2:]]
    for upload, content in zip(system.begin(*contents), contents, strict=True):
        system.put(upload, content)

    eventually(lambda: len(system.rows("SELECT FROM upload WHERE state = 'ready'")) == 5)
    assert system.rows("SELECT FROM upload WHERE state = 'failed'") == []
    eventually(lambda: len(system.rows("SELECT FROM upload WHERE state = 'failed'")) == 1)

    (told,) = system.rows("SELECT * FROM upload WHERE state = 'failed'")
    assert (told["error_code"], told["error_detail"]) == (failure.WORN_OUT.code, failure.WORN_OUT.detail)
    (job,) = system.rows("SELECT * FROM job WHERE state = 'failed'")
    assert (job["stage"], job["attempts"]) == ("renditions", RECEIVES)
    assert NO_REPORT in job["last_error"]
    assert len(system.rows("SELECT FROM media_item WHERE visible")) == 5


def test_two_files_that_take_for_ever_hold_up_no_other(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = services.database.directory.parent
    # More time than the test has: what is ready was not waiting for their end.
    timeout, parameters = 3 * PATIENCE, {"IngestConcurrency": least_at_once()}
    template = template_of(services.database, services.ingest_url, services.queue.endpoint, timeout, parameters)
    endless, good = [jpeg(700 + number, 500) + ENDLESS for number in range(2)], jpeg(600, 500)
    with running(replace(services, template=template), monkeypatch) as system:
        system.see_taken_messages_after(6 * timeout)
        try:
            for upload, content in zip(system.begin(*endless), endless, strict=True):
                system.put(upload, content)
            eventually(lambda: len(list(directory.glob("begun-*"))) == 2)
            (behind,) = system.begin(good)
            system.put(behind, good)
            eventually(lambda: len(system.rows("SELECT FROM upload WHERE state = 'ready'")) == 1)
            (ready,) = system.rows("SELECT id::text FROM upload WHERE state = 'ready'")
            assert ready["id"] == behind.id
        finally:
            (directory / "released").touch()
            system.see_taken_messages_after(VISIBILITY)
        eventually(lambda: system.all_are("ready"))


def least_at_once() -> str:
    """What an operator may set at least."""
    found = re.search(
        r"  IngestConcurrency:\n(?:    .*\n)*?    MinValue: (\d+)\n",
        IMPORT_ROOTS[0].joinpath("template.yaml").read_text(),
    )
    assert found is not None
    return found[1]


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 256 KiB, where functions have their temporary files."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("only root can make a small file system")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("left", [8 * 1024, 100 * 1024], ids=["for the original", "for its renditions"])
def test_a_full_disk_is_told_and_passes(inbox: Inbox, small_disk: Path, left: int) -> None:
    content = jpeg(2000, 1600).ljust(60 * 1024)
    landed = inbox.landed(content)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(256 * 1024 - left))

    assert len(inbox.deliver(landed)) == 1

    states = {state for state, _ in inbox.jobs().values()} - {"done"}
    assert states == {"waiting"}
    reports = [report for (report,) in inbox.conn.execute("SELECT last_error FROM job") if report]
    assert any("no room left on the disk" in report for report in reports)
    assert list(small_disk.iterdir()) == [filler]

    filler.unlink()
    assert inbox.deliver(landed) == []
    assert inbox.upload(landed)["state"] == "ready"
    assert {attempts for state, attempts in inbox.jobs().values() if state == "done"} == {1}


def test_a_file_that_the_disk_could_never_hold_does_not_wait_for_room_for_ever(inbox: Inbox, small_disk: Path) -> None:
    landed = inbox.landed(jpeg().ljust(300 * 1024))

    assert len(inbox.deliver(landed)) == 1

    assert inbox.jobs() == {"metadata": ("waiting", 1)}
    (report,) = inbox.conn.execute("SELECT last_error FROM job").fetchone() or ()
    assert "disk of the ingest function only" in report


# Events that come when they like


def test_events_may_come_in_any_order(inbox: Inbox) -> None:
    content, other = jpeg(shade=1), jpeg(shade=120)
    given_up = inbox.put(inbox.begin(content), content)
    with transaction() as conn:
        upload_table.mark_aborted(conn, inbox.owner.id, given_up.upload_id)
    earlier, later = inbox.landed(content), inbox.landed(other)

    assert inbox.deliver(later, earlier, given_up, later, given_up, earlier) == []

    assert [(item["object_key"], item["visible"]) for item in inbox.items()] == [(later.key, True), (earlier.key, True)]
    assert inbox.cloud.keys("originals", given_up.key) == []
    assert inbox.cloud.keys("originals", earlier.key) == [earlier.key]
