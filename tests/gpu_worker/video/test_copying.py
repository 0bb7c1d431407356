"""What becomes of films of every kind that cameras and phones make: a copy that every browser plays, and stills."""

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from gpu_worker.video import copying, pictures
from gpu_worker.video.film import NotAFilm, opened
from pinhole.videos import PERCENTAGES
from tests.fixtures.clips import RATE, Clip, made

IN_FRONT = {"movflags": "+faststart"}
HEVC: Mapping[str, str] = {"preset": "ultrafast", "x265-params": "log-level=none"}
PLAIN = Clip(pixels=(160, 90), seconds=1)
MIME = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mts": "video/mp2t",
}


@dataclass(frozen=True)
class Copied:
    """A copy, decoded. pictures, sound: moments in seconds. stills: by percentage."""

    content: bytes
    size: tuple[int, int]
    codecs: tuple[str, ...]
    pixel_format: str
    frames: list[Any]
    sound: list[float]
    stills: dict[int, Image.Image]

    @property
    def moments(self) -> list[float]:
        return [frame.time for frame in self.frames]

    def picture(self, share: float) -> Image.Image:
        """What is shown at this share of it."""
        image: Image.Image = self.frames[int(share * (len(self.frames) - 1))].to_image()
        return image


def copied(content: bytes, mime_type: str) -> Copied:
    """A film as it is copied. Where tables of colours go is the working directory: a test's own."""
    stills: dict[int, Image.Image] = {}
    target = Path("copy.mp4")
    with opened(io.BytesIO(content), mime_type, Path(), threads=2) as film:
        size = copying.copy(film, target, stills.__setitem__, lambda _: None)
    with av.open(target) as film_:
        codecs = tuple(stream.codec_context.name for stream in film_.streams)
        frames = list(film_.decode(video=0))
        pixel_format = str(film_.streams.video[0].pix_fmt)
    sound: list[float] = []
    if "aac" in codecs:
        with av.open(target) as film_:
            sound = [frame.time or 0.0 for frame in film_.decode(audio=0)]
    assert (frames[0].width, frames[0].height) == size
    return Copied(target.read_bytes(), size, codecs, pixel_format, frames, sound, stills)


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


VP9 = {"deadline": "realtime", "cpu-used": "8"}
KINDS = {
    "mp4": PLAIN,
    "mov": replace(PLAIN, container="mov"),
    "mkv": replace(PLAIN, container="mkv"),
    "webm": replace(PLAIN, container="webm", codec="libvpx-vp9", sound="libopus", encoder=VP9),
    "avi": replace(PLAIN, container="avi", codec="mpeg4", sound="libmp3lame"),
    "3gp": replace(PLAIN, container="3gp"),
    "mts": replace(PLAIN, container="mts", encoder={"g": "5"}),  # which has no index, so that key frames are looked for
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_becomes_one_that_browsers_play(kind: str) -> None:
    copy = copied(made(KINDS[kind]), MIME[kind])
    assert copy.codecs == ("aac", "h264") or copy.codecs == ("h264", "aac")
    assert copy.pixel_format == "yuv420p"
    assert copy.content.index(b"moov") < copy.content.index(b"mdat")
    assert copy.size == (160, 90)
    assert len(copy.frames) == 30
    assert copy.sound[-1] == pytest.approx(1, abs=0.1)
    assert list(copy.stills) == list(PERCENTAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_stills_are_of_the_moments_that_they_are_named_by(kind: str) -> None:
    """The clip is blue, green and red in turn, and a white square goes from the left to the right."""
    film = KINDS[kind]
    with opened(io.BytesIO(made(film)), MIME[kind], Path(), threads=2) as source:
        sought = dict(pictures.stills(source))
    near = 25 if kind == "mts" else 10  # pixels: of that there is a copy, out of whose pass its stills come
    for stills, tolerance in ((sought, near), (copied(made(film), MIME[kind]).stills, 10)):
        for percentage, still in stills.items():
            assert square_of(still) == pytest.approx(percentage / 100 * (160 - 22), abs=tolerance)


def square_of(picture: Image.Image) -> float:
    """Where the white square begins, in pixels from the left."""
    pixels = np.asarray(picture.convert("RGB"), np.int16).min(axis=2)
    return float(np.flatnonzero((pixels > 170).sum(axis=0) > 10)[0])


@pytest.mark.parametrize(("rotation", "size", "first"), [(90, (90, 160), 1), (180, (160, 90), 2), (270, (90, 160), 3)])
def test_a_film_that_is_turned_is_shown_upright(rotation: int, size: tuple[int, int], first: int) -> None:
    content = made(replace(PLAIN, rotation=rotation))
    copy = copied(content, "video/mp4")
    with opened(io.BytesIO(content), "video/mp4", Path(), threads=2) as film:
        poster = pictures.poster(film)
    # The square is at first at the left, in the upper half: it turns clockwise with the picture.
    assert copy.size == poster.size == size
    for picture in (copy.picture(0), poster, copy.stills[0]):
        assert corner(picture) == first


def corner(picture: Image.Image) -> int:
    """In which corner it is the brightest: 0 is the upper left, and on clockwise."""
    grey = np.asarray(picture.convert("L"), np.int64)
    height, width = grey.shape
    upper, lower = grey[: height // 2], grey[height // 2 :]
    corners = [upper[:, : width // 2], upper[:, width // 2 :], lower[:, width // 2 :], lower[:, : width // 2]]
    return int(np.argmax([quarter.mean() for quarter in corners]))


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_looks_like_its_twin_of_common_colours(transfer: str) -> None:
    pixels = (160, 90)
    light = np.zeros((90, 160, 3))
    light[:, :40] = 0.05
    light[:, 40:80] = 0.2
    light[:, 80:120] = (0.5, 0.2, 0.2)
    light[:, 120:] = 0.5  # of white; all below the knee, where nothing is changed
    film = copied(hdr(light, transfer, pixels), "video/quicktime")
    shown = np.asarray(film.picture(0.5).convert("RGB"), np.float64)
    twin = 255 * light ** (1 / 2.4)
    for left in (20, 60, 100, 140):
        assert shown[45, left] == pytest.approx(twin[45, left], abs=14)
    assert np.asarray(film.stills[33].convert("RGB"), np.float64)[45, 140] == pytest.approx(twin[45, 140], abs=14)


def hdr(light: Any, transfer: str, pixels: tuple[int, int]) -> bytes:
    """A film of one picture. light: of white, linear, in colours of BT.709."""
    to_2020 = np.linalg.inv([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
    nits = np.clip(light @ to_2020.T, 0, None) * 203
    signal = (pq if transfer == "smpte2084" else hlg)(nits)
    # ITU-R BT.2020, table 4: Y'CbCr of ten bits, of which black is 64 and white 940.
    luma = signal @ [0.2627, 0.6780, 0.0593]
    blue, red = (signal[..., 2] - luma) / 1.8814, (signal[..., 0] - luma) / 1.4746
    planes = [64 + 876 * luma, (512 + 896 * blue)[::2, ::2], (512 + 896 * red)[::2, ::2]]
    frame = av.VideoFrame(*pixels, "yuv420p10le")
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), "<u2")
        rows[:, : plane.width] = np.round(values)
        plane.update(rows.tobytes())
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mov") as output:
        stream: Any = output.add_stream("libx265", rate=30, options=dict(HEVC))
        stream.width, stream.height = pixels
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.color_primaries = context.colorspace = 9
        context.color_trc = {"smpte2084": 16, "arib-std-b67": 18}[transfer]
        for number in range(10):
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def pq(nits: Any) -> Any:
    """SMPTE ST 2084."""
    power = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(nits: Any) -> Any:
    """ITU-R BT.2100, table 5, of a screen of 1,000 nits."""
    shown = nits / 1000
    luma = np.maximum(shown @ [0.2627, 0.6780, 0.0593], 1e-9)
    scene = shown * luma[..., None] ** (1 / 1.2 - 1)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


def test_an_uneven_film_keeps_its_moments_and_its_sound() -> None:
    content = made(replace(PLAIN, uneven=True, seconds=2))
    copy = copied(content, "video/mp4")
    with av.open(io.BytesIO(content), "r") as film:
        moments = [frame.time for frame in film.decode(video=0)]
    assert copy.moments == pytest.approx(moments, abs=0.002)
    assert copy.sound[-1] == pytest.approx(2, abs=0.1)


def test_sound_that_begins_later_is_heard_when_it_was() -> None:
    copy = copied(with_late_sound(), "video/x-matroska")
    assert copy.sound[0] == pytest.approx(0.5, abs=0.05)


def with_late_sound() -> bytes:
    """A film whose sound is half a second behind its beginning."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(made(PLAIN)), "r") as film, av.open(buffer, "w", format="matroska") as output:
        streams = {stream: output.add_stream_from_template(stream) for stream in film.streams}
        for packet in film.demux():
            if packet.dts is None or packet.pts is None:  # the last one of a stream
                continue
            if packet.stream.type == "audio":
                packet.pts = packet.dts = packet.pts + RATE // 2
            packet.stream = streams[packet.stream]
            output.mux(packet)
    return buffer.getvalue()


def test_a_film_without_sound_has_none_in_its_copy() -> None:
    assert copied(made(replace(PLAIN, sound="")), "video/mp4").codecs == ("h264",)


def test_sound_that_nothing_decodes_is_left_out() -> None:
    content = made(PLAIN).replace(b"mp4a", b"zzzz").replace(b"esds", b"zzzz")
    copy = copied(content, "video/mp4")
    assert copy.codecs == ("h264",)
    assert len(copy.frames) == 30


@pytest.mark.parametrize(
    ("pixels", "size"), [((321, 181), (322, 182)), ((1440, 1080), (960, 720)), ((64, 1600), (64, 1600))]
)
def test_sides_are_even_and_the_shorter_at_most_720(pixels: tuple[int, int], size: tuple[int, int]) -> None:
    clip = Clip("mkv", "libvpx-vp9", pixels, 0.1, sound="", encoder=VP9)
    width, height = copied(made(clip), "video/x-matroska").size
    assert (width, height) == pytest.approx(size, abs=2)
    assert width % 2 == height % 2 == 0


def test_pixels_that_are_not_square_are_made_so() -> None:
    copy = copied(wide(), "video/x-matroska")
    assert copy.size == (240, 90)
    assert copy.stills[0].size == (240, 90)


def wide() -> bytes:
    """A film whose pixels are one and a half times as wide as they are high."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as output:
        stream: Any = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), 128, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def test_of_a_film_whose_end_is_missing_what_is_there_is_copied() -> None:
    whole = made(Clip(pixels=(160, 90), seconds=4, options=IN_FRONT, encoder={"g": "10"}))
    content = whole[: len(whole) * 6 // 10]
    copy = copied(content, "video/mp4")
    assert 1 < copy.moments[-1] < 3.5
    assert list(copy.stills) == list(PERCENTAGES)
    with opened(io.BytesIO(content), "video/mp4", Path(), threads=2) as film:
        assert len(dict(pictures.stills(film))) == len(PERCENTAGES)


def test_a_film_that_is_damaged_in_the_middle_is_copied_to_its_end() -> None:
    whole = made(Clip(pixels=(160, 90), seconds=4, options=IN_FRONT, encoder={"g": "10"}))
    middle = len(whole) // 2
    copy = copied(whole[:middle] + os.urandom(300) + whole[middle + 300 :], "video/mp4")
    assert copy.moments[-1] == pytest.approx(4, abs=0.1)


def test_recordings_that_were_joined_are_copied_whole_though_clock_and_size_begin_anew() -> None:
    first, second = (Clip("mts", pixels=pixels, seconds=1, encoder={"g": "5"}) for pixels in ((160, 90), (320, 180)))
    copy = copied(made(first) + made(second), "video/mp2t")
    assert copy.size == (160, 90)
    assert len(copy.frames) == pytest.approx(60, abs=8)
    assert copy.moments == sorted(copy.moments)
    assert 1.7 < copy.moments[-1] < 2.3


def test_sound_whose_speakers_change_midway_is_heard_to_its_end() -> None:
    copy = copied(made(Clip("mts", pixels=(160, 90), seconds=1)) + in_stereo(), "video/mp2t")
    assert len(copy.frames) > 50
    assert copy.sound[-1] > 1.5


def in_stereo() -> bytes:
    """A second of pictures and sound of two speakers, in a transport stream."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as output:
        video: Any = output.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        audio: Any = output.add_stream("aac", rate=RATE, layout="stereo")
        for number in range(30):
            frame = av.VideoFrame(160, 90, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        for start in range(0, RATE, 1024):
            samples = np.zeros((2, 1024), np.float32)
            piece = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            piece.sample_rate, piece.pts, piece.time_base = RATE, start, Fraction(1, RATE)
            output.mux(audio.encode(piece))
        output.mux(audio.encode(None))
    return buffer.getvalue()


def test_240_frames_a_second_become_60_of_the_same_length() -> None:
    copy = copied(made(Clip(pixels=(160, 90), rate=240, seconds=1)), "video/mp4")
    assert 58 <= len(copy.frames) <= 61
    assert copy.moments[-1] == pytest.approx(1, abs=0.05)


def test_lines_of_two_moments_are_not_mixed() -> None:
    """Each frame has a square that moves while its lines are read: without care its edges become combs."""
    copy = copied(interlaced(), "video/mp2t")
    rows = np.asarray(copy.picture(0.5).convert("L"), np.int16)[40:140]
    assert np.abs(np.diff(rows, axis=0)).max() < 60


def interlaced() -> bytes:
    """A film of which every other line is a fiftieth of a second later: a bar that moves by 16 pixels meanwhile."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as output:
        options = {"x264-params": "tff=1", "flags": "+ilme+ildct", "preset": "veryfast", "crf": "10"}
        stream: Any = output.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(8):
            picture = np.full((180, 320, 3), 40, np.uint8)
            for field in (0, 1):
                left = 20 + 16 * (2 * number + field)
                picture[field::2, left : left + 40] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p", interpolation=1)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def test_the_poster_is_no_black_picture_where_there_is_another() -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream: Any = output.add_stream("libx264", rate=10, options={"g": "5"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(100):
            shade = 0 if number < 10 else 200
            frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), shade, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with opened(buffer, "video/mp4", Path(), threads=2) as film:
        poster = pictures.poster(film)
    assert np.asarray(poster).mean() > 150


def test_a_copy_tells_nothing_of_where_and_when_it_was_filmed() -> None:
    tags = {
        "com.apple.quicktime.location.ISO6709": "+52.3740+004.8897+002.000/",
        "creation_time": "2024-07-14T08:30:00Z",
    }
    copy = copied(made(replace(PLAIN, container="mov", tags=tags)), "video/quicktime")
    assert b"52.374" not in copy.content
    with av.open(io.BytesIO(copy.content)) as film:
        assert "creation_time" not in film.metadata


@pytest.mark.parametrize("mime_type", sorted(set(MIME.values())))
@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {path}\n",
    ],
)
def test_a_playlist_leads_to_no_other_file(tmp_path: Path, mime_type: str, playlist: str) -> None:
    other = tmp_path / "other.ts"
    other.write_bytes(made(KINDS["mts"]))
    content = playlist.format(path=other).encode().ljust(4096, b"\n")
    with pytest.raises(NotAFilm), opened(io.BytesIO(content), mime_type, tmp_path, threads=2) as film:
        pictures.poster(film)


def test_a_film_in_pieces_of_other_files_leads_to_none_of_them(tmp_path: Path) -> None:
    """QuickTime's data references (ISO 14496-12, 8.7.2) may name another file."""
    content = made(replace(PLAIN, container="mov", sound=""))
    other = tmp_path / "other.mov"
    other.write_bytes(content)
    name = str(other).encode() + b"\0"
    start = content.index(b"dref") - 4
    inside = (12 + len(name)).to_bytes(4, "big") + b"url " + bytes(4) + name
    dref = (16 + len(inside)).to_bytes(4, "big") + b"dref" + bytes(4) + b"\0\0\0\1" + inside
    old = int.from_bytes(content[start : start + 4], "big")
    grown = len(dref) - old
    referring = bytearray(content[:start] + dref + content[start + old :])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = content.index(kind) - 4
        referring[at : at + 4] = (int.from_bytes(referring[at : at + 4], "big") + grown).to_bytes(4, "big")
    mdat = referring.index(b"mdat")
    referring[mdat + 4 : mdat + 4 + 2000] = bytes(2000)  # what it shows itself is gone
    with opened(io.BytesIO(bytes(referring)), "video/quicktime", tmp_path, threads=2) as film:
        with pytest.raises(NotAFilm):
            pictures.poster(film)
