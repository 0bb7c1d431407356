"""Files that came into a user's folder by another way than an upload: a copied library, a backup that was restored."""

import hashlib
import json
from datetime import timedelta
from io import StringIO

import pytest

from pinhole import objects, verify
from pinhole.filenames import folder_key
from pinhole.operations.retry import Retried, retry_items
from pinhole.stages import Stage
from pinhole.telemetry import logger
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.pictures import jpeg


def copied(inbox: Inbox, content: bytes, key: str = "ann/2024/Sommer/IMG_1.jpg") -> Landed:
    """A file that somebody copied into the bucket, and the store's event."""
    inbox.cloud.s3.put_object(Bucket="originals", Key=key, Body=content)
    return inbox.stored("none", key)


def test_it_is_handed_over_unread_and_becomes_an_item_in_the_bulk_lane(inbox: Inbox) -> None:
    content = jpeg(DateTimeOriginal="2021:06:05 13:14:15")
    landed = copied(inbox, content)

    assert inbox.deliver(landed) == []
    assert inbox.items() == []

    assert inbox.deliver_bulk() == []
    (item,) = inbox.items()
    assert item["visible"]
    assert (item["object_key"], item["filename"]) == (landed.key, "IMG_1.jpg")
    assert (item["relative_path"], item["folder"]) == ("2024/Sommer/IMG_1.jpg", folder_key("2024/Sommer"))
    assert item["sha256"] == hashlib.sha256(content).digest()
    assert item["sha1"] == hashlib.sha1(content).digest()
    assert inbox.jobs() == {"metadata": ("done", 1), "renditions": ("done", 1), "analysis": ("waiting", 0)}
    assert inbox.conn.execute("SELECT DISTINCT lane FROM job").fetchall() == [("bulk",)]
    assert [json.loads(body)["itemId"] for body in inbox.cloud.messages("ml-bulk")] == [item["id"]]


def test_what_comes_twice_is_one_item(inbox: Inbox) -> None:
    landed = copied(inbox, jpeg())

    inbox.deliver(landed, times=2)
    assert inbox.deliver_bulk() == []

    assert len(inbox.items()) == 1
    assert inbox.jobs()["metadata"] == ("done", 1)


def test_a_copy_of_what_lies_in_the_trash_leaves_it_there(inbox: Inbox) -> None:
    content = jpeg()
    inbox.deliver(inbox.landed(content))
    inbox.conn.execute("UPDATE media_item SET trashed_at = now()")

    inbox.deliver(copied(inbox, content))
    assert inbox.deliver_bulk() == []

    (item,) = inbox.items()
    assert not item["visible"]
    assert inbox.conn.execute("SELECT count(*) FROM original_file WHERE role = 'alias'").fetchone() == (1,)


def test_the_owner_is_the_user_whose_folder_ends_at_a_path_boundary(inbox: Inbox) -> None:
    stray = copied(inbox, jpeg(), "anna/IMG_1.jpg")

    assert inbox.deliver(stray) == []
    assert inbox.deliver_bulk() == []

    assert inbox.items() == []
    assert inbox.cloud.keys("originals", stray.key) == [stray.key]


def test_the_same_bytes_at_another_key_are_the_same_item_and_stay_where_they_were_put(inbox: Inbox) -> None:
    content = jpeg()
    first, second = copied(inbox, content), copied(inbox, content, "ann/backup/IMG_1.jpg")

    inbox.deliver(first, second)
    inbox.deliver_bulk()

    (item,) = inbox.items()
    files = inbox.conn.execute("SELECT object_key, item_id, role FROM original_file ORDER BY role").fetchall()
    assert files == [(first.key, item["id"], "main"), (second.key, item["id"], "alias")]
    assert inbox.cloud.keys("originals", second.key) == [second.key]
    assert inbox.deliver(second) == []
    assert inbox.deliver_bulk() == []
    assert len(inbox.items()) == 1


def test_it_takes_the_place_of_an_original_that_was_lost(inbox: Inbox) -> None:
    content = jpeg()
    inbox.deliver(inbox.landed(content))
    (before,) = inbox.items()
    objects.delete(before["object_key"], version=before["version"])
    moved = copied(inbox, content)

    inbox.deliver(moved)
    assert inbox.deliver_bulk() == []

    (after,) = inbox.items()
    assert (after["id"], after["object_key"], after["visible"]) == (before["id"], moved.key, True)
    assert inbox.cloud.keys("originals", moved.key) == [moved.key]


@pytest.mark.parametrize("content", [b"", b"just some text"], ids=["empty", "no photo"])
def test_a_bad_file_fails_with_a_code_and_stays(inbox: Inbox, content: bytes) -> None:
    landed = copied(inbox, content)

    inbox.deliver(landed)
    assert inbox.deliver_bulk() == []

    (code,) = inbox.conn.execute("SELECT error_code FROM job WHERE state = 'failed'").fetchone() or ()
    assert code == ("unsupported_type" if content else "empty_file")
    assert not inbox.items()[0]["visible"]
    assert inbox.cloud.keys("originals", landed.key) == [landed.key]


def test_what_failed_is_tried_again_in_its_own_lane(inbox: Inbox) -> None:
    inbox.deliver(copied(inbox, b"just some text"))
    inbox.deliver_bulk()
    (item,) = inbox.items()

    assert retry_items([item["id"]]) == [Retried(item["id"], "retried", Stage.METADATA)]

    assert inbox.cloud.messages("ingest") == []
    assert len(inbox.cloud.messages("ingest-bulk")) == 1


@pytest.mark.parametrize("key", ["ann/folder/", "ann/uploads/", "nobody/"])
def test_what_only_stands_for_a_folder_is_no_file(inbox: Inbox, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "GRACE", timedelta(0))
    landed = copied(inbox, b"", key)
    told = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", told)

    assert inbox.deliver(landed) == []

    assert [json.loads(line)["message"] for line in told.getvalue().splitlines()] == ["object_ignored"]
    assert inbox.deliver_bulk() == []
    assert inbox.conn.execute("SELECT id FROM media_item").fetchall() == []
    assert key not in {finding.key for finding in verify.check(verify.Tally(), repair=True)}
