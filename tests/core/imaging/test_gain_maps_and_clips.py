"""What phones put behind a picture: gain maps and clips, and what Apple says of how a picture came about."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from pinhole.errors import FileRejected
from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.metadata import FileMetadata
from pinhole.imaging.motion import Clip
from tests.fixtures import photos
from tests.fixtures.heif_boxes import box

LIMIT = 100_000_000
ISO = b"urn:iso:std:iso:ts:21496:-1\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
CLIP = box(b"ftyp", b"mp42\0\0\0\0mp42isom") + box(b"mdat", bytes(400)) + box(b"moov", bytes(100))


def jpeg(*segments: tuple[int, bytes], exif: bytes = b"") -> bytes:
    buffer = BytesIO()
    photos.scene().save(buffer, "JPEG", quality=90, exif=exif)
    content = buffer.getvalue()
    written = b"".join(struct.pack(">BBH", 0xFF, marker, 2 + len(said)) + said for marker, said in segments)
    return content[:2] + written + content[2:]


def with_second(second: bytes, order: str = ">") -> bytes:
    """A JPEG and another behind it that its index of pictures names."""
    magic = b"MM\0*" if order == ">" else b"II*\0"

    def indexed(offset: int) -> bytes:
        entries = struct.pack(f"{order}IIIIIIII", 0x30000, 0, 0, 0, 0, len(second), offset, 0)
        tags = struct.pack(f"{order}IHHHIIHHII", 8, 2, 0xB001, 4, 1, 2, 0xB002, 7, 32, 8 + 2 + 24 + 4) + bytes(4)
        return jpeg((0xE2, b"MPF\0" + magic + tags + entries))

    first = indexed(0)
    return indexed(len(first) - first.index(magic)) + second


def read(tmp_path: Path, content: bytes) -> FileMetadata:
    path = tmp_path / "original"
    path.write_bytes(content)
    return metadata.read(path, file_type.identify(path), LIMIT, path.name)


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize(
    ("segment", "is_hdr"),
    [
        (XMP + b"<x xmlns:HDRGainMap='http://ns.apple.com/HDRGainMap/1.0/'/>", True),
        (XMP + b"<x xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/'/>", True),
        (XMP + b"<x/>", False),  # a smaller copy, as many cameras put one there
    ],
)
def test_a_second_picture_that_is_a_gain_map_is_told(tmp_path: Path, order: str, segment: bytes, is_hdr: bool) -> None:
    assert read(tmp_path, with_second(jpeg((0xE1, segment)), order)).is_hdr is is_hdr


def test_a_gain_map_by_the_standard_is_told_by_either_picture(tmp_path: Path) -> None:
    assert read(tmp_path, with_second(jpeg((0xE2, ISO + bytes(8))))).is_hdr
    assert read(tmp_path, jpeg((0xE2, ISO + bytes(4)))).is_hdr


@pytest.mark.parametrize("second", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", bytes(100)])
def test_an_index_of_pictures_that_are_not_there_tells_nothing(tmp_path: Path, second: bytes) -> None:
    assert not read(tmp_path, with_second(second)).is_hdr
    assert not read(tmp_path, jpeg((0xE2, b"MPF\0MM\0*" + b"\xff" * 40))).is_hdr


@pytest.mark.parametrize(
    ("rendered", "is_hdr", "projection"),
    [
        (0, False, None),
        (1, False, None),
        (2, True, None),
        (3, True, None),
        (4, False, None),
        (6, False, "cylindrical"),
        (7, True, None),
        (8, False, None),
    ],
)
def test_apple_says_how_a_picture_came_about(
    tmp_path: Path, rendered: int, is_hdr: bool, projection: str | None
) -> None:
    found = read(tmp_path, jpeg(exif=photos.exif(t0xA401=rendered).tobytes()))
    assert (found.is_hdr, found.projection) == (is_hdr, projection)


@pytest.mark.parametrize("behind", [b"", bytes(67), b"\x0e\0\0\0\1\n\0\0 some words", box(b"sefd", bytes(20))])
@pytest.mark.parametrize("between", [b"", jpeg(), bytes(10)], ids=["next", "gain map", "padding"])
def test_a_clip_is_found_wherever_it_lies_behind_a_jpeg(tmp_path: Path, between: bytes, behind: bytes) -> None:
    picture = jpeg() + between
    assert read(tmp_path, picture + CLIP + behind).clip == Clip(len(picture), len(CLIP))


def test_a_clip_is_found_behind_a_heic(tmp_path: Path) -> None:
    picture = photos.save(tmp_path / "picture", photos.scene(), "HEIF").read_bytes()
    assert read(tmp_path, picture + CLIP + b"\x0e\0\0\0").clip == Clip(len(picture), len(CLIP))
    assert read(tmp_path, picture).clip is None


@pytest.mark.parametrize(
    "behind",
    [
        b"ftypmp42",
        CLIP[:24],
        CLIP[:-1],
        box(b"ftyp", b"mp42\0\0\0\0") + bytes(500),
        box(b"ftyp", b"mp42\0\0\0\0") * 100,
    ],
)
def test_what_is_no_whole_clip_is_none(tmp_path: Path, behind: bytes) -> None:
    assert read(tmp_path, jpeg() + behind).clip is None


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame[:4] + b"\x0c" + frame[5:],  # twelve bits
        lambda frame: b"\xff\xc3" + frame[2:],  # without loss
    ],
)
def test_a_jpeg_of_a_kind_that_nobody_here_decodes_is_not_called_damaged(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    content = jpeg()
    at = content.index(b"\xff\xc0")
    with pytest.raises(FileRejected) as refusal:
        read(tmp_path, content[:at] + change(content[at : at + 19]) + content[at + 19 :])
    assert (refusal.value.code, refusal.value.detail) == (
        "unsupported_type",
        "The picture is a JPEG of a kind that is not supported.",
    )


def test_a_jpeg_without_its_end_marker_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(jpeg()[:-2])
    assert renditions.make(path, file_type.JPEG, LIMIT, tmp_path).files[0].width == 96
