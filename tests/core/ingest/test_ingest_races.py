"""Deliveries that meet: what one does about an object while another is at it, or after it was taken over."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingest import handler
from pinhole import objects, queues
from pinhole.errors import Busy
from pinhole.imaging import renditions
from pinhole.ingest import failure, original
from pinhole.stages import Lane, Stage, Subject
from pinhole.stages.moves import NO_REPORT
from pinhole.tables import job, original_file
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.lambda_context import Context
from tests.fixtures.pictures import jpeg

make = renditions.make


def begin_and_die(inbox: Inbox, landed: Landed) -> None:
    """A worker begins an attempt, and is not heard of again; its lease runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_ingest", lambda claim: None)
        assert inbox.deliver(landed) == []


def take_over(inbox: Inbox) -> None:
    """Another delivery leases what runs, as it does when a lease has ended."""
    inbox.conn.execute("UPDATE job SET leased_until = now() + interval '1 hour' WHERE state = 'running'")


def is_blocked(conn: psycopg.Connection) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return conn.execute(query).fetchone() == (1,)


def test_a_worker_that_waits_for_its_key_holds_nothing_that_another_needs(
    inbox: Inbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database_url) as other:

        def locked_meanwhile(*arguments: Any) -> renditions.Renditions:
            original_file.lock(other, inbox.owner.id, landed.key)
            return make(*arguments)

        monkeypatch.setattr(renditions, "make", locked_meanwhile)
        delivery = pool.submit(inbox.deliver, landed)
        while not is_blocked(inbox.conn):
            assert not delivery.done()
            time.sleep(0.01)
        other.execute("SELECT FROM media_item FOR UPDATE NOWAIT")
        other.execute("SELECT FROM job FOR UPDATE NOWAIT")
        other.rollback()

        assert delivery.result() == []

    assert inbox.upload(landed)["state"] == "ready"


def test_a_delivery_that_fails_does_not_hand_back_the_attempt_of_another(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    begin_and_die(inbox, landed)

    mine = datetime.now(UTC) + timedelta(minutes=3)
    failure.note_failed_attempt(landed.key, mine, "The database went away.", counts=False)

    assert inbox.jobs() == {"metadata": ("running", 1)}


def test_a_worker_that_was_taken_over_from_commits_nothing(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    landed = inbox.landed(jpeg())

    def slowly(*arguments: Any) -> renditions.Renditions:
        take_over(inbox)
        return make(*arguments)

    monkeypatch.setattr(renditions, "make", slowly)
    assert len(inbox.deliver(landed)) == 1

    (item,) = inbox.items()
    assert not item["visible"]
    assert inbox.jobs()["renditions"] == ("running", 1)


def test_a_worker_that_was_taken_over_from_rejects_nothing(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    landed = inbox.landed(jpeg(800, 600)[:2000])

    def slowly(*arguments: Any) -> renditions.Renditions:
        take_over(inbox)
        return make(*arguments)

    monkeypatch.setattr(renditions, "make", slowly)
    assert inbox.deliver(landed) == []

    assert inbox.upload(landed)["state"] == "received"
    assert inbox.jobs()["renditions"] == ("running", 1)


def test_a_dead_message_does_not_fail_a_last_attempt_that_still_runs(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    begin_and_die(inbox, landed)
    inbox.conn.execute("UPDATE job SET attempts = 5")

    with pytest.raises(Busy):
        failure.give_up(landed.key, "received 5 times")
    assert inbox.upload(landed)["state"] == "received"

    inbox.conn.execute("UPDATE job SET leased_until = now()")
    assert failure.give_up(landed.key, "received 5 times")
    assert inbox.upload(landed)["state"] == "failed"


def test_an_attempt_that_died_is_not_reported_as_the_one_before_it(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())

    def broken(*_: object) -> None:
        raise RuntimeError("a defect of ours")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_read", broken)
        inbox.deliver(landed)
    begin_and_die(inbox, landed)
    inbox.conn.execute("UPDATE job SET leased_until = now(), attempts = 5")

    assert inbox.deliver(landed) == []

    (attempts, report) = inbox.conn.execute("SELECT attempts, last_error FROM job").fetchone() or ()
    assert attempts == 5
    assert NO_REPORT in report
    assert "a defect of ours" not in report


def test_an_outage_of_the_store_and_the_queue_at_once_is_no_attempt(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())
    record = inbox.cloud.through_queue("ingest", landed.body)
    with pytest.MonkeyPatch.context() as patch:
        for service in ("S3", "SQS"):
            patch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
        objects.client.s3.cache_clear()
        queues._sqs.cache_clear()
        answer = handler.handle({"Records": [record]}, Context())
    objects.client.s3.cache_clear()
    queues._sqs.cache_clear()

    assert len(answer["batchItemFailures"]) == 1
    assert inbox.jobs() == {"metadata": ("waiting", 0)}
    assert inbox.deliver(landed) == []


# Items whose original or renditions went away


@pytest.mark.usefixtures("counted_months")
def test_bytes_sent_again_give_an_item_back_the_original_that_it_lost(inbox: Inbox) -> None:
    content = jpeg(DateTimeOriginal="2021:06:05 13:14:15")
    first = inbox.landed(content)
    inbox.deliver(first)
    (before,) = inbox.items()
    objects.delete(first.key, version=before["version"])
    inbox.conn.execute("UPDATE media_item SET missing_at = now()")

    second = inbox.landed(content)
    assert inbox.deliver(second) == []

    (item,) = inbox.items()
    assert (item["id"], item["visible"], item["missing_at"]) == (before["id"], True, None)
    assert (item["object_key"], item["etag"]) == (second.key, before["etag"])
    assert (inbox.upload(second)["state"], inbox.upload(second)["item_id"]) == ("ready", item["id"])
    assert inbox.cloud.keys("originals", second.key) == [second.key]
    assert inbox.conn.execute("SELECT revision FROM timeline_month").fetchall() == [(2,)]


def test_bytes_sent_again_while_their_item_is_in_the_making_end_as_its_duplicate(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = jpeg()
    first = inbox.begin(content)
    inbox.conn.execute("UPDATE upload SET expires_at = now()")  # so that another device begins one of its own
    second = [inbox.landed(content)]
    inbox.conn.execute("UPDATE upload SET expires_at = now() + interval '1 day'")

    def sent_again_meanwhile(*arguments: Any) -> renditions.Renditions:
        assert inbox.deliver(*second) == []
        return make(*arguments)

    monkeypatch.setattr(renditions, "make", sent_again_meanwhile)
    assert inbox.deliver(inbox.put(first, content)) == []

    (item,) = inbox.items()
    assert item["visible"]
    assert (inbox.upload(second[0])["state"], inbox.upload(second[0])["item_id"]) == ("duplicate", item["id"])


def test_the_only_copy_of_a_photo_is_never_deleted_as_a_duplicate(inbox: Inbox) -> None:
    content = jpeg()
    first = inbox.landed(content)
    inbox.deliver(first)
    second = inbox.put(inbox.begin_anyway(content), content)
    objects.delete(first.key, version=inbox.items()[0]["version"])

    assert inbox.deliver(second) == []

    (item,) = inbox.items()
    assert inbox.cloud.keys("originals", item["object_key"]) == [second.key]


@pytest.mark.usefixtures("counted_months")
def test_renditions_that_are_made_again_are_a_new_version_of_the_same_item(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    (before,) = inbox.items()
    job.reopen(inbox.conn, Subject(inbox.owner.id, before["id"]), Stage.RENDITIONS, Lane.FRESH)

    assert inbox.deliver(landed, times=2) == []

    (item,) = inbox.items()
    assert (item["id"], item["rendition_version"]) == (before["id"], 2)
    assert len(inbox.cloud.keys("renditions", f"{item['item_key']}/2/")) == 3
    assert inbox.jobs()["renditions"] == ("done", 1)
    assert inbox.conn.execute("SELECT revision FROM timeline_month").fetchall() == [(2,)]


def test_a_photo_stays_visible_when_its_renditions_can_not_be_made_again(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    job.reopen(inbox.conn, Subject(inbox.owner.id, inbox.items()[0]["id"]), Stage.RENDITIONS, Lane.FRESH)

    def broken(*_: object) -> None:
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(renditions, "make", broken)
    inbox.deliver(landed, times=6)

    (item,) = inbox.items()
    assert item["visible"]
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.jobs()["renditions"] == ("failed", 5)


def test_an_item_that_was_removed_stays_removed_whatever_is_delivered_late(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    inbox.conn.execute("DELETE FROM media_item; DELETE FROM job")

    assert inbox.deliver(landed, times=2) == []

    assert inbox.items() == []
    assert inbox.jobs() == {}


def test_an_item_removed_while_its_renditions_are_made_again_stays_removed(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed)
    job.reopen(inbox.conn, Subject(inbox.owner.id, inbox.items()[0]["id"]), Stage.RENDITIONS, Lane.FRESH)

    def removed_meanwhile(*arguments: Any) -> renditions.Renditions:
        inbox.conn.execute("DELETE FROM media_item; DELETE FROM job")
        return make(*arguments)

    monkeypatch.setattr(renditions, "make", removed_meanwhile)
    inbox.deliver(landed)

    assert inbox.deliver(landed) == []
    assert inbox.items() == []


# What a killed worker leaves on the disk


def test_what_a_killed_worker_left_on_the_disk_is_removed_once_it_is_dead_for_sure(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive = (tmp_path / f"pinhole-ingest-{time.time() + age:.0f}-abc" for age in (-120, 0))
    foreign = tmp_path / "pinhole-ingest-notes"
    for directory in (dead, alive, foreign):
        directory.mkdir()
        (directory / "original").write_bytes(b"a large file")

    inbox.deliver(inbox.landed(jpeg()))

    assert sorted(tmp_path.iterdir()) == sorted([alive, foreign])
