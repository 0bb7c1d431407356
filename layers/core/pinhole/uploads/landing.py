"""What has landed: the store tells ingest alone of a PUT, and whoever wants to know before that has to look.

An upload that was given up may land all the same: its URL lives on, and who sends by it is told that the bytes were
stored. They are kept then, as if nobody had given it up.
"""

from collections.abc import Sequence

from pinhole import objects
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.objects import StoredObject
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import Upload
from pinhole.telemetry import logger

BATCH = 100
LOOK_AGAIN_SECONDS = 5


def landed(upload: Upload) -> StoredObject | None:
    """The object at the upload's key, if there is one."""
    try:
        return objects.head(upload.object_key)
    except NotFound:
        return None


def notice(owner: User, upload_ids: Sequence[str]) -> list[Upload]:
    """The owner's uploads among these ids, in their order, once those that landed by a PUT are received.

    Of an upload in parts nothing new is found out. Raises Unavailable.
    """
    with transaction() as conn:
        known = upload_table.list_by_id(conn, owner.id, upload_ids)
    unsure = [upload for upload in known if upload.method == "single" and upload.state in ("waiting", "aborted")]
    if _receive(owner.id, unsure):
        with transaction() as conn:
            known = upload_table.list_by_id(conn, owner.id, upload_ids)
    by_id = {upload.id: upload for upload in known}
    return [by_id[upload_id] for upload_id in upload_ids if upload_id in by_id]


def notice_some(owner_id: int) -> bool:
    """Look for a batch of the owner's open uploads that nobody looked for lately. Whether any of them is received now.

    Raises Unavailable.
    """
    with transaction() as conn:
        unseen = upload_table.take_unseen(conn, owner_id, LOOK_AGAIN_SECONDS, BATCH)
    return _receive(owner_id, unseen)


def _receive(owner_id: int, uploads: Sequence[Upload]) -> bool:
    there = objects.heads([upload.object_key for upload in uploads])
    arrived = [upload.id for upload, stored in zip(uploads, there, strict=True) if stored is not None]
    if not arrived:
        return False
    with transaction() as conn:
        received = upload_table.mark_received(conn, owner_id, arrived)
    logger.info("uploads_received", extra={"received": len(received)})
    return True
