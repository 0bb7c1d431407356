"""Camera raw: the preview in it, else what LibRaw develops; the orientation of both."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pinhole.imaging import file_type, metadata, renditions
from tests.fixtures import photos

LIMIT = 10_000_000


def shown(path: Path) -> Image.Image:
    made = renditions.make(path, file_type.identify(path), LIMIT, path.parent)
    with Image.open(made.files[0].path) as image:
        image.load()
    return image


def jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_raw_without_preview_is_developed_upright(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.as_stored(photos.scene(), orientation), orientation))
    image = shown(path)
    assert image.size == (96, 64)
    assert photos.corners(image) == photos.CORNERS


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_preview_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(), orientation)
    path = tmp_path / "original"
    path.write_bytes(photos.dng(Image.new("RGB", stored.size, "black"), orientation, jpeg(stored)))
    assert photos.corners(shown(path)) == photos.CORNERS


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_preview_that_was_turned_already_is_not_turned_again(tmp_path: Path, orientation: int) -> None:
    upright = photos.scene(64, 96)
    sensor = Image.new("RGB", (96, 64), "black")
    path = tmp_path / "original"
    path.write_bytes(photos.dng(sensor, orientation, jpeg(upright)))
    assert photos.corners(shown(path)) == photos.CORNERS


def test_a_thumbnail_is_no_preview(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene(1200, 1100), 1, jpeg(Image.new("RGB", (160, 120), "black"))))
    image = shown(path)
    assert image.size == (1200, 1100)
    assert photos.corners(image) == photos.CORNERS


def size(path: Path) -> tuple[int | None, int | None]:
    found = metadata.read(path, file_type.identify(path), LIMIT, "IMG_1.DNG")
    return found.width, found.height


def test_a_damaged_preview_is_no_preview(tmp_path: Path) -> None:
    preview = bytearray(jpeg(Image.new("RGB", (96, 64), "black")))
    preview[-12:-10] = b"\xff\x9f"
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene(), 1, bytes(preview)))
    assert photos.corners(shown(path)) == photos.CORNERS


def test_a_raw_has_the_size_that_it_develops_to_whatever_its_preview_has(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene(1600, 1200), 1, jpeg(photos.scene(1340, 1000))))
    assert size(path) == (1600, 1200)
    assert shown(path).size == (1340, 1000)


@pytest.mark.parametrize(
    ("preview", "orientation", "expected"),
    [((1920, 1080), 1, (1600, 900)), ((1920, 1080), 6, (900, 1600)), ((1080, 1080), 8, (1200, 1200))],
)
def test_a_raw_has_the_shape_that_the_camera_was_told_to_take(
    tmp_path: Path, preview: tuple[int, int], orientation: int, expected: tuple[int, int]
) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene(1600, 1200), orientation, jpeg(photos.scene(*preview))))
    assert size(path) == expected


def test_a_raw_says_its_camera_and_its_displayed_size(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(photos.dng(photos.scene(), 6))
    found = metadata.read(path, file_type.identify(path), LIMIT, "IMG_1.DNG")
    assert (found.width, found.height, found.orientation) == (64, 96, 6)
    assert (found.camera_make, found.camera_model) == ("Pinhole", "Camera Obscura")
