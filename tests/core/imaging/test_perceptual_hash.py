"""Copies of a photo differ in few of 64 bits, two photos in many."""

from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from pinhole.imaging import file_type, renditions
from pinhole.imaging.perceptual_hash import perceptual_hash
from tests.core.imaging.test_samples import SAMPLES
from tests.fixtures import photos

NAMES = ["el_torcal_rocks", "prairie_falcon", "silver_fir", "tanners_ridge", "wood_anemones"]

pytestmark = pytest.mark.skipif(not (SAMPLES / "scenes").exists(), reason=f"no samples at {SAMPLES}")


def photo(name: str) -> Image.Image:
    with Image.open(SAMPLES / "scenes" / f"{name}.jpg") as image:
        return image.convert("RGB")


def made(path: Path) -> int:
    return renditions.make(path, file_type.identify(path), 10_000_000, path.parent).perceptual_hash


def differing(one: int, other: int) -> int:
    return ((one ^ other) & (1 << 64) - 1).bit_count()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("format_name", "scale", "quality"), [("JPEG", 1, 60), ("WEBP", 0.5, 80), ("JPEG", 0.3, 90)])
def test_a_photo_that_was_encoded_or_scaled_again_is_near_itself(
    tmp_path: Path, name: str, format_name: str, scale: float, quality: int
) -> None:
    image = photo(name)
    again = image.resize((round(image.width * scale), round(image.height * scale)))
    first = photos.save(tmp_path / "first", image, "PNG")
    second = photos.save(tmp_path / "second", again, format_name, quality=quality)
    assert differing(made(first), made(second)) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_how_a_photo_was_held_does_not_count(tmp_path: Path, name: str) -> None:
    upright = photos.save(tmp_path / "upright", photo(name), "JPEG", quality=95)
    turned = photos.as_stored(photo(name), 6)
    turned_path = photos.save(tmp_path / "turned", turned, "JPEG", quality=95, exif=photos.exif(6))
    assert differing(made(upright), made(turned_path)) <= 2


def test_two_photos_are_far_from_each_other() -> None:
    hashes = [perceptual_hash(photo(name)) for name in NAMES]
    assert min(differing(one, other) for one, other in combinations(hashes, 2)) >= 20


def test_a_hash_fits_a_bigint_and_uses_its_sign() -> None:
    hashes = [perceptual_hash(photo(name)) for name in NAMES]
    assert all(-(1 << 63) <= one < 1 << 63 for one in hashes)
    assert {one < 0 for one in hashes} == {True, False}


def test_a_picture_of_one_colour_has_a_hash() -> None:
    assert perceptual_hash(Image.new("RGB", (1, 1))) == perceptual_hash(Image.new("RGB", (64, 64)))
