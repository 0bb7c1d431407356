"""Hashing a file that may be written to meanwhile."""

import hashlib
import os
import threading
import time
from collections.abc import Callable

from pinhole_client.sending import FileChanged, opened, require_file
from pinhole_client.upload.finding import Stamp

_BLOCK_BYTES = 1024 * 1024
_STILL_SECONDS = 2.0  # the coarsest clock of a file system, FAT's
_LOOKS = 5


def still_stamp(path: str, is_over: threading.Event) -> Stamp:
    """The file's stamp, once nobody has written to it for two seconds.

    A write in the same tick of the file system's clock as an earlier one would leave the stamp as it was.

    Raises OSError, or FileChanged when it is written to on and on.
    """
    for _ in range(_LOOKS):
        status = os.stat(path)  # noqa: PTH116
        require_file(status)
        stamp = Stamp.of(status)
        young = stamp.modified_ns / 1e9 + _STILL_SECONDS - time.time()
        if not 0 < young <= _STILL_SECONDS:
            return stamp
        is_over.wait(young)
    raise FileChanged


def sha256_of(path: str, stamp: Stamp, progress: Callable[[int], None]) -> bytes:
    """SHA-256 of a file that has this stamp before and after it is read. Raises OSError, FileChanged."""
    digest = hashlib.sha256()
    with opened(path) as file:
        _check(file.fileno(), stamp)
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
        _check(file.fileno(), stamp)
    return digest.digest()


def _check(descriptor: int, stamp: Stamp) -> None:
    if Stamp.of(os.fstat(descriptor)) != stamp:
        raise FileChanged
