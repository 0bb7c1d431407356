"""Whether a JPEG comes with a gain map: a second picture that tells how much brighter the first can be shown.

Apple's and Adobe's are told by the XMP of the second picture, ISO 21496-1's by a segment; where it lies says the
Multi-Picture Format (CIPA DC-007). That the first picture's own XMP may tell, too, is not this module's matter.
"""

from collections.abc import Iterator
from io import BytesIO
from mmap import mmap
from typing import Literal

from pinhole.imaging import xmp
from pinhole.imaging.tiff import Tiff

ISO_SEGMENT = b"urn:iso:std:iso:ts:21496:-1\0"
_XMP_NAMESPACES = (b"http://ns.apple.com/HDRGainMap/1.0/", b"http://ns.adobe.com/hdr-gain-map/1.0/")
_ENTRIES, _ENTRY_BYTES = 0xB002, 16
_MAX_PICTURES, _MAX_SEGMENTS = 16, 64
_MAX_DIRECTORY_BYTES = 1 << 16


def is_behind(data: bytes | mmap, directory_at: int) -> bool:
    """`directory_at`: where in the file the index of pictures begins, from which it counts."""
    directory = Tiff(BytesIO(data[directory_at : directory_at + _MAX_DIRECTORY_BYTES]))
    entries = directory.first.raw(_ENTRIES) or b""
    order: Literal["little", "big"] = "little" if directory.order == "<" else "big"
    for at in range(_ENTRY_BYTES, min(len(entries), _MAX_PICTURES * _ENTRY_BYTES), _ENTRY_BYTES):
        offset = int.from_bytes(entries[at + 8 : at + 12], order)
        if any(_is_of_gain_map(segment) for segment in _segments(data, directory_at + offset)):
            return True
    return False


def _is_of_gain_map(segment: bytes) -> bool:
    return segment.startswith(ISO_SEGMENT) or (
        segment.startswith(xmp.SEGMENT) and any(namespace in segment for namespace in _XMP_NAMESPACES)
    )


def _segments(data: bytes | mmap, at: int) -> Iterator[bytes]:
    """Those before the first table of the picture that begins at `at`."""
    if data[at : at + 2] != b"\xff\xd8":
        return
    at += 2
    for _ in range(_MAX_SEGMENTS):
        if data[at : at + 1] != b"\xff" or not 0xE0 <= int.from_bytes(data[at + 1 : at + 2]) <= 0xFE:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 4 : at + 2 + length]
        at += 2 + length
