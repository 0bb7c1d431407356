"""Whether a JPEG can be decoded as far as its markers tell.

libjpeg guesses over damage without an error, and shows a shifted or grey picture. A marker that no JPEG may
have between its restart markers (ITU-T T.81, table B.1) proves that bytes were lost or overwritten. And libjpeg goes
over the whole picture for each scan, of which a small file can have thousands.
"""

import re
from mmap import mmap

from pinhole.errors import FileRejected

MAX_SCANS = 500  # progressive files have about ten
MAX_SEGMENTS = 100_000
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, 0xD8})


def check(data: bytes | mmap) -> None:
    """Walks the segments up to the end of the first image. A file that ends early is not this function's matter.

    Raises ValueError for an impossible marker, FileRejected (`corrupt`) for too many scans or segments.
    """
    at, scans = 2, 0
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, at)  # decoders, too, skip stray bytes between segments
        if found is None:
            return
        at = found.end()
        marker = data[at - 1]
        if marker == _END_OF_IMAGE:
            return
        if marker < 0xC0 and marker != 0x01:
            raise ValueError("a marker that no JPEG may have")
        if marker not in _STANDALONE:
            at += int.from_bytes(data[at : at + 2], "big")
        scans += marker == _START_OF_SCAN
        if scans > MAX_SCANS:
            raise FileRejected(
                f"The file is damaged: it draws its picture more than {MAX_SCANS} times.", code="corrupt"
            )
    raise FileRejected(f"The file is damaged: it has more than {MAX_SEGMENTS:,} parts.", code="corrupt")
