"""What an event about an object means: whose it is, which item it is of, and what there is to do about it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from pinhole import keys, stages
from pinhole.db import transaction
from pinhole.filenames import displayable, displayable_path
from pinhole.ingest import failure
from pinhole.s3_events import ObjectCreated
from pinhole.stages import Claim, Lane, Subject, WornOut
from pinhole.tables import media_item, original_file, user
from pinhole.tables import upload as upload_table
from pinhole.tables.media_item import Item
from pinhole.tables.original_file import OriginalFile, Role, Stored
from pinhole.tables.upload import Upload


@dataclass(frozen=True, slots=True)
class NotUploaded:
    """No upload asked for it: the bulk lane takes it."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Its owner has its bytes by another upload, so that this one ended, in this state: what arrived is removed."""

    state: str


@dataclass(frozen=True, slots=True)
class Known:
    """There is nothing left to do about this item but to tell of it again."""

    subject: Subject


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt at an item that is to be worked on. promised: of its file, where it came by an upload."""

    claimed: Claim
    item: Item
    file: OriginalFile
    promised: Upload | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """It is none of ours, or not what was sent first. reason: for the log."""

    reason: str


Arrival = NotUploaded | Unwanted | Known | Work | Ignored


def receive(created: ObjectCreated, until: datetime, lane: Lane) -> Arrival | None:
    """Look whose it is that arrived, and begin an attempt at its item. None where nothing is to be done.

    until: when the lease of the attempt ends. Raises Busy while another delivery works on the item.
    """
    if keys.is_folder_mark(created.key, created.size_bytes):
        return Ignored("it only stands for a folder")
    with transaction() as conn:
        owner = user.find_owner(conn, keys.folders_of(created.key))
        if owner is None:
            return Ignored("it lies in no user's folder")
        owner_id, folder = owner
        uploaded = created.key.startswith(keys.upload_prefix(folder))
        if lane is Lane.FRESH and not uploaded:
            return NotUploaded()
        original_file.lock(conn, owner_id, created.key)
        promised = upload_table.lock_by_key(conn, owner_id, created.key)
        file = original_file.find(conn, owner_id, created.key)
        if promised is not None and promised.state == "duplicate":
            return Unwanted(promised.state)
        if file is None and promised is None and uploaded and lane is Lane.FRESH:
            return Ignored("no upload has this key")
        if file is None and promised is not None and promised.state == "ready":
            return Ignored("its item has another original by now, or is gone")
        if file is not None and file.etag != created.etag:
            # What is under uploads/ is written once, so there this is not what the client sent. Elsewhere a file may
            # have been edited; its first version stays too, and verify tells of it.
            return Ignored("it was written over")
        if (promised is not None and promised.state == "failed") or (file is not None and file.role == Role.ALIAS):
            return None
        if file is not None and file.role == Role.CLIP:
            # There is nothing to read any more: it is a half of what another original makes.
            if promised is not None:
                upload_table.mark_ready(conn, owner_id, promised.id, file.item_id)
            return Known(Subject(owner_id, file.item_id))
        item, file = _item_of(conn, owner_id, folder, file, created, promised)
        if promised is not None and item.processed:
            upload_table.mark_ready(conn, owner_id, promised.id, item.id)
        subject, stage = Subject(owner_id, item.id), failure.open_stage(conn, item)
        if stage is None:
            return Known(subject)
        try:
            claimed = stages.claim(conn, subject, stage, lane, until)
        except WornOut as last:
            claimed, failed = None, failure.fail_for_good(conn, subject, created.key, stage, last.report)
        else:
            failed = False
    if failed:
        failure.tell_failure(subject, stage)
    return Known(subject) if claimed is None else Work(claimed, item, file, promised)


def _item_of(
    conn: Connection,
    owner_id: int,
    folder: str,
    file: OriginalFile | None,
    created: ObjectCreated,
    promised: Upload | None,
) -> tuple[Item, OriginalFile]:
    """The item of this file, made now if the file is new."""
    if promised is not None:
        upload_table.mark_received(conn, owner_id, [promised.id])
    if file is None:
        stored = Stored(
            object_key=created.key,
            version=created.version,
            etag=created.etag,
            sequencer=created.sequencer,
            size_bytes=created.size_bytes,
            filename=displayable(created.key) if promised is None else promised.filename,
            relative_path=_path_in(folder, created.key) if promised is None else promised.relative_path,
            modified_at=None if promised is None else promised.modified_at,
        )
        item_id = media_item.insert(conn, owner_id, stored.relative_path).id
        original_file.insert(conn, owner_id, item_id, Role.MAIN, stored)
        file = original_file.find(conn, owner_id, created.key)
        assert file is not None
    item = media_item.get(conn, owner_id, file.item_id)
    assert item is not None
    return item, file


def _path_in(folder: str, key: str) -> str:
    return displayable_path(key.removeprefix(f"{folder}/"))
