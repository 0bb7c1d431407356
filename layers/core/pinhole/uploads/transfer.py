"""An open upload: signed URLs for its bytes, its completion, and giving it up.

The store is never asked while a transaction is open: what it said is written where the upload still is as it was read,
and read again where that matters.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import Connection

from pinhole import objects
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.errors import Conflict, FieldError, Gone, Invalid, NotFound, Unavailable
from pinhole.objects import Part, SignedRequest
from pinhole.settings import settings
from pinhole.tables import upload as upload_table
from pinhole.tables.upload import Upload
from pinhole.uploads.landing import landed

_ARRIVED = ("received", "ready", "failed", "duplicate")


@dataclass(frozen=True, slots=True)
class SignedPut:
    """The one PUT of a single upload, and until when its URL may be used."""

    request: SignedRequest
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part to be sent, counted from 1. sha256: of the part, which its URL then binds."""

    number: int
    sha256: bytes | None


def get(conn: Connection, owner: User, upload_id: str) -> Upload:
    """The owner's upload. Raises NotFound."""
    upload = upload_table.get(conn, owner.id, upload_id)
    if upload is None:
        raise NotFound("There is no such upload.")
    return upload


def sign_put(upload: Upload) -> SignedPut:
    """Sign the PUT of a single upload. Raises Gone or Conflict when it no longer waits, or has parts."""
    _check_waiting(upload)
    if upload.method != "single":
        raise Conflict("This upload is sent in parts: ask for their URLs.", code="multipart_upload")
    expires_at, seconds = _url_expiry(upload)
    request = objects.presign_put(
        upload.object_key,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        content_type=upload.content_type,
        expires_seconds=seconds,
    )
    return SignedPut(request, expires_at)


def sign_parts(owner: User, upload_id: str, wanted: Sequence[WantedPart]) -> list[SignedRequest]:
    """Sign the PUTs of some parts, each bound to its length, in the order asked for.

    Raises NotFound, Gone, Conflict when the upload no longer waits or has no parts, Invalid for a number that
    it does not have.
    """
    upload = _read(owner, upload_id)
    _check_waiting(upload)
    _check_multipart(upload)
    unknown = [
        FieldError(f"partNumbers.{index}" if part.sha256 is None else f"parts.{index}.partNumber", "does not exist")
        for index, part in enumerate(wanted)
        if not 1 <= part.number <= upload.part_count
    ]
    if unknown:
        raise Invalid(f"This upload has the parts 1 to {upload.part_count}.", *unknown)
    multipart_id = _multipart_id(owner, upload)
    _, seconds = _url_expiry(upload)
    return [
        objects.presign_part(
            upload.object_key,
            multipart_id,
            part.number,
            size_bytes=upload.part_bytes(part.number),
            sha256=part.sha256,
            expires_seconds=seconds,
        )
        for part in wanted
    ]


def complete(owner: User, upload_id: str) -> None:
    """Make one object of the parts. An upload whose bytes arrived already stays as it is.

    Raises NotFound, Gone, or Conflict: the upload has no parts (`single_upload`), or some are missing or have
    the wrong length (`wrong_parts`), which `fields` then name as `parts.{number}`.
    """
    upload = _read(owner, upload_id)
    if upload.state in _ARRIVED:
        return
    _check_waiting(upload)
    _check_multipart(upload)
    if wrong := put_together(upload):
        # By somebody else, and ingested by now: the object of a duplicate is gone already.
        if _read(owner, upload_id).state in _ARRIVED:
            return
        raise Conflict("These parts are missing or wrong. Send them, then complete again.", *wrong, code="wrong_parts")
    with transaction() as conn:
        upload_table.mark_received(conn, owner.id, [upload.id])


def put_together(upload: Upload) -> list[FieldError]:
    """Make one object of a waiting upload's parts. Which parts are missing or wrong: with any, nothing was done.

    Raises Unavailable when what was sent went away meanwhile.
    """
    # The object is there when the store did it, and whoever asked was gone before that was noted.
    if landed(upload) is not None:
        return []
    parts = stored_parts(upload)
    if wrong := _wrong_parts(upload, parts):
        # There are none any more when somebody else put them together just now.
        return [] if landed(upload) is not None else wrong
    assert upload.multipart_id is not None
    _complete(upload, upload.multipart_id, parts)
    return []


def _complete(upload: Upload, multipart_id: str, parts: Sequence[Part]) -> None:
    try:
        objects.complete_multipart(upload.object_key, multipart_id, parts)
    except (NotFound, Conflict) as error:
        # A second attempt is answered so when the store did it at the first, whose answer got lost.
        if landed(upload) is None:
            raise Unavailable(f"What was sent of {upload.id} went away meanwhile.") from error


def stored_parts(upload: Upload) -> list[Part]:
    """The parts that the store holds of a waiting upload, in order."""
    if upload.state != "waiting" or upload.multipart_id is None:
        return []
    try:
        return objects.list_parts(upload.object_key, upload.multipart_id)
    except NotFound:
        return []


def abort(owner: User, upload_id: str) -> None:
    """Give an upload up, and drop what the store has of it; again is no error.

    Raises NotFound, or Conflict once the bytes arrived (`upload_not_waiting`). Bytes that arrive later by a URL which
    was signed before are kept none the less.
    """
    upload = _read(owner, upload_id)
    if upload.state == "waiting":
        arrived = landed(upload) is not None
        with transaction() as conn:
            if arrived:
                upload_table.mark_received(conn, owner.id, [upload.id])
            else:
                upload_table.mark_aborted(conn, owner.id, upload.id)
            upload = get(conn, owner, upload_id)
    if upload.state != "aborted":
        raise _not_waiting(upload)
    drop_parts(upload)


def drop_parts(upload: Upload) -> None:
    """Drop the parts of an upload that ended without being put together. What is gone already is no error."""
    if upload.method == "multipart":
        for multipart_id in objects.multiparts(upload.object_key):
            _drop(upload, multipart_id)


def _drop(upload: Upload, multipart_id: str) -> None:
    with suppress(NotFound):
        objects.abort_multipart(upload.object_key, multipart_id)


def _read(owner: User, upload_id: str) -> Upload:
    with transaction() as conn:
        return get(conn, owner, upload_id)


def _check_waiting(upload: Upload) -> None:
    if upload.state == "aborted":
        raise Gone("This upload was aborted: begin a new one.", code="upload_aborted")
    if upload.state != "waiting":
        raise _not_waiting(upload)
    if upload.expired:
        raise Gone("This upload has expired: begin a new one.", code="upload_expired")


def _not_waiting(upload: Upload) -> Conflict:
    return Conflict(f"This upload waits for nothing: it is {upload.state}.", code="upload_not_waiting")


def _check_multipart(upload: Upload) -> None:
    if upload.method != "multipart":
        raise Conflict("This upload is one PUT and has no parts.", code="single_upload")


def _multipart_id(owner: User, upload: Upload) -> str:
    known = upload.multipart_id
    if known is not None and objects.has_multipart(upload.object_key, known):
        return known
    # Put together already, which is not noted yet: nothing would ever drop another one.
    if known is not None and landed(upload) is not None:
        raise Conflict("This upload waits for nothing: its parts were put together.", code="upload_not_waiting")
    opened = objects.open_multipart(upload.object_key, content_type=upload.content_type)
    with transaction() as conn:
        upload_table.keep_multipart_id(conn, upload, opened)
        current = get(conn, owner, upload.id)
    # Somebody else was quicker, or gave it up: nobody has a URL of this one.
    if current.multipart_id != opened or current.state == "aborted":
        _drop(upload, opened)
    _check_waiting(current)
    assert current.multipart_id is not None
    return current.multipart_id


def _wrong_parts(upload: Upload, parts: Sequence[Part]) -> list[FieldError]:
    sizes = {part.number: part.size_bytes for part in parts}
    return [
        FieldError(f"parts.{number}", f"has {sizes[number]} bytes" if number in sizes else "is missing")
        for number in range(1, upload.part_count + 1)
        if sizes.get(number) != upload.part_bytes(number)
    ]


def _url_expiry(upload: Upload) -> tuple[datetime, int]:
    """When a URL signed now ends, and in how many seconds: never later than the upload itself."""
    now = datetime.now(UTC)
    expires_at = min(now + timedelta(seconds=settings().url_expiry_seconds), upload.expires_at)
    return expires_at, max(1, int((expires_at - now).total_seconds()))
