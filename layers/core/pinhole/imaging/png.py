"""The chunks of a PNG (third edition, section 11), wherever they stand: what they say, and what a decoder needs.

EXIF may be as ImageMagick wrote it before there was the eXIf chunk: hexadecimal text.
"""

from dataclasses import dataclass, field
from mmap import mmap

from pinhole.imaging.budget import MAX_PARTS, METADATA_BYTES, Unpacking, too_many_parts

_XMP, _RAW_EXIF = b"XML:com.adobe.xmp", (b"Raw profile type exif", b"Raw profile type APP1")
_OF_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_OF_METADATA = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iCCP"})


@dataclass(slots=True)
class Png:
    """`parts` of the file are what a decoder needs to show it. Damaged metadata count as none, as do those beyond
    their budget.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    exif: bytes = b""
    xmp: bytes = b""
    icc_profile: bytes = b""
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
        elif kind == b"acTL":
            found.is_animated = int.from_bytes(data[start + 8 : start + 12], "big") > 1
        elif kind in _OF_METADATA and (left := left - length) >= 0:
            _read_metadata(found, kind, data[start + 8 : start + 8 + length], unpacking)
        if kind == b"IEND":
            return found
    raise too_many_parts()


def _read_metadata(found: Png, kind: bytes, content: bytes, unpacking: Unpacking) -> None:
    if kind == b"eXIf":
        found.exif = found.exif or content
        return
    keyword, _, rest = content.partition(b"\0")
    if kind == b"iCCP":
        found.icc_profile = found.icc_profile or unpacking.inflate(rest[1:])
    elif (keyword == _XMP and not found.xmp) or (keyword in _RAW_EXIF and not found.exif):
        text = _text(kind, rest, unpacking)
        if keyword == _XMP:
            found.xmp = text
        else:  # a line with the name, one with the length, then the bytes
            found.exif = _from_hexadecimal(b"".join(text.split(b"\n", 3)[3:]))


def _text(kind: bytes, content: bytes, unpacking: Unpacking) -> bytes:
    """Of a tEXt, zTXt or iTXt chunk, behind its keyword."""
    is_packed = kind == b"zTXt" or (kind == b"iTXt" and content[:1] == b"\1")
    if kind == b"zTXt":
        content = content[1:]
    elif kind == b"iTXt":
        content = content[2:].split(b"\0", 2)[-1]
    return unpacking.inflate(content) if is_packed else content


def _from_hexadecimal(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""
