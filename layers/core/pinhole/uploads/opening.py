"""Opening an upload: is it needed, is it allowed, and how are its bytes to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg import Connection

from pinhole import accounts, live, trash
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.errors import ErrorCode, TooLarge, TooManyUploads, Unauthenticated
from pinhole.filenames import displayable, displayable_path
from pinhole.ids import new_id
from pinhole.keys import upload_key
from pinhole.settings import MEBIBYTE, settings
from pinhole.tables import timeline_month, user
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import Upload
from pinhole.uploads import landing

SINGLE_PUT_BYTES = 16 * MEBIBYTE
PART_BYTES = 16 * MEBIBYTE
MAX_PARTS = 10_000  # of S3
MAX_LISTED = 5_000


@dataclass(frozen=True, slots=True)
class Promise:
    """What a client says it will send. sha256: of the whole file, 32 bytes.

    relative_path: folders and name as the client has them, with slashes; None where it knows no folders.
    """

    filename: str
    relative_path: str | None
    size_bytes: int
    sha256: bytes
    content_type: str
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The owner has these bytes already, as this item. restored: the months that it came back to out of the trash."""

    item_id: str
    restored: list[date] | None = None


@dataclass(frozen=True, slots=True)
class Existing:
    """Items of the owner by the SHA-256 of what they were made of: those that are shown, and those in the trash."""

    shown: dict[bytes, str]
    trashed: dict[bytes, str]


def existing(conn: Connection, owner: User, sha256s: Sequence[bytes]) -> Existing:
    """Which of these bytes the owner has already, and as which item.

    Apart what lies in the trash, and is gone some day: who begins to upload it has it back. What has lost its original
    may be sent again, and what is still in the making may yet fail.
    """
    known = _known(conn, owner, sha256s)
    return Existing(
        shown={sha256: item_id for sha256, item_id, is_trashed in known if not is_trashed},
        trashed={sha256: item_id for sha256, item_id, is_trashed in known if is_trashed},
    )


def _known(conn: Connection, owner: User, sha256s: Sequence[bytes]) -> list[tuple[bytes, str, bool]]:
    return conn.execute(
        """
        SELECT file.sha256, item.id, item.trashed_at IS NOT NULL FROM original_file AS file
        JOIN media_item AS item ON item.owner_id = file.owner_id AND item.id = file.item_id
        WHERE file.owner_id = %s AND file.sha256 = ANY(%s) AND file.counts
          AND item.failed_at IS NULL AND item.missing_at IS NULL AND item.processed
        """,
        (owner.id, list(sha256s)),
    ).fetchall()


def begin(owner: User, promise: Promise) -> Upload | Duplicate:
    """Open an upload, or hand back the open one of the same bytes: any client of the owner may go on with it.

    Bytes that lie in the trash are taken out of it: who is told `duplicate` may delete theirs.

    Raises TooLarge (`file_too_large`, `storage_full`) or TooManyUploads at a limit, and Unavailable.
    """
    try:
        return _begin(owner, promise)
    except TooManyUploads:
        # What was sent may count as open only because nobody has noticed it yet.
        if not landing.notice_some(owner.id):
            raise
    return _begin(owner, promise)


def _begin(owner: User, promise: Promise) -> Upload | Duplicate:
    with transaction() as conn:
        opened = open_upload(conn, owner, promise)
    if isinstance(opened, Duplicate) and opened.restored is not None:
        live.library_changed(owner.id, opened.restored)
    return opened


def open_upload(conn: Connection, owner: User, promise: Promise) -> Upload | Duplicate:
    """The same, by what the tables say: uploads that landed unnoticed count as open."""
    # One at a time per owner: two devices that begin at once get the same upload, and limits hold.
    if not user.hold(conn, owner.id):
        raise Unauthenticated("This account was disabled.", code=ErrorCode.SESSION_ENDED)
    quota = accounts.quota(user.read_quota(conn, owner.id))
    for _, item_id, trashed in _known(conn, owner, [promise.sha256]):
        restored = trash.restore(conn, owner.id, item_id) if trashed else None
        if restored:
            timeline_month.bump(conn, owner.id, restored)
        return Duplicate(item_id, restored)
    if opened := upload_table.find_open(conn, owner.id, promise.sha256, promise.size_bytes):
        return opened
    _check_limits(conn, owner, promise.size_bytes, quota)
    upload_id = new_id()
    return upload_table.insert(
        conn,
        upload_id=upload_id,
        owner_id=owner.id,
        object_key=upload_key(owner.folder, upload_id, promise.filename),
        filename=displayable(promise.filename),
        relative_path=None if promise.relative_path is None else displayable_path(promise.relative_path),
        size_bytes=promise.size_bytes,
        sha256=promise.sha256,
        content_type=promise.content_type,
        modified_at=promise.modified_at,
        part_size_bytes=part_size(promise.size_bytes),
        expiry_days=settings().upload_expiry_days,
    )


def list_unended(conn: Connection, owner: User) -> list[Upload]:
    """The owner's uploads that wait for bytes, then those received and not ended, each oldest first; at most 5,000."""
    return upload_table.list_unended(conn, owner.id, MAX_LISTED)


def part_size(size_bytes: int) -> int | None:
    """Bytes of each part but the last, in whole MiB; None for what a single PUT carries."""
    if size_bytes <= SINGLE_PUT_BYTES:
        return None
    smallest = -(-size_bytes // MAX_PARTS)
    return max(PART_BYTES, -(-smallest // MEBIBYTE) * MEBIBYTE)


def _check_limits(conn: Connection, owner: User, size_bytes: int, quota: int | None) -> None:
    limits = settings()
    if size_bytes > limits.max_file_bytes:
        detail = f"A file may have at most {limits.max_file_bytes} bytes."
        raise TooLarge(detail, limits.max_file_bytes, code="file_too_large")
    if upload_table.count_open(conn, owner.id) >= limits.max_open_uploads:
        raise TooManyUploads(
            f"You have {limits.max_open_uploads} uploads open: finish or abort some first.",
            landing.LOOK_AGAIN_SECONDS,
            limits.max_open_uploads,
        )
    if quota is None:
        return
    left = quota - _bytes_taken(conn, owner.id)
    if size_bytes > left:
        raise TooLarge(
            f"Your library may have {quota} bytes, of which {max(left, 0)} are left.",
            quota,
            code="storage_full",
        )


def _bytes_taken(conn: Connection, owner_id: int) -> int:
    """Bytes stored, and bytes that may still be: also by the URL of an upload that was given up, while it lives."""
    row = conn.execute(
        """
        SELECT (SELECT coalesce(sum(size_bytes), 0) FROM original_file WHERE owner_id = %(owner_id)s)
             + (SELECT coalesce(sum(size_bytes), 0) FROM upload
                WHERE owner_id = %(owner_id)s
                  AND (state = 'received' OR state = 'waiting' AND expires_at > now())
                  AND NOT EXISTS (
                      SELECT FROM original_file AS file
                      WHERE file.owner_id = upload.owner_id AND file.object_key = upload.object_key))
             + (SELECT coalesce(sum(size_bytes), 0) FROM upload
                WHERE owner_id = %(owner_id)s AND state = 'aborted' AND cleaned_at IS NULL AND method = 'single'
                  AND expires_at > now())
        """,
        {"owner_id": owner_id},
    ).fetchone()
    assert row is not None
    return int(row[0])
