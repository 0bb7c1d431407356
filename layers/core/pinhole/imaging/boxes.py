"""Boxes of the ISO base media file format (ISO/IEC 14496-12): HEIF, AVIF, JPEG XL, CR3, MP4."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_BOXES = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """`start` and `end` bound the content, header excluded, as offsets in the file."""

    kind: bytes
    start: int
    end: int

    def read(self, file: BinaryIO, limit: int) -> bytes:
        """The content, at most `limit` bytes of it."""
        file.seek(self.start)
        return file.read(min(limit, self.end - self.start))


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Boxes that follow one another from `start`; ends quietly at the first header that can't be one."""
    for _ in range(MAX_BOXES):
        file.seek(start)
        header = file.read(16)
        if start + 8 > end or len(header) < 8:
            return
        size, kind, content = int.from_bytes(header[:4], "big"), header[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        box_end = start + size
        if box_end < content or box_end > end:
            return
        yield Box(kind, content, box_end)
        start = box_end


def exif_content(box: bytes) -> bytes:
    """Of an Exif box or item: it starts with the distance of the TIFF header, which some writers forget."""
    if box[:4] in (b"II*\0", b"MM\0*"):
        return box
    return box[4 + int.from_bytes(box[:4], "big") :] if len(box) > 8 else b""
