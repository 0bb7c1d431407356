"""What plays of an item, over HTTP: a copy, the video itself, a clip, or why nothing does."""

from typing import Any
from urllib.request import Request, urlopen

import pytest
from psycopg import Connection

from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import job
from pinhole.tables.rendition import Rendition
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import NOT_SHOWN, Library, new_library

COPY = Rendition("720p.mp4", 2, 1280, 720, 5_000)


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    """The caller's library, and the store that signs URLs of its originals."""
    return Library(conn, caller.user.id)


def _read(caller: Caller, path: str) -> Any:
    answer = caller.call("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json


def _playback(caller: Caller, item_id: str) -> Any:
    return _read(caller, f"/items/{item_id}/playback")


def _video(library: Library, **columns: Any) -> str:
    return library.add(kind="video", duration_ms=1500, mime_type="video/mp4", **columns)


def _fail(library: Library, item_id: str, stage: Stage) -> None:
    subject = Subject(library.owner_id, item_id)
    job.add_waiting(library.conn, subject, stage, Lane.FRESH)
    job.fail(library.conn, subject, stage, "a report", "corrupt")


def test_a_video_plays_as_its_copy(caller: Caller, library: Library) -> None:
    told = _playback(caller, _video(library, renditions=[COPY], plays_in_browsers=False))
    source = told.pop("source")
    assert told == {"state": "ready", "durationMs": 1500, "progress": None, "errorCode": None}
    assert "/2/720p.mp4?" in source["url"]
    assert (source["width"], source["height"], source["sizeBytes"]) == (1280, 720, 5_000)
    assert (source["isOriginal"], source["mimeType"]) == (False, "video/mp4")


def test_a_video_that_browsers_play_plays_as_it_is(caller: Caller, library: Library, cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket="originals", Key="ann/uploads/x/a.mp4", Body=b"the bytes", ContentType="text/html")
    source = _playback(caller, _video(library, object_key="ann/uploads/x/a.mp4", plays_in_browsers=True))["source"]
    assert source["isOriginal"]
    with urlopen(Request(source["url"], headers={"Range": "bytes=4-8"})) as part:
        assert (part.status, part.read()) == (206, b"bytes")
        # What its bytes were found to be, whatever it was uploaded as; and nothing to save.
        assert (part.headers["Content-Type"], part.headers["Content-Disposition"]) == ("video/mp4", None)


def test_a_video_that_is_not_ready_tells_how_far_it_is(caller: Caller, library: Library) -> None:
    video = _video(library)
    job.add_waiting(library.conn, Subject(library.owner_id, video), Stage.VIDEO, Lane.FRESH)
    library.conn.execute("UPDATE job SET progress = 0.25")
    told = _playback(caller, video)
    assert (told["state"], told["progress"], told["source"]) == ("making", 0.25, None)


@pytest.mark.parametrize("stage", [Stage.POSTER, Stage.VIDEO])
def test_a_video_of_which_nothing_can_be_made_says_why(caller: Caller, library: Library, stage: Stage) -> None:
    video = _video(library)
    _fail(library, video, stage)
    told = _playback(caller, video)
    assert (told["state"], told["errorCode"]) == ("failed", "corrupt")


def test_a_video_whose_stills_failed_plays(caller: Caller, library: Library) -> None:
    video = _video(library, renditions=[COPY])
    _fail(library, video, Stage.STILLS)
    assert _playback(caller, video)["state"] == "ready"


def test_of_a_photo_that_moves_its_clip_plays(caller: Caller, library: Library) -> None:
    photo = library.add(has_clip=True, renditions=[Rendition("clip.mp4", 3, 640, 480, 900)])
    told = _playback(caller, photo)
    assert (told["state"], told["durationMs"]) == ("ready", None)
    assert "/3/clip.mp4?" in told["source"]["url"]


def test_a_photo_whose_clip_fails_says_why(caller: Caller, library: Library) -> None:
    photo = library.add(has_clip=True)
    assert _playback(caller, photo)["state"] == "making"
    _fail(library, photo, Stage.CLIP)
    assert _playback(caller, photo)["state"] == "failed"


def test_of_a_photo_that_does_not_move_nothing_plays(caller: Caller, library: Library) -> None:
    assert _playback(caller, library.add())["state"] == "none"


def test_nobody_plays_the_video_of_another(caller: Caller, library: Library) -> None:
    others = _video(new_library(library.conn, "ben"), renditions=[COPY])
    assert caller.call("GET", f"/items/{others}/playback").status_code == 404


@pytest.mark.parametrize("state", ["missing", "failed", "hidden", "locked"])
def test_what_can_not_be_opened_does_not_play(caller: Caller, library: Library, state: str) -> None:
    item = _video(library, renditions=[COPY], **NOT_SHOWN[state])
    assert caller.call("GET", f"/items/{item}/playback").status_code == 404


def test_an_item_lists_pictures_alone_as_its_renditions(caller: Caller, library: Library) -> None:
    pictures, stills = [Rendition("240.webp", 1, 426, 240, 1)], [Rendition("still-0.webp", 2, 1280, 720, 1)]
    item = _read(caller, f"/items/{_video(library, renditions=[COPY, *pictures, *stills])}")
    assert [made["name"] for made in item["renditions"]] == ["240.webp"]


def test_a_video_tells_what_its_container_says(caller: Caller, library: Library) -> None:
    video = _video(
        library, video_codec="HEVC", audio_codec="AAC", frame_rate=30.0, capture_frame_rate=240.0, bit_rate=9_000_000
    )
    assert _read(caller, f"/items/{video}")["video"] == {
        "codec": "HEVC",
        "audioCodec": "AAC",
        "frameRate": 30,
        "captureFrameRate": 240,
        "bitRate": 9_000_000,
    }
