"""Metadata chunks of a PNG, also of those that stand behind the pixels, where Pillow reads them only when it decodes.

Chunks: PNG (third edition), section 11; EXIF as ImageMagick wrote it before the eXIf chunk: hexadecimal text.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import PngImagePlugin

MAX_CHUNKS = 100_000
MAX_CHUNK_BYTES = 8 << 20
_XMP, _RAW_EXIF = b"XML:com.adobe.xmp", (b"Raw profile type exif", b"Raw profile type APP1")
_LEFT_OUT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")


class _Stream(PngImagePlugin.PngStream):
    """Pillow's, which refuses a whole picture for a text or a profile that is large. Only these are left out here."""

    def call(self, cid: bytes, pos: int, length: int) -> bytes:
        try:
            return super().call(cid, pos, length)
        except ValueError:
            if cid not in _LEFT_OUT or self.fp is None:
                raise
            self.fp.seek(pos)
            return self.fp.read(length)


PngImagePlugin.PngStream = _Stream  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class PngMetadata:
    exif: bytes = b""
    xmp: bytes = b""


def read_metadata(path: Path) -> PngMetadata:
    """Damaged chunks count as none: the picture is none the worse for them."""
    exif = xmp = b""
    for kind, data in _chunks(path):
        if kind == b"eXIf":
            exif = exif or data
        else:
            keyword, text = _text(kind, data)
            if keyword == _XMP:
                xmp = xmp or text
            elif keyword in _RAW_EXIF:  # a line with the name, one with the length, then the bytes
                exif = exif or _from_hexadecimal(b"".join(text.split(b"\n")[3:]))
    return PngMetadata(exif, xmp)


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The chunks that may hold metadata."""
    with path.open("rb") as file:
        file.seek(8)
        for _ in range(MAX_CHUNKS):
            header = file.read(8)
            if len(header) < 8:
                return
            length, kind = int.from_bytes(header[:4], "big"), header[4:]
            if kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt") and length <= MAX_CHUNK_BYTES:
                yield kind, file.read(length)
                file.seek(4, 1)
            else:
                file.seek(length + 4, 1)


def _text(kind: bytes, data: bytes) -> tuple[bytes, bytes]:
    """Keyword and text of a tEXt, zTXt or iTXt chunk; the text only of those keywords that are wanted."""
    keyword, _, rest = data.partition(b"\0")
    if keyword != _XMP and keyword not in _RAW_EXIF:
        return keyword, b""
    is_packed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        is_packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]
    return keyword, _unpacked(rest) if is_packed else rest


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_CHUNK_BYTES)
    except zlib.error:
        return b""


def _from_hexadecimal(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""
