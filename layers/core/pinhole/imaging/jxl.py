"""JPEG XL: what its header says before anything is decoded, and the decoder.

The Pillow plugin decodes as it opens, so the size is read here first (ISO/IEC 18181-1, section "SizeHeader").
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pillow_jxl
from PIL import Image

from pinhole.imaging.boxes import walk

_CODESTREAM = b"\xff\x0a"
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_MAX_METADATA_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class JxlHeader:
    """`width` × `height` as displayed. `is_jpeg`: a JPEG packed without loss, which comes out with all its
    metadata.
    """

    width: int
    height: int
    orientation: int
    exif: bytes
    xmp: bytes
    is_jpeg: bool


class _Bits:
    """Least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")

    def read(self, count: int) -> int:
        result = self._value & ((1 << count) - 1)
        self._value >>= count
        return result


def read_header(path: Path) -> JxlHeader:
    """Raises ValueError where there is no codestream."""
    exif = xmp = b""
    is_jpeg = False
    with path.open("rb") as file:
        codestream = file.read(32)
        if not codestream.startswith(_CODESTREAM):
            codestream = b""
            for box in walk(file, 0, path.stat().st_size):
                if box.kind == b"jxlc" and not codestream:
                    codestream = box.read(file, 32)
                elif box.kind == b"jxlp" and not codestream:
                    codestream = box.read(file, 36)[4:]
                elif box.kind == b"Exif" and not exif:
                    exif = _after_offset(box.read(file, _MAX_METADATA_BYTES))
                elif box.kind == b"xml " and not xmp:
                    xmp = box.read(file, _MAX_METADATA_BYTES)
                elif box.kind == b"jbrd":
                    is_jpeg = True
    if not codestream.startswith(_CODESTREAM):
        raise ValueError("no codestream")
    bits = _Bits(codestream[2:])
    width, height = _size(bits)
    orientation = _orientation(bits)
    if orientation >= 5:
        width, height = height, width
    return JxlHeader(width, height, orientation, exif, xmp, is_jpeg)


def decode(path: Path) -> tuple[Image.Image, bool]:
    """The picture with its ICC profile, and whether it is upright already: a packed JPEG comes out as it went
    in.
    """
    is_jpeg, info, pixels, profile, _ = pillow_jxl.Decoder(num_threads=-1)(path.read_bytes())
    if is_jpeg:
        return Image.open(BytesIO(pixels), formats=("JPEG",)), False
    image = Image.frombytes(info.mode, (info.width, info.height), pixels)
    if profile:
        image.info["icc_profile"] = bytes(profile)
    return image, True


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


def _after_offset(box: bytes) -> bytes:
    """An Exif box starts with the distance of the TIFF header; some writers forget it."""
    if box[:4] in (b"II*\0", b"MM\0*"):
        return box
    return box[4 + int.from_bytes(box[:4], "big") :] if len(box) > 8 else b""
