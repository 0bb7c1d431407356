"""What the containers of videos say: size, length, codecs, time, place."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pinhole.errors import FileRejected
from pinhole.imaging import apart
from pinhole.imaging.container import Container
from pinhole.imaging.file_type import identify
from tests.fixtures import clips
from tests.fixtures.clips import APPLE, Clip

MAX_PIXELS = 100_000_000
KINDS = {
    "mp4": Clip("mp4"),
    "mov": Clip("mov"),
    "mkv": Clip("mkv"),
    "webm": Clip("webm", "libvpx-vp9", sound="libopus", encoder={"deadline": "realtime", "cpu-used": "8"}),
    "avi": Clip("avi", "mpeg4", sound="libmp3lame"),
    "3gp": Clip("3gp"),
    "mts": Clip("mts"),
}


def read(tmp_path: Path, content: bytes) -> Container:
    path = tmp_path / "original"
    path.write_bytes(content)
    assert identify(path).kind == "video"
    return apart.container(path, MAX_PIXELS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_tells_its_size_and_length(tmp_path: Path, kind: str) -> None:
    told = read(tmp_path, clips.made(KINDS[kind]))
    assert (told.width, told.height) == (320, 180)
    assert told.duration_ms is not None
    assert abs(told.duration_ms - 2000) < 150
    assert told.video_codec is not None
    assert told.audio_codec is not None
    assert (told.created, told.written, told.latitude, told.content_id) == (None, None, None, None)


@pytest.mark.parametrize(
    ("rotation", "size"), [(0, (320, 180)), (90, (180, 320)), (180, (320, 180)), (270, (180, 320))]
)
def test_the_size_is_that_of_the_turned_picture(tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    told = read(tmp_path, clips.made(Clip("mp4", rotation=rotation, seconds=0.5)))
    assert (told.width, told.height) == size


def test_a_phone_says_when_where_and_by_what_it_filmed(tmp_path: Path) -> None:
    tags = {**APPLE, "com.apple.quicktime.content.identifier": "7B1F1E2C-0000-4000-8000-000000000001"}
    told = read(tmp_path, clips.made(Clip("mov", seconds=0.5, tags=tags)))
    assert told.written == "2024-07-14T10:30:00+0200"
    assert told.created == datetime(2024, 7, 14, 8, 30, tzinfo=UTC)
    assert (told.latitude, told.longitude, told.altitude_m) == (52.374, 4.8897, 2)
    assert (told.make, told.model) == ("Apple", "iPhone 15 Pro")
    assert told.content_id == "7B1F1E2C-0000-4000-8000-000000000001"


def test_an_android_phone_says_where_and_how_slowly_it_plays(tmp_path: Path) -> None:
    tags = {"location": "+52.3740+004.8897/", "com.android.capture.fps": "240.0"}
    told = read(tmp_path, clips.made(Clip("mp4", seconds=0.5, tags=tags)))
    assert (told.latitude, told.longitude, told.altitude_m) == (52.374, 4.8897, None)
    assert (told.frame_rate, told.capture_frame_rate) == (30, 240)


@pytest.mark.parametrize("moment", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_the_beginning_of_a_clock_is_no_time(tmp_path: Path, moment: str) -> None:
    assert read(tmp_path, clips.made(Clip("mp4", seconds=0.5, tags={"creation_time": moment}))).created is None


def test_a_small_h264_with_its_index_in_front_plays_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, clips.made(Clip("mp4", options={"movflags": "+faststart"}))).plays_in_browsers


@pytest.mark.parametrize(
    "clip",
    [
        Clip("mp4"),
        Clip("mov", options={"movflags": "+faststart"}),
        Clip("mp4", "libx265", options={"movflags": "+faststart"}),
        Clip("mp4", pixel_format="yuv422p", options={"movflags": "+faststart"}),
        Clip("mp4", rate=120, options={"movflags": "+faststart"}),
        Clip("mp4", pixels=(2048, 64), seconds=0.5, options={"movflags": "+faststart"}),
        Clip("mkv"),
    ],
)
def test_what_some_browser_would_not_play_at_once_does_not(tmp_path: Path, clip: Clip) -> None:
    assert not read(tmp_path, clips.made(clip)).plays_in_browsers


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_a_wide_range_is_told(tmp_path: Path, transfer: str) -> None:
    clip = Clip("mov", "libx265", pixel_format="yuv420p10le", transfer=transfer, seconds=0.5)
    assert read(tmp_path, clips.made(clip)).is_hdr


def test_a_video_whose_tail_is_missing_tells_what_is_there(tmp_path: Path) -> None:
    whole = clips.made(Clip("mp4", options={"movflags": "+faststart"}))
    assert read(tmp_path, whole[: len(whole) * 6 // 10]).width == 320


def test_a_video_without_its_index_is_refused_in_words(tmp_path: Path) -> None:
    whole = clips.made(Clip("mp4"))
    with pytest.raises(FileRejected, match="index") as refused:
        read(tmp_path, whole[: len(whole) * 6 // 10])
    assert refused.value.code == "truncated"
