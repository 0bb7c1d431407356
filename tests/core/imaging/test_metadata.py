"""What photos say about themselves, in every place where cameras, phones and editors write it."""

import json
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.core.imaging.files import iptc, of, png_with, read, segmented, xmp
from tests.fixtures import clips, photos

CLIP = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08mdat" * 20


def camera() -> Image.Exif:
    tags = photos.exif(
        t0x829A=IFDRational(1, 200),
        t0x829D=IFDRational(28, 10),
        t0x8827=400,
        t0x920A=IFDRational(50, 1),
        t0xA434="Sonnar 2.8/50",
        t0x9003="2020:05:06 07:08:09",
        t0x9011="+02:00",
        t0x9291="250",
    )
    tags[0x10F], tags[0x110] = "Pinhole", "Camera Obscura"
    tags.get_ifd(0x8825).update(
        {
            1: "S",
            2: (33.0, 51.0, 24.12),
            3: "E",
            4: (151.0, 12.0, 54.6),
            5: b"\1",
            6: IFDRational(25, 2),
            7: (21.0, 8.0, 9.5),
            17: IFDRational(2701, 10),
            29: "2020:05:05",
        }
    )
    return tags


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "JXL"])
def test_exif_is_read_from_every_container(tmp_path: Path, format_name: str) -> None:
    found = of(tmp_path, format_name, exif=camera())
    assert (found.camera_make, found.camera_model, found.lens_model) == ("Pinhole", "Camera Obscura", "Sonnar 2.8/50")
    assert (found.exposure_seconds, found.f_number, found.iso, found.focal_length_mm) == (0.005, 2.8, 400, 50)
    assert found.latitude == pytest.approx(-33.8567)
    assert found.longitude == pytest.approx(151.21517, abs=1e-5)
    assert (found.altitude_m, found.direction_deg) == (-12.5, 270.1)
    assert (found.time.original.date_time, found.time.original.subsec) == ("2020:05:06 07:08:09", "250")
    assert found.time.original.offset == "+02:00"
    assert found.time.utc == datetime(2020, 5, 5, 21, 8, 9, 500_000, UTC)
    assert found.exif["LensModel"] == "Sonnar 2.8/50"
    assert isinstance(found.exif["GPSInfo"], dict)


def test_exif_packed_into_jpeg_xl_is_read(tmp_path: Path) -> None:
    path = photos.jpeg_in_jxl(tmp_path / "original", photos.scene(), camera())
    assert b"brobExif" in path.read_bytes()
    found = read(path)
    assert (found.camera_model, found.time.original.date_time) == ("Camera Obscura", "2020:05:06 07:08:09")


def test_metadata_behind_the_pixels_of_a_png_is_read(tmp_path: Path) -> None:
    packet = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(xmp_Rating="4"))
    found = read(png_with(tmp_path / "original", (b"eXIf", camera().tobytes()), (b"iTXt", packet)))
    assert (found.camera_model, found.rating) == ("Camera Obscura", 4)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), ((91.0, 0.0, 0.0), (1.0, 0.0, 0.0)), ((1.0, 0.0, 0.0), (181.0, 0.0, 0.0))],
)
def test_coordinates_on_no_globe_are_left_out(tmp_path: Path, latitude: Any, longitude: Any) -> None:
    tags = Image.Exif()
    tags.get_ifd(0x8825).update({1: "N", 2: latitude, 3: "E", 4: longitude})
    found = of(tmp_path, exif=tags)
    assert (found.latitude, found.longitude) == (None, None)


def test_coordinates_without_denominator_are_left_out(tmp_path: Path) -> None:
    nothing = struct.pack("<6I", 0, 0, 0, 0, 0, 0)
    gps_at = 26  # behind the first directory, which has one entry
    block = photos.tiff([photos.long(0x8825, gps_at)]) + photos.directory(
        [(2, 5, 3, nothing), (4, 5, 3, nothing)], gps_at
    )
    found = read(photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + block))
    assert (found.latitude, found.exif["GPSInfo"]) == (None, {"GPSLatitude": [None] * 3, "GPSLongitude": [None] * 3})


def test_the_position_in_xmp_counts_where_exif_has_none(tmp_path: Path) -> None:
    packet = xmp(
        exif_GPSLatitude="40,26.8183N", exif_GPSLongitude="3,43,29.11W", exif_GPSTimeStamp="2015-04-10T18:12:23Z"
    )
    found = of(tmp_path, xmp=packet)
    assert found.latitude == pytest.approx(40.44697, abs=1e-5)
    assert found.longitude == pytest.approx(-3.72475, abs=1e-5)
    assert found.time.utc == datetime(2015, 4, 10, 18, 12, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "rating"), [("5", 5), ("1", 1), ("3.0", 3), ("0", None), ("-1", None), ("6", None), ("many", None)]
)
def test_a_rating_has_one_to_five_stars(tmp_path: Path, written: str, rating: int | None) -> None:
    assert of(tmp_path, xmp=xmp(xmp_Rating=written)).rating == rating


def test_windows_writes_ratings_titles_and_keywords_into_exif(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x4746] = 4
    for tag, value in ((0x9C9B, "Ferien"), (0x9C9C, "Am See"), (0x9C9E, "Tom; Anna;Tom")):
        tags[tag] = (value + "\0").encode("utf-16-le")
    found = of(tmp_path, exif=tags)
    assert (found.rating, found.title, found.description, found.keywords) == (4, "Ferien", "Am See", ("Tom", "Anna"))


def test_xmp_titles_descriptions_and_keywords(tmp_path: Path) -> None:
    packet = xmp(
        "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Strand</rdf:li><rdf:li xml:lang='x-default'>Beach</rdf:li></rdf:Alt>"
        "</dc:title><dc:description><rdf:Alt><rdf:li>Waves &amp; sand</rdf:li></rdf:Alt></dc:description>"
        "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li> </rdf:li><rdf:li>summer</rdf:li></rdf:Bag></dc:subject>"
    )
    for format_name in ("JPEG", "WEBP", "AVIF", "HEIF"):
        found = of(tmp_path, format_name, xmp=packet)
        assert (found.title, found.description) == ("Beach", "Waves & sand"), format_name
        assert found.keywords == ("sea", "summer")


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        ((1, 90, b"\x1b%G"), "Köln".encode()),
        ((2, 0, b"\0\4"), "Köln".encode()),
        ((2, 0, b"\0\4"), "Köln".encode("latin-1")),
    ],
)
def test_iptc_is_read_in_the_character_sets_people_use(
    tmp_path: Path, declared: tuple[int, int, bytes], title: bytes
) -> None:
    segment = iptc(declared, (2, 5, title), (2, 25, b"one"), (2, 25, b"two"), (2, 120, b"A caption"))
    found = read(segmented(tmp_path / "original", (0xED, segment)))
    assert (found.title, found.description, found.keywords) == ("Köln", "A caption", ("one", "two"))


def apple(*entries: photos.Entry) -> bytes:
    note = photos.directory(list(entries), 14, ">")
    return b"Apple iOS\0\0\1MM" + note


def test_apples_maker_note_tells_live_photos_bursts_and_hdr(tmp_path: Path) -> None:
    note = apple(
        (0x0A, 9, 1, struct.pack(">i", 3)),
        photos.text(0x0B, "12345678-AAAA-BBBB-CCCC-1234567890AB"),
        photos.text(0x11, "87654321-DDDD-EEEE-FFFF-1234567890AB"),
    )
    found = of(tmp_path, exif=photos.exif(t0x927C=note))
    assert found.burst_id == "12345678-AAAA-BBBB-CCCC-1234567890AB"
    assert found.live_content_id == "87654321-DDDD-EEEE-FFFF-1234567890AB"
    assert found.is_hdr


def test_googles_motion_photo_says_how_long_its_clip_is(tmp_path: Path) -> None:
    items = "".join(
        f"<rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='{semantic}' Item:Mime='{mime}'"
        f" Item:Length='{length}' Item:Padding='{padding}'/></rdf:li>"
        for semantic, mime, length, padding in (
            ("Primary", "image/jpeg", 0, 0),
            ("GainMap", "image/jpeg", 7, 0),
            ("MotionPhoto", "video/mp4", len(CLIP), 0),
        )
    )
    packet = xmp(f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>", GCamera_MotionPhoto="1")
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG", xmp=packet)
    photo = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"gainmap" + CLIP)
    found = read(path)
    assert found.clip is not None
    assert (found.clip.offset, found.clip.size_bytes) == (photo + 7, len(CLIP))
    assert found.is_hdr


def test_the_elder_micro_video_counts_from_the_end(tmp_path: Path) -> None:
    path = photos.save(
        tmp_path / "original",
        photos.scene(),
        "JPEG",
        xmp=xmp(GCamera_MicroVideo="1", GCamera_MicroVideoOffset=str(len(CLIP))),
    )
    assert read(path).clip is None  # the words are there, the clip is not
    photo = path.stat().st_size
    path.write_bytes(path.read_bytes() + CLIP)
    found = read(path)
    assert found.clip is not None
    assert (found.clip.offset, found.clip.size_bytes) == (photo, len(CLIP))


def test_samsungs_motion_photo_is_in_its_trailer(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG")
    photo = path.read_bytes()
    name = b"MotionPhoto_Data"
    block = struct.pack("<HHI", 0, 0x0A30, len(name)) + name + CLIP
    other = struct.pack("<HHI", 0, 0x0A01, 3) + b"abc" + b"1234"
    entries = struct.pack("<HHII", 0, 0x0A01, len(other) + len(block), len(other))
    entries += struct.pack("<HHII", 0, 0x0A30, len(block), len(block))
    directory = b"SEFH" + struct.pack("<II", 106, 2) + entries
    path.write_bytes(photo + other + block + directory + struct.pack("<I", len(directory)) + b"SEFT")
    found = read(path)
    assert found.clip is not None
    assert path.read_bytes()[found.clip.offset :][: found.clip.size_bytes] == CLIP


def test_a_heic_keeps_its_clip_in_a_box(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "HEIF")
    path.write_bytes(path.read_bytes() + struct.pack(">I", 8 + len(CLIP)) + b"mpvd" + CLIP)
    found = read(path)
    assert found.clip is not None
    assert path.read_bytes()[found.clip.offset :][: found.clip.size_bytes] == CLIP


def test_a_photosphere_and_its_field_of_view(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        xmp=xmp(
            GPano_ProjectionType="equirectangular",
            GPano_FullPanoWidthPixels="8000",
            GPano_CroppedAreaImageWidthPixels="6000",
        ),
    )
    assert (found.projection, found.field_of_view_deg) == ("equirectangular", 270)


def test_a_gain_map_is_hdr_and_a_night_scene_is_night(tmp_path: Path) -> None:
    assert of(tmp_path, xmp=xmp(hdrgm_Version="1.0")).is_hdr
    assert of(tmp_path, exif=photos.exif(t0xA406=3)).is_night
    plain = of(tmp_path)
    assert not any((plain.is_hdr, plain.is_night, plain.is_animated, plain.is_screenshot))


def test_screenshots_are_known_by_name_or_comment(tmp_path: Path) -> None:
    assert of(tmp_path, "PNG", "Screenshot_20240102-030405.png").is_screenshot
    assert of(tmp_path, "PNG", "Bildschirmfoto 2024-01-02 um 03.04.05.png").is_screenshot
    commented = of(tmp_path, "PNG", exif=photos.exif(t0x9286=b"ASCII\0\0\0Screenshot"))
    assert (commented.is_screenshot, commented.description) == (True, None)


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animations_are_known(tmp_path: Path, format_name: str) -> None:
    other = [photos.scene().rotate(90)]
    assert of(tmp_path, format_name, save_all=True, append_images=other).is_animated
    assert not of(tmp_path, format_name).is_animated


def test_pages_are_no_animation(tmp_path: Path) -> None:
    assert not of(tmp_path, "TIFF", save_all=True, append_images=[photos.scene()]).is_animated
    assert not of(tmp_path, "MPO", save_all=True, append_images=[photos.scene()]).is_animated


def test_exif_as_json_is_small_and_can_be_stored(tmp_path: Path) -> None:
    tags = photos.exif(t0x9286=b"\0" * 30_000, t0x927C=b"x" * 20_000)
    tags[0x10E], tags[0x13B] = "d" * 9000, "Jos\udce9".encode("utf-8", "surrogateescape")
    found = of(tmp_path, exif=tags)
    assert len(str(found.exif)) < 5000
    assert found.exif["Artist"] == "José"
    assert "\0" not in str(found.exif)


def repeated(kind: int, value: bytes) -> bytes:
    """EXIF whose 1,020 entries are all the same value, and whose other directories are the first one again."""
    count = 1020
    at = 8 + 2 + 12 * count + 4
    entries = [struct.pack("<HHII", 0x1000 + i, kind, len(value), at) for i in range(count - 2)]
    entries += [struct.pack("<HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825)]
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, count) + b"".join(entries) + struct.pack("<I", 0) + value


def test_exif_that_repeats_one_text_is_cut_to_what_an_answer_can_carry(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=repeated(2, b"a" * 1999 + b"\0"))
    found = read(path).exif
    assert len(found) > 20
    assert len(json.dumps(found)) < 256 << 10


def test_names_are_as_long_as_names_are(tmp_path: Path) -> None:
    tags = photos.exif(t0xA434="l" * 5000, t0x927C=apple(photos.text(0x0B, "b" * 5000)))
    tags[0x10F], tags[0x110] = "m" * 5000, "M" * 5000
    found = of(tmp_path, exif=tags)
    names = (found.camera_make, found.camera_model, found.lens_model, found.burst_id)
    assert [len(name or "") for name in names] == [200] * 4


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "unknown", "2020:13:01 00:00:00"])
def test_a_time_that_does_not_parse_hides_none_that_does(tmp_path: Path, written: str) -> None:
    packet = xmp(exif_DateTimeOriginal="soon", photoshop_DateCreated="2019-03-04T05:06:07")
    found = of(tmp_path, exif=photos.exif(t0x9003=written), xmp=packet)
    assert found.time.original.date_time == "2019-03-04T05:06:07"


def test_what_lies_deeper_in_xmp_is_no_value_of_the_photo(tmp_path: Path) -> None:
    packet = xmp(
        "<dc:subject><rdf:Bag><rdf:li>sea<rdf:Bag><rdf:li>deep</rdf:li></rdf:Bag></rdf:li></rdf:Bag></dc:subject>"
        "<dc:creator><rdf:Seq><rdf:li><rdf:Description><dc:title>A book</dc:title></rdf:Description></rdf:li></rdf:Seq>"
        "</dc:creator>"
    )
    found = of(tmp_path, xmp=packet)
    assert (found.title, found.keywords) == (None, ("sea",))


def test_a_video_says_what_its_container_does(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(clips.made(clips.Clip("mov", seconds=0.5, tags=clips.APPLE)))
    found = read(path, "IMG_0001.MOV")
    assert (found.width, found.height, found.duration_ms) == (320, 180, 500)
    assert (found.video_codec, found.audio_codec, found.frame_rate) == ("AVC", "AAC", 30)
    assert (found.latitude, found.longitude, found.camera_model) == (52.374, 4.8897, "iPhone 15 Pro")
    assert found.time.of_video
    assert found.time.original.date_time == "2024-07-14T10:30:00+0200"
    assert found.exif == {}
