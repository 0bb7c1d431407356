"""Uploads whose time is over, and what those that ended without an item left in the store."""

import urllib.request
from signal import SIGKILL

import pytest

from pinhole import objects, uploads
from pinhole.db import transaction
from pinhole.settings import MEBIBYTE
from pinhole.tables import upload as upload_table
from pinhole.uploads import WantedPart, opening
from pinhole.uploads.expiry import Expired, expire_uploads
from schedules import expire_uploads as schedule
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg

pytestmark = pytest.mark.usefixtures("no_call_in_a_transaction")

MOMENTS = 60
PART = 5 * MEBIBYTE  # no store takes smaller ones
LARGE = jpeg().ljust(PART + 1000)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SINGLE_PUT_BYTES", PART)
    monkeypatch.setattr(opening, "PART_BYTES", PART)


def age(inbox: Inbox, upload_id: str, interval: str) -> None:
    """As if the upload had been over for that long."""
    inbox.conn.execute(
        "UPDATE upload SET expires_at = now() - %(age)s::interval, finished_at = finished_at - %(age)s::interval,"
        " looked_at = looked_at - %(age)s::interval WHERE id = %(id)s",
        {"age": interval, "id": upload_id},
    )


def send_parts(inbox: Inbox, upload_id: str, content: bytes, numbers: list[int]) -> None:
    signed = uploads.sign_parts(inbox.owner, upload_id, [WantedPart(number, None) for number in numbers])
    for number, request in zip(numbers, signed, strict=True):
        part = content[(number - 1) * PART :][:PART]
        with urllib.request.urlopen(urllib.request.Request(request.url, part, dict(request.headers), method="PUT")):
            pass


def abort(inbox: Inbox, upload_id: str) -> None:
    """Abort an upload, in a process that dies before anything is removed from the store."""
    with transaction() as conn:
        assert upload_table.mark_aborted(conn, inbox.owner.id, upload_id)


def test_an_upload_that_never_came_is_aborted_some_time_after_its_end(inbox: Inbox) -> None:
    upload_id = inbox.begin(jpeg())

    age(inbox, upload_id, "1 hour")
    assert expire_uploads() == Expired(0, 0, 0)
    assert inbox.upload(upload_id)["state"] == "waiting"

    age(inbox, upload_id, "3 hours")
    assert expire_uploads() == Expired(0, 1, 0)
    assert inbox.upload(upload_id)["state"] == "aborted"
    assert expire_uploads() == Expired(0, 0, 0)


def test_an_upload_in_parts_that_was_never_finished_leaves_no_parts(inbox: Inbox) -> None:
    upload_id = inbox.begin(LARGE)
    send_parts(inbox, upload_id, LARGE, [1])
    key = inbox.upload(upload_id)["object_key"]
    assert len(objects.multiparts(key)) == 1

    age(inbox, upload_id, "3 hours")
    expire_uploads()

    assert inbox.upload(upload_id)["state"] == "aborted"
    assert objects.multiparts(key) == []


def test_a_photo_that_had_arrived_unnoticed_is_ingested_and_not_given_up(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    age(inbox, landed.upload_id, "3 hours")

    assert expire_uploads() == Expired(1, 0, 0)

    assert inbox.deliver_body(*inbox.cloud.messages("ingest")) == []
    assert inbox.upload(landed)["state"] == "ready"


def test_parts_that_are_all_there_become_a_photo_though_nobody_asked(inbox: Inbox) -> None:
    upload_id = inbox.begin(LARGE)
    send_parts(inbox, upload_id, LARGE, [1, 2])
    age(inbox, upload_id, "3 hours")

    assert expire_uploads() == Expired(1, 0, 0)

    assert inbox.deliver_body(*inbox.cloud.messages("ingest")) == []
    assert inbox.upload(upload_id)["state"] == "ready"


def test_parts_of_an_upload_that_was_given_up_are_removed_once_no_url_of_them_lives(inbox: Inbox) -> None:
    upload_id = inbox.begin(LARGE)
    send_parts(inbox, upload_id, LARGE, [1])
    key = inbox.upload(upload_id)["object_key"]
    abort(inbox, upload_id)

    assert expire_uploads() == Expired(0, 0, 0)
    assert len(objects.multiparts(key)) == 1

    age(inbox, upload_id, "3 hours")
    assert expire_uploads() == Expired(0, 0, 1)
    assert objects.multiparts(key) == []
    assert expire_uploads() == Expired(0, 0, 0)


def test_a_photo_that_arrived_although_its_upload_was_given_up_is_ingested(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    abort(inbox, landed.upload_id)
    age(inbox, landed.upload_id, "3 hours")

    assert expire_uploads() == Expired(1, 0, 0)

    assert inbox.deliver_body(*inbox.cloud.messages("ingest")) == []
    assert inbox.upload(landed)["state"] == "ready"


def test_the_object_of_a_duplicate_is_removed_when_ingest_died_before_it_could(inbox: Inbox) -> None:
    content = jpeg()
    first = inbox.landed(content)
    inbox.deliver(first)
    second = inbox.put(inbox.begin_anyway(content), content)
    with transaction() as conn:
        upload_table.mark_duplicate(conn, inbox.owner.id, second.upload_id, inbox.items()[0]["id"])
    age(inbox, second.upload_id, "3 hours")

    assert expire_uploads() == Expired(0, 0, 1)

    assert inbox.cloud.keys("originals", second.key) == []
    assert inbox.cloud.keys("originals", first.key) == [first.key]


@pytest.mark.parametrize(
    ("was_aborted", "first_run"), [(False, Expired(0, 1, 0)), (True, Expired(0, 0, 1))], ids=["waiting", "aborted"]
)
def test_an_upload_that_can_not_be_settled_stops_no_other(
    inbox: Inbox, caplog: pytest.LogCaptureFixture, was_aborted: bool, first_run: Expired
) -> None:
    broken, other = inbox.begin(jpeg(64)), inbox.begin(jpeg(65))
    for upload_id, ago in ((broken, "4 hours"), (other, "3 hours")):
        if was_aborted:
            abort(inbox, upload_id)
        age(inbox, upload_id, ago)
    inbox.conn.execute("UPDATE upload SET object_key = '' WHERE id = %s", (broken,))  # the store can't be asked for it

    assert expire_uploads() == first_run
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["upload_not_settled"]
    assert inbox.upload(other)["state"] == "aborted"
    assert expire_uploads() == Expired(0, 0, 0)


def test_what_an_upload_left_is_removed_wherever_the_schedule_was_killed(inbox: Inbox) -> None:
    survived = False
    for step in range(1, MOMENTS):
        given_up, unfinished = inbox.begin(jpeg(64 + step)), inbox.begin(LARGE + bytes([step]))
        landed, revived = inbox.landed(jpeg(64, 100 + step)), inbox.landed(jpeg(64, 300 + step))
        abort(inbox, given_up)
        abort(inbox, revived.upload_id)
        send_parts(inbox, unfinished, LARGE + bytes([step]), [2])
        for upload_id in (given_up, unfinished, landed.upload_id, revived.upload_id):
            age(inbox, upload_id, "3 hours")

        worker = dying.call(schedule.handle, {}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        expire_uploads()

        assert inbox.upload(given_up)["state"] == inbox.upload(unfinished)["state"] == "aborted"
        age(inbox, unfinished, "3 hours")
        expire_uploads()
        assert objects.multiparts(inbox.upload(unfinished)["object_key"]) == []
        for kept in (landed, revived):
            assert inbox.upload(kept)["state"] == "received"
            assert inbox.cloud.keys("originals", kept.key) == [kept.key]
        inbox.forget()
        if survived:
            break
    assert survived
    assert step > 15  # there is something to survive


def test_two_runs_at_once_do_what_one_does(inbox: Inbox) -> None:
    never_came = [inbox.begin(jpeg(64 + width)) for width in range(5)]
    came = [inbox.landed(jpeg(64, 60 + height)) for height in range(5)]
    for upload_id in [*never_came, *(landed.upload_id for landed in came)]:
        age(inbox, upload_id, "3 hours")

    workers = [dying.call(schedule.handle, {}, die_at=0) for _ in range(2)]
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert {inbox.upload(upload_id)["state"] for upload_id in never_came} == {"aborted"}
    assert len(inbox.cloud.messages("ingest")) == 5
