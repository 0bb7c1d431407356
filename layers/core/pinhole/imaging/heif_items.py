"""The tables of a HEIF or AVIF file: its pictures and other items, what they are made of and where their data lie
(ISO/IEC 14496-12 and 23008-12).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

from pinhole.imaging import hevc
from pinhole.imaging.boxes import Box, walk
from pinhole.imaging.budget import check_pixels
from pinhole.imaging.hevc import Extents

_MAX_TABLE_BYTES = 1 << 20
_MAX_EXTENTS = 64
_MAX_ENTRY_BYTES = 512

_Value = TypeVar("_Value")
_ONCE = frozenset({b"pitm", b"iinf", b"iref", b"iloc", b"iprp", b"idat"})


@dataclass(slots=True)
class Items:
    """Of each item its kind, the media type it names, the items it is made of, its size, its properties, and where
    its data lie: offsets and lengths.

    `primary` is the one that is shown, 0 where none is; `kinds_at`: where in the file the four letters of its kind
    stand; `units`: NAL units that were looked at so far, of all.
    """

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    kinds_at: dict[int, int] = field(default_factory=dict)
    media_types: dict[int, bytes] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    properties: dict[int, list[Box]] = field(default_factory=dict)
    extents: dict[int, Extents] = field(default_factory=dict)
    units: int = 0


def read(file: BinaryIO, meta: Box, max_pixels: int) -> Items:
    """Raises FileRejected (`too_many_pixels`, `corrupt`); ValueError where something is said twice: which of it counts
    is the decoder's choice.
    """
    items, properties = Items(), _properties(file, meta)
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
            for item, kind, kind_at, media_type in _kinds(file, box):
                if item in items.kinds:
                    raise ValueError("the same item is there twice")
                items.kinds[item], items.kinds_at[item], items.media_types[item] = kind, kind_at, media_type
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
                        items.properties.setdefault(item, []).append(properties[index - 1])
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


def _kinds(file: BinaryIO, iinf: Box) -> Iterator[tuple[int, bytes, int, bytes]]:
    """Of each item its number, its kind, where that stands in the file, and the media type of a `mime` item."""
    version = iinf.read(file, 1)
    for box in walk(file, iinf.start + (6 if version == b"\0" else 8), iinf.end):
        entry = box.read(file, _MAX_ENTRY_BYTES)
        if box.kind == b"infe" and entry[:1] in (b"\2", b"\3"):
            at = 8 if entry[0] == 2 else 10
            _, media_type, *_ = [*entry[at + 4 :].split(b"\0"), b""]  # behind its name
            yield int.from_bytes(entry[4 : at - 2], "big"), entry[at : at + 4], box.start + at, media_type


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


def joined(file: BinaryIO, extents: Extents, limit: int) -> bytes:
    data = b""
    for offset, length in extents:
        file.seek(offset)
        data += file.read(min(length, limit - len(data)))
    return data
