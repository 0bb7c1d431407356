"""What a HEIF or AVIF file declares of its pictures (ISO/IEC 14496-12 and 23008-12), before a decoder believes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pinhole.imaging.boxes import MAX_BOXES, Box, walk

_MAX_TABLE_BYTES = 1 << 20
_MAX_EXTENTS = 16
# Pictures that are put together of others say their size once more, behind this many bytes of their own data.
_SIZE_AT = {b"grid": 4, b"iovl": 10}
_PROPERTIES = ((b"meta", 0), (b"iprp", 4), (b"ipco", 0))


def sizes(path: Path) -> Iterator[tuple[int, int]]:
    """Width and height of each picture in the file, and of what decoders put together of them.

    Raises ValueError where that can't be told.
    """
    with path.open("rb") as file:
        end = path.stat().st_size
        if sum(1 for _ in walk(file, 0, end)) == MAX_BOXES:
            raise ValueError("too many boxes")
        for box in _boxes(file, end, *_PROPERTIES, (b"ispe", 0)):
            size = box.read(file, 12)
            yield int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:], "big")
        for meta in _boxes(file, end, (b"meta", 0)):
            yield from _composed(file, meta)


def nclx(path: Path) -> tuple[int, int] | None:
    """Colour primaries and transfer characteristics (ITU-T H.273) as the first `colr` box of that kind says."""
    with path.open("rb") as file:
        for box in _boxes(file, path.stat().st_size, *_PROPERTIES, (b"colr", 0)):
            colour = box.read(file, 8)
            if colour[:4] == b"nclx" and len(colour) == 8:
                return int.from_bytes(colour[4:6], "big"), int.from_bytes(colour[6:], "big")
    return None


def _boxes(file: BinaryIO, end: int, *way: tuple[bytes, int]) -> list[Box]:
    """The boxes at the end of the way: of each step the kind, and the bytes to skip in the box around it."""
    boxes = [Box(b"", 0, end)]
    for kind, skipped in way:
        boxes = [b for box in boxes for b in walk(file, box.start + skipped, box.end) if b.kind == kind]
    return boxes


def _composed(file: BinaryIO, meta: Box) -> Iterator[tuple[int, int]]:
    parts = list(walk(file, meta.start + 4, meta.end))
    kinds = {item: kind for box in parts if box.kind == b"iinf" for item, kind in _kinds(file, box)}
    stored_here = next((box.start for box in parts if box.kind == b"idat"), 0)
    for box in parts:
        if box.kind == b"iloc":
            for item, extents in _extents(box.read(file, _MAX_TABLE_BYTES), stored_here):
                if (at := _SIZE_AT.get(kinds.get(item, b""))) is not None:
                    data = _joined(file, extents, at + 8)
                    length = 4 if len(data) > 1 and data[1] & 1 else 2
                    if len(data) < at + 2 * length:
                        raise ValueError("a picture put together of others does not say how large it is")
                    yield int.from_bytes(data[at:][:length], "big"), int.from_bytes(data[at + length :][:length], "big")


def _kinds(file: BinaryIO, iinf: Box) -> Iterator[tuple[int, bytes]]:
    version = iinf.read(file, 1)
    for box in walk(file, iinf.start + (6 if version == b"\0" else 8), iinf.end):
        entry = box.read(file, 14)
        if box.kind == b"infe" and entry[:1] in (b"\2", b"\3"):
            width = 2 if entry[0] == 2 else 4
            yield int.from_bytes(entry[4 : 4 + width], "big"), entry[6 + width : 10 + width]


def _extents(iloc: bytes, stored_here: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Of each item where in the file its data lie: offsets and lengths."""
    at = 4

    def number(width: int) -> int:
        nonlocal at
        at += width
        if at > len(iloc):
            raise ValueError("the table of items is cut off")
        return int.from_bytes(iloc[at - width : at], "big")

    version = iloc[0] if iloc else 0
    widths = number(2)
    offset_width, length_width, base_width = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index_width = widths & 15 if version else 0
    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        is_stored_here = version > 0 and number(2) & 15 == 1
        number(2)
        base = number(base_width) + (stored_here if is_stored_here else 0)
        count = number(2)
        end = at + count * (index_width + offset_width + length_width)
        extents = []
        for _ in range(min(count, _MAX_EXTENTS)):
            number(index_width)
            extents.append((base + number(offset_width), number(length_width)))
        yield item, extents
        at = end


def _joined(file: BinaryIO, extents: list[tuple[int, int]], limit: int) -> bytes:
    data = b""
    for offset, length in extents:
        file.seek(offset)
        data += file.read(min(length, limit - len(data)))
    return data
