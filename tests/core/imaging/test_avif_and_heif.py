"""HEIF and AVIF: what is wrong beside a picture does not cost it, and no more is shown than what it shows of itself."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.metadata import FileMetadata
from tests.fixtures import heif_boxes, photos

LIMIT = 100_000_000


def content_of(format_name: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = BytesIO()
    (image or photos.scene()).save(buffer, format_name, quality=90, **options)
    return buffer.getvalue()


def shown(tmp_path: Path, content: bytes) -> tuple[Image.Image, FileMetadata]:
    path = tmp_path / "original"
    path.write_bytes(content)
    kind = file_type.identify(path)
    made = renditions.make(path, kind, LIMIT, tmp_path)
    read = metadata.read(path, kind, LIMIT, path.name)
    with Image.open(made.files[0].path) as image:
        assert image.size == (read.width, read.height)
        return image.convert("RGB"), read


@pytest.mark.parametrize("format_name", ["AVIF", "HEIF"])
def test_an_exif_item_that_is_none_costs_only_itself(tmp_path: Path, format_name: str) -> None:
    exif = photos.exif(t0x9003="2020:01:01 00:00:00").tobytes()
    content = content_of(format_name, exif=exif)
    image, read = shown(tmp_path, content)
    assert read.exif["DateTimeOriginal"] == "2020:01:01 00:00:00"
    at = content.index(exif[6:]) if exif[6:] in content else content.index(b"MM\0*")
    image, read = shown(tmp_path, content[:at] + b"nonsense" + content[at + 8 :])
    assert (photos.corners(image), read.exif) == (photos.CORNERS, {})


def test_an_avif_turned_by_its_container_need_not_have_an_exif_that_can_be_rewritten(tmp_path: Path) -> None:
    exif = photos.exif(6, t0x9003="2020:01:01 00:00:00").tobytes()
    content = bytearray(content_of("AVIF", photos.as_stored(photos.scene(), 6), exif=exif))
    entry = content.index(b"MM\0*") + 10
    content[entry : entry + 12] = struct.pack(">HHI", 0x11A, 2, 4) + b"72\0\0"  # a resolution in words
    image, _ = shown(tmp_path, bytes(content))
    assert (image.size, photos.corners(image)) == ((96, 64), photos.CORNERS)


@pytest.mark.parametrize("format_name", ["AVIF", "HEIF"])
def test_a_group_of_items_that_nobody_knows_is_left_alone(tmp_path: Path, format_name: str) -> None:
    group = struct.pack(">5I", 0, 1, 2, 1, 7) + b"\2\0\2\0\0\4\0\0\0\0\0\2"
    image, _ = shown(tmp_path, heif_boxes.with_group(content_of(format_name), b"pymd", group))
    assert photos.corners(image) == photos.CORNERS


def test_a_gain_map_that_is_at_fault_costs_only_itself(tmp_path: Path) -> None:
    content = content_of("AVIF", exif=photos.exif(1).tobytes())
    start, end = heif_boxes.find(content, b"ftyp")
    content = heif_boxes.put(content, end, b"tmap")
    content = content[:start] + struct.pack(">I", end - start + 4) + content[start + 4 :]
    item = content.index(b"Exif", content.index(b"infe"))
    content = content[:item] + b"tmap" + content[item + 4 :]
    image, read = shown(tmp_path, content)
    assert (photos.corners(image), read.is_hdr) == (photos.CORNERS, True)


def test_a_gain_map_that_is_whole_is_told(tmp_path: Path) -> None:
    content = content_of("HEIF")
    assert not shown(tmp_path, content)[1].is_hdr
    apple = heif_boxes.box(b"auxC", b"\0\0\0\0urn:com:apple:photo:2020:aux:hdrgainmap\0")
    assert shown(tmp_path, heif_boxes.with_property(content, apple))[1].is_hdr


@pytest.mark.parametrize("format_name", ["AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_clean_aperture_is_all_that_is_shown(tmp_path: Path, format_name: str, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(), orientation)
    content = content_of(format_name, stored, exif=photos.exif(orientation).tobytes())
    across, down = (0, 16) if orientation == 1 else (16, 0)  # of what is stored: the lower half of the scene
    width, height = (96, 32) if orientation == 1 else (32, 96)
    image, _ = shown(tmp_path, heif_boxes.with_property(content, heif_boxes.clap(width, height, across, down)))
    assert image.size == (96, 32)
    assert photos.corners(image) == (photos.BLUE, photos.WHITE, photos.BLUE, photos.WHITE)


@pytest.mark.parametrize("prop", [heif_boxes.clap(97, 64), heif_boxes.clap(96, 64, 1), heif_boxes.clap(0, 64)])
def test_an_aperture_that_is_none_cuts_nothing(tmp_path: Path, prop: bytes) -> None:
    image, _ = shown(tmp_path, heif_boxes.with_property(content_of("AVIF"), prop))
    assert (image.size, photos.corners(image)) == ((96, 64), photos.CORNERS)
