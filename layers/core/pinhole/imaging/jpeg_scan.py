"""Whether a JPEG's compressed data is whole as far as its markers tell.

libjpeg guesses over damage without an error, and shows a shifted or grey picture. A marker that no JPEG may
have between its restart markers (ITU-T T.81, table B.1) proves that bytes were lost or overwritten.
"""

import mmap
import re
from pathlib import Path

_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def has_impossible_marker(path: Path) -> bool:
    """Walks the segments up to the end of the first image. A file that ends early is not this function's
    matter.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 2
        while at + 4 <= len(data):
            if data[at] != 0xFF:
                return False  # stray bytes between segments: decoders skip them
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
            elif marker == _END_OF_IMAGE:
                return False
            elif marker < 0xC0 and marker != 0x01:
                return True
            elif marker in _STANDALONE:
                at += 2
            else:
                at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
                if marker == _START_OF_SCAN:
                    found = _AFTER_SCAN.search(data, at)
                    if found is None:
                        return False
                    at = found.end() - 2
    return False
