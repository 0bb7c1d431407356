"""What a HEIF or AVIF file declares of its pictures (ISO/IEC 14496-12 and 23008-12), before a decoder believes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from pinhole.imaging import hevc
from pinhole.imaging.boxes import MAX_BOXES, Box, walk
from pinhole.imaging.budget import check_memory, check_pixels, check_work, too_many_parts
from pinhole.imaging.hevc import Extents

_MAX_TABLE_BYTES = 1 << 20
_MAX_EXTENTS = 64
# Pictures that are put together of others say their size once more, behind this many bytes of their own data.
_SIZE_AT = {b"grid": 4, b"iovl": 10}
_DERIVED = frozenset({*_SIZE_AT, b"iden"})
# The planes as they are coded, the same as RGB, and Pillow's copies.
_BYTES_PER_PIXEL = 14
_VISITS_PER_PIXEL = 16  # HEVC takes about sixteen times as long for a pixel as a scan of a JPEG for a sample
_MOST_VISITS = 1 << 62

_Value = TypeVar("_Value")
_ONCE = frozenset({b"pitm", b"iinf", b"iref", b"iloc", b"iprp", b"idat"})


@dataclass(slots=True)
class _Items:
    """Of each item its kind, the items it is made of, its size, and where its data lie: offsets and lengths.

    `primary` is the one that is shown, 0 where none is; `units`: NAL units that were looked at so far, of all.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    extents: dict[int, Extents] = field(default_factory=dict)
    units: int = 0


def check(path: Path, max_pixels: int) -> None:
    """Every picture in the file: its size, and what it takes to decode all that it is put together of.

    Raises FileRejected (`too_many_pixels`, `too_costly`, `corrupt`), and ValueError where that can't be told.
    """
    with path.open("rb") as file:
        end = path.stat().st_size
        if sum(1 for _ in walk(file, 0, end)) == MAX_BOXES:
            raise too_many_parts(MAX_BOXES)
        metas = [box for box in walk(file, 0, end) if box.kind == b"meta"]
        if not metas:
            raise ValueError("no pictures")
        for meta in metas:  # which of them counts is the decoder's choice
            _check_items(file, end, _items(file, meta, max_pixels), max_pixels)


def _check_items(file: BinaryIO, end: int, items: _Items, max_pixels: int) -> None:
    sizes = [*items.sizes.values(), *_composed(file, items)]
    for size in sizes:
        check_pixels(*size, max_pixels)
    visits: dict[int, int] = {}
    for item in items.kinds:
        check_work(_VISITS_PER_PIXEL * _visits(file, items, item, visits), max_pixels)
    for width, height in sizes:
        check_memory(width, height, width * height * _BYTES_PER_PIXEL + end, max_pixels)
    # Decoders show a picture that is put together of others also where some of them are missing.
    needed = [extent for item in _shown(items) for extent in items.extents.get(item, [])]
    if any(start + length > end for start, length in needed):
        raise ValueError("truncated")


def nclx(path: Path) -> tuple[int, int] | None:
    """Colour primaries and transfer characteristics (ITU-T H.273) as the first `colr` box of that kind says."""
    with path.open("rb") as file:
        meta = _first(file, Box(b"", 0, path.stat().st_size), b"meta", 0)
        for box in _properties(file, meta) if meta else []:
            colour = box.read(file, 8) if box.kind == b"colr" else b""
            if colour[:4] == b"nclx" and len(colour) == 8:
                return int.from_bytes(colour[4:6], "big"), int.from_bytes(colour[6:], "big")
    return None


def _first(file: BinaryIO, outer: Box, kind: bytes, skipped: int) -> Box | None:
    """Of a kind of which there may be one; `skipped`: bytes before the first box in `outer`."""
    return next((box for box in walk(file, outer.start + skipped, outer.end) if box.kind == kind), None)


def _properties(file: BinaryIO, meta: Box) -> list[Box]:
    container = _first(file, meta, b"iprp", 4)
    shared = _first(file, container, b"ipco", 0) if container else None
    return list(walk(file, shared.start, shared.end)) if shared else []


def _size(file: BinaryIO, ispe: Box) -> tuple[int, int]:
    content = ispe.read(file, 12)
    return int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:], "big")


def _items(file: BinaryIO, meta: Box, max_pixels: int) -> _Items:
    """Raises FileRejected (`too_many_pixels`, `corrupt`); ValueError where something is said twice: which of it counts
    is the decoder's choice.
    """
    items, properties = _Items(), _properties(file, meta)
    sizes = [_claimed(file, prop, max_pixels) for prop in properties]
    boxes = list(walk(file, meta.start + 4, meta.end))
    kinds = [box.kind for box in boxes if box.kind in _ONCE]
    if len(kinds) > len(set(kinds)):
        raise ValueError("a table of items is there twice")
    stored_here = next((box.start for box in boxes if box.kind == b"idat"), 0)
    for box in boxes:
        if box.kind == b"pitm":
            items.primary = int.from_bytes(box.read(file, 8)[4 : 6 if box.read(file, 1) == b"\0" else 8], "big")
        elif box.kind == b"iinf":
            items.kinds = _unique(_kinds(file, box))
        elif box.kind == b"iref":
            for item, parts in _references(file, box):
                items.parts[item] = items.parts.get(item, []) + parts
        elif box.kind == b"iloc":
            items.extents = _unique(_extents(box.read(file, _MAX_TABLE_BYTES), stored_here))
        elif box.kind == b"iprp":
            for association in (inner for inner in walk(file, box.start, box.end) if inner.kind == b"ipma"):
                for item, index in _associations(association.read(file, _MAX_TABLE_BYTES)):
                    if 0 < index <= len(properties):
                        said = items.sizes.get(item, (0, 0)), sizes[index - 1]
                        items.sizes[item] = max(said, key=lambda size: size[0] * size[1])
    items.sizes = {item: size for item, size in items.sizes.items() if size != (0, 0)}
    return items


def _claimed(file: BinaryIO, prop: Box, max_pixels: int) -> tuple[int, int]:
    """What a property says of the size of a picture; 0 × 0 where it is about something else."""
    if prop.kind == b"ispe":
        size = _size(file, prop)
    elif prop.kind == b"hvcC":
        size = hevc.configured_size(prop.read(file, _MAX_TABLE_BYTES))
    else:
        return 0, 0
    if size != (0, 0) or prop.kind == b"ispe":
        check_pixels(*size, max_pixels)
    return size


def _unique(pairs: Iterable[tuple[int, _Value]]) -> dict[int, _Value]:
    unique: dict[int, _Value] = {}
    for item, value in pairs:
        if item in unique:
            raise ValueError("the same item is there twice")
        unique[item] = value
    return unique


def _kinds(file: BinaryIO, iinf: Box) -> Iterator[tuple[int, bytes]]:
    version = iinf.read(file, 1)
    for box in walk(file, iinf.start + (6 if version == b"\0" else 8), iinf.end):
        entry = box.read(file, 14)
        if box.kind == b"infe" and entry[:1] in (b"\2", b"\3"):
            width = 2 if entry[0] == 2 else 4
            yield int.from_bytes(entry[4 : 4 + width], "big"), entry[6 + width : 10 + width]


class _Numbers:
    """Big endian, one after the other. Raises ValueError at the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def __call__(self, width: int) -> int:
        self.at += width
        if self.at > len(self._data):
            raise ValueError("a table of items is cut off")
        return int.from_bytes(self._data[self.at - width : self.at], "big")


def _references(file: BinaryIO, iref: Box) -> Iterator[tuple[int, list[int]]]:
    """Of each derived item those that it is made of."""
    width = 2 if iref.read(file, 1) == b"\0" else 4
    for box in walk(file, iref.start + 4, iref.end):
        if box.kind == b"dimg":
            number = _Numbers(box.read(file, _MAX_TABLE_BYTES), 0)
            yield number(width), [number(width) for _ in range(number(2))]


def _associations(ipma: bytes) -> Iterator[tuple[int, int]]:
    """Items and the properties (from 1) that they have."""
    number = _Numbers(ipma, 4)
    is_wide, has_wide_items = ipma[3:4] == b"\1", ipma[:1] != b"\0"
    for _ in range(number(4)):
        item = number(4 if has_wide_items else 2)
        for _ in range(number(1)):
            yield item, (number(2) & 0x7FFF if is_wide else number(1) & 0x7F)


def _extents(iloc: bytes, stored_here: int) -> Iterator[tuple[int, Extents]]:
    number = _Numbers(iloc, 4)
    version = iloc[0] if iloc else 0
    widths = number(2)
    offset_width, length_width, base_width = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index_width = widths & 15 if version else 0
    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_width) + (stored_here if method == 1 else 0)
        count = number(2)
        if method > 1 or count > _MAX_EXTENTS:
            raise ValueError("the data of an item lie where nobody has them")
        extents = []
        for _ in range(count):
            number(index_width)
            extents.append((base + number(offset_width), number(length_width)))
        yield item, extents


def _composed(file: BinaryIO, items: _Items) -> Iterator[tuple[int, int]]:
    for item, extents in items.extents.items():
        if (at := _SIZE_AT.get(items.kinds.get(item, b""))) is not None:
            data = _joined(file, extents, at + 8)
            length = 4 if len(data) > 1 and data[1] & 1 else 2
            if len(data) < at + 2 * length:
                raise ValueError("a picture put together of others does not say how large it is")
            yield int.from_bytes(data[at:][:length], "big"), int.from_bytes(data[at + length :][:length], "big")


def _visits(file: BinaryIO, items: _Items, item: int, known: dict[int, int]) -> int:
    """Pixels that are decoded for an item: its own, or those of its parts, each as often as it is used."""
    if item not in known:
        known[item] = _MOST_VISITS  # a picture that is a part of itself never ends
        if items.kinds.get(item) in _DERIVED:
            # A part takes at least a pixel, so that there can't be endless many of nothing.
            known[item] = sum(max(1, _visits(file, items, part, known)) for part in items.parts.get(item, []))
        else:
            width, height = items.sizes.get(item, (0, 0))
            known[item] = width * height
            if items.kinds.get(item) == b"hvc1":
                known[item], items.units = hevc.work(file, items.extents.get(item, []), (width, height), items.units)
    return known[item]


def _shown(items: _Items) -> set[int]:
    """The primary item and those that it is put together of."""
    shown: set[int] = set()
    waiting = [items.primary]
    while waiting:
        if (item := waiting.pop()) not in shown:
            shown.add(item)
            waiting += items.parts.get(item, []) if items.kinds.get(item) in _DERIVED else []
    return shown


def _joined(file: BinaryIO, extents: Extents, limit: int) -> bytes:
    data = b""
    for offset, length in extents:
        file.seek(offset)
        data += file.read(min(length, limit - len(data)))
    return data
