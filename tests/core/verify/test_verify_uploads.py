"""What lies where uploads do, and what uploads say: judged together, and ended as what became of it."""

from dataclasses import replace

import pytest

from pinhole import objects
from pinhole.db import transaction
from pinhole.ids import new_id
from pinhole.tables import upload as upload_table
from pinhole.verify import Finding, Kind
from tests.core.verify.checking import check, kinds, lose_original, photo, whole
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


@pytest.mark.parametrize("name", ["{id}/IMG.jpg", "stray.jpg", "{id}/a/b.jpg", "{id}-1/IMG.jpg"])
def test_an_object_that_no_table_knows_is_read_in_as_what_no_upload_asked_for(library: Inbox, name: str) -> None:
    photo(library)
    key = f"ann/uploads/{name.format(id=new_id())}"
    library.cloud.s3.put_object(Bucket="originals", Key=key, Body=b"whose?")

    assert check(repair=True) == [Finding(Kind.OBJECT_UNKNOWN, key, repaired=True)]

    assert library.deliver_bulk() == []
    assert key in {item["object_key"] for item in library.items()}
    assert check(repair=True) == []


def test_a_photo_that_arrived_although_its_upload_was_given_up_is_ingested(library: Inbox) -> None:
    landed = library.landed(jpeg())
    with transaction() as conn:
        upload_table.mark_aborted(conn, library.owner.id, landed.upload_id)

    assert kinds(check(repair=True)) == [Kind.EVENT_LOST]

    assert library.deliver_body(*library.cloud.messages("ingest")) == []
    assert library.upload(landed)["state"] == "ready"
    assert check(repair=True) == []


def test_what_a_duplicate_left_is_deleted(library: Inbox) -> None:
    content = jpeg()
    library.deliver(library.landed(content))
    landed = library.put(library.begin_anyway(content), content)
    with transaction() as conn:
        upload_table.mark_duplicate(conn, library.owner.id, landed.upload_id, library.items()[0]["id"])

    assert kinds(check(repair=True)) == [Kind.OBJECT_LEFT_OVER]

    assert library.cloud.s3.list_object_versions(Bucket="originals", Prefix=landed.key).get("Versions") is None
    assert check(repair=True) == []


def test_an_object_whose_event_got_lost_is_ingested(library: Inbox) -> None:
    landed = library.landed(jpeg())

    assert kinds(check(repair=True)) == [Kind.EVENT_LOST]

    assert library.deliver_body(*library.cloud.messages("ingest")) == []
    assert library.upload(landed)["state"] == "ready"
    assert check() == []


def test_a_finished_upload_whose_item_is_gone_is_ingested_again(library: Inbox) -> None:
    landed = photo(library)
    library.conn.execute("DELETE FROM media_item")

    found = check(repair=True)

    assert found[0] == Finding(Kind.UPLOAD_WITHOUT_ITEM, landed.key, upload_id=landed.upload_id, repaired=True)
    assert kinds(found[1:]) == [Kind.RENDITIONS_UNKNOWN]
    assert library.deliver_body(*library.cloud.messages("ingest")) == []
    (item,) = library.items()
    assert whole(library, item["id"])
    assert (library.upload(landed)["state"], library.upload(landed)["item_id"]) == ("ready", item["id"])
    assert check() == []


def test_what_was_taken_for_a_duplicate_of_an_item_that_is_gone_is_ingested(library: Inbox) -> None:
    content = jpeg(DateTimeOriginal="2021:06:05 13:14:15")
    first = library.landed(content)
    library.deliver(first)
    second = library.put(library.begin_anyway(content), content)
    with transaction() as conn:
        upload_table.mark_duplicate(conn, library.owner.id, second.upload_id, library.items()[0]["id"])
    lose_original(library, first)
    library.conn.execute("DELETE FROM media_item")

    *of_uploads, of_renditions = kinds(check(repair=True))
    assert {*of_uploads} == {Kind.UPLOAD_WITHOUT_OBJECT, Kind.UPLOAD_WITHOUT_ITEM}
    assert of_renditions is Kind.RENDITIONS_UNKNOWN
    assert library.deliver_body(*library.cloud.messages("ingest")) == []

    (item,) = library.items()
    assert (item["object_key"], library.upload(second)["state"]) == (second.key, "ready")
    assert whole(library, item["id"])


@pytest.mark.parametrize("state", ["received", "ready"])
def test_bytes_that_went_away_and_are_no_item_are_told_once_and_their_upload_ends(library: Inbox, state: str) -> None:
    upload_id = library.begin(jpeg())
    library.conn.execute("UPDATE upload SET state = %s, received_at = now()", (state,))

    found = [(one.kind, one.upload_id) for one in check(repair=True)]

    assert found == [(Kind.UPLOAD_WITHOUT_OBJECT, upload_id)]
    upload = library.upload(upload_id)
    assert (upload["state"], upload["error_code"]) == ("failed", "object_not_found")
    assert check() == []


@pytest.mark.parametrize("state", ["received", "waiting", "aborted", "failed", "ready"])
def test_an_upload_that_says_something_else_than_that_its_item_is_there_ends_as_that(
    library: Inbox, state: str
) -> None:
    landed = photo(library)
    (item,) = library.items()
    code = "truncated" if state == "failed" else None
    library.conn.execute("UPDATE upload SET state = %s, item_id = NULL, error_code = %s", (state, code))

    unended = Finding(Kind.UPLOAD_UNENDED, landed.key, item["id"], landed.upload_id)
    assert check() == [unended]
    assert check(repair=True) == [replace(unended, repaired=True)]
    assert check() == []

    upload = library.upload(landed)
    assert (upload["state"], upload["item_id"], upload["error_code"]) == ("ready", item["id"], None)
    assert whole(library, item["id"])


def test_an_upload_that_was_set_back_though_its_item_is_ready_is_ready_when_it_is_delivered_again(
    library: Inbox,
) -> None:
    landed = photo(library)
    library.conn.execute("UPDATE upload SET state = 'received', item_id = NULL")

    library.deliver(landed)

    assert library.upload(landed)["state"] == "ready"


def test_an_upload_that_waits_though_its_item_has_failed_fails(library: Inbox) -> None:
    landed = library.landed(b"no photo")
    library.deliver(landed)
    library.conn.execute("UPDATE upload SET state = 'received', error_code = NULL, error_detail = NULL")

    assert kinds(check(repair=True)) == [Kind.UPLOAD_UNENDED]

    assert library.upload(landed)["state"] == "failed"
    assert check() == []


@pytest.mark.parametrize("same", [False, True], ids=["another photo", "a photo that is there"])
def test_what_lies_beside_an_upload_is_read_in_and_told_once(library: Inbox, same: bool) -> None:
    landed = photo(library)
    beside = landed.key.replace("IMG_0001", "beside")
    content = library.cloud.s3.get_object(Bucket="originals", Key=landed.key)["Body"].read()
    library.cloud.s3.put_object(Bucket="originals", Key=beside, Body=content if same else jpeg(shade=77))

    assert check(repair=True) == [Finding(Kind.OBJECT_UNKNOWN, beside, repaired=True)]
    assert library.deliver_bulk() == []

    assert check(repair=True) == []
    assert len(library.items()) == (1 if same else 2)
    assert whole(library, library.items()[0]["id"])
    assert library.upload(landed)["state"] == "ready"


def test_an_upload_whose_row_is_gone_gets_it_again_and_its_renditions_can_be_made_again(library: Inbox) -> None:
    landed = photo(library)
    before = library.upload(landed)
    library.conn.execute("DELETE FROM upload")
    objects.delete_rendition(library.cloud.keys("renditions", library.items()[0]["item_key"])[0])

    assert kinds(check(repair=True)) == [Kind.UPLOAD_LOST, Kind.RENDITIONS_MISSING]

    after = library.upload(landed)
    same = ("id", "filename", "size_bytes", "sha256", "state", "item_id")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert library.deliver_bulk() == []
    assert library.items()[0]["rendition_version"] == 2


def test_an_object_that_no_upload_knows_any_more_becomes_an_item_again(library: Inbox) -> None:
    content = jpeg()
    library.landed(content)
    library.conn.execute("DELETE FROM upload")  # as when an older database was restored

    assert kinds(check(repair=True)) == [Kind.OBJECT_UNKNOWN]
    assert library.deliver_bulk() == []

    (item,) = library.items()
    assert item["visible"]
    assert kinds(check(repair=True)) == [Kind.UPLOAD_LOST]
    assert check() == []
