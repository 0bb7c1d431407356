"""The worker of videos at real queues: what it is asked for is made once and shown, whatever comes between."""

import io
import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import pytest
from PIL import Image

from gpu_worker.video.held import Stopping
from gpu_worker.video.worker import Line
from infra.database_roles import WORKER
from pinhole import stages
from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.imaging.sizes import HEIGHTS
from pinhole.stages import Lane, Stage, Subject
from tests.fixtures import worker as workers
from tests.fixtures.clips import Clip, made
from tests.fixtures.database import acting_as
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg

IN_FRONT = {"movflags": "+faststart"}
SMALL = Clip("mkv", pixels=(160, 90), seconds=1)  # that no browser plays as it is
LONGER = Clip("mkv", pixels=(160, 90), seconds=2)
PLAYED = Clip("mp4", pixels=(160, 90), seconds=1, options=IN_FRONT)
POSTER = {"240.webp", "480.webp", "1440.webp"}
STILLS = {"still-0.webp", "still-33.webp", "still-66.webp", "still-99.webp"}


def uploaded(inbox: Inbox, content: bytes, filename: str = "clip.mkv") -> Subject:
    """A file that ingest has read."""
    assert inbox.deliver(inbox.landed(content, filename)) == []
    return Subject(inbox.owner.id, inbox.items()[-1]["id"])


def renditions(inbox: Inbox) -> dict[str, int]:
    """Names of what is shown, and the version of each."""
    return dict(inbox.conn.execute("SELECT name, version FROM rendition ORDER BY name").fetchall())


def content_of(inbox: Inbox, name: str) -> bytes:
    """The bytes of what is shown."""
    [item] = inbox.items()
    key = f"{item['item_key']}/{renditions(inbox)[name]}/{name}"
    return bytes(inbox.cloud.s3.get_object(Bucket="renditions", Key=key)["Body"].read())


def done(inbox: Inbox, *names: Stage) -> Callable[[], bool]:
    """Whether these stages are."""
    return lambda: {inbox.jobs().get(name, ("", 0))[0] for name in names} == {"done"}


def column(inbox: Inbox, stage: Stage, name: str) -> Any:
    """What the ledger says of a stage."""
    [(value,)] = inbox.conn.execute(f"SELECT {name} FROM job WHERE stage = %s", (stage,))
    return value


def step(stage: Stage, grace: float = 20) -> None:
    """Do what one message of the queues of this stage asks for, in this process."""
    with acting_as(WORKER):
        line = Line(stage, 2, Stopping(grace))
        received = line.receive()
        assert received is not None
        line.work(*received)


def test_an_uploaded_video_gets_its_poster_then_its_copy_and_stills_and_is_to_be_analysed(inbox: Inbox) -> None:
    video = uploaded(inbox, made(SMALL))
    with workers.working("--queues=video") as worker:
        worker.until(done(inbox, Stage.POSTER, Stage.VIDEO, Stage.STILLS))
        assert worker.stop() == 0
    assert inbox.jobs() == {
        **dict.fromkeys(("metadata", "poster", "video", "stills"), ("done", 1)),
        "analysis": ("waiting", 0),
    }
    assert [json.loads(body)["itemId"] for body in inbox.cloud.messages("ml")] == [video.id]
    assert renditions(inbox) == {**dict.fromkeys(POSTER, 1), **dict.fromkeys({*STILLS, "720p.mp4"}, 2)}
    [item] = inbox.items()
    assert item["rendition_version"] == 1
    assert item["thumb_hash"] is not None
    assert item["colours"]
    for queue in ("video-short", "video"):
        assert inbox.cloud.messages(queue) == []


def test_what_is_shown_of_a_video_are_pictures_and_a_film_of_the_sizes_that_are_told(inbox: Inbox) -> None:
    uploaded(inbox, made(SMALL))
    step(Stage.POSTER)
    step(Stage.VIDEO)
    for name, width, height, size_bytes in inbox.conn.execute("SELECT name, width, height, size_bytes FROM rendition"):
        content = content_of(inbox, name)
        assert len(content) == size_bytes
        if name == "720p.mp4":
            with av.open(io.BytesIO(content), "r") as film:
                assert (film.streams.video[0].width, film.streams.video[0].height) == (width, height) == (160, 90)
        else:
            with Image.open(io.BytesIO(content)) as picture:
                assert picture.size == (width, height) == (160, 90)
    assert HEIGHTS == (1440, 480, 240)


def test_the_month_and_those_who_look_at_it_are_told_of_a_poster(inbox: Inbox, counted_months: None) -> None:
    uploaded(inbox, made(SMALL))
    inbox.conn.execute("TRUNCATE notice")
    step(Stage.POSTER)
    assert inbox.conn.execute("SELECT revision FROM timeline_month").fetchall() == [(2,)]


def test_a_video_that_plays_as_it_is_gets_stills_and_no_copy(inbox: Inbox) -> None:
    uploaded(inbox, made(PLAYED), "clip.mp4")
    step(Stage.POSTER)
    step(Stage.VIDEO)
    assert done(inbox, Stage.VIDEO, Stage.STILLS)()
    assert set(renditions(inbox)) == POSTER | STILLS


def test_the_clip_of_a_motion_photo_plays(inbox: Inbox) -> None:
    photo = uploaded(inbox, samsung(made(Clip("mp4", pixels=(160, 90), seconds=1))), "photo.jpg")
    ask(Stage.CLIP, photo)
    step(Stage.CLIP)
    assert done(inbox, Stage.CLIP)()
    assert set(renditions(inbox)) == POSTER | {"clip.mp4"}
    with av.open(io.BytesIO(content_of(inbox, "clip.mp4")), "r") as film:
        assert film.duration == pytest.approx(1e6, rel=0.1)


def test_the_clip_of_a_live_photo_is_of_its_other_file(inbox: Inbox) -> None:
    photo = uploaded(inbox, jpeg(), "photo.jpg")
    landed = inbox.landed(made(SMALL), "photo.mov")
    inbox.conn.execute(
        "INSERT INTO original_file"
        " (owner_id, bucket, object_key, item_id, role, etag, size_bytes, filename, mime_type, counts)"
        " VALUES (7, '', %s, %s, 'clip', 'etag', %s, 'photo.mov', 'video/x-matroska', true)",
        (landed.key, photo.id, len(made(SMALL))),
    )
    ask(Stage.CLIP, photo)
    step(Stage.CLIP)
    assert set(renditions(inbox)) == POSTER | {"clip.mp4"}


def ask(stage: Stage, subject: Subject) -> None:
    """Have a stage done."""
    with transaction() as conn:
        stages.add(conn, subject, stage)
    stages.ask_worker(stage, Lane.FRESH, [subject])


def samsung(clip: bytes) -> bytes:
    """A photo with a clip in its trailer."""
    name = b"MotionPhoto_Data"
    block = struct.pack("<HHI", 0, 0x0A30, len(name)) + name + clip
    directory = b"SEFH" + struct.pack("<II", 106, 1) + struct.pack("<HHII", 0, 0x0A30, len(block), len(block))
    return jpeg() + block + directory + struct.pack("<I", len(directory)) + b"SEFT"


def test_a_full_size_that_somebody_looked_for_stays_beside_a_clip(inbox: Inbox) -> None:
    photo = uploaded(inbox, samsung(made(Clip("mp4", pixels=(160, 90), seconds=1))), "photo.jpg")
    inbox.conn.execute(
        "INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes, expires_at)"
        " VALUES (7, %s, 'full.jpg', 1, 64, 48, 10, now() + interval '1 day')",
        (photo.id,),
    )
    ask(Stage.CLIP, photo)
    step(Stage.CLIP)
    assert "full.jpg" in renditions(inbox)


def test_a_video_without_a_frame_is_refused_with_a_sentence_and_stays_listed(inbox: Inbox) -> None:
    uploaded(inbox, without_frames(made(PLAYED)), "clip.mp4")
    step(Stage.POSTER)
    assert inbox.jobs() == {"metadata": ("done", 1), "poster": ("failed", 1)}
    assert column(inbox, Stage.POSTER, "error_code") == "corrupt"
    assert column(inbox, Stage.POSTER, "last_error") == "No picture of the video can be decoded."
    assert inbox.items()[0]["failed_at"] is None
    assert renditions(inbox) == {}


def without_frames(content: bytes) -> bytes:
    """With what it shows overwritten."""
    start = content.index(b"mdat") + 4
    return content[:start] + bytes(len(content) - start)


def test_of_a_video_whose_end_is_missing_what_is_there_is_shown(inbox: Inbox) -> None:
    whole = made(Clip("mp4", pixels=(160, 90), rate=60, seconds=1, options=IN_FRONT))
    uploaded(inbox, whole[: len(whole) * 2 // 3], "clip.mp4")
    inbox.conn.execute("UPDATE item_metadata SET plays_in_browsers = false")
    step(Stage.POSTER)
    step(Stage.VIDEO)
    assert set(renditions(inbox)) == POSTER | STILLS | {"720p.mp4"}


def test_a_video_that_is_too_long_is_refused_before_it_is_read(inbox: Inbox) -> None:
    uploaded(inbox, made(SMALL))
    inbox.conn.execute("UPDATE media_item SET duration_ms = 36000001")
    step(Stage.POSTER)
    step(Stage.VIDEO)
    assert inbox.jobs()["video"] == inbox.jobs()["stills"] == ("failed", 1)
    assert column(inbox, Stage.VIDEO, "error_code") == "too_costly"
    assert "10 hours" in column(inbox, Stage.VIDEO, "last_error")


def test_a_video_whose_attempts_are_used_up_fails_with_the_last_report(inbox: Inbox) -> None:
    uploaded(inbox, made(SMALL))
    inbox.conn.execute("UPDATE job SET attempts = 5, last_error = 'killed' WHERE stage = 'poster'")
    step(Stage.POSTER)
    assert inbox.jobs()["poster"] == ("failed", 5)
    assert column(inbox, Stage.POSTER, "error_code") == "processing_failed"
    assert "killed" in column(inbox, Stage.POSTER, "last_error")
    assert inbox.cloud.messages("video-short") == []


def test_an_original_that_is_gone_costs_an_attempt(inbox: Inbox) -> None:
    uploaded(inbox, made(SMALL))
    [item] = inbox.items()
    inbox.cloud.s3.delete_object(Bucket="originals", Key=item["object_key"], VersionId=item["version"])
    step(Stage.POSTER)
    assert inbox.jobs()["poster"] == ("waiting", 1)
    assert item["object_key"] in column(inbox, Stage.POSTER, "last_error")


@pytest.mark.parametrize("bucket", ["ORIGINALS", "RENDITIONS"])
def test_a_store_that_refuses_to_answer_costs_no_attempt(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    uploaded(inbox, made(SMALL))
    monkeypatch.setenv(f"PINHOLE_{bucket}_BUCKET", "no-such-bucket")
    step(Stage.POSTER)
    assert inbox.jobs()["poster"] == ("waiting", 0)
    assert "AccessDenied" in column(inbox, Stage.POSTER, "last_error")


def test_a_store_that_refuses_a_large_file_costs_no_attempt(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = uploaded(inbox, samsung(made(Clip("mp4", pixels=(160, 90), seconds=1))), "photo.jpg")
    ask(Stage.CLIP, photo)
    monkeypatch.setenv("PINHOLE_RENDITIONS_BUCKET", "no-such-bucket")
    step(Stage.CLIP)
    assert inbox.jobs()["clip"] == ("waiting", 0)
    assert "AccessDenied" in column(inbox, Stage.CLIP, "last_error")


def test_of_a_video_whose_container_nobody_read_size_and_length_are_told_by_its_pictures(inbox: Inbox) -> None:
    uploaded(inbox, made(SMALL))
    inbox.conn.execute("UPDATE media_item SET width = NULL, height = NULL, duration_ms = NULL")
    step(Stage.POSTER)
    [item] = inbox.items()
    assert (item["width"], item["height"]) == (160, 90)
    assert abs(item["duration_ms"] - 1000 * SMALL.seconds) < 100


def test_a_worker_that_is_told_to_end_gives_back_what_it_makes(inbox: Inbox) -> None:
    uploaded(inbox, made(Clip("mkv", pixels=(320, 180), seconds=30)))
    with workers.working("--queues=video", "--grace=0") as worker:
        worker.until(lambda: inbox.jobs().get("video") == ("running", 1))
        assert worker.stop() == 0
    assert inbox.jobs()["video"] == inbox.jobs()["stills"] == ("waiting", 0)
    assert len(inbox.cloud.messages("video")) == 1
    assert column(inbox, Stage.VIDEO, "progress") is None


def test_the_ledger_tells_how_far_a_copy_has_come(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded(inbox, made(Clip("mkv", pixels=(160, 90), seconds=8)))
    step(Stage.POSTER)
    told: list[tuple[str, float]] = []

    def note(conn: Any, *_: Any) -> None:
        tell(conn, *_)
        told.extend(conn.execute("SELECT stage, progress FROM job WHERE progress IS NOT NULL").fetchall())

    tell = stages.tell_progress
    monkeypatch.setattr(stages, "tell_progress", note)
    monkeypatch.setattr("gpu_worker.video.held.PAUSE_SECONDS", 0)
    step(Stage.VIDEO)
    assert {stage for stage, _ in told} == {"video"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5 < shares[-1] <= 1
    assert column(inbox, Stage.VIDEO, "progress") is None


def test_a_video_that_another_worker_took_over_is_left_to_it(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    video = uploaded(inbox, made(LONGER))
    step(Stage.POSTER)

    def taken_over(*_: Any) -> Any:
        inbox.conn.execute("UPDATE job SET leased_until = now() WHERE state = 'running'")
        with transaction() as conn:
            for stage in (Stage.VIDEO, Stage.STILLS):
                stages.claim(conn, video, stage, Lane.FRESH, datetime.now(UTC) + timedelta(hours=1))

    monkeypatch.setattr("gpu_worker.video.held.Held.reached", taken_over)
    step(Stage.VIDEO)
    assert inbox.jobs()["video"] == inbox.jobs()["stills"] == ("running", 2)
    assert set(renditions(inbox)) == POSTER


def test_a_message_that_comes_while_another_worker_is_at_it_comes_back_later(inbox: Inbox) -> None:
    video = uploaded(inbox, made(SMALL))
    with transaction() as conn:
        stages.claim(conn, video, Stage.POSTER, Lane.FRESH, datetime.now(UTC) + timedelta(hours=1))
    step(Stage.POSTER)
    assert inbox.jobs()["poster"] == ("running", 1)
    inbox.conn.execute("UPDATE job SET leased_until = now() WHERE stage = 'poster'")
    stages.ask_worker(Stage.POSTER, Lane.FRESH, [video])
    with workers.working("--queues=video") as worker:
        worker.until(done(inbox, Stage.POSTER))
    assert inbox.jobs()["poster"] == ("done", 2)


def test_two_workers_at_one_queue_make_everything_once(inbox: Inbox) -> None:
    video = uploaded(inbox, made(SMALL))
    stages.ask_worker(Stage.POSTER, Lane.FRESH, [video] * 3)
    with workers.working("--queues=video") as one, workers.working("--queues=video"):
        one.until(done(inbox, Stage.POSTER, Stage.VIDEO, Stage.STILLS))
    assert {attempts for _, attempts in inbox.jobs().values()} == {0, 1}
    assert set(renditions(inbox).values()) == {1, 2}


def test_a_video_that_is_removed_while_it_is_made_leaves_no_row_behind(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(inbox, made(LONGER))
    step(Stage.POSTER)

    def removed(*_: Any) -> None:
        inbox.conn.execute("DELETE FROM media_item")
        inbox.conn.execute("DELETE FROM job")

    monkeypatch.setattr("gpu_worker.video.held.Held.reached", removed)
    step(Stage.VIDEO)
    assert inbox.jobs() == {}
    assert renditions(inbox) == {}


def test_a_database_that_is_away_for_a_moment_ends_no_copy(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded(inbox, made(Clip("mkv", pixels=(160, 90), seconds=4)))
    step(Stage.POSTER)
    monkeypatch.setattr("gpu_worker.video.held.EXTEND_SECONDS", 0)
    monkeypatch.setattr("gpu_worker.video.held.PAUSE_SECONDS", 0)
    failures = iter([True, True])

    def away(*arguments: Any) -> Any:
        if next(failures, False):
            raise Unavailable("The database does not answer.")
        return extend(*arguments)

    extend = stages.extend
    monkeypatch.setattr(stages, "extend", away)
    step(Stage.VIDEO)
    assert next(failures, None) is None
    assert done(inbox, Stage.VIDEO, Stage.STILLS)()
