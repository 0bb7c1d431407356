"""The chunks of a WebP (its container specification), before a decoder reserves what they claim."""

from mmap import mmap

from pinhole.imaging.budget import MAX_PARTS, check_memory, check_pixels, too_many_parts

# Two canvases that the decoder keeps, one that it hands out, and Pillow's.
_BYTES_PER_PIXEL = 17


def size(data: bytes | mmap) -> tuple[int, int]:
    """Width and height that the header of a WebP claims, in pixels."""
    kind, bits = data[12:16], int.from_bytes(data[21:25], "little")
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width, height


def check(data: bytes | mmap, max_pixels: int) -> None:
    """Raises FileRejected (`too_many_pixels`, `corrupt`)."""
    width, height = size(data)
    check_pixels(width, height, max_pixels)
    check_memory(width, height, width * height * _BYTES_PER_PIXEL + 2 * len(data), max_pixels)
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            return
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    raise too_many_parts()
