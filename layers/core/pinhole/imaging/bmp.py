"""What a BMP's header says of its size and its packing (Microsoft's BITMAPINFOHEADER), and its pixels where masks say
which bits are what colour.
"""

from functools import partial
from mmap import mmap
from typing import TYPE_CHECKING, Any

from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging.budget import check_pixels
from pinhole.imaging.deferred import Deferred
from pinhole.imaging.refusal import not_supported

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CORE_HEADER, _RUN_LENGTHS, _MASKS = 12, (1, 2), (3, 6)
_MAX_PACKED_PIXELS, _MAX_PACKED_BYTES = 50_000_000, 10_000_000
_MASKS_AT, _HEADER_WITH_ALPHA, _MASKS_WITH_ALPHA = 54, 56, 6
_STRIP_PIXELS = 1 << 20


def check(data: bytes | mmap, max_pixels: int) -> None:
    """Run lengths are decoded byte by byte, in Python: about 0.2 µs for a pixel and 1 µs for a run. Raises
    FileRejected (`too_many_pixels`, `too_costly`, `corrupt`).
    """
    width, height = _size(data)
    check_pixels(width, abs(height), max_pixels)
    is_packed = _compression(data) in _RUN_LENGTHS
    if is_packed and (width * abs(height) > _MAX_PACKED_PIXELS or len(data) > _MAX_PACKED_BYTES):
        raise FileRejected(
            f"The file packs its picture in run lengths. A BMP that does may have {_MAX_PACKED_PIXELS / 1e6:,.0f} "
            f"megapixels and {_MAX_PACKED_BYTES / 1e6:,.0f} MB; this one has {width * abs(height) / 1e6:,.0f} "
            f"megapixels and {len(data) / 1e6:,.1f} MB.",
            code="too_costly",
        )


def masked(data: bytes | mmap) -> Image.Image | None:
    """The picture where masks say which bits of a pixel are what colour, RGB or RGBA; None where none do. Pillow knows
    some masks only, and takes the word of those for alpha that have none. Raises FileRejected (`unsupported_type`).
    """
    if _compression(data) not in _MASKS:
        return None
    count = 4 if _header(data) >= _HEADER_WITH_ALPHA or _compression(data) == _MASKS_WITH_ALPHA else 3
    masks = [int.from_bytes(data[at : at + 4], "little") for at in range(_MASKS_AT, _MASKS_AT + 4 * count, 4)]
    bits = int.from_bytes(data[28:30], "little")
    if bits not in (16, 32) or not all(_is_run(mask) for mask in masks):
        raise not_supported("BMP")
    if masks[3:] == [0]:
        masks.pop()
    width, height = _size(data)
    return Deferred("RGBA" if masks[3:] else "RGB", (width, abs(height)), partial(_decode, data, masks, bits))


def _decode(data: bytes | mmap, masks: list[int], bits: int) -> Image.Image:
    """Rows from the bottom, but for a negative height, each padded to four bytes. Raises ValueError."""
    import numpy as np  # seldom needed, and as slow to load as all the rest

    width, height = _size(data)
    stride, first = (width * bits + 31) // 32 * 4, int.from_bytes(data[10:14], "little")
    if first + stride * abs(height) > len(data):
        raise ValueError("truncated")
    image = Image.new("RGBA" if masks[3:] else "RGB", (width, abs(height)))
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, image.height, rows):
        count = min(rows, image.height - top)
        at = first + stride * (top if height < 0 else image.height - top - count)
        strip = np.frombuffer(data[at : at + stride * count], f"<u{bits // 8}").reshape(count, -1)[:, :width]
        strip = strip if height < 0 else strip[::-1]
        channels = [_scaled(strip, mask) for mask in masks]
        image.paste(Image.fromarray(np.stack(channels, axis=-1)), (0, top))
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        image.putalpha(255)  # a picture that nobody could see: whoever wrote it left alpha alone
    return image


def _scaled(pixels: "NDArray[np.unsignedinteger[Any]]", mask: int) -> "NDArray[np.uint8]":
    import numpy as np

    if not mask:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    values = (pixels & pixels.dtype.type(mask)) >> pixels.dtype.type(shift)
    scaled: NDArray[np.uint8] = np.rint(values * (255 / (mask >> shift))).astype(np.uint8)
    return scaled


def _is_run(mask: int) -> bool:
    """Whether all its bits are neighbours."""
    return mask == 0 or (mask // (mask & -mask) + 1).bit_count() == 1


def _header(data: bytes | mmap) -> int:
    return int.from_bytes(data[14:18], "little")


def _size(data: bytes | mmap) -> tuple[int, int]:
    """Width, and height, which is negative where the rows come from the top."""
    length = 2 if _header(data) == _CORE_HEADER else 4
    width, height = (int.from_bytes(data[at : at + length], "little", signed=True) for at in (18, 18 + length))
    return abs(width), height


def _compression(data: bytes | mmap) -> int:
    return 0 if _header(data) == _CORE_HEADER else int.from_bytes(data[30:34], "little")
