"""The chunks of a PNG (third edition, section 11), wherever they stand: what they say, and what a decoder needs.

EXIF, IPTC and XMP may be as ImageMagick writes them: hexadecimal text.
"""

import struct
import zlib
from dataclasses import dataclass, field
from mmap import mmap
from typing import Any

from PIL import Image

from pinhole.imaging import xmp
from pinhole.imaging.budget import MAX_PARTS, METADATA_BYTES, Unpacking, too_many_parts

_XMP, _RAW = b"XML:com.adobe.xmp", b"Raw profile type "
_RAW_KINDS = frozenset({b"exif", b"APP1", b"iptc", b"8bim", b"xmp"})
_OF_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of each type of colour
# Of each pass over an interlaced picture: the first column and row, and how far it is to the next (section 8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_BLOCK_BYTES = 1 << 20
_GREY, _RGB = 0, 2  # types of colour
_OF_METADATA = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP"})
_OF_COLOURS = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}  # and their bytes
_SRGB = (1, 13)  # primaries and transfer characteristics (ITU-T H.273)


@dataclass(slots=True)
class Png:
    """`parts` of the file are what a decoder needs to show it. Damaged metadata count as none, as do those beyond
    their budget.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    icc_profile: bytes = b""
    colours: dict[bytes, bytes] = field(default_factory=dict)
    is_animated: bool = False


def read(data: bytes | mmap) -> Png:
    """A file that ends early is not this function's matter. Raises FileRejected (`corrupt`) for too many chunks."""
    found, unpacking = Png([(0, 8)]), Unpacking()
    at, left = 8, METADATA_BYTES
    for _ in range(MAX_PARTS):
        kind, start = data[at + 4 : at + 8], at
        if len(kind) < 4:
            found.parts.append((at, len(data)))
            return found
        length = int.from_bytes(data[at : at + 4], "big")
        at += 12 + length
        if kind in _OF_PIXELS:
            found.parts.append((start, at) if length or kind == b"IEND" else (0, 0))
        elif _OF_COLOURS.get(kind) == length:
            found.colours.setdefault(kind, data[start + 8 : start + 8 + length])
        elif kind == b"acTL":
            found.is_animated = int.from_bytes(data[start + 8 : start + 12], "big") > 1
        elif kind in _OF_METADATA and (left := left - length) >= 0:
            _read_metadata(found, kind, data[start + 8 : start + 8 + length], unpacking)
        if kind == b"IEND":
            return found
    raise too_many_parts()


def colours(found: Png) -> dict[str, Any]:
    """What the chunks say of the colours, as `srgb.COLOURS`: cICP before iCCP before sRGB before gAMA and cHRM
    (section 4.3).
    """
    if (cicp := found.colours.get(b"cICP")) is not None:
        return {"cicp": tuple(cicp[:2])}
    if found.icc_profile:
        return {"icc_profile": found.icc_profile}
    if b"sRGB" in found.colours:
        return {"cicp": _SRGB}
    chromaticities, gamma = found.colours.get(b"cHRM"), int.from_bytes(found.colours.get(b"gAMA", b""), "big")
    if chromaticities is None and not gamma:
        return {}
    from pinhole.imaging.profiles import by_gamma  # with numpy, which few files need

    points = struct.unpack(">8i", chromaticities) if chromaticities else ()
    return {"icc_profile": by_gamma(1e5 / gamma if gamma else None, tuple(point / 1e5 for point in points))}


def transparency(data: bytes | mmap, said: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """The colour that tRNS makes transparent, in the samples that the decoder hands out: of 8 bit, but for grey of 16.

    `said`: the same as it stands in the chunk.
    """
    bits, kind = data[24], data[25]
    if kind == _RGB and isinstance(said, tuple):
        return tuple(sample >> 8 for sample in said) if bits == 16 else tuple(sample & 255 for sample in said)
    if kind == _GREY and bits in (2, 4) and isinstance(said, int):
        most = (1 << bits) - 1
        return (said & most) * 255 // most
    return said


def check_whole(image: Image.Image, _size: tuple[int, int], data: bytes | mmap, found: Png) -> None:
    """`image`: decoded. Where the packed rows end too early the decoder leaves the others as zeros: if the last one is,
    the rows are counted. Raises ValueError where some are missing.
    """
    header = data[16:29]
    is_interlaced = header[12] == 1
    if is_interlaced or not any(image.crop((0, image.height - 1, image.width, image.height)).tobytes()):
        expected = _row_bytes(header, _PASSES if is_interlaced else ((0, 0, 1, 1),))
        if _unpacked_bytes(data, found, expected) < expected:
            raise ValueError("truncated")


def _row_bytes(header: bytes, passes: tuple[tuple[int, int, int, int], ...]) -> int:
    """Of all rows, each with the byte that names its filter."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits = header[8] * _CHANNELS.get(header[9], 1)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            total += max(0, rows) * (1 + (columns * bits + 7) // 8)
    return total


def _unpacked_bytes(data: bytes | mmap, found: Png, limit: int) -> int:
    unpacker, count = zlib.decompressobj(), 0
    for start, end in found.parts:
        if data[start + 4 : start + 8] != b"IDAT":
            continue
        for at in range(start + 8, end - 4, _BLOCK_BYTES):
            block = data[at : min(at + _BLOCK_BYTES, end - 4)]
            while block and count < limit:
                count += len(unpacker.decompress(block, min(_BLOCK_BYTES, limit - count)))
                block = unpacker.unconsumed_tail
    return count


def _read_metadata(found: Png, kind: bytes, content: bytes, unpacking: Unpacking) -> None:
    if kind == b"eXIf":
        found.exif = found.exif or content
        return
    keyword, _, rest = content.partition(b"\0")
    if kind == b"iCCP":
        found.icc_profile = found.icc_profile or unpacking.inflate(rest[1:])
    elif keyword == _XMP:
        found.xmp = found.xmp or _text(kind, rest, unpacking)
    elif keyword.startswith(_RAW) and (profile := keyword.removeprefix(_RAW)) in _RAW_KINDS:
        _read_raw(found, profile, _raw(_text(kind, rest, unpacking)))


def _read_raw(found: Png, kind: bytes, profile: bytes) -> None:
    if kind in (b"iptc", b"8bim"):
        found.iptc = profile if kind == b"iptc" else found.iptc or profile
    elif kind == b"xmp" or profile.startswith(xmp.SEGMENT):
        found.xmp = found.xmp or profile.removeprefix(xmp.SEGMENT)
    else:
        found.exif = found.exif or profile


def _text(kind: bytes, content: bytes, unpacking: Unpacking) -> bytes:
    """Of a tEXt, zTXt or iTXt chunk, behind its keyword."""
    is_packed = kind == b"zTXt" or (kind == b"iTXt" and content[:1] == b"\1")
    if kind == b"zTXt":
        content = content[1:]
    elif kind == b"iTXt":
        content = content[2:].split(b"\0", 2)[-1]
    return unpacking.inflate(content) if is_packed else content


def _raw(text: bytes) -> bytes:
    """A line with the name, one with the length, then as many bytes in hexadecimal, with whatever behind them."""
    _, _, length, hexadecimal = (text.split(b"\n", 3) + [b""] * 4)[:4]
    count = int(length) if length.strip().isdigit() and len(length) < 20 else 0
    try:
        return bytes.fromhex(hexadecimal.translate(None, b" \r\n\t")[: 2 * count].decode("ascii"))
    except ValueError:
        return b""
