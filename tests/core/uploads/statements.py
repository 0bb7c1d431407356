"""The statements of uploads, as their use cases send them."""

from pinhole import uploads
from pinhole.errors import Invalid
from pinhole.tables import media_item, upload
from pinhole.uploads import Promise, opening
from tests.fixtures.statements import NOW, SHA256, World, case


@case
def an_upload_is_begun(w: World) -> None:
    opening.open_upload(w.conn, w.ann, Promise("IMG.jpg", None, 1000, SHA256, "image/jpeg", None))


@case
def an_upload_takes_its_item_out_of_the_trash(w: World) -> None:
    w.conn.execute("UPDATE media_item SET trashed_at = now() WHERE owner_id = %s AND id = %s", (w.ann.id, w.item.id))
    assert media_item.restore(w.conn, w.ann.id, w.item.id) is not None


@case
def many_bytes_are_looked_for(w: World) -> None:
    uploads.existing(w.conn, w.ann, [w.sha256, *(number.to_bytes(32, "big") for number in range(499))])


@case
def uploads_are_looked_at(w: World) -> None:
    upload.get(w.conn, w.ann.id, w.upload_id)
    upload.list_by_id(w.conn, w.ann.id, [w.upload_id, *(f"{number:012}" for number in range(499))])
    upload.lock_by_key(w.conn, w.ann.id, w.file.object_key)
    upload.find_by_key(w.conn, w.ann.id, w.file.object_key)
    upload.list_unended(w.conn, w.ann.id, 5000)


@case
def an_upload_goes_on_and_ends(w: World) -> None:
    found = upload.get(w.conn, w.ann.id, w.upload_id)
    assert found is not None
    upload.keep_multipart_id(w.conn, found, "multipart")
    upload.mark_received(w.conn, w.ann.id, [w.upload_id, *(f"{number:012}" for number in range(499))])
    upload.mark_ready(w.conn, w.ann.id, w.upload_id, w.item.id)
    upload.mark_duplicate(w.conn, w.ann.id, w.upload_id, w.item.id)
    upload.mark_failed(w.conn, w.ann.id, w.upload_id, Invalid("It can't be read."))
    upload.mark_aborted(w.conn, w.ann.id, w.upload_id)
    upload.mark_cleaned(w.conn, w.ann.id, w.upload_id)


@case
def uploads_expire(w: World) -> None:
    upload.list_expired(w.conn, NOW, 1000)
    upload.list_uncleaned(w.conn, NOW, 1000)


@case
def uploads_that_nobody_noticed_are_looked_for(w: World) -> None:
    upload.mark_looked_at(w.conn, upload.list_unnoticed(w.conn, NOW, 500))
    upload.take_unseen(w.conn, w.ann.id, 5, 100)
