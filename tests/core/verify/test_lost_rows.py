"""Rows that are lost: each is told, is written again from what else knows it, and takes nothing of a photo with it."""

from dataclasses import replace

import pytest

from pinhole import objects
from pinhole.ingest import original
from pinhole.operations.retry import retry_items
from pinhole.settings import settings
from pinhole.verify import Finding, Kind
from tests.core.verify.checking import check, kinds, lose_original, photo, whole
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


@pytest.mark.parametrize("also", ["", "; DELETE FROM upload", "; DELETE FROM outbox"])
def test_the_row_of_an_original_is_written_again_and_nothing_of_its_photo_is_deleted(library: Inbox, also: str) -> None:
    landed = photo(library)
    (before,) = library.items()
    stored = library.cloud.keys("renditions", "")
    library.conn.execute(f"DELETE FROM original_file{also}")

    lost = Finding(Kind.FILE_LOST, landed.key, before["id"], repaired=True)
    assert kinds(check()) == [Kind.FILE_LOST]
    assert check(repair=True) == [lost]
    assert kinds(check(repair=True)) == ([Kind.UPLOAD_LOST] if "upload" in also else [])
    assert check() == []

    (after,) = library.items()
    same = ("id", "object_key", "version", "etag", "size_bytes", "sha256", "sha1", "mime_type", "filename", "counts")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert library.cloud.keys("renditions", "") == stored
    assert whole(library, before["id"])


def test_the_row_of_an_original_that_came_by_another_way_is_written_again(library: Inbox) -> None:
    key = "ann/2021/summer.jpg"
    library.cloud.s3.put_object(Bucket="originals", Key=key, Body=jpeg(DateTimeOriginal="2021:06:05 13:14:15"))
    check(repair=True)
    library.deliver_bulk()
    (before,) = library.items()
    library.conn.execute("DELETE FROM original_file")

    assert check() == [Finding(Kind.FILE_LOST, key, before["id"])]
    assert check(repair=True) == [Finding(Kind.FILE_LOST, key, before["id"], repaired=True)]
    assert check() == []

    (after,) = library.items()
    assert (after["filename"], after["relative_path"]) == (before["filename"], before["relative_path"])
    assert library.deliver_bulk() == []
    assert [item["id"] for item in library.items()] == [before["id"]]
    assert whole(library, before["id"])


def test_a_photo_that_nothing_tells_the_original_of_keeps_its_renditions(library: Inbox) -> None:
    photo(library)
    (item,) = library.items()
    stored = library.cloud.keys("renditions", "")
    library.conn.execute("DELETE FROM original_file; DELETE FROM outbox; UPDATE upload SET item_id = NULL")

    assert Finding(Kind.FILE_LOST, "", item["id"]) in check(repair=True)

    assert library.cloud.keys("renditions", "") == stored
    assert library.conn.execute("SELECT id FROM media_item WHERE visible").fetchall()[0] == (item["id"],)


def test_other_bytes_at_the_key_of_a_lost_row_are_not_taken_for_the_original(library: Inbox) -> None:
    landed = photo(library)
    (item,) = library.items()
    stored = library.cloud.keys("renditions", "")
    library.conn.execute("DELETE FROM original_file")
    library.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=jpeg(shade=200))

    assert check(repair=True) == [Finding(Kind.ORIGINAL_CHANGED, landed.key, item["id"])]

    assert library.items() == []
    assert library.cloud.keys("renditions", "") == stored


def test_an_item_that_lost_its_original_and_the_row_of_it_is_hidden_until_that_is_back(library: Inbox) -> None:
    landed = photo(library)
    (item,) = library.items()
    library.conn.execute("DELETE FROM original_file")
    content = lose_original(library, landed)

    assert check(repair=True) == [Finding(Kind.ORIGINAL_MISSING, landed.key, item["id"], repaired=True)]
    assert check(repair=True) == []
    assert not whole(library, item["id"])

    library.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=content)
    assert kinds(check(repair=True)) == [Kind.FILE_LOST, Kind.ORIGINAL_BACK]
    assert check() == []
    assert whole(library, item["id"])


def test_an_item_that_was_never_read_and_has_no_file_is_made_anew_from_what_arrived(library: Inbox) -> None:
    landed = library.landed(b"no photo")
    library.deliver(landed)
    library.conn.execute("DELETE FROM original_file")

    assert kinds(check(repair=True)) == [Kind.ITEM_EMPTY, Kind.EVENT_LOST]
    assert library.deliver_body(*library.cloud.messages("ingest")) == []

    assert library.upload(landed)["state"] == "failed"
    assert [item["failed_at"] is not None for item in library.items()] == [True]
    assert check() == []


def test_what_is_left_of_the_renditions_of_a_photo_without_its_original_stays(library: Inbox) -> None:
    landed = photo(library)
    (item,) = library.items()
    content = lose_original(library, landed)
    gone, *left = library.cloud.keys("renditions", "")
    objects.delete_rendition(gone)
    assert kinds(check(repair=True)) == [Kind.ORIGINAL_MISSING, Kind.RENDITIONS_LOST]

    assert check(repair=True) == []
    assert library.cloud.keys("renditions", "") == left

    library.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=content)
    assert kinds(check(repair=True)) == [Kind.ORIGINAL_BACK, Kind.RENDITIONS_MISSING]
    assert library.deliver_bulk() == []
    assert check() == []
    assert whole(library, item["id"])


@pytest.mark.parametrize("lost", ["one", "all"])
def test_renditions_whose_rows_are_lost_are_made_again_and_those_that_are_shown_stay(library: Inbox, lost: str) -> None:
    photo(library)
    (item,) = library.items()
    stored = library.cloud.keys("renditions", "")
    library.conn.execute("DELETE FROM rendition" + (" WHERE name LIKE '240%'" if lost == "one" else ""))

    assert kinds(check(repair=True)) == [Kind.RENDITIONS_MISSING]
    assert library.cloud.keys("renditions", "") == stored
    assert library.deliver_bulk() == []

    assert check() == []
    assert whole(library, item["id"])


def test_renditions_of_an_item_that_is_gone_stay_where_nothing_else_is_left_of_it(library: Inbox) -> None:
    lose_original(library, photo(library))
    stored = library.cloud.keys("renditions", "")
    library.conn.execute("DELETE FROM media_item; DELETE FROM upload")

    assert kinds(check(repair=True)) == [Kind.RENDITIONS_UNKNOWN]

    assert library.cloud.keys("renditions", "") == stored


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM item_metadata",
        "DELETE FROM item_statement",
        "UPDATE original_file SET sha256 = NULL",
        "UPDATE original_file SET mime_type = NULL",
        "UPDATE original_file SET counts = false",
    ],
)
def test_what_a_file_says_is_read_from_it_again_while_its_photo_stays_in_the_timeline(
    library: Inbox, damage: str
) -> None:
    landed = photo(library)
    (before,) = library.items()
    library.conn.execute(damage)
    assert not whole(library, before["id"])

    lost = Finding(Kind.METADATA_LOST, landed.key, before["id"])
    assert check() == [lost]
    assert check(repair=True) == [replace(lost, repaired=True)]
    assert check(repair=True) == []  # it is being read
    assert library.items()[0]["listed"]
    assert library.deliver_bulk() == []

    assert check() == []
    (after,) = library.items()
    same = ("id", "exif", "colours", "perceptual_hash", "taken_at_local", "sha256", "metadata_at")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert whole(library, before["id"])
    assert library.jobs() == {"metadata": ("done", 1), "renditions": ("done", 1), "analysis": ("waiting", 0)}
    births = library.conn.execute("SELECT change FROM outbox").fetchall()
    assert births == [("born",)]


def test_a_photo_whose_file_can_not_be_read_again_stays_in_the_timeline(
    library: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo(library)
    (item,) = library.items()
    library.conn.execute("DELETE FROM item_metadata")
    check(repair=True)
    with monkeypatch.context() as patch:
        patch.setenv("PINHOLE_MAX_PIXELS", "5")
        settings.cache_clear()
        library.deliver_bulk()
    settings.cache_clear()

    assert [(one.kind, one.repaired) for one in check(repair=True)] == [(Kind.METADATA_LOST, False)]
    assert library.items()[0]["listed"]

    assert retry_items([item["id"]])[0].outcome == "retried"
    library.deliver_bulk()
    assert check() == []


def test_renditions_that_are_done_are_not_made_again_when_the_file_is_read_again(library: Inbox) -> None:
    landed = photo(library)
    library.conn.execute("DELETE FROM item_statement; UPDATE job SET state = 'waiting' WHERE stage = 'metadata'")

    assert library.deliver(landed) == []

    assert library.items()[0]["rendition_version"] == 1
    assert check() == []


@pytest.mark.parametrize("damage", ["DELETE FROM job", "UPDATE job SET state = 'done'"])
def test_a_failed_item_whose_failure_no_job_tells_can_be_retried(library: Inbox, damage: str) -> None:
    library.deliver(library.landed(jpeg(800, 600)[:2000]))
    (item,) = library.items()
    library.conn.execute(damage)

    (lost,) = check()
    assert (lost.kind, lost.key, lost.item_id) == (Kind.FAILURE_LOST, "renditions", item["id"])
    assert kinds(check(repair=True)) == [Kind.FAILURE_LOST]
    assert check() == []

    assert [(one.item_id, one.outcome) for one in retry_items([item["id"]])] == [(item["id"], "retried")]
    assert library.deliver_bulk() == []
    assert library.jobs()["renditions"][0] == "failed"


def test_a_photo_that_is_called_failed_and_is_not_is_shown_again_by_a_retry(library: Inbox) -> None:
    photo(library)
    (item,) = library.items()
    library.conn.execute("UPDATE media_item SET failed_at = now()")

    assert kinds(check(repair=True)) == [Kind.FAILURE_LOST]
    retry_items([item["id"]])

    assert check() == []
    assert whole(library, item["id"])


@pytest.mark.parametrize("state", ["done", "failed"])
@pytest.mark.parametrize("stage", ["metadata", "renditions"])
def test_a_stage_is_asked_for_whose_job_has_ended_though_its_item_says_nothing_of_it(
    library: Inbox, stage: str, state: str
) -> None:
    landed = library.landed(jpeg(DateTimeOriginal="2021:06:05 13:14:15"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_read" if stage == "metadata" else "_renditions", _broken)
        library.deliver(landed)
    library.conn.execute("UPDATE job SET state = %s WHERE stage = %s", (state, stage))
    library.cloud.messages("ingest")

    found = check(repair=True)

    assert [(one.kind, one.key) for one in found] == [(Kind.JOB_LOST, stage)]
    assert library.deliver_bulk() == []
    assert whole(library, library.items()[0]["id"])


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("a defect of ours")
