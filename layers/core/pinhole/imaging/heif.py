"""HEIF and AVIF (ISO/IEC 14496-12 and 23008-12): what a file declares of its pictures, before a decoder believes it,
and what it says of the one that is shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from mmap import mmap
from pathlib import Path
from typing import BinaryIO

from pinhole.imaging import heif_items, hevc
from pinhole.imaging.boxes import MAX_BOXES, Box, exif_content, walk
from pinhole.imaging.budget import METADATA_BYTES, check_memory, check_pixels, check_work, too_many_parts
from pinhole.imaging.heif_items import Items, joined

# Pictures that are put together of others say their size once more, behind this many bytes of their own data.
_SIZE_AT = {b"grid": 4, b"iovl": 10}
_DERIVED = frozenset({*_SIZE_AT, b"iden"})
# The planes as they are coded, the same as RGB, and Pillow's copies.
_BYTES_PER_PIXEL = 14
_VISITS_PER_PIXEL = 16  # HEVC takes about sixteen times as long for a pixel as a scan of a JPEG for a sample
_MOST_VISITS = 1 << 62

_XMP, _APPLE_GAIN_MAP = b"application/rdf+xml", b"urn:com:apple:photo:2020:aux:hdrgainmap"
_OF_CLIPS = frozenset({b"ftyp", b"moov", b"meta"})
# Decoders refuse the whole file for what is wrong with one of these, and none is needed to show it. So they do for a
# clip behind the picture, which begins with a second `ftyp`.
_MAX_BRANDS_BYTES, _FIRST_BOX = 512, 16
_HIDDEN_ITEMS, _HIDDEN_BOXES = frozenset({b"Exif", b"mime", b"tmap"}), frozenset({b"grpl"})


@dataclass(frozen=True, slots=True)
class Picture:
    """What a file says of the picture that is shown. `cicp`: colour primaries and transfer characteristics
    (ITU-T H.273), (0, 0) where nothing is said; `crop`: the part of the decoded picture that counts, before it is
    turned: left, top, right, bottom. `hidden`: where in the file stand the names of boxes and items to hide from
    decoders.
    """

    exif: bytes
    xmp: bytes
    cicp: tuple[int, int]
    crop: tuple[int, int, int, int] | None
    has_gain_map: bool
    hidden: tuple[int, ...]


def read(path: Path, max_pixels: int) -> Picture:
    """Checks every picture in the file: its size, and what it takes to decode all that it is put together of.

    Raises FileRejected (`too_many_pixels`, `too_costly`, `corrupt`), and ValueError where that can't be told.
    """
    with path.open("rb") as file:
        end = path.stat().st_size
        if sum(1 for _ in walk(file, 0, end)) == MAX_BOXES:
            raise too_many_parts(MAX_BOXES)
        metas = [box for box in walk(file, 0, end) if box.kind == b"meta"]
        if not metas:
            raise ValueError("no pictures")
        tables = [heif_items.read(file, meta, max_pixels) for meta in metas]
        for items in tables:  # which of them counts is the decoder's choice
            _check_items(file, end, items, max_pixels)
        return _picture(file, end, metas[0], tables[0])


def _check_items(file: BinaryIO, end: int, items: Items, max_pixels: int) -> None:
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


def hide(mapped: mmap, picture: Picture) -> None:
    """`mapped`: the file, as a private copy that may be written to."""
    for at in picture.hidden:
        mapped[at : at + 4] = b"free"


def _picture(file: BinaryIO, end: int, meta: Box, items: Items) -> Picture:
    hidden = [
        items.kinds_at[item] for item, kind in items.kinds.items() if kind in _HIDDEN_ITEMS and item != items.primary
    ]
    hidden += [box.start - 4 for box in walk(file, meta.start + 4, meta.end) if box.kind in _HIDDEN_BOXES]
    is_behind = False
    for box in walk(file, 0, end):
        is_behind |= box.kind == b"ftyp" and box.start > _FIRST_BOX
        if is_behind and box.kind in _OF_CLIPS:
            hidden.append(box.start - 4)
        elif box.kind == b"ftyp":
            brands = box.read(file, _MAX_BRANDS_BYTES)
            hidden += [box.start + at for at in range(0, len(brands), 4) if brands[at : at + 4] in _HIDDEN_ITEMS]
    said = {b"Exif": b"", _XMP: b""}
    for item, kind in items.kinds.items():
        name = items.media_types[item] if kind == b"mime" else kind
        extents = items.extents.get(item, [])
        if said.get(name) == b"" and all(start + length <= end for start, length in extents):
            said[name] = joined(file, extents, METADATA_BYTES)
    own = {box.kind: box.read(file, 32) for box in _unique(items.properties.get(items.primary, []))}
    crop = _crop(own[b"clap"], own[b"ispe"]) if {b"clap", b"ispe"} <= own.keys() else None
    has_gain_map = b"tmap" in items.kinds.values() or any(
        box.kind == b"auxC" and box.read(file, 64)[4:].split(b"\0")[0] == _APPLE_GAIN_MAP
        for box in {box for boxes in items.properties.values() for box in boxes}
    )
    cicp = _cicp(file, items)
    return Picture(exif_content(said[b"Exif"]), said[_XMP], cicp, crop, has_gain_map, tuple(hidden))


def _unique(boxes: Iterable[Box]) -> list[Box]:
    return list(dict.fromkeys(boxes))


def _cicp(file: BinaryIO, items: Items) -> tuple[int, int]:
    """Of the picture that is shown; where it is put together of others and says nothing, of the first of them."""
    for item in (items.primary, *items.parts.get(items.primary, [])[:1]):
        for box in _unique(items.properties.get(item, [])):
            content = box.read(file, 8)
            if box.kind == b"colr" and content[:4] == b"nclx":
                return int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    return 0, 0


def _crop(clap: bytes, ispe: bytes) -> tuple[int, int, int, int] | None:
    """A clean aperture: width, height, and how far its middle is off the picture's, as fractions. None where that is
    nonsense, as decoders take it.
    """
    size = int.from_bytes(ispe[4:8], "big"), int.from_bytes(ispe[8:12], "big")
    parts = [int.from_bytes(clap[at : at + 4], "big", signed=at >= 16) for at in range(0, 32, 4)]
    if len(clap) < 32 or 0 in parts[1::2]:
        return None
    width, height, across, down = (Fraction(*parts[at : at + 2]) for at in range(0, 8, 2))
    left, top = floor((size[0] - width) / 2 + across), floor((size[1] - height) / 2 + down)
    right, bottom = left + floor(width), top + floor(height)
    if left < 0 or top < 0 or left >= right or top >= bottom or right > size[0] or bottom > size[1]:
        return None
    return left, top, right, bottom


def _composed(file: BinaryIO, items: Items) -> Iterator[tuple[int, int]]:
    for item, extents in items.extents.items():
        if (at := _SIZE_AT.get(items.kinds.get(item, b""))) is not None:
            data = joined(file, extents, at + 8)
            length = 4 if len(data) > 1 and data[1] & 1 else 2
            if len(data) < at + 2 * length:
                raise ValueError("a picture put together of others does not say how large it is")
            yield int.from_bytes(data[at:][:length], "big"), int.from_bytes(data[at + length :][:length], "big")


def _visits(file: BinaryIO, items: Items, item: int, known: dict[int, int]) -> int:
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


def _shown(items: Items) -> set[int]:
    """The primary item and those that it is put together of."""
    shown: set[int] = set()
    waiting = [items.primary]
    while waiting:
        if (item := waiting.pop()) not in shown:
            shown.add(item)
            waiting += items.parts.get(item, []) if items.kinds.get(item) in _DERIVED else []
    return shown
