"""The consistency check: what it finds, what it repairs, and what it leaves alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pinhole import objects, verify
from pinhole.db import transaction
from pinhole.ids import new_id, new_key
from pinhole.tables import job
from pinhole.tables import upload as upload_table
from pinhole.tables.job import Lane, Stage, Subject
from pinhole.timeline import months
from pinhole.verify import Finding, Kind, streams
from tests.core.verify.checking import check, empty, kinds, lose_original, photo
from tests.fixtures import clips
from tests.fixtures.clips import Clip
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


def revision(library: Inbox) -> int:
    return sum(number for (number,) in library.conn.execute("SELECT revision FROM timeline_month"))


def test_a_library_in_order_has_no_findings(library: Inbox) -> None:
    photo(library, 1)
    photo(library, 60)
    library.begin(jpeg(shade=120))
    library.deliver(library.landed(jpeg(800, 600)[:2000]))
    library.deliver(library.landed(clips.made(Clip(seconds=0.5)), "VID_20210605_131415.mp4"))

    assert check(repair=True) == []


def test_a_finding_is_one_line_that_names_what_it_is_about() -> None:
    finding = Finding(Kind.ORIGINAL_MISSING, "ann/uploads/a/b.jpg", "item00000000", "upload000000", repaired=True)
    assert str(finding) == "original_missing item=item00000000 upload=upload000000 key=ann/uploads/a/b.jpg repaired"


def test_without_repair_nothing_is_changed(library: Inbox) -> None:
    landed = photo(library)
    lose_original(library, landed)

    assert check() == check()

    assert library.items()[0]["missing_at"] is None


@pytest.mark.usefixtures("counted_months")
def test_an_item_without_its_original_is_hidden_until_that_is_back(library: Inbox) -> None:
    landed = photo(library)
    (item,) = library.items()
    content = lose_original(library, landed)

    lost = Finding(Kind.ORIGINAL_MISSING, landed.key, item["id"], landed.upload_id, repaired=True)
    assert check(repair=True) == [lost]
    assert not library.items()[0]["visible"]
    assert revision(library) == 2
    assert check(repair=True) == []

    library.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=content)
    assert kinds(check(repair=True)) == [Kind.ORIGINAL_BACK]
    assert library.items()[0]["visible"]
    assert revision(library) == 3
    assert check(repair=True) == []


def test_an_original_that_somebody_wrote_over_is_told(library: Inbox) -> None:
    landed = photo(library)
    library.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=b"something else")

    (finding,) = check(repair=True)
    assert (finding.kind, finding.repaired) == (Kind.ORIGINAL_CHANGED, False)
    assert library.items()[0]["visible"]


def test_what_an_item_is_found_by_is_written_again(library: Inbox) -> None:
    photo(library)
    (before,) = library.conn.execute("DELETE FROM search_text RETURNING document").fetchall()
    assert kinds(check(repair=True)) == [Kind.SEARCH_TEXT_LOST]
    assert library.conn.execute("SELECT document FROM search_text").fetchall() == [before]
    assert check(repair=True) == []


@pytest.mark.parametrize("damage", ["one gone", "all gone", "cut short"])
def test_renditions_that_are_not_whole_are_made_again_under_the_same_id(library: Inbox, damage: str) -> None:
    photo(library)
    (before,) = library.items()
    keys = library.cloud.keys("renditions", before["item_key"])
    for key in keys if damage == "all gone" else keys[:1]:
        objects.delete_rendition(key)
        if damage == "cut short":
            library.cloud.s3.put_object(Bucket="renditions", Key=key, Body=b"RIFF")

    (finding,) = check(repair=True)
    assert (finding.kind, finding.item_id, finding.repaired) == (Kind.RENDITIONS_MISSING, before["id"], True)
    assert check(repair=True) == []  # they are being made
    assert library.deliver_bulk() == []

    (item,) = library.items()
    assert (item["id"], item["rendition_version"]) == (before["id"], 2)
    assert check() == []


def test_renditions_can_not_be_made_again_without_the_original(library: Inbox) -> None:
    landed = photo(library)
    for key in library.cloud.keys("renditions", ""):
        objects.delete_rendition(key)
    lose_original(library, landed)

    found = check(repair=True)

    assert [(one.kind, one.repaired) for one in found] == [
        (Kind.ORIGINAL_MISSING, True),
        (Kind.RENDITIONS_LOST, True),
    ]
    assert check(repair=True) == []
    assert library.cloud.messages("ingest-bulk") == []


def test_what_is_in_the_renditions_bucket_but_not_ours_is_left_there(library: Inbox) -> None:
    library.cloud.s3.put_object(Bucket="renditions", Key="README.txt", Body=b"hello")

    assert check(repair=True) == [Finding(Kind.RENDITIONS_UNKNOWN, "README.txt")]

    assert library.cloud.keys("renditions", "") == ["README.txt"]


def remade(library: Inbox, *, days_ago: int) -> dict[str, Any]:
    """An item whose renditions were made twice, and since when the second ones are shown."""
    photo(library)
    (item,) = library.items()
    objects.delete_rendition(library.cloud.keys("renditions", item["item_key"])[0])
    assert kinds(check(repair=True)) == [Kind.RENDITIONS_MISSING]
    assert library.deliver_bulk() == []
    library.conn.execute("UPDATE media_item SET renditions_at = now() - make_interval(days => %s)", (days_ago,))
    return library.items()[0]


def test_an_earlier_version_goes_when_no_address_of_it_can_be_valid(library: Inbox) -> None:
    item = remade(library, days_ago=15)
    earlier, shown = (library.cloud.keys("renditions", f"{item['item_key']}/{version}/") for version in (1, 2))
    assert len(earlier) == 2

    left = Finding(Kind.RENDITIONS_LEFT_OVER, f"{item['item_key']}/", item["id"])
    assert check() == [left]
    assert library.cloud.keys("renditions", "") == earlier + shown
    assert check(repair=True) == [replace(left, repaired=True)]
    assert library.cloud.keys("renditions", "") == shown
    assert check() == []


def test_an_earlier_version_stays_while_an_address_of_it_may_be_valid(library: Inbox) -> None:
    remade(library, days_ago=13)
    before = library.cloud.keys("renditions", "")

    assert check(repair=True) == []

    assert library.cloud.keys("renditions", "") == before


def test_a_version_that_was_never_shown_goes_at_once(library: Inbox) -> None:
    photo(library)
    (item,) = library.items()
    shown = library.cloud.keys("renditions", "")
    library.cloud.s3.put_object(Bucket="renditions", Key=f"{item['item_key']}/7/1440.webp", Body=b"RIFF")

    assert check(repair=True) == [Finding(Kind.RENDITIONS_LEFT_OVER, f"{item['item_key']}/", item["id"], repaired=True)]

    assert library.cloud.keys("renditions", "") == shown


def test_a_version_in_work_is_no_left_over(library: Inbox) -> None:
    photo(library)
    (item,) = library.items()
    with transaction() as conn:
        job.reopen(conn, Subject(item["owner_id"], item["id"]), Stage.RENDITIONS, Lane.BULK)
    library.cloud.s3.put_object(Bucket="renditions", Key=f"{item['item_key']}/2/1440.webp", Body=b"RIFF")

    assert check(repair=True) == []


def test_what_was_not_uploaded_is_read_in_and_what_is_nobodys_is_left_where_it_is(library: Inbox) -> None:
    photo(library)
    library.conn.execute(
        "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
        " VALUES (8, 'bob', 'bob', '-', 'member', 'b/bob')"
    )
    of_nobody = ["stray.jpg", "nobody/uploads/aaaaaaaaaaaa/x.jpg", "ann-1/uploads/aaaaaaaaaaaa/x.jpg", "b/a.jpg"]
    not_indexed = ["ann/loose.jpg", "ann/2024/07/a.jpg", "ann/2024/b.jpg", "b/bob/uploads-1/a.jpg"]
    for key in of_nobody + not_indexed:
        library.cloud.s3.put_object(Bucket="originals", Key=key, Body=b"whose?")
    stored = library.cloud.keys("originals", "")

    found = check(repair=True)

    assert {(one.kind, one.key) for one in found} == {
        (Kind.OBJECT_OF_NOBODY, "stray.jpg"),
        (Kind.OBJECT_OF_NOBODY, "nobody/"),
        (Kind.OBJECT_OF_NOBODY, "ann-1/"),
        (Kind.OBJECT_OF_NOBODY, "b/a.jpg"),
        *((Kind.OBJECT_NOT_INDEXED, key) for key in not_indexed),
    }
    assert {one.key for one in found if one.repaired} == set(not_indexed)
    assert library.cloud.keys("originals", "") == stored
    library.deliver_bulk()
    assert {one.kind for one in check()} == {Kind.OBJECT_OF_NOBODY}


def test_nothing_young_is_judged(library: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "GRACE", timedelta(hours=24))
    library.landed(jpeg(shade=60))
    aborted = library.landed(jpeg(shade=120))
    with transaction() as conn:
        upload_table.mark_aborted(conn, library.owner.id, aborted.upload_id)
    library.cloud.s3.put_object(Bucket="originals", Key=f"ann/uploads/{new_id()}/a.jpg", Body=b"new")
    for key in ("stray.jpg", "nobody/a.jpg", "ann/album/a.jpg"):
        library.cloud.s3.put_object(Bucket="originals", Key=key, Body=b"new")
    library.cloud.s3.put_object(Bucket="renditions", Key=f"{new_key()}/1/240.webp", Body=b"new")
    lose_original(library, photo(library, 180))
    shown = next(item["item_key"] for item in library.items() if item["visible"])
    library.cloud.s3.put_object(Bucket="renditions", Key=f"{shown}/7/240.webp", Body=b"new")

    tally = verify.Tally()
    assert list(verify.check(tally, repair=True)) == []
    assert tally.young == 9


def test_the_folders_of_others_are_theirs(library: Inbox) -> None:
    landed = photo(library)
    library.conn.execute(
        "INSERT INTO users (id, name, name_key, password_hash, role, folder)"
        " VALUES (8, 'bob', 'bob', '-', 'member', 'anna')"
    )
    library.cloud.s3.put_object(Bucket="originals", Key=f"anna/uploads/{new_id()}/a.jpg", Body=b"Bob's")

    (finding,) = check()
    assert finding.key.startswith("anna/uploads/")
    assert landed.key in library.cloud.keys("originals", "ann/uploads/")


def test_many_pages_of_objects_are_compared_in_the_order_of_the_store(
    library: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PAGE", 100)
    library.conn.execute(
        """
        INSERT INTO upload (id, owner_id, object_key, filename, size_bytes, sha256, content_type, method, expires_at)
        SELECT id, %s, 'ann/uploads/' || id || '/a.jpg', 'a.jpg', 1, sha256('a'), 'image/jpeg', 'single', now()
        FROM unnest(%s::text[]) AS id
        """,
        (library.owner.id, [new_id() for _ in range(1200)]),
    )
    library.conn.execute(
        "INSERT INTO media_item (owner_id, id, item_key) SELECT owner_id, id, id || id FROM upload;"
        "INSERT INTO original_file (owner_id, bucket, object_key, item_id, role, etag, size_bytes, filename, counts)"
        " SELECT owner_id, 'originals', object_key, id, 'main', '0cc175b9c0f1b6a831c399e269772661', 1, 'a.jpg', true"
        " FROM upload"
    )
    known = [key for (key,) in library.conn.execute("SELECT object_key FROM upload")]
    lost, unknown = set(known[:5]), {f"ann/uploads/{new_id()}/a.jpg" for _ in range(5)}
    with ThreadPoolExecutor(8) as pool:
        put = [
            pool.submit(library.cloud.s3.put_object, Bucket="originals", Key=key, Body=b"a")
            for key in (set(known) - lost) | unknown
        ]
        assert all(one.result() for one in put)

    found = [one for one in check() if one.kind is not Kind.JOB_LOST]  # they have no jobs at all

    assert {one.key for one in found if one.kind is Kind.ORIGINAL_MISSING} == lost
    assert {one.key for one in found if one.kind is Kind.OBJECT_UNKNOWN} == unknown
    assert len(found) == 10


@pytest.mark.parametrize("by", ["verify", "another photo"])
def test_a_month_that_was_lost_is_in_the_timeline_again_with_a_revision_that_no_client_holds(
    library: Inbox, by: str
) -> None:
    photo(library)
    before = months.current(library.owner.id)
    library.conn.execute("DELETE FROM timeline_month")

    if by == "verify":
        assert check(repair=True) == [Finding(Kind.MONTH_LOST, "2021-06", repaired=True)]
    else:
        photo(library, 60)

    after = months.current(library.owner.id)
    assert len(after.months[0].ratios) == len(library.items())
    assert after.months[0].revision > before.months[0].revision
    assert after.revision > before.revision
    assert check() == []


def test_ratios_that_are_not_those_of_a_months_items_are_made_anew(library: Inbox) -> None:
    photo(library)
    right = months.current(library.owner.id).months[0].ratios
    library.conn.execute("UPDATE timeline_month SET ratios = '\\x0102'")

    assert check(repair=True) == [Finding(Kind.MONTH_WRONG, "2021-06", repaired=True)]

    assert months.current(library.owner.id).months[0].ratios == right
    assert check() == []


@pytest.mark.parametrize("stage", ["metadata", "renditions", "analysis"])
def test_a_stage_that_an_item_needs_and_that_is_in_no_job_is_asked_for(library: Inbox, stage: str) -> None:
    landed = photo(library)
    if stage == "metadata":
        library.conn.execute("UPDATE media_item SET metadata_at = NULL, renditions_at = NULL, kind = NULL")
        library.conn.execute("DELETE FROM item_metadata; UPDATE upload SET state = 'received', item_id = NULL")
    if stage == "renditions":
        library.conn.execute("UPDATE media_item SET renditions_at = NULL; UPDATE upload SET state = 'received'")
        library.conn.execute("DELETE FROM rendition")
        empty(library.cloud, "renditions")
    library.conn.execute("DELETE FROM job")
    library.cloud.messages("ml-bulk")

    (finding,) = [one for one in check(repair=True) if one.kind is Kind.JOB_LOST]

    assert (finding.key, finding.repaired) == (stage, True)
    library.deliver_bulk()
    assert library.items()[0]["visible"]
    assert library.upload(landed)["state"] == "ready"
    assert library.jobs()["analysis"][0] == "waiting"
    assert library.cloud.messages("ml-bulk")
    assert check() == []


def test_a_photo_that_was_lost_with_its_renditions_is_whole_again_when_it_is_sent_again(library: Inbox) -> None:
    content = jpeg()
    landed = library.landed(content)
    library.deliver(landed)
    (before,) = library.items()
    lose_original(library, landed)
    empty(library.cloud, "renditions")
    assert kinds(check(repair=True)) == [Kind.ORIGINAL_MISSING, Kind.RENDITIONS_LOST]

    assert library.deliver(library.landed(content)) == []
    assert library.deliver_body(*library.cloud.messages("ingest")) == []

    (item,) = library.items()
    assert (item["id"], item["visible"]) == (before["id"], True)
    assert len(library.cloud.keys("renditions", f"{item['item_key']}/")) == 3
    assert check() == []
