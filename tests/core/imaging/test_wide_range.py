"""Pictures made for more brightness than a page has: told, and shown neither grey nor flat."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.metadata import FileMetadata
from tests.fixtures import photos

LIMIT = 100_000_000
PQ, HLG = 16, 18


def numbered(path: Path, image: Image.Image, format_name: str, primaries: int, transfer: int) -> Path:
    """A picture whose numbers are what those colours say."""
    options = {"save_nclx_profile": True} if format_name == "HEIF" else {}
    photos.save(path, image, format_name, quality=95, **options)
    content = bytearray(path.read_bytes())
    at = content.index(b"nclx") + 4
    content[at : at + 4] = struct.pack(">HH", primaries, transfer)
    path.write_bytes(content)
    return path


def shown(path: Path) -> tuple[tuple[int, ...], FileMetadata]:
    kind = file_type.identify(path)
    made = renditions.make(path, kind, LIMIT, path.parent)
    with Image.open(made.files[0].path) as image:
        pixel = image.convert("RGB").getpixel((32, 32))
    assert isinstance(pixel, tuple)
    return pixel, metadata.read(path, kind, LIMIT, path.name)


# Codes by BT.2100, of 255: PQ has 203 cd/m² at 0.58 and 1000 at 0.75, HLG at 0.75 and 1.
@pytest.mark.parametrize("format_name", ["AVIF", "HEIF"])
@pytest.mark.parametrize(
    ("transfer", "code", "expected"),
    [
        (PQ, 0, 0),
        (PQ, 112, 135),  # 49 cd/m², a quarter of paper white: below the knee it stays what it is
        (PQ, 148, 241),  # paper
        (PQ, 192, 255),
        (PQ, 255, 255),
        (HLG, 0, 0),
        (HLG, 191, 241),
        (HLG, 255, 255),
    ],
)
def test_grey_has_the_brightness_of_paper_at_paper_white(
    tmp_path: Path, format_name: str, transfer: int, code: int, expected: int
) -> None:
    path = numbered(tmp_path / "original", Image.new("RGB", (64, 64), (code,) * 3), format_name, 9, transfer)
    pixel, read = shown(path)
    assert read.is_hdr
    assert np.abs(np.array(pixel) - expected).max() <= 6


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_colours_keep_their_hue_and_their_primaries_are_converted(tmp_path: Path, transfer: int) -> None:
    # sRGB's red at 100 cd/m², by the primaries of BT.2020, in the codes of each.
    nits = 100 * np.array([0.6274, 0.0691, 0.0164])
    if transfer == PQ:
        power = (nits / 10_000) ** (2610 / 16384)
        coded = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    else:
        luminance = nits @ [0.2627, 0.6780, 0.0593] / 1000
        scene = nits / 1000 * luminance ** (1 / 1.2 - 1)
        log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        coded = np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)
    red = Image.new("RGB", (64, 64), tuple(int(code) for code in np.rint(coded * 255)))
    pixel, _ = shown(numbered(tmp_path / "original", red, "AVIF", 9, transfer))
    assert np.abs(np.array(pixel) - (186, 0, 0)).max() <= 20  # 100/203 of the light
    assert max(pixel[1:]) <= 30


def test_ordinary_numbers_are_not_hdr(tmp_path: Path) -> None:
    assert not shown(numbered(tmp_path / "original", photos.scene(64, 64), "AVIF", 9, 1))[1].is_hdr


def test_a_profile_may_name_the_colours_by_number(tmp_path: Path) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = profile.index(b"cprt", 132)  # an entry of the table of tags
    profile[at : at + 8] = b"cicp" + len(profile).to_bytes(4, "big")
    profile += b"cicp" + bytes(4) + bytes([9, PQ, 0, 1])
    path = photos.save(
        tmp_path / "original", Image.new("RGB", (64, 64), (148,) * 3), "JPEG", quality=95, icc_profile=bytes(profile)
    )
    pixel, read = shown(path)
    assert read.is_hdr
    assert np.abs(np.array(pixel) - 241).max() <= 6
