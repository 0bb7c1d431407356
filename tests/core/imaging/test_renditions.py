"""The pictures made of a photo: their sizes, their colours, and what they don't carry."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pinhole.imaging import file_type, renditions
from pinhole.imaging.renditions import Renditions
from pinhole.imaging.sizes import fit
from pinhole.imaging.thumb_hash import thumb_hash
from tests.fixtures import photos

LIMIT = 100_000_000


def made(tmp_path: Path, image: Image.Image, format_name: str, **options: object) -> Renditions:
    path = photos.save(tmp_path / "original", image, format_name, **options)
    return renditions.make(path, file_type.identify(path), LIMIT, tmp_path)


def shown(found: Renditions) -> Image.Image:
    with Image.open(found.files[0].path) as image:
        return image.convert("RGB")


def middle(found: Renditions) -> tuple[int, ...]:
    image = shown(found)
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def near(found: tuple[int, ...], expected: tuple[int, ...], tolerance: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= tolerance


def test_three_sizes_by_height_in_webp(tmp_path: Path) -> None:
    found = made(tmp_path, photos.scene(3000, 2000), "JPEG")
    assert [(file.name, file.width, file.height) for file in found.files] == [
        ("1440.webp", 2160, 1440),
        ("480.webp", 720, 480),
        ("240.webp", 360, 240),
    ]
    for file in found.files:
        with Image.open(file.path) as image:
            assert (image.format, image.size) == ("WEBP", (file.width, file.height))
        assert file.size_bytes == file.path.stat().st_size


def test_nothing_is_enlarged(tmp_path: Path) -> None:
    found = made(tmp_path, photos.scene(500, 300), "PNG")
    assert [(file.width, file.height) for file in found.files] == [(500, 300), (500, 300), (400, 240)]


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((4000, 3000), 1440, (1920, 1440)),
        ((3000, 4000), 240, (180, 240)),
        ((100, 50), 240, (100, 50)),
        ((30000, 2000), 1440, (16383, 1092)),
        ((40000, 100), 240, (16383, 41)),
        ((3, 40000), 240, (1, 240)),
        ((1, 1), 240, (1, 1)),
    ],
)
def test_sizes_fit_the_height_and_the_format(size: tuple[int, int], limit: int, expected: tuple[int, int]) -> None:
    assert fit(*size, limit) == expected


def test_a_panorama_wider_than_webp_can_hold_is_still_shown(tmp_path: Path) -> None:
    found = made(tmp_path, photos.scene(20000, 400), "JPEG")
    assert [(file.width, file.height) for file in found.files] == [(16383, 328), (16383, 328), (12000, 240)]


def test_renditions_carry_no_metadata(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = made(
        tmp_path,
        photos.scene(),
        "JPEG",
        exif=photos.exif(6, t0x9003="2020:01:01 00:00:00"),
        icc_profile=profile,
        xmp=b"<x/>",
        comment=b"private",
    )
    for file in found.files:
        with Image.open(file.path) as image:
            assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys()
        assert b"private" not in file.path.read_bytes()


def linear_srgb() -> bytes:
    """sRGB's primaries and name with a straight line for a tone curve, patched into lcms's own sRGB profile."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for index in range(count):
        at = 132 + 12 * index
        if bytes(profile[at : at + 4]) in (b"rTRC", b"gTRC", b"bTRC"):
            offset = int.from_bytes(profile[at + 4 : at + 8], "big")
            profile[offset : offset + 12] = b"curv" + bytes(8)  # no points: the identity
            profile[at + 8 : at + 12] = (12).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_colour_profile_is_converted(tmp_path: Path, format_name: str) -> None:
    options = {"lossless": True} if format_name == "WEBP" else {}
    found = made(tmp_path, Image.new("RGB", (64, 64), (55, 55, 55)), format_name, icc_profile=linear_srgb(), **options)
    assert near(middle(found), (127, 127, 127))  # 55/255 of the light is 127 in sRGB


def test_a_profile_of_srgb_changes_no_number(tmp_path: Path) -> None:
    image = Image.effect_noise((64, 64), 80).convert("RGB")
    plain = shown(made(tmp_path, image, "PNG"))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert shown(made(tmp_path, image, "PNG", icc_profile=profile)) == plain


@pytest.mark.parametrize("format_name", ["AVIF", "HEIF"])
@pytest.mark.parametrize(
    ("colour", "primaries", "transfer", "expected"),
    [
        ((234, 51, 35), 12, 13, (255, 0, 0)),  # sRGB's red as Display P3 says it
        ((207, 74, 35), 9, 1, (255, 0, 0)),  # and BT.2020
        ((234, 51, 35), 1, 13, (234, 51, 35)),
        ((55, 55, 55), 1, 8, (127, 127, 127)),  # linear
    ],
)
def test_colours_named_by_number_are_converted(
    tmp_path: Path,
    format_name: str,
    colour: tuple[int, ...],
    primaries: int,
    transfer: int,
    expected: tuple[int, ...],
) -> None:
    options = {"save_nclx_profile": True} if format_name == "HEIF" else {}
    path = photos.save(tmp_path / "original", Image.new("RGB", (64, 64), colour), format_name, quality=95, **options)
    content = bytearray(path.read_bytes())
    at = content.index(b"nclx") + 4
    content[at : at + 4] = struct.pack(">HH", primaries, transfer)
    path.write_bytes(content)
    assert near(middle(renditions.make(path, file_type.identify(path), LIMIT, tmp_path)), expected, 12)


def test_a_broken_profile_leaves_the_numbers_alone(tmp_path: Path) -> None:
    found = made(tmp_path, Image.new("RGB", (64, 64), (200, 100, 50)), "PNG", icc_profile=b"no profile")
    assert near(middle(found), (200, 100, 50))


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    found = made(tmp_path, Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=95)
    red, green, blue = middle(found)
    assert red > 180 > 90 > max(green, blue)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palettes_are_shown_as_they_are(tmp_path: Path, mode: str) -> None:
    found = made(tmp_path, Image.new("RGB", (64, 64), "white").convert(mode), "PNG")
    assert near(middle(found), (255, 255, 255))


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_keep_their_brightness(tmp_path: Path, format_name: str) -> None:
    samples = np.full((64, 64), 0x8000, dtype=np.uint16)
    assert near(middle(made(tmp_path, Image.fromarray(samples), format_name)), (128, 128, 128))


@pytest.mark.parametrize(
    ("value", "white", "expected"), [(0.5, 1.0, 128), (32768.0, 65535.0, 128), (500.0, 1000.0, 128)]
)
def test_a_float_tiff_is_scaled_to_its_white(tmp_path: Path, value: float, white: float, expected: int) -> None:
    samples = np.full((64, 64), value, dtype=np.float32)
    samples[0, 0], samples[0, 1] = white, np.nan
    assert near(middle(made(tmp_path, Image.fromarray(samples), "TIFF")), (expected,) * 3)


@pytest.mark.parametrize("format_name", ["PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF", "JXL"])
def test_what_is_transparent_becomes_white(tmp_path: Path, format_name: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((10, 20, 200, 255), (0, 0, 16, 64))
    options = {"lossless": True} if format_name in ("WEBP", "JXL") else {}
    found = made(tmp_path, image, format_name, **options)
    assert near(middle(found), (255, 255, 255))
    pixel = shown(found).getpixel((6, 32))
    assert isinstance(pixel, tuple)
    assert near(pixel, (10, 20, 200), 12)


def test_a_palette_with_a_transparent_colour_becomes_white_there(tmp_path: Path) -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([0, 0, 0, 200, 30, 30])
    image.paste(1, (0, 0, 20, 64))
    assert near(middle(made(tmp_path, image, "PNG", transparency=0)), (255, 255, 255))


@pytest.mark.parametrize("format_name", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_several_frames_or_pages_the_first_is_shown(tmp_path: Path, format_name: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in (photos.RED, photos.GREEN, photos.BLUE)]
    found = made(tmp_path, frames[0], format_name, save_all=True, append_images=frames[1:])
    assert near(middle(found), photos.RED, 12)


def test_a_picture_is_resampled_without_moire(tmp_path: Path) -> None:
    lines = np.zeros((2880, 2880, 3), dtype=np.uint8)
    lines[::2] = 255
    found = made(tmp_path, Image.fromarray(lines), "PNG")
    assert np.asarray(shown(found), dtype=float).std() < 12  # even grey, not stripes


def test_a_directory_that_can_not_be_written_is_no_fault_of_the_file(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG")
    with pytest.raises(FileNotFoundError):
        renditions.make(path, file_type.identify(path), LIMIT, tmp_path / "missing")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_no_fault_of_the_file(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG")
    for name in ("1440.webp", "480.webp", "240.webp"):
        (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as failure:
        renditions.make(path, file_type.identify(path), LIMIT, tmp_path)
    assert failure.value.errno == 28


def test_dominant_colours_are_what_one_sees(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 100), (90, 90, 95))
    image.paste((210, 20, 30), (0, 0, 100, 30))
    colours = made(tmp_path, image, "PNG").colours
    assert len(colours) == 2
    for colour, expected in zip(colours, ((90, 90, 95), (210, 20, 30)), strict=True):
        assert near(tuple(colour.to_bytes(3, "big")), expected, 4)


def test_one_colour_is_one_dominant_colour(tmp_path: Path) -> None:
    colours = made(tmp_path, Image.new("RGB", (64, 64), (10, 200, 100)), "PNG").colours
    assert len(colours) == 1
    assert near(tuple(colours[0].to_bytes(3, "big")), (10, 200, 100), 3)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((60, 40), "1d370a3d8c387666907a7783768878778026a7f9c8"),
        ((40, 60), "1e27063d0a37554086179e06654c577b644096f9e8"),
        ((50, 50), "1e3706370a466566828776a07988558999773706a1998f0d"),
    ],
)
def test_a_thumb_hash_is_what_other_implementations_make(size: tuple[int, int], expected: str) -> None:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    pixels = np.stack([x * x + 3 * y, x * y // 7 + y * 2, 200 - x * 3 + y * y // 11], axis=2) % 256
    assert thumb_hash(Image.fromarray(pixels.astype(np.uint8))).hex() == expected
