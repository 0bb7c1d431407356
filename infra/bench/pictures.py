"""The photos that are ingested: made anew each time, always the same, and as hard to encode as those of phones.

Photos of scikit-image and scikit-learn (see `infra/demo.py`) side by side, enlarged twofold: a camera's pixels are
that soft, too. Over that the noise of a sensor.
"""

import os
import sysconfig
from fractions import Fraction
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

JPEG_SIZE, HEIC_SIZE = (3264, 2448), (4032, 3024)
TILES = (
    "skimage/data/coffee.png",
    "sklearn/datasets/images/china.jpg",
    "skimage/data/chelsea.png",
    "sklearn/datasets/images/flower.jpg",
    "skimage/data/rocket.jpg",
    "skimage/data/astronaut.png",
    "skimage/data/motorcycle_left.png",
    "skimage/data/hubble_deep_field.jpg",
)
ROWS_OF_TILES = 4
NOISE = 2.5  # standard deviation, of 255

pillow_heif.register_heif_opener()


def jpeg(directory: Path) -> Path:
    """A photo of 8 megapixels in 1.7 MB."""
    path = directory / "collage.jpg"
    _collage(JPEG_SIZE).save(path, "JPEG", quality=88, exif=_exif())
    return path


def heic(directory: Path) -> Path:
    """A photo of 12 megapixels in about 2.5 MB."""
    path = directory / "collage.heic"
    _collage(HEIC_SIZE).save(path, "HEIF", quality=58, exif=_exif(), enc_params={"preset": "veryfast"})
    return path


def samples(suffix: str, size: tuple[int, int]) -> list[Path]:
    """Real photos with as many pixels, of the folder that `PINHOLE_SAMPLES` names; none where it names none."""
    folder = os.environ.get("PINHOLE_SAMPLES")
    files = sorted(Path(folder).rglob("*")) if folder else []
    named = [path for path in files if path.suffix.lower() == suffix and "broken" not in path.parts]
    return [path for path in named if _size(path) in (size, size[::-1])]


def numbered(photo: bytes, number: int) -> bytes:
    """The same picture in other bytes: with a comment of its own."""
    comment = f"{number:012}".encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


def _collage(size: tuple[int, int]) -> Image.Image:
    width, height = (side // 2 for side in size)
    wall = Image.new("RGB", (width, height))
    tiles = [_tile(name, height // ROWS_OF_TILES) for name in TILES]
    number = 0
    for top in range(0, height, height // ROWS_OF_TILES):
        left = 0
        while left < width:
            tile = tiles[number % len(tiles)]
            wall.paste(tile, (left, top))
            left += tile.width
            number += 1
    pixels = np.asarray(wall.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    noise = np.random.default_rng(1).normal(0, NOISE, (*pixels.shape[:2], 1))
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _tile(name: str, height: int) -> Image.Image:
    with Image.open(Path(sysconfig.get_path("platlib")) / name) as image:
        width = image.width * height // image.height
        return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def _exif() -> Image.Exif:
    tags = Image.Exif()
    tags[Base.Make.value], tags[Base.Model.value], tags[Base.Orientation.value] = "Pinhole", "Camera Obscura", 1
    tags.get_ifd(IFD.Exif).update({Base.DateTimeOriginal.value: "2024:07:14 12:00:00", Base.ISOSpeedRatings.value: 100})
    degrees = (Fraction(48), Fraction(51), Fraction(29))
    tags.get_ifd(IFD.GPSInfo).update(
        {GPS.GPSLatitudeRef.value: "N", GPS.GPSLatitude.value: degrees,
         GPS.GPSLongitudeRef.value: "E", GPS.GPSLongitude.value: degrees}
    )  # fmt: skip
    return tags


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
