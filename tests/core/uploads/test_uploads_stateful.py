"""Uploads and ingest under random histories: whatever comes in whatever order, and dies wherever, no photo is lost."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from multiprocessing.context import ForkServerProcess
from signal import SIGKILL
from typing import Any, ClassVar

import pytest
import urllib3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from psycopg.rows import dict_row

from dead_letters import handler as dead_letters
from pinhole import objects, uploads, verify
from pinhole.errors import Conflict, Gone, NotFound
from pinhole.objects import SignedRequest
from pinhole.operations.requeue import requeue_stale
from pinhole.tables.user import User
from pinhole.uploads import Duplicate, Upload, WantedPart, opening
from pinhole.uploads.expiry import expire_uploads
from pinhole.verify import Kind, Tally
from schedules import expire_uploads as schedule
from tests.fixtures import dying, upload_requests
from tests.fixtures.ingest import Inbox
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg

# Two photos, one that is sent in parts, and one that is broken.
BROKEN = jpeg(800, 600)[:2000]
PHOTOS = [jpeg(64, 48), jpeg(64, 49, DateTimeOriginal="2021:06:05 13:14:15"), jpeg(300, 200).ljust(9_000)]
CONTENTS = [*PHOTOS, BROKEN]
SINGLE_BYTES = 8_000
MOMENTS = st.integers(1, 35)
REQUESTS = [upload_requests.sign_part, upload_requests.complete, upload_requests.abort, upload_requests.notice]
WHICH = st.integers(0, 30)

_numbers = count(1)


@dataclass
class Sent:
    """What a client did about an upload, and was told."""

    upload: Upload
    content: bytes
    url: SignedRequest | None  # that of the one PUT, while it lives
    acknowledged: bool = False


class Histories(RuleBasedStateMachine):
    """One user's devices, the store, the queue, and the functions."""

    inbox: ClassVar[Inbox]
    http: ClassVar[urllib3.PoolManager]

    begun = Bundle("begun")

    def __init__(self) -> None:
        super().__init__()
        conn, folder = self.inbox.conn, f"user{next(_numbers)}"
        conn.execute("TRUNCATE users, job CASCADE")
        row = conn.execute(
            "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
            " VALUES (7, 'ann', 'ann', '-', 'member', %s) RETURNING id",
            (folder,),
        ).fetchone()
        assert row is not None
        self.owner = User(row[0], "ann", "member", folder)
        self.sent: dict[str, Sent] = {}
        self.events: list[str] = []
        self.expires_first = False
        self.months: dict[date, tuple[int, frozenset[Any]]] = {}

    # What clients do

    @initialize(expires=st.booleans())
    def choose_the_end(self, expires: bool) -> None:
        """Whether uploads expire before or after what is left is worked off."""
        self.expires_first = expires

    @rule(target=begun, content=st.sampled_from(CONTENTS), sends=st.booleans())
    def begin(self, content: bytes, sends: bool) -> Any:
        """sends: the bytes follow at once."""
        promise = uploads.Promise("a.jpg", None, len(content), hashlib.sha256(content).digest(), "image/jpeg", None)
        upload = uploads.begin(self.owner, promise)
        if isinstance(upload, Duplicate):
            (item,) = self.rows(
                "SELECT sha256, failed_at FROM media_item JOIN original_file ON item_id = id WHERE id = %s",
                upload.item_id,
            )
            assert (item["sha256"], item["failed_at"]) == (promise.sha256, None)
            return multiple()
        url = uploads.sign_put(upload).request if upload.method == "single" else None
        self.sent.setdefault(upload.id, Sent(upload, content, url)).url = url
        if sends and url is not None:
            self.put(upload.id)
        elif sends:
            self.put_part(upload.id)
            self.complete(upload.id)
        return upload.id

    @rule(upload_id=begun)
    def put(self, upload_id: str) -> None:
        """By the URL that was signed when the upload began: it may have ended since, the URL lives."""
        sent = self.sent[upload_id]
        if sent.url is not None and self.send(sent.url, sent.content) == 200:
            sent.acknowledged = True
            self.landed(sent)

    @rule(upload_id=begun)
    def put_part(self, upload_id: str) -> None:
        try:
            (signed,) = uploads.sign_parts(self.owner, upload_id, [WantedPart(1, None)])
        except (Conflict, Gone):
            return
        assert self.send(signed, self.sent[upload_id].content) == 200

    @rule(upload_id=begun)
    def complete(self, upload_id: str) -> None:
        sent = self.sent[upload_id]
        there = self.is_stored(sent)
        try:
            uploads.complete(self.owner, upload_id)
        except (Conflict, Gone):
            return
        if sent.upload.method == "multipart":
            sent.acknowledged = True
        if not there and self.is_stored(sent):
            self.landed(sent)

    @rule(upload_id=begun)
    def tell(self, upload_id: str) -> None:
        """That its bytes were sent, whether they were or not."""
        (told,) = uploads.notice(self.owner, [upload_id])
        sent = self.sent[upload_id]
        assert not (sent.acknowledged and told.state in ("waiting", "aborted"))

    @rule(upload_id=begun)
    def abort(self, upload_id: str) -> None:
        with suppress(Conflict):
            uploads.abort(self.owner, upload_id)

    @rule(upload_id=begun, request=st.sampled_from(REQUESTS), step=st.integers(1, 12))
    def ask_and_die(self, upload_id: str, request: dying.Handler, step: int) -> None:
        """The process that carries out a request is killed on the way."""
        sent = self.sent[upload_id]
        there = self.is_stored(sent)
        worker = dying.call(request, {"owner": self.owner, "id": upload_id}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, 1, -SIGKILL)  # 1: it was refused
        if not there and self.is_stored(sent):
            self.landed(sent)

    # What time does

    @rule(upload_id=begun)
    def expire(self, upload_id: str) -> None:
        """The upload's time is over, and so is that of its URL."""
        self.execute("UPDATE upload SET expires_at = now() - interval '3 hours' WHERE id = %s", upload_id)
        self.sent[upload_id].url = None

    @rule()
    def hours_pass(self) -> None:
        self.execute("UPDATE upload SET finished_at = finished_at - interval '3 hours'")
        for sent in self.sent.values():
            sent.url = None

    # What the queue does

    @precondition(lambda self: self.events)
    @rule(which=WHICH, again=st.booleans())
    def deliver(self, which: int, again: bool) -> None:
        """again: the message comes another time, though it was worked off."""
        body = self.events[which % len(self.events)]
        if self.inbox.deliver_body(body) == [] and not again:
            self.events.remove(body)

    @precondition(lambda self: self.events)
    @rule(which=WHICH, step=MOMENTS)
    def deliver_and_die(self, which: int, step: int) -> None:
        """The worker is killed on the way, or just before its message is deleted."""
        record = self.inbox.cloud.through_queue("ingest", self.events[which % len(self.events)])
        self.killed(dying.deliver({"Records": [record]}, die_at=step))

    @precondition(lambda self: self.events)
    @rule(which=WHICH)
    def lose(self, which: int) -> None:
        self.events.pop(which % len(self.events))

    @precondition(lambda self: self.events)
    @rule(which=WHICH)
    def give_up(self, which: int) -> None:
        """A message has been received too often."""
        record = self.inbox.cloud.through_queue("ingest", self.events.pop(which % len(self.events)))
        assert dead_letters.handle({"Records": [record]}, Context())["batchItemFailures"] == []

    # What schedules do

    @rule()
    def requeue(self) -> None:
        requeue_stale(timedelta(0))
        self.events += self.inbox.cloud.messages("ingest")

    @rule()
    def expire_all(self) -> None:
        expire_uploads()
        self.events += self.inbox.cloud.messages("ingest")

    @rule(step=MOMENTS)
    def expire_all_and_die(self, step: int) -> None:
        self.killed(dying.call(schedule.handle, {}, die_at=step))
        self.events += self.inbox.cloud.messages("ingest")

    # What always holds

    @invariant()
    def the_ledger_is_true(self) -> None:
        for item in self.rows(
            """
            SELECT item.*, (SELECT jsonb_object_agg(stage, state) FROM job WHERE subject_id = item.id) AS jobs
            FROM media_item AS item
            """
        ):
            jobs = item["jobs"]
            if item["visible"]:
                assert jobs == {"metadata": "done", "renditions": "done", "analysis": "waiting"}
            else:
                assert ("failed" in jobs.values()) == (item["failed_at"] is not None)
        assert not self.rows("SELECT FROM job WHERE attempts NOT BETWEEN 0 AND 5")

    @invariant()
    def every_upload_says_what_became_of_it(self) -> None:
        for upload in self.rows(
            """
            SELECT upload.state, upload.error_code, item.visible, item.failed_at, file.sha256 = upload.sha256 AS same
            FROM upload LEFT JOIN media_item AS item ON item.id = upload.item_id
            LEFT JOIN original_file AS file ON file.item_id = item.id
            """
        ):
            match upload["state"]:
                case "ready":
                    assert upload["visible"]
                    assert upload["same"]
                case "duplicate":
                    assert upload["same"]
                case "failed":
                    assert upload["error_code"]

    @invariant()
    def a_month_has_a_new_revision_exactly_when_what_is_visible_in_it_changed(self) -> None:
        visible: dict[date, set[Any]] = {}
        for row in self.rows("SELECT month, id, ratio, rendition_version FROM media_item WHERE visible"):
            visible.setdefault(row["month"], set()).add((row["id"], row["ratio"], row["rendition_version"]))
        revisions = {row["month"]: row["revision"] for row in self.rows("SELECT month, revision FROM timeline_month")}
        assert visible.keys() <= revisions.keys()
        for month, revision in revisions.items():
            known, before = self.months.get(month, (0, frozenset()))
            now = frozenset(visible.get(month, ()))
            assert (revision > known) == (now != before)
            self.months[month] = (revision, now)

    # What holds in the end

    def teardown(self) -> None:
        if not self.expires_first:
            self.work_off()
        self.execute("UPDATE upload SET expires_at = now() - interval '3 hours'")
        expire_uploads()
        self.work_off()
        self.execute("UPDATE upload SET finished_at = finished_at - interval '3 hours'")
        expire_uploads()
        self.work_off()
        self.execute("UPDATE upload SET finished_at = finished_at - interval '3 hours'")
        expire_uploads()
        self.the_ledger_is_true()
        self.every_upload_says_what_became_of_it()
        self.a_month_has_a_new_revision_exactly_when_what_is_visible_in_it_changed()
        self.no_acknowledged_bytes_are_lost()
        self.the_store_holds_what_the_tables_say()

    def no_acknowledged_bytes_are_lost(self) -> None:
        states = {row["id"]: row for row in self.rows("SELECT * FROM upload")}
        for upload_id, sent in self.sent.items():
            upload = states[upload_id]
            assert upload["state"] in ("ready", "duplicate", "failed", "aborted")
            if sent.acknowledged:
                assert upload["state"] != "aborted"
            if upload["state"] == "failed":
                # A good photo fails only by being killed five times.
                assert (upload["error_code"] == "processing_failed") or sent.content == BROKEN
        for photo in self.rows("SELECT sha256, count(*) AS files FROM original_file WHERE counts GROUP BY 1"):
            assert photo["files"] == 1

    def the_store_holds_what_the_tables_say(self) -> None:
        stored = self.inbox.cloud.keys("originals", f"{self.owner.folder}/")
        assert sorted(stored) == sorted(row["object_key"] for row in self.rows("SELECT object_key FROM original_file"))
        for sent in self.sent.values():
            assert objects.multiparts(sent.upload.object_key) == []
        # Kills leave renditions, and the store has what earlier histories left, of users that are not in this database.
        expected = {Kind.RENDITIONS_UNKNOWN, Kind.RENDITIONS_LEFT_OVER, Kind.OBJECT_OF_NOBODY}
        assert [finding for finding in verify.check(Tally(), repair=False) if finding.kind not in expected] == []

    def work_off(self) -> None:
        """Deliver what there is, and what schedules find, until nothing is left to do."""
        for _ in range(8):
            requeue_stale(timedelta(0))
            self.events += self.inbox.cloud.messages("ingest")
            if not self.events:
                return
            self.events = [body for body in self.events if self.inbox.deliver_body(body)]
        raise AssertionError("there is no end to it")

    # How it is done

    def send(self, request: SignedRequest, content: bytes) -> int:
        return self.http.request("PUT", request.url, body=content, headers=dict(request.headers)).status

    def landed(self, sent: Sent) -> None:
        self.events.append(self.inbox.stored(sent.upload.id, sent.upload.object_key).body)

    def is_stored(self, sent: Sent) -> bool:
        try:
            objects.head(sent.upload.object_key)
        except NotFound:
            return False
        return True

    def killed(self, worker: ForkServerProcess) -> None:
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)

    def execute(self, statement: Any, *values: object) -> None:
        self.inbox.conn.execute(statement, values)

    def rows(self, query: Any, *values: object) -> Sequence[dict[str, Any]]:
        with self.inbox.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, values or None).fetchall()


@pytest.mark.timeout(600)
def test_no_history_loses_a_photo(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SINGLE_PUT_BYTES", SINGLE_BYTES)
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    monkeypatch.setattr(Histories, "inbox", inbox, raising=False)
    with urllib3.PoolManager() as http:
        monkeypatch.setattr(Histories, "http", http, raising=False)
        run(
            Histories,
            settings=settings(
                max_examples=20,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
