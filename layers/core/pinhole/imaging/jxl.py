"""JPEG XL: what its header says before anything is decoded, and the decoder.

The Pillow plugin decodes as it opens, so the size is read here first (ISO/IEC 18181-1, section "SizeHeader").
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pinhole.imaging.boxes import exif_content, walk
from pinhole.imaging.budget import check_memory

_CODESTREAM = b"\xff\x0a"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_MAX_METADATA_BYTES = 4 << 20
_HEADER_BYTES = 32
_BYTES_PER_PIXEL = 10  # of the decoder, what it hands out, and Pillow's copy


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """`width` × `height` as displayed; `orientation` as the codestream says it, which the decoder applies."""

    width: int
    height: int
    orientation: int
    exif: bytes
    xmp: bytes


class _Bits:
    """Least significant bit first. Raises ValueError at the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the codestream ends in its header")
        result = self._value & ((1 << count) - 1)
        self._value >>= count
        return result


def read_header(path: Path) -> JxlHeader:
    """Raises ValueError where there is no codestream, or not enough of it. Damaged metadata counts as none."""
    metadata: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        codestream = file.read(_HEADER_BYTES)
        if not codestream.startswith(_CODESTREAM):
            codestream = b""
            for box in walk(file, 0, path.stat().st_size):
                if box.kind in (b"jxlc", b"jxlp"):
                    skipped = 4 if box.kind == b"jxlp" else 0  # the number of the part
                    codestream += box.read(file, skipped + _HEADER_BYTES - len(codestream))[skipped:]
                else:
                    kind = box.read(file, 4) if box.kind == b"brob" else box.kind
                    if kind in (b"Exif", b"xml ") and kind not in metadata:  # of each the first, whatever is in it
                        content = box.read(file, _MAX_METADATA_BYTES)
                        metadata[kind] = _unpacked(content[4:]) if box.kind == b"brob" else content
    if not codestream.startswith(_CODESTREAM):
        raise ValueError("no codestream")
    bits = _Bits(codestream[2:])
    width, height = _size(bits)
    orientation = _orientation(bits)
    if orientation >= 5:
        width, height = height, width
    exif = exif_content(metadata.get(b"Exif", b""))
    return JxlHeader(width, height, orientation, exif, metadata.get(b"xml ", b""))


def decode(path: Path, max_pixels: int) -> Image.Image:
    """The picture, upright, with its ICC profile. Raises FileRejected (`too_many_pixels`)."""
    import pillow_jxl

    header = read_header(path)
    pixels_bytes = header.width * header.height * _BYTES_PER_PIXEL
    check_memory(header.width, header.height, pixels_bytes + path.stat().st_size, max_pixels)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        for box in walk(file, 0, len(mapped)):
            if box.kind == b"jbrd":
                # What a JPEG needs to come out as it went in; without it the decoder gives pixels, and turns them.
                mapped[box.start - 4 : box.start] = b"free"
        data = mapped[:]
    _, info, pixels, profile, _ = pillow_jxl.Decoder(num_threads=-1)(data)
    image = Image.frombytes(info.mode, (info.width, info.height), pixels)
    if profile:
        image.info["icc_profile"] = bytes(profile)
    return image


def _unpacked(packed: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped]

    try:
        unpacked: bytes = brotli.Decompressor().process(packed, output_buffer_limit=_MAX_METADATA_BYTES)
    except brotli.error:
        return b""
    return unpacked[:_MAX_METADATA_BYTES]


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.read(1)

    def dimension() -> int:
        if small:
            return (bits.read(5) + 1) * 8
        return bits.read((9, 13, 18, 30)[bits.read(2)]) + 1

    height = dimension()
    ratio = bits.read(3)
    if ratio == 0:
        return dimension(), height
    above, below = _RATIOS[ratio]
    return height * above // below, height


def _orientation(bits: _Bits) -> int:
    """Of the codestream, EXIF's numbers: the one that counts, whatever an Exif box says."""
    is_default = bits.read(1)
    has_extra_fields = not is_default and bits.read(1)
    return bits.read(3) + 1 if has_extra_fields else 1
