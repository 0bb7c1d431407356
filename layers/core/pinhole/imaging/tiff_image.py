"""What a TIFF claims of the picture that is shown, before a decoder believes it (TIFF 6.0, BigTIFF)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

from pinhole.errors import FileRejected
from pinhole.imaging.budget import check_memory, check_pixels, check_work
from pinhole.imaging.tiff import Directory, Tiff

_MAX_TAG_BYTES = 64 << 20  # Pillow reads all values of a directory
_MAX_PIECES_BYTES = 4 << 20  # of the offsets of strips or tiles: Pillow makes an object of each
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _ROWS = 0x100, 0x101, 0x102, 0x103, 0x115, 0x116
_TILE_WIDTH, _TILE_HEIGHT, _OFFSETS, _JPEG = 0x142, 0x143, (0x111, 0x144), 7
_MAX_PAGES = 32
_NEW_KIND, _OLD_KIND, _ORIENTATION, _PHOTOMETRIC = 0xFE, 0xFF, 0x112, 0x106
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_WHITE_IS_ZERO = 0
_PLANES, _APART, _COLOUR_MAP, _FORMAT, _UNSIGNED = 0x11C, 2, 0x140, 0x153, 1
# Those that Pillow's own decoder unpacks; of others it says no more than that something is wrong.
_KNOWN_COMPRESSIONS = frozenset({None, *range(1, 9), 32771, 32773, 32809, 32946, 34676, 34677, 34925, 50000})
_START_OF_IMAGE_OR_SCAN = re.compile(rb"\xff(?:\xda|\xd8\xff)")


@dataclass(frozen=True, slots=True)
class Page:
    """`order`: `<` or `>`, of all numbers."""

    index: int
    directory: Directory
    order: str

    @property
    def orientation(self) -> int:
        orientation = self.directory.integer(_ORIENTATION) or 1
        return orientation if 1 <= orientation <= 8 else 1

    @property
    def needs_own_decoder(self) -> bool:
        """Whether Pillow's would fail, show the negative, or take samples for others: those in planes for pairs of
        bytes that lie together, 12 bits for 16, and large numbers for negative ones.
        """
        directory = self.directory
        bits = max(directory.integers(_BITS), default=1)
        is_unsigned = max(directory.integers(_FORMAT), default=_UNSIGNED) == _UNSIGNED
        return (
            directory.integer(_COMPRESSION) not in _KNOWN_COMPRESSIONS
            or (bits > 8 and directory.integer(_PHOTOMETRIC) == _WHITE_IS_ZERO)
            or (bits > 8 and directory.integer(_PLANES) == _APART)
            or (bits > 8 and bits != 16 and is_unsigned)
        )

    @property
    def palette(self) -> bytes | None:
        """All reds, all greens, all blues, where they are of 8 bits: of 16 they should be (TIFF 6.0, section 5), and
        all are below 256 only where a writer did not know that. libtiff takes them so, too.
        """
        entries = self.directory.values.get(_COLOUR_MAP)
        if isinstance(entries, bytes):
            entries = struct.unpack(f"{self.order}{len(entries) // 2}H", entries[: len(entries) // 2 * 2])
        if not isinstance(entries, tuple) or not all(isinstance(each, int) and 0 <= each < 256 for each in entries):
            return None
        return bytes(int(each) for each in entries)


def check(path: Path, data: bytes | mmap, max_pixels: int) -> Page:
    """The page that is shown: the first that is no smaller copy of another and no mask.

    A TIFF's samples may be deep and many, its pieces larger than what they show, and each a JPEG of many scans.

    Raises FileRejected (`too_many_pixels`, `too_costly`, `corrupt`).
    """
    with path.open("rb") as file:
        tiff = Tiff(file)
        pages = list(_pages(tiff))
        index = next((index for index, page in enumerate(pages) if _is_picture(page)), 0)
        for page in pages[: index + 1] or [tiff.first]:  # a decoder reads them all up to that one
            _check_directory(page)
        first = pages[index] if pages else tiff.first
    width, height = first.integer(_WIDTH) or 0, first.integer(_HEIGHT) or 0
    check_pixels(width, height, max_pixels)
    bits = max(first.integers(_BITS), default=1) * max(first.integer(_SAMPLES) or 1, 1)
    piece, decoded = (part * bits // 8 for part in pieces(first, width, height))
    check_memory(width, height, max(4 * width * height + piece, decoded), max_pixels)
    if first.integer(_COMPRESSION) == _JPEG:
        check_work(decoded * _most_scans(data), max_pixels)
    return Page(index, first, tiff.order)


def _pages(tiff: Tiff) -> Iterator[Directory]:
    offset, seen = tiff.first_offset, set[int]()
    while offset and offset not in seen and len(seen) < _MAX_PAGES:
        seen.add(offset)
        directory = tiff.directory(offset)
        if not directory.sizes:
            return
        yield directory
        offset = directory.next_offset


def _is_picture(page: Directory) -> bool:
    is_reduced_or_mask = (page.integer(_NEW_KIND) or 0) & (_REDUCED | _MASK)
    return not is_reduced_or_mask and page.integer(_OLD_KIND) != _OLD_REDUCED


def _check_directory(page: Directory) -> None:
    offsets = max(page.sizes.get(tag, 0) for tag in _OFFSETS)
    if sum(page.sizes.values()) > _MAX_TAG_BYTES or offsets > _MAX_PIECES_BYTES:
        raise FileRejected("The file is damaged: its directory is impossibly large.", code="corrupt")
    if page.entries > len(page.sizes):  # others than what was looked at here would count
        raise FileRejected("The file is damaged: its directory says the same thing twice.", code="corrupt")


def pieces(first: Directory, width: int, height: int) -> tuple[int, int]:
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
