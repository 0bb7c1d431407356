"""Colours that are named in other ways than by a profile, and colours that are named transparent."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pinhole.imaging import file_type, metadata
from tests.core.imaging.bombs import chunk
from tests.core.imaging.files import LIMIT, shown
from tests.fixtures import photos

SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SWAPPED = (0.3127, 0.3290, 0.30, 0.60, 0.64, 0.33, 0.15, 0.06)  # red is green
Chunk = tuple[bytes, bytes]


def png(pixels: bytes, *chunks: Chunk, bits: int = 8, kind: int = 2, row_bytes: int) -> bytes:
    rows = b"".join(b"\0" + pixels[at : at + row_bytes] for at in range(0, len(pixels), row_bytes))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, len(pixels) // row_bytes, bits, kind, 0, 0, 0))
    between = b"".join(chunk(*found) for found in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def middle(image: Image.Image) -> tuple[int, ...]:
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def plain(*chunks: Chunk, colour: tuple[int, int, int] = (55, 55, 55)) -> bytes:
    return png(bytes(colour) * 64 * 64, *chunks, row_bytes=192)


def near(found: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 5) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= tolerance


def gamma(value: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(value * 1e5))


def primaries(*values: float) -> Chunk:
    return b"cHRM", struct.pack(">8I", *(round(value * 1e5) for value in values))


IS_SRGB: Chunk = (b"sRGB", b"\0")
PROFILE: Chunk = (
    b"iCCP",
    b"x\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
)
LINEAR: Chunk = (b"cICP", bytes([1, 8, 0, 1]))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((), 55),
        ((gamma(1.0),), 127),
        ((gamma(1 / 2.2),), 54),  # all but sRGB's own
        ((gamma(1.0), primaries(*SRGB)), 127),
        ((gamma(1.0), IS_SRGB), 55),
        ((gamma(1.0), primaries(*SWAPPED), PROFILE), 55),
        ((gamma(1 / 2.2), IS_SRGB, PROFILE, LINEAR), 127),
        ((gamma(0),), 55),
        ((gamma(0.00001),), 55),
        ((primaries(*[0] * 8),), 55),
        (((b"gAMA", b"\0"),), 55),
    ],
)
def test_of_all_that_a_png_says_of_its_colours_the_best_counts(
    tmp_path: Path, chunks: tuple[Chunk, ...], expected: int
) -> None:
    assert near(middle(shown(tmp_path, plain(*chunks))), (expected,) * 3)


def test_primaries_of_a_png_are_converted(tmp_path: Path) -> None:
    assert near(middle(shown(tmp_path, plain(primaries(*SWAPPED), colour=(200, 60, 30)))), (60, 200, 30))
    numbered = plain((b"cICP", bytes([12, 13, 0, 1])), colour=(234, 51, 35))
    assert near(middle(shown(tmp_path, numbered)), (255, 0, 0), 8)  # sRGB's red as Display P3 says it


def test_a_png_for_more_brightness_than_a_page_has_is_told_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "original"
    assert near(middle(shown(tmp_path, plain((b"cICP", bytes([9, 16, 0, 1])), colour=(148,) * 3))), (241,) * 3)
    assert metadata.read(path, file_type.PNG, LIMIT, path.name).is_hdr


@pytest.mark.parametrize("format_name", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("space", "index", "is_adobe"),
    [(65535, "R03", True), (None, "R03", True), (2, None, True), (65535, "R98", False), (1, "R03", False)],
)
def test_adobe_rgb_told_by_exif_alone_is_converted(
    tmp_path: Path, format_name: str, space: int | None, index: str | None, is_adobe: bool
) -> None:
    tags = Image.Exif()
    photo = tags.get_ifd(0x8769)
    photo[0x9003] = "2020:01:01 00:00:00"
    if space:
        photo[0xA001] = space
    if index:
        photo[0xA005] = {1: index}
    path = photos.save(
        tmp_path / "original", Image.new("RGB", (64, 64), (120, 180, 60)), format_name, quality=95, exif=tags.tobytes()
    )
    # (120, 180, 60) of Adobe RGB (1998), by its encoding: the green is out of sRGB's reach by a little.
    expected = (85, 181, 45) if is_adobe else (120, 180, 60)
    assert near(middle(shown(tmp_path, path.read_bytes())), expected, 9)


@pytest.mark.parametrize(("key", "darkest"), [(0, 255), (1, 0)])
def test_one_bit_may_be_transparent(tmp_path: Path, key: int, darkest: int) -> None:
    white_and_black = b"\xff" * 8 * 32 + b"\0" * 8 * 32
    content = png(white_and_black, (b"tRNS", bytes([0, key])), bits=1, kind=0, row_bytes=8)
    assert np.asarray(shown(tmp_path, content)).min() == darkest


@pytest.mark.parametrize(("bits", "value"), [(2, 1), (4, 5)])
def test_grey_of_few_bits_may_be_transparent(tmp_path: Path, bits: int, value: int) -> None:
    sample = value | value << bits if bits == 4 else value * 0x55
    content = png(bytes([sample]) * (64 * bits // 8) * 64, (b"tRNS", bytes([0, value])), bits=bits, kind=0,
                  row_bytes=64 * bits // 8)  # fmt: skip
    assert middle(shown(tmp_path, content)) == (255, 255, 255)


def test_grey_of_sixteen_bits_may_be_transparent_to_the_last_of_them(tmp_path: Path) -> None:
    pixels = np.full((64, 64), 0x1234, ">u2")
    pixels[:, 32:] = 0x1235
    content = png(pixels.tobytes(), (b"tRNS", b"\x12\x34"), bits=16, kind=0, row_bytes=128)
    image = shown(tmp_path, content)
    assert image.getpixel((10, 32)) == (255, 255, 255)
    kept = image.getpixel((54, 32))
    assert isinstance(kept, tuple)
    assert near(kept, (18, 18, 18))


def test_colours_of_sixteen_bits_may_be_transparent(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64, 3), ">u2")
    pixels[:, 32:] = (0xC8C8, 0x3232, 0x1010)
    content = png(pixels.tobytes(), (b"tRNS", bytes(6)), bits=16, kind=2, row_bytes=384)
    image = shown(tmp_path, content)
    assert image.getpixel((10, 32)) == (255, 255, 255)
    kept = image.getpixel((54, 32))
    assert isinstance(kept, tuple)
    assert near(kept, (200, 50, 16), 8)
