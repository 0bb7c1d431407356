"""One item over HTTP: its metadata under stable names, and URLs that work."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import urlopen

import pytest
from psycopg import Connection
from psycopg.types.json import Jsonb

from pinhole import media_url
from pinhole.tables import rendition
from pinhole.tables.rendition import Rendition
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library, new_library

KEY = "Kk0Kk0Kk0Kk0Kk0Kk0Kk0Kk0"


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    """The caller's library, and the store that signs URLs of its originals."""
    return Library(conn, caller.user.id)


def _read(caller: Caller, item_id: str) -> Any:
    answer = caller.call("GET", f"/items/{item_id}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_item_tells_all_that_is_known_of_it(caller: Caller, library: Library) -> None:
    item_id = library.add(
        "2024-07-14T21:30:15.250000",
        item_key=KEY,
        object_key="ann/uploads/x/IMG_2682.heic",
        filename="IMG_2682.heic",
        relative_path="DCIM/100APPLE/IMG_2682.heic",
        mime_type="image/heic",
        size_bytes=2_345_678,
        width=3024,
        height=4032,
        created_at="2024-08-01T10:00:00Z",
        taken_at_utc="2024-07-14T19:30:15.250Z",
        utc_offset_seconds=7200,
        timezone_name="Europe/Berlin",
        said={
            "time": {
                "takenAtLocal": "2024-07-14T21:30:15.250000",
                "takenAtUtc": "2024-07-14T19:30:15.250Z",
                "utcOffsetSeconds": 7200,
                "timezoneName": "Europe/Berlin",
            }
        },
        time_source="exif_original",
        time_confidence="high",
        camera_make="Apple",
        camera_model="iPhone 15",
        lens_model="iPhone 15 back camera 5.96mm f/1.6",
        focal_length_mm=5.96,
        f_number=1.5,
        exposure_seconds=0.008,
        iso=64,
        rating=4,
        title="Brücke",
        description="Am Abend",
        keywords=["Reise", "Brücke"],
        latitude=52.5,
        longitude=13.4,
        altitude_m=34.5,
        direction_deg=271.25,
        country_code="DE",
        country="Germany",
        region="Berlin",
        city="Berlin",
        neighbourhood="Mitte",
        is_hdr=True,
        motion_offset=2_000_000,
        motion_bytes=345_678,
        has_clip=True,
        exif=Jsonb({"Make": "Apple", "ISOSpeedRatings": 64}),
        rendition_version=2,
        renditions=[Rendition("240.webp", 2, 180, 240, 9_000)],
        thumb_hash=b"\xfb\xff",
        colours=[0x0A141E, 0xFFFFFF],
    )
    item = _read(caller, item_id)
    expires = datetime.fromisoformat(item["renditionsExpireAt"])
    original = item.pop("original")
    assert item == {
        "id": item_id,
        "revision": 1,
        "kind": "photo",
        "state": "ready",
        "filename": "IMG_2682.heic",
        "relativePath": "DCIM/100APPLE/IMG_2682.heic",
        "mimeType": "image/heic",
        "sizeBytes": 2_345_678,
        "uploadedAt": "2024-08-01T10:00:00Z",
        "width": 3024,
        "height": 4032,
        "durationMs": None,
        "video": None,
        "takenAtLocal": "2024-07-14T21:30:15.250000",
        "takenAtUtc": "2024-07-14T19:30:15.250000Z",
        "utcOffsetSeconds": 7200,
        "timezoneName": "Europe/Berlin",
        "originalTakenAtLocal": "2024-07-14T21:30:15.250000",
        "originalTakenAtUtc": "2024-07-14T19:30:15.250000Z",
        "originalUtcOffsetSeconds": 7200,
        "originalTimezoneName": "Europe/Berlin",
        "timeSource": "exif_original",
        "timeConfidence": "high",
        "camera": {
            "make": "Apple",
            "model": "iPhone 15",
            "lens": "iPhone 15 back camera 5.96mm f/1.6",
            "focalLengthMm": 5.96,
            "fNumber": 1.5,
            "exposureSeconds": 0.008,
            "iso": 64,
        },
        "rating": 4,
        "title": "Brücke",
        "saidByPerson": [],
        "description": "Am Abend",
        "keywords": ["Reise", "Brücke"],
        "coordinates": {"latitude": 52.5, "longitude": 13.4, "altitudeM": 34.5, "directionDeg": 271.25},
        "place": {
            "countryCode": "DE",
            "country": "Germany",
            "region": "Berlin",
            "city": "Berlin",
            "neighbourhood": "Mitte",
        },
        "projection": None,
        "fieldOfViewDeg": None,
        "isHdr": True,
        "isNight": False,
        "isScreenshot": False,
        "isAnimated": False,
        "burstId": None,
        "hasClip": True,
        "favourite": False,
        "archived": False,
        "trashedAt": None,
        "exif": {"Make": "Apple", "ISOSpeedRatings": 64},
        "thumbHash": "+/8=",
        "colours": ["#0a141e", "#ffffff"],
        "analysis": None,
        "renditions": [
            {
                "name": "240.webp",
                "width": 180,
                "height": 240,
                "sizeBytes": 9_000,
                "url": media_url.rendition_url(KEY, 2, "240.webp", int(expires.timestamp())),
            }
        ],
        "renditionsExpireAt": item["renditionsExpireAt"],
    }
    assert original["filename"] == "IMG_2682.heic"


def test_what_is_not_known_of_an_item_is_null(caller: Caller, library: Library) -> None:
    item = _read(caller, library.add())
    for name in ("camera", "coordinates", "place", "takenAtUtc", "timezoneName", "rating", "title"):
        assert item[name] is None, name
    assert (item["keywords"], item["exif"], item["colours"]) == ([], {}, [])


def test_a_video_without_renditions_says_that_it_is_not_processed_yet(caller: Caller, library: Library) -> None:
    video = library.add(
        kind="video", duration_ms=1500, renditions_at=None, rendition_version=0, thumb_hash=None,
        width=None, height=None,
    )  # fmt: skip
    item = _read(caller, video)
    assert (item["kind"], item["state"], item["durationMs"]) == ("video", "notProcessedYet", 1500)
    assert (item["renditions"], item["thumbHash"], item["width"]) == ([], None, None)


def test_a_renditions_address_is_the_one_that_the_gateway_accepts(caller: Caller, library: Library) -> None:
    item = _read(caller, library.add(renditions=[Rendition("240.webp", 1, 1, 1, 1)]))
    path, _, query = item["renditions"][0]["url"].partition("?")
    now = datetime.now(UTC).timestamp()
    assert media_url.verify(path, query, now) is not None
    assert media_url.verify(path, query, now + timedelta(days=14).total_seconds()) is None


def test_the_original_is_downloaded_under_its_name(caller: Caller, library: Library, cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket="originals", Key="ann/uploads/x/Grüße 1.jpg", Body=b"the bytes")
    item_id = library.add(object_key="ann/uploads/x/Grüße 1.jpg", filename='Grüße "1".jpg')
    original = _read(caller, item_id)["original"]
    with urlopen(original["url"]) as answer:
        assert answer.read() == b"the bytes"
        assert answer.headers["Content-Disposition"].endswith("filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.jpg")
    ahead = datetime.fromisoformat(original["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < ahead <= timedelta(minutes=15)


def test_what_does_not_exist_and_what_is_anothers_look_the_same(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller]
) -> None:
    stranger = new_caller("mallory")
    problems = []
    for item_id in (library.add(), "a" * 12):
        answer = stranger.call("GET", f"/items/{item_id}", headers={"X-Request-Id": "the-same-one"})
        assert answer.status_code == 404
        problems.append(answer.json)
    assert problems[0] == problems[1]


def test_an_answer_with_signed_urls_is_not_kept_by_anyone(caller: Caller, library: Library) -> None:
    assert caller.call("GET", f"/items/{library.add()}").headers["Cache-Control"] == "no-store"


def test_a_full_size_is_asked_for_and_told_once_it_is_there(caller: Caller, library: Library, cloud: Cloud) -> None:
    large = Rendition("1440.webp", 3, 1080, 1440, 90_000)
    item_id = library.add(item_key=KEY, width=3024, height=4032, rendition_version=3, renditions=[large])

    told: Any = caller.call("POST", f"/items/{item_id}/full-size").json

    assert (told["state"], told["rendition"], told["errorCode"]) == ("making", None, None)
    assert [json.loads(body)["itemId"] for body in cloud.messages("ingest")] == [item_id]

    rendition.add_for_a_time(library.conn, caller.user.id, item_id, Rendition("full.jpg", 3, 3024, 4032, 900_000))
    told = caller.call("POST", f"/items/{item_id}/full-size").json

    url = told["rendition"].pop("url")
    assert told["state"] == "ready"
    assert told["rendition"] == {"name": "full.jpg", "width": 3024, "height": 4032, "sizeBytes": 900_000}
    path, _, query = url.partition("?")
    assert media_url.verify(path, query, datetime.now(UTC).timestamp()) is not None
    assert path == f"/media/{KEY}/3/full.jpg"


def test_a_full_size_of_somebody_else_can_not_be_asked_for(caller: Caller, library: Library, conn: Connection) -> None:
    theirs = new_library(conn, "bob").add(width=3024, height=4032)
    assert caller.call("POST", f"/items/{theirs}/full-size").status_code == 404
