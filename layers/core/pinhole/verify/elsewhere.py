"""What lies in the originals bucket beside all that was uploaded. It is told, never touched: somebody put it there."""

from collections.abc import Collection, Iterator
from datetime import datetime

from pinhole import objects
from pinhole.db import transaction
from pinhole.telemetry import logger
from pinhole.verify.finding import Finding, Kind


def check(before: datetime) -> Iterator[Finding]:
    """One finding for each object, or for a whole folder of them. What is younger than `before` is not judged."""
    with transaction() as conn:
        folders = [f"{folder}/" for (folder,) in conn.execute("SELECT folder FROM users")]
    for name in _elsewhere("", [f"{folder}uploads/" for folder in folders], before):
        kind = Kind.OBJECT_NOT_INDEXED if name.startswith(tuple(folders)) else Kind.OBJECT_OF_NOBODY
        logger.warning("inconsistency_found", extra={"kind": kind, "object_key": name, "repaired": False})
        yield Finding(kind, name)


def _elsewhere(folder: str, uploads: Collection[str], before: datetime) -> Iterator[str]:
    """Keys of objects, and the largest folders that hold old ones and no uploads."""
    for entry in objects.list_folder(folder):
        if not isinstance(entry, str):
            if entry.modified_at <= before:
                yield entry.key
        elif any(uploaded.startswith(entry) for uploaded in uploads):
            if entry not in uploads:
                yield from _elsewhere(entry, uploads, before)
        elif any(one.modified_at <= before for one in objects.list_originals(entry)):
            yield entry
