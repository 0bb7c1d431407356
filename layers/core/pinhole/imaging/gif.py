"""The blocks of a GIF (GIF89a specification) up to its second picture."""

from dataclasses import dataclass
from mmap import mmap

from pinhole.imaging.budget import too_many_parts
from pinhole.imaging.xmp import MAX_BYTES

_MAX_BLOCKS = 5_000_000  # of 255 bytes each, mostly
_XMP = b"XMP DataXMP"
_XMP_TRAILER_BYTES = 258  # by which readers of blocks find its end (XMP specification part 3, 1.1.2)
_EXTENSION, _IMAGE, _GRAPHIC_CONTROL = 0x21, 0x2C, 0xF9


@dataclass(frozen=True, slots=True)
class Gif:
    """`parts` of the file are what a decoder needs to show the first picture."""

    parts: list[tuple[int, int]]
    is_animated: bool
    xmp: bytes = b""


def read(data: bytes | mmap) -> Gif:
    """A file that ends early is not this function's matter. It counts as one that does not move where there are
    too many blocks to tell. Raises FileRejected (`corrupt`) where they hide the picture itself.
    """
    at = 13 + _palette_bytes(data[10:11])
    parts, images, left = [(0, at)], 0, _MAX_BLOCKS
    control: list[tuple[int, int]] = []
    packet = b""
    while at < len(data) and images < 2 and left > 0:
        start, kind = at, data[at]
        if kind == _EXTENSION:
            at, left = _after_blocks(data, at + 2, left)
            if data[start + 1 : start + 2] == bytes([_GRAPHIC_CONTROL]) and at - start < 16:
                control = [(start, at)]
            elif not packet and data[start + 3 : start + 14] == _XMP and at - start < MAX_BYTES:
                packet = data[start + 14 : at - _XMP_TRAILER_BYTES]
        elif kind == _IMAGE:
            images += 1
            at += 10 + _palette_bytes(data[at + 9 : at + 10])
            at, left = _after_blocks(data, at + 1, left)
            if images == 1:
                parts += [*control, (start, at)]
        elif kind == 0:
            at, left = at + 1, left - 1  # stray, as some writers leave it
        else:
            break
    if not images and left <= 0:
        raise too_many_parts(_MAX_BLOCKS)
    return Gif(parts, images > 1, packet)


def _palette_bytes(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _after_blocks(data: bytes | mmap, at: int, left: int) -> tuple[int, int]:
    """Behind the empty block that ends a sequence of them, or the end of the file; and how many more there may be."""
    size = len(data)
    while at < size and left > 0:
        length = data[at]
        at += 1 + length
        left -= 1
        if not length:
            return at, left
    return size, left
