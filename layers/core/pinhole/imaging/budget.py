"""What one file may cost, whatever it is made of: checked on its headers, before anything is unpacked or decoded.

Pixels beyond their budget are refused. Metadata beyond theirs are left out: the picture is none the worse for it.
"""

import zlib

from pinhole.errors import FileRejected

MAX_SIDE = 250_000  # rows, columns and tiles take memory of their own, however few pixels lie in them
MAX_PARTS = 250_000  # chunks, segments, frames: readers take a microsecond or ten for each
METADATA_BYTES = 16 << 20
BYTES_PER_PIXEL = 8  # of memory, for each pixel of the limit
CPU_SECONDS = 60  # of a decoder whose work can't be told beforehand
VISITS_PER_PIXEL = 16  # of a sample by a decoder: ten scans of a progressive JPEG visit each sample about five times


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raises FileRejected (`too_many_pixels`, `corrupt`) for what the header claims."""
    if width < 1 or height < 1:
        raise FileRejected("The file is damaged: it holds a picture without width or height.", code="corrupt")
    if width * height > max_pixels:
        raise FileRejected(
            f"The picture has {width:,} × {height:,} pixels ({width * height / 1e6:,.0f} megapixels); "
            f"the limit is {max_pixels / 1e6:,.0f} megapixels.",
            code="too_many_pixels",
        )
    if max(width, height) > MAX_SIDE:
        raise FileRejected(
            f"The picture has {width:,} × {height:,} pixels; the limit for a side is {MAX_SIDE:,} pixels.",
            code="too_many_pixels",
        )


def check_memory(width: int, height: int, needed_bytes: float, max_pixels: int) -> None:
    """`needed_bytes`: what the decoder takes for a picture of that size, at most. Raises FileRejected
    (`too_many_pixels`).
    """
    limit = BYTES_PER_PIXEL * max_pixels
    if needed_bytes > limit:
        raise FileRejected(
            f"The picture needs {needed_bytes / 1e6:,.0f} MB when decoded ({width:,} × {height:,} pixels in this "
            f"format); the limit is {limit / 1e6:,.0f} MB.",
            code="too_many_pixels",
        )


def check_work(visits: int, max_pixels: int) -> None:
    """`visits`: how many samples the decoder goes over, each as often as it does. Raises FileRejected
    (`too_costly`).
    """
    limit = VISITS_PER_PIXEL * max_pixels
    if visits > limit:
        raise FileRejected(
            f"The file draws its picture over and over: {visits / 1e6:,.0f} million samples in all; the limit is "
            f"{limit / 1e6:,.0f} million.",
            code="too_costly",
        )


def too_many_parts(limit: int = MAX_PARTS) -> FileRejected:
    return FileRejected(f"The file is damaged: it has more than {limit:,} parts.", code="corrupt")


class Unpacking:
    """Packed metadata of one file; what is left of the budget is shared by all of them."""

    def __init__(self) -> None:
        self.left = METADATA_BYTES

    def inflate(self, packed: bytes) -> bytes:
        """As much as the budget allows; nothing where it is damaged."""
        if not self.left:
            return b""
        try:
            unpacked = zlib.decompressobj().decompress(packed, self.left)
        except zlib.error:
            unpacked = b""
            self.left = max(0, self.left - METADATA_BYTES // 16)  # it may have been unpacked almost to its end
        self.left -= len(unpacked)
        return unpacked
