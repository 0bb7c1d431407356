"""What the first directory of a TIFF claims of its picture, before a decoder believes it (TIFF 6.0, BigTIFF)."""

import re
from mmap import mmap
from pathlib import Path

from pinhole.errors import FileRejected
from pinhole.imaging.budget import check_memory, check_pixels, check_work
from pinhole.imaging.tiff import Directory, Tiff

_MAX_TAG_BYTES = 64 << 20  # Pillow reads all values of a directory
_MAX_PIECES_BYTES = 4 << 20  # of the offsets of strips or tiles: Pillow makes an object of each
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _ROWS = 0x100, 0x101, 0x102, 0x103, 0x115, 0x116
_TILE_WIDTH, _TILE_HEIGHT, _OFFSETS, _JPEG = 0x142, 0x143, (0x111, 0x144), 7
_START_OF_IMAGE_OR_SCAN = re.compile(rb"\xff(?:\xda|\xd8\xff)")


def check(path: Path, data: bytes | mmap, max_pixels: int) -> None:
    """A TIFF's samples may be deep and many, its pieces larger than what they show, and each a JPEG of many scans.

    Raises FileRejected (`too_many_pixels`, `too_costly`, `corrupt`).
    """
    with path.open("rb") as file:
        first = Tiff(file).first
    width, height = first.integer(_WIDTH) or 0, first.integer(_HEIGHT) or 0
    check_pixels(width, height, max_pixels)
    offsets = max(first.sizes.get(tag, 0) for tag in _OFFSETS)
    if sum(first.sizes.values()) > _MAX_TAG_BYTES or offsets > _MAX_PIECES_BYTES:
        raise FileRejected("The file is damaged: its directory is impossibly large.", code="corrupt")
    if first.entries > len(first.sizes):  # others than what was looked at here would count
        raise FileRejected("The file is damaged: its directory says the same thing twice.", code="corrupt")
    bits = max(first.integers(_BITS), default=1) * max(first.integer(_SAMPLES) or 1, 1)
    piece, decoded = (part * bits // 8 for part in _pieces(first, width, height))
    check_memory(width, height, max(4 * width * height + piece, decoded), max_pixels)
    if first.integer(_COMPRESSION) == _JPEG:
        check_work(decoded * _most_scans(data), max_pixels)


def _pieces(first: Directory, width: int, height: int) -> tuple[int, int]:
    """Pixels of one strip or tile, and of all of them with what lies beyond the edges."""
    across, down = first.integer(_TILE_WIDTH) or 0, first.integer(_TILE_HEIGHT) or 0
    if across < 1 or down < 1:
        return width * min(height, max(1, first.integer(_ROWS) or height)), width * height
    return across * down, -(-width // across) * -(-height // down) * across * down


def _most_scans(data: bytes | mmap) -> int:
    """Of any JPEG in the file."""
    most = scans = 0
    for found in _START_OF_IMAGE_OR_SCAN.finditer(data):
        scans = scans + 1 if len(found[0]) == 2 else 0
        most = max(most, scans)
    return most
