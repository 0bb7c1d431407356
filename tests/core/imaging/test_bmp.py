"""BMP: masks of any kind, and alpha where somebody meant it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from pinhole.errors import FileRejected
from tests.core.imaging.files import shown
from tests.fixtures import photos


def bmp(masks: tuple[int, ...], bits: int, *, alpha: int = 255, compression: int = 3, header: int = 0) -> bytes:
    """The scene, of 97 × 64, so that rows of 16 bit are padded."""
    image = photos.scene(97, 64)
    header = header or (56 if len(masks) == 4 else 40)
    rows = b""
    for row in np.asarray(image)[::-1]:
        coded = np.zeros(97, np.uint64)
        for mask, channel in zip(masks, [*row.T.astype(np.uint64), np.full(97, alpha, np.uint64)], strict=False):
            if mask:
                shift = (mask & -mask).bit_length() - 1
                coded |= np.rint(channel * ((mask >> shift) / 255)).astype(np.uint64) << np.uint64(shift)
        packed = coded.astype(f"<u{bits // 8}").tobytes()
        rows += packed + bytes(-len(packed) % 4)
    said = struct.pack("<IiiHHIIiiII", header, 97, 64, 1, bits, compression, len(rows), 0, 0, 0, 0)
    said += struct.pack(f"<{len(masks)}I", *masks)
    return struct.pack("<2sIHHI", b"BM", 14 + len(said) + len(rows), 0, 0, 14 + len(said)) + said + rows


@pytest.mark.parametrize(
    ("masks", "bits"),
    [
        ((0xFF0000, 0xFF00, 0xFF), 32),
        ((0x3FF00000, 0xFFC00, 0x3FF), 32),  # ten bits each
        ((0xFF00, 0xFF0000, 0xFF000000), 32),
        ((0x7C00, 0x3E0, 0x1F), 16),
        ((0xF800, 0x7E0, 0x1F), 16),
        ((0xF00, 0xF0, 0xF), 16),
        ((0xFF000000, 0xFF00, 0xFF, 0xFF0000), 32),
        ((0xFF0000, 0xFF00, 0xFF, 0), 32),
    ],
)
def test_masks_of_any_kind_say_where_the_colours_are(tmp_path: Path, masks: tuple[int, ...], bits: int) -> None:
    assert photos.corners(shown(tmp_path, bmp(masks, bits))) == photos.CORNERS


def test_four_masks_may_stand_behind_a_short_header(tmp_path: Path) -> None:
    content = bmp((0xF00, 0xF0, 0xF, 0xF000), 16, alpha=0, compression=6, header=40)
    assert photos.corners(shown(tmp_path, content)) == photos.CORNERS


def test_rows_may_come_from_the_top(tmp_path: Path) -> None:
    content = bmp((0xF00, 0xF0, 0xF), 16)
    image = shown(tmp_path, content[:22] + struct.pack("<i", -64) + content[26:])
    assert photos.corners(image) == (photos.BLUE, photos.WHITE, photos.RED, photos.GREEN)


def test_alpha_that_is_zero_everywhere_was_meant_by_nobody(tmp_path: Path) -> None:
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    assert photos.corners(shown(tmp_path, bmp(masks, 32, alpha=0))) == photos.CORNERS
    half = shown(tmp_path, bmp(masks, 32, alpha=128)).getpixel((10, 10))
    assert isinstance(half, tuple)
    assert max(abs(a - b) for a, b in zip(half, (237, 142, 142), strict=True)) <= 6


@pytest.mark.parametrize(
    "content", [bmp((0xF0F, 0xF0, 0xF), 16), bmp((0xFF0000, 0xFF00, 0xFF), 32, compression=4)], ids=["holes", "jpeg"]
)
def test_what_nobody_here_decodes_is_not_supported(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileRejected) as refusal:
        shown(tmp_path, content)
    assert refusal.value.code == "unsupported_type"


def test_masked_pixels_that_end_early_are_truncated(tmp_path: Path) -> None:
    with pytest.raises(FileRejected) as refusal:
        shown(tmp_path, bmp((0xF00, 0xF0, 0xF), 16)[:-500])
    assert refusal.value.code == "truncated"
