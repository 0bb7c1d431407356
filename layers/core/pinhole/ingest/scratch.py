"""Where an original lies while it is worked on."""

import errno
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from pinhole.errors import PinholeError, Unavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_CLOCKS_DIFFER = 60
_NAME = re.compile(r"pinhole-ingest-([0-9]+)-\w+")


@contextmanager
def directory(until: datetime, size_bytes: int) -> Iterator[Path]:
    """An empty directory for a file of this size, removed at the end.

    until: when this process is dead for sure. The name tells it, so that a later call removes what a killed one left:
    else a few large files that kill their workers would fill the disk for good.
    Raises Unavailable (`disk_full`) when there is no room left, at whatever moment of the block, and PinholeError
    (`exceeds_disk`) for a file that the disk could not hold if it were empty.
    """
    capacity = shutil.disk_usage(gettempdir()).total
    if size_bytes > capacity:
        raise PinholeError(
            f"The file has {size_bytes:,} bytes, and the disk of the ingest function only {capacity:,}.",
            code="exceeds_disk",
        )
    try:
        _remove_leftovers()
        with TemporaryDirectory(prefix=f"pinhole-ingest-{until.timestamp():.0f}-") as path:
            yield Path(path)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise Unavailable("There is no room left on the disk of the ingest function.", code="disk_full") from error


def _remove_leftovers() -> None:
    for path in Path(gettempdir()).glob("pinhole-ingest-*"):
        name = _NAME.fullmatch(path.name)
        if name is not None and int(name[1]) < time.time() - _CLOCKS_DIFFER:
            # Another call may be removing it too, and another user's is not ours to remove.
            shutil.rmtree(path, ignore_errors=True)
