"""Pictures of TIFF files whose samples Pillow has no mode for: float, half, 12 and 32 bit, Lab of 16 bit, CMYK with
alpha, and others that are packed as ordinary ones are.

Strips and tiles are unpacked by libtiff, as if they were grey pictures of 8 bit; the samples are put together here.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging import webp
from pinhole.imaging.budget import check_memory
from pinhole.imaging.deferred import Deferred
from pinhole.imaging.refusal import not_supported
from pinhole.imaging.tiff_image import Page, pieces

Samples = NDArray[Any]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _SAMPLES = (
    0x100, 0x101, 0x102, 0x103, 0x106, 0x10A, 0x115,
)  # fmt: skip
_ROWS, _PLANES, _PREDICTOR, _EXTRA, _FORMAT, _ICC = 0x116, 0x11C, 0x13D, 0x152, 0x153, 0x8773
_TILE_WIDTH, _TILE_HEIGHT = 0x142, 0x143
_STRIPS, _TILES = (0x111, 0x117), (0x144, 0x145)  # offsets, lengths
_SAYING_HOW = (_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANES, _PREDICTOR, _EXTRA, _FORMAT)
_NONE, _WEBP, _UNPACKED_BY_LIBTIFF = 1, 50001, frozenset({1, 5, 8, 32773, 32946, 34925, 50000})
_WHITE_IS_ZERO, _ICC_LAB = 0, 9
_COLOURS = {0: "L", 1: "L", 2: "RGB", 5: "CMYK", 8: "LAB", 9: "LAB"}  # by photometric interpretation
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_PREMULTIPLIED, _ALPHA = 1, 2
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3
_MAX_SAMPLES, _MAX_PIECES = 32, 20_000  # each piece takes libtiff a tenth of a millisecond
_COPIES = 6  # of a piece: packed, unpacked, in its own numbers, in those of a rendition


@dataclass(frozen=True, slots=True)
class _Layout:
    """`planes`: 1 where the samples of a pixel lie together, else one for each of them. `across` × `down`: pixels of a
    strip or tile. `bits` and `kind` (1 unsigned, 2 signed, 3 float) are the same for all samples.
    """

    width: int
    height: int
    across: int
    down: int
    samples: int
    planes: int
    bits: int
    kind: int
    compression: int
    predictor: int
    fill_order: int
    order: str
    extents: tuple[tuple[int, int], ...]

    @property
    def has_own_range(self) -> bool:
        """Whether there is no agreed white: then the largest sample is it. Grey of 32 bit is what instruments count."""
        return self.kind != _UNSIGNED or (self.bits > 16 and self.samples == 1)


def opened(data: bytes | mmap, page: Page, max_pixels: int) -> Image.Image:
    """L, RGB, CMYK or LAB, with alpha where there is any. Raises FileRejected (`unsupported_type`, `too_many_pixels`,
    `too_costly`), ValueError.
    """
    directory = page.directory
    photometric = directory.integer(_PHOTOMETRIC)
    mode = _COLOURS.get(-1 if photometric is None else photometric)
    layout = _layout(page)
    extra = (directory.integers(_EXTRA) or (0,))[0]
    colours = len(mode or "")
    if mode is None or layout.samples < colours or (mode == "LAB" and layout.has_own_range):
        raise not_supported("TIFF")
    has_alpha = layout.samples > colours and extra in (_PREMULTIPLIED, _ALPHA) and mode != "LAB"
    size = layout.width, layout.height
    piece = pieces(directory, *size)[0] * layout.samples // layout.planes * layout.bits // 8
    check_memory(*size, 4 * size[0] * size[1] + _COPIES * piece, max_pixels)
    shown = f"{mode}{'a' if extra == _PREMULTIPLIED else 'A'}" if has_alpha and mode != "CMYK" else mode
    image = Deferred(shown, size, partial(_decode, data, layout, shown, photometric or 0, has_alpha, extra, max_pixels))
    if profile := directory.raw(_ICC):
        image.info["icc_profile"] = profile
    return image


def _layout(page: Page) -> _Layout:
    directory = page.directory
    if any(tag in directory.sizes and tag not in directory.values for tag in _SAYING_HOW):
        raise ValueError("truncated")  # what it would be taken for without them may look like a picture
    width, height = directory.integer(_WIDTH) or 0, directory.integer(_HEIGHT) or 0
    bits, kinds = set(directory.integers(_BITS) or (1,)), set(directory.integers(_FORMAT) or (_UNSIGNED,))
    samples = directory.integer(_SAMPLES) or 1
    compression = directory.integer(_COMPRESSION) or _NONE
    is_known = compression in _UNPACKED_BY_LIBTIFF or (compression == _WEBP and bits == {8})
    depth, kind = max(bits), max(kinds)
    is_known &= depth in ((16, 32, 64) if kind == _FLOAT else (8, 16, 32) if kind == _SIGNED else (*range(1, 17), 32))
    if not is_known or len(bits) > 1 or len(kinds) > 1 or samples > _MAX_SAMPLES or kind not in (1, 2, 3):
        raise not_supported("TIFF")
    planes = samples if directory.integer(_PLANES) == 2 else 1
    is_tiled = bool(directory.integer(_TILE_WIDTH) and directory.integer(_TILE_HEIGHT))
    across = (directory.integer(_TILE_WIDTH) or 0) if is_tiled else width
    down = (directory.integer(_TILE_HEIGHT) or 0) if is_tiled else min(height, directory.integer(_ROWS) or height)
    count = planes * -(-width // across) * -(-height // down)
    if count > _MAX_PIECES:
        raise FileRejected(
            f"The picture is cut into {count:,} pieces; the limit for this kind of TIFF is {_MAX_PIECES:,}.",
            code="too_costly",
        )
    offsets, lengths = (_numbers(page, tag, count) for tag in (_TILES if is_tiled else _STRIPS))
    return _Layout(
        width, height, across, down, samples, planes, depth, kind, compression,
        directory.integer(_PREDICTOR) or 1, directory.integer(_FILL_ORDER) or 1, page.order,
        tuple(zip(offsets, lengths, strict=True)),
    )  # fmt: skip


def _numbers(page: Page, tag: int, count: int) -> list[int]:
    """Of many the directory has no more than the bytes."""
    numbers = list(page.directory.integers(tag))
    raw = page.directory.values.get(tag)
    if isinstance(raw, bytes) and len(raw) % count == 0 and len(raw) // count in (2, 4, 8):
        numbers = np.frombuffer(raw, f"{page.order}u{len(raw) // count}").tolist()
    if len(numbers) != count:
        raise ValueError("offsets and lengths of strips or tiles that do not fit the picture")
    return numbers


def _decode(
    data: bytes | mmap, layout: _Layout, mode: str, photometric: int, has_alpha: bool, extra: int, max_pixels: int
) -> Image.Image:
    wanted = len(_COLOURS[photometric]) + has_alpha
    low, high = _range(data, layout, wanted - has_alpha, max_pixels) if layout.has_own_range else (0.0, 1.0)
    pixels = np.zeros((layout.height, layout.width, wanted), np.uint8)
    for top, left, first, piece in _pieces(data, layout, wanted, max_pixels):
        here = pixels[top : top + piece.shape[0], left : left + piece.shape[1], first : first + piece.shape[2]]
        if layout.has_own_range:
            here[:] = _by_range(piece, low, high)
        elif layout.bits > 8:
            here[:] = piece >> piece.dtype.type(layout.bits - 8)
        else:
            here[:] = piece.astype(np.uint16) * 255 // ((1 << layout.bits) - 1)
    if photometric == _WHITE_IS_ZERO:
        np.subtract(255, pixels[..., :1], out=pixels[..., :1])
    if photometric == _ICC_LAB:
        pixels[..., 1:3] ^= 128  # 0 is in the middle
    if has_alpha and mode == "CMYK":  # where it is transparent there is no ink
        ink, alpha = pixels[..., :4], pixels[..., 4:]
        if extra == _ALPHA:
            for row in range(layout.height):
                ink[row] = ink[row].astype(np.uint16) * alpha[row] // 255
        pixels = np.ascontiguousarray(ink)
        del ink, alpha
    if pixels.shape[2] == 1:
        return Image.fromarray(pixels[..., 0])
    return Image.frombuffer(mode, (layout.width, layout.height), pixels.reshape(-1), "raw", mode, 0, 1)


def _range(data: bytes | mmap, layout: _Layout, colours: int, max_pixels: int) -> tuple[float, float]:
    """The least and the largest sample of the colours: at most 0, and at least 1 where nothing is below."""
    low, high = 0.0, -np.inf
    for _, _, first, piece in _pieces(data, layout, colours, max_pixels):
        if first < colours:
            known = np.isfinite(piece)
            low = min(low, float(piece.min(where=known, initial=0)))
            high = max(high, float(piece.max(where=known, initial=low)))
    return low, max(high, low if low < 0 else 1.0)


def _by_range(piece: Samples, low: float, high: float) -> NDArray[np.uint8]:
    scaled = np.nan_to_num(piece.astype(np.float32), nan=0.0, posinf=high, neginf=low)
    scaled -= low
    scaled *= 255 / max(high - low, 1e-12)
    return np.rint(np.clip(scaled, 0, 255, out=scaled)).astype(np.uint8)


def _pieces(
    data: bytes | mmap, layout: _Layout, wanted: int, max_pixels: int
) -> Iterator[tuple[int, int, int, Samples]]:
    """Of each strip or tile: row and column where it begins, the first of its samples, and at most `wanted` samples of
    its pixels, rows × columns × samples.
    """
    tops, lefts = range(0, layout.height, layout.down), range(0, layout.width, layout.across)
    places = ((top, left, plane) for plane in range(layout.planes) for top in tops for left in lefts)
    for (top, left, plane), (offset, length) in zip(places, layout.extents, strict=True):
        if plane >= wanted:
            return
        if offset + length > len(data):
            raise ValueError("truncated")
        is_strip = layout.across == layout.width
        rows = min(layout.down, layout.height - top) if is_strip else layout.down
        samples = layout.samples if layout.planes == 1 else 1
        piece = _samples(data[offset : offset + length], layout, rows, samples, max_pixels)
        yield top, left, plane, piece[: layout.height - top, : layout.width - left, :wanted]


def _samples(packed: bytes, layout: _Layout, rows: int, samples: int, max_pixels: int) -> Samples:
    """Rows × columns × samples."""
    shape = rows, layout.across, samples
    if layout.compression == _WEBP:
        webp.check(packed, max_pixels)
        with Image.open(BytesIO(packed), formats=("WEBP",)) as image:
            if image.size != (layout.across, rows) or samples not in (1, 3, 4):
                raise ValueError("a piece of another size")
            return np.asarray(image.convert({1: "L", 3: "RGB", 4: "RGBA"}[samples])).reshape(shape)
    count = layout.across * samples
    row_bytes = (count * layout.bits + 7) // 8
    unpacked = _unpacked(packed, layout, row_bytes, rows)
    if layout.bits not in (8, 16, 32, 64):
        return _split(unpacked, count, layout.bits).reshape(shape)
    letter = {_UNSIGNED: "u", _SIGNED: "i", _FLOAT: "f"}[layout.kind]
    if layout.predictor == _FLOAT_DIFFERENCES:
        # Of each row first the highest bytes of all samples, then the next, each as its difference to the one before
        # of the same sample (Adobe Photoshop TIFF Technical Note 3).
        width = layout.bits // 8
        summed = np.cumsum(unpacked.reshape(rows, -1, samples), axis=1, dtype=np.uint8).reshape(rows, width, count)
        whole = np.ascontiguousarray(summed.transpose(0, 2, 1))
        return whole.view(f">{letter}{width}").reshape(shape)
    numbers = unpacked.view(f"{layout.order}{letter}{layout.bits // 8}").reshape(shape)
    if layout.predictor == _DIFFERENCES:
        unsigned = unpacked.view(f"{layout.order}u{layout.bits // 8}").reshape(shape)
        summed = np.cumsum(unsigned, axis=1, dtype=f"u{layout.bits // 8}")
        return summed.view(f"{letter}{layout.bits // 8}")
    return numbers


def _split(rows: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.uint16]:
    """Samples that end within a byte, the first in its highest bits."""
    single = np.unpackbits(rows, axis=1, count=count * bits).reshape(len(rows), count, bits)
    padded = np.zeros((len(rows), count, 16), np.uint8)
    padded[..., 16 - bits :] = single
    return np.packbits(padded, axis=-1).view(">u2")[..., 0].astype(np.uint16)


def _unpacked(packed: bytes, layout: _Layout, row_bytes: int, rows: int) -> NDArray[np.uint8]:
    """Rows of bytes."""
    if layout.compression == _NONE and layout.fill_order == 1:
        if len(packed) < rows * row_bytes:
            raise ValueError("truncated")
        return np.frombuffer(packed, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    tags = {
        _WIDTH: row_bytes, _HEIGHT: rows, _BITS: 8, _COMPRESSION: layout.compression, _PHOTOMETRIC: 1,
        _FILL_ORDER: layout.fill_order, _STRIPS[0]: 0, _SAMPLES: 1, _ROWS: rows, _STRIPS[1]: len(packed),
    }  # fmt: skip
    tags[_STRIPS[0]] = 8 + 2 + 12 * len(tags) + 4
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    with Image.open(BytesIO(head + entries + bytes(4) + packed), formats=("TIFF",)) as image:
        return np.asarray(image)
