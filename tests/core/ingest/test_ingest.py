"""Ingest: real files through the real store, queue and database, delivered as the queue may deliver them."""

import io
import json
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.ingest import original
from pinhole.operations.requeue import requeue_stale
from pinhole.stages import requests
from pinhole.tables import library
from pinhole.tables import upload as upload_table
from tests.fixtures import clips, photos
from tests.fixtures.clips import Clip
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


def test_an_uploaded_photo_becomes_a_visible_item(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg(1200, 900, DateTimeOriginal="2021:06:05 13:14:15"), "beach.jpg")

    assert inbox.deliver(landed) == []

    (item,) = inbox.items()
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.upload(landed)["item_id"] == item["id"]
    assert item["visible"]
    assert (item["width"], item["height"]) == (1200, 900)
    assert item["taken_at_local"] == datetime(2021, 6, 5, 13, 14, 15)  # noqa: DTZ001 (a wall clock's)
    assert item["filename"] == "beach.jpg"
    assert -(2**63) <= item["perceptual_hash"] < 2**63
    assert inbox.jobs() == {"metadata": ("done", 1), "renditions": ("done", 1), "analysis": ("waiting", 0)}


def test_renditions_lie_in_their_own_bucket_under_the_items_opaque_key(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg()))

    (item,) = inbox.items()
    prefix = f"{item['item_key']}/1/"
    assert sorted(inbox.cloud.keys("renditions", prefix)) == [f"{prefix}{height}.webp" for height in (1440, 240, 480)]


@pytest.mark.usefixtures("counted_months")
def test_a_visible_photo_is_handed_on_to_analysis_and_its_month_is_bumped(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg(DateTimeOriginal="2021:06:05 13:14:15")))

    (item,) = inbox.items()
    assert [json.loads(body) for body in inbox.cloud.messages("ml")] == [
        {"ownerId": inbox.owner.id, "itemId": item["id"], "stage": "analysis"}
    ]
    months = inbox.conn.execute("SELECT month::text, revision FROM timeline_month").fetchall()
    assert months == [("2021-06-01", 1)]


def test_a_photo_without_a_zone_is_ordered_in_the_one_that_an_administrator_named(inbox: Inbox) -> None:
    library.insert(inbox.conn, "Home", "Asia/Tokyo", originals_may_be_deleted=False)
    inbox.deliver(inbox.landed(jpeg(DateTimeOriginal="2021:06:05 13:14:15")))

    ordered = inbox.conn.execute("SELECT sort_timestamp FROM media_item").fetchall()
    assert ordered == [(datetime(2021, 6, 5, 4, 14, 15, tzinfo=UTC),)]


def test_a_photo_with_coordinates_knows_its_place(inbox: Inbox) -> None:
    inbox.conn.execute(
        "INSERT INTO place (name, country_code, country, region, population, latitude, longitude)"
        " VALUES ('Arezzo', 'IT', 'Italy', 'Tuscany', 91589, 43.46, 11.88)"
    )
    inbox.deliver(inbox.landed(jpeg(coordinates=(43.4674, 11.8851))))

    (item,) = inbox.items()
    assert (item["country_code"], item["region"], item["city"]) == ("IT", "Tuscany", "Arezzo")
    assert item["place_name"] == "Arezzo, Italy"


def test_a_message_delivered_twice_leaves_one_item_and_asks_for_analysis_again(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())

    assert inbox.deliver(landed, times=2) == []

    (item,) = inbox.items()
    assert inbox.jobs()["renditions"] == ("done", 1)
    assert [json.loads(body)["itemId"] for body in inbox.cloud.messages("ml")] == [item["id"]] * 2


def test_the_same_bytes_sent_by_two_devices_at_once_end_as_one_item(inbox: Inbox) -> None:
    content = jpeg()
    first = inbox.begin(content, "phone.jpg")
    inbox.conn.execute("UPDATE upload SET expires_at = now() WHERE id = %s", (first,))
    second = inbox.begin(content, "tablet.jpg")
    inbox.conn.execute("UPDATE upload SET expires_at = now() + interval '1 day'")

    landed = [inbox.put(first, content), inbox.put(second, content)]
    inbox.deliver(*landed)

    (item,) = inbox.items()
    assert [inbox.upload(one)["state"] for one in landed] == ["ready", "duplicate"]
    assert [inbox.upload(one)["item_id"] for one in landed] == [item["id"]] * 2
    assert inbox.cloud.keys("originals", landed[1].key) == []


@pytest.mark.parametrize("lost", [False, True])
def test_bytes_that_were_thrown_away_and_are_sent_again_are_taken_out_of_the_trash(inbox: Inbox, lost: bool) -> None:
    content = jpeg()
    first = inbox.landed(content)
    inbox.deliver(first)
    second = inbox.begin_anyway(content)
    inbox.conn.execute("UPDATE media_item SET trashed_at = now()")
    [(revision,)] = inbox.conn.execute("SELECT revision FROM timeline_month")
    inbox.conn.execute("TRUNCATE notice")
    if lost:
        inbox.cloud.s3.delete_object(Bucket="originals", Key=first.key)

    inbox.deliver(inbox.put(second, content))

    (item,) = inbox.items()
    assert item["visible"]
    assert inbox.upload(second)["item_id"] == item["id"]
    assert inbox.conn.execute("SELECT revision FROM timeline_month").fetchone() == (revision + 1,)
    assert inbox.conn.execute("SELECT count(*) FROM notice").fetchone() == (1,)
    restored = inbox.conn.execute("SELECT after, actor_id FROM outbox WHERE change = 'edited'").fetchall()
    assert restored == [({"trashedAt": None}, inbox.owner.id)]


def xmp(**values: str) -> bytes:
    prefixes = {"exif": "http://ns.adobe.com/exif/1.0/", "GPano": "http://ns.google.com/photos/1.0/panorama/"}
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in prefixes.items())
    written = " ".join(f'{name.replace("_", ":", 1)}="{value}"' for name, value in values.items())
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<rdf:Description {declared} {written}/></rdf:RDF>"
    ).encode()


def photo(**options: Any) -> bytes:
    buffer = io.BytesIO()
    photos.scene().save(buffer, "JPEG", **options)
    return buffer.getvalue()


def positioned(latitude: float) -> bytes:
    """EXIF whose GPS directory holds doubles, as no standard has it."""
    entries = [
        photos.text(1, "N"),
        (2, 12, 1, struct.pack("<d", latitude)),
        photos.text(3, "E"),
        (4, 12, 1, struct.pack("<d", 11.5)),
        (6, 12, 1, struct.pack("<d", 5e-324)),
        (17, 12, 1, struct.pack("<d", 5e-324)),
    ]
    return b"Exif\0\0" + photos.tiff([photos.long(0x8825, 26)]) + photos.directory(entries, 26)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (photo(xmp=xmp(exif_FNumber="1e-60", exif_FocalLength="1e-44")), {"f_number": None, "focal_length_mm": None}),
        (photo(xmp=xmp(exif_GPSTimeStamp="0001-01-01T00:00:00+14:00")), {"time_source": "uploaded"}),
        (photo(xmp=xmp(exif_GPSTimeStamp="9999-12-31T23:59:59-14:00")), {"time_source": "uploaded"}),
        (
            photo(
                xmp=xmp(
                    GPano_ProjectionType="equirectangular",
                    GPano_FullPanoWidthPixels="1e300",
                    GPano_CroppedAreaImageWidthPixels="1e-5",
                )
            ),
            {"projection": "equirectangular", "field_of_view_deg": None},
        ),
        (photo(exif=positioned(5e-324)), {"latitude": 0, "longitude": 11.5, "altitude_m": 0, "direction_deg": 0}),
    ],
    ids=["numbers", "before time", "after time", "field of view", "position"],
)
def test_an_absurd_value_costs_that_value_and_not_the_photo(
    inbox: Inbox, content: bytes, expected: dict[str, Any]
) -> None:
    landed = inbox.landed(content)

    assert inbox.deliver(landed) == []

    (item,) = inbox.items()
    assert inbox.upload(landed)["state"] == "ready"
    assert {name: item[name] for name in expected} == expected


def test_a_raw_keeps_its_own_size_though_its_preview_is_smaller(inbox: Inbox) -> None:
    preview = io.BytesIO()
    photos.scene(1340, 1000).save(preview, "JPEG")

    inbox.deliver(inbox.landed(photos.dng(photos.scene(1600, 1200), 1, preview.getvalue()), "IMG_1.dng"))

    (item,) = inbox.items()
    assert item["visible"]
    assert (item["width"], item["height"]) == (1600, 1200)


def tiff_with_a_value_where_no_file_reaches() -> bytes:
    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        return struct.pack("<HHQQ", tag, kind, count, value)

    entries = [entry(0x100, 4, 1, 8), entry(0x101, 4, 1, 8), entry(0x10F, 2, 100, 1 << 61)]
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, len(entries)) + b"".join(entries) + bytes(8)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"GIF89a is what I would like to be", "corrupt"),
        (b"just some text, whatever the name says", "unsupported_type"),
        (jpeg(800, 600)[:2000], "truncated"),
        (tiff_with_a_value_where_no_file_reaches(), "corrupt"),
    ],
    ids=["corrupt", "mislabelled", "truncated", "out of reach"],
)
def test_a_bad_file_fails_at_once_with_a_reason_its_owner_can_read(inbox: Inbox, content: bytes, code: str) -> None:
    landed = inbox.landed(content)

    assert inbox.deliver(landed) == []

    upload = inbox.upload(landed)
    assert (upload["state"], upload["error_code"]) == ("failed", code)
    assert upload["error_detail"]
    (item,) = inbox.items()
    assert not item["visible"]
    assert inbox.cloud.messages("ml") == []


def test_an_empty_file_fails_as_empty(inbox: Inbox) -> None:
    landed = inbox.landed(b"")

    inbox.deliver(landed)

    assert inbox.upload(landed)["error_code"] == "empty_file"


def test_a_file_that_failed_may_be_sent_again(inbox: Inbox) -> None:
    content = jpeg(800, 600)[:2000]
    inbox.deliver(inbox.landed(content))

    again = inbox.landed(content)
    inbox.deliver(again)

    assert inbox.upload(again)["state"] == "failed"
    assert len(inbox.items()) == 2


def test_bytes_that_are_not_what_was_promised_are_refused(inbox: Inbox) -> None:
    promised, sent = jpeg(shade=1), jpeg(shade=2)
    upload_id = inbox.begin(sent, promised=promised)
    key = inbox.upload(upload_id)["object_key"]
    # As when a part of a multipart upload was signed without its hash: the store can't know.
    inbox.cloud.s3.put_object(Bucket="originals", Key=key, Body=sent)

    inbox.deliver(inbox.stored(upload_id, key))

    assert inbox.upload(upload_id)["error_code"] == "checksum_mismatch"


def test_a_video_is_listed_though_it_is_not_processed_yet(inbox: Inbox) -> None:
    landed = inbox.landed(clips.made(Clip(seconds=0.5)), "VID_20210605_131415.mp4")

    inbox.deliver(landed)

    (item,) = inbox.items()
    assert (item["kind"], item["visible"]) == ("video", True)
    assert item["taken_at_local"] == datetime(2021, 6, 5, 13, 14, 15)  # noqa: DTZ001 (a wall clock's)
    assert (item["width"], item["height"], item["duration_ms"]) == (320, 180, 500)
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.jobs() == {"metadata": ("done", 1), "poster": ("waiting", 0)}
    assert [json.loads(body) for body in inbox.cloud.messages("video-short")] == [
        {"ownerId": inbox.owner.id, "itemId": item["id"], "stage": "poster"}
    ]


def test_a_photo_that_arrives_after_its_upload_was_given_up_is_kept(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    with transaction() as conn:
        upload_table.mark_aborted(conn, inbox.owner.id, landed.upload_id)

    assert inbox.deliver(landed) == []

    assert inbox.upload(landed)["state"] == "ready"
    assert [item["visible"] for item in inbox.items()] == [True]


def test_an_object_without_an_upload_is_left_alone(inbox: Inbox) -> None:
    inbox.cloud.s3.put_object(Bucket="originals", Key="somebody/else.jpg", Body=b"theirs")
    landed = inbox.stored("none", "somebody/else.jpg")

    assert inbox.deliver(landed) == []

    assert inbox.cloud.keys("originals", landed.key) == [landed.key]


def test_an_original_that_was_overwritten_stays_what_was_first_ingested(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg(shade=1))
    inbox.deliver(landed)
    inbox.cloud.s3.put_object(Bucket="originals", Key=landed.key, Body=jpeg(shade=2))
    before = inbox.items()

    assert inbox.deliver(inbox.stored(landed.upload_id, landed.key)) == []

    assert inbox.items() == before


def test_a_delivery_beside_a_running_attempt_waits_for_the_end_of_its_lease(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_ingest", lambda claim: None)  # the first worker died here
        inbox.deliver(landed)

    assert len(inbox.deliver(landed)) == 1
    assert inbox.jobs() == {"metadata": ("running", 1)}

    inbox.conn.execute("UPDATE job SET leased_until = now()")
    assert inbox.deliver(landed) == []
    assert inbox.upload(landed)["state"] == "ready"
    assert inbox.jobs()["metadata"] == ("done", 2)


def test_an_outage_is_not_counted_as_an_attempt(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())

    def down(*_: object, **__: object) -> None:
        raise Unavailable("The object store does not answer.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "_read", down)
        assert len(inbox.deliver(landed)) == 1

    assert inbox.jobs() == {"metadata": ("waiting", 0)}
    assert inbox.deliver(landed) == []
    assert inbox.upload(landed)["state"] == "ready"


def test_a_stage_that_raises_five_times_fails_for_good_with_its_last_report(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = inbox.landed(jpeg())

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect of ours")

    monkeypatch.setattr(original, "_read", broken)
    for _ in range(5):
        assert len(inbox.deliver(landed)) == 1
    assert inbox.upload(landed)["state"] == "received"
    assert inbox.deliver(landed) == []

    assert inbox.upload(landed)["error_code"] == "processing_failed"
    (report,) = inbox.conn.execute("SELECT last_error FROM job").fetchone() or ()
    assert "a defect of ours" in report


def test_what_the_queue_lost_is_sent_again_once(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.conn.execute("UPDATE upload SET looked_at = now() - interval '1 day'")

    requeue_stale(timedelta(hours=2))
    requeue_stale(timedelta(hours=2))

    (body,) = inbox.cloud.messages("ingest")
    assert inbox.deliver_body(body) == []
    assert inbox.upload(landed)["state"] == "ready"


def test_a_completed_upload_whose_event_got_lost_is_found(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.conn.execute("UPDATE upload SET state = 'received', looked_at = now() - interval '1 day'")

    assert requeue_stale(timedelta(hours=2)) == 1

    inbox.deliver_body(*inbox.cloud.messages("ingest"))
    assert inbox.upload(landed)["state"] == "ready"


def test_events_that_wait_in_a_long_queue_are_not_taken_for_lost(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BACKLOG", 2)
    inbox.landed(jpeg(64, 48))
    waiting = inbox.landed(jpeg(64, 49))
    for _ in range(2):
        inbox.cloud.sqs.send_message(QueueUrl=inbox.cloud.queue_urls["ingest"], MessageBody=waiting.body)

    assert requeue_stale(timedelta(0)) == 0

    assert inbox.cloud.messages("ingest") == [waiting.body] * 2
    assert requeue_stale(timedelta(0)) == 2


def test_what_the_queues_of_workers_lost_is_sent_again_up_to_a_backlog(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BACKLOG", 2)
    inbox.deliver(*(inbox.landed(jpeg(64, height)) for height in (48, 49, 50)))
    asked = sorted(inbox.cloud.messages("ml"))  # and deleted

    assert requeue_stale(timedelta(hours=1)) == 0
    assert requeue_stale(timedelta(0)) == 2
    assert requeue_stale(timedelta(0)) == 0

    first = inbox.cloud.messages("ml")
    assert requeue_stale(timedelta(0)) == 2
    assert sorted({*first, *inbox.cloud.messages("ml")}) == asked
