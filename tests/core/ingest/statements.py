"""The statements of ingest, as their use cases send them."""

from datetime import datetime

from pinhole.tables import (
    item_metadata,
    item_redirect,
    job,
    live_photo,
    media_item,
    original_file,
    outbox,
    rendition,
    user,
)
from pinhole.tables.item_metadata import ItemMetadata, Layer
from pinhole.tables.media_item import Shape
from pinhole.tables.outbox import Change
from pinhole.tables.rendition import Rendition
from tests.fixtures.statements import NOW, SHA256, World, case


@case
def an_original_arrives(w: World) -> None:
    user.find_owner(w.conn, ["ann", "ann/uploads"])
    original_file.lock(w.conn, w.ann.id, w.file.object_key)
    original_file.find(w.conn, w.ann.id, w.file.object_key)
    original_file.main_of(w.conn, w.ann.id, w.item.id)
    original_file.find_same_bytes(w.conn, w.ann.id, w.sha256)
    media_item.get(w.conn, w.ann.id, w.item.id)
    media_item.lock(w.conn, w.ann.id, w.item.id)
    w.arrived()


def _shape(kind: str) -> Shape:
    return Shape(
        kind=kind,
        width=4,
        height=3,
        duration_ms=None,
        taken_at_local=datetime(2019, 5, 1),  # noqa: DTZ001  # what the clock on the wall said
        taken_at_utc=None,
        utc_offset_seconds=None,
        timezone_name=None,
        time_source="exif_original",
        time_confidence="low",
        sort_timestamp=NOW,
    )


@case
def metadata_and_renditions_are_kept(w: World) -> None:
    new = w.arrived()
    media_item.commit_metadata(w.conn, w.ann.id, new.id, _shape("photo"))
    item_metadata.insert(w.conn, w.ann.id, new.id, ItemMetadata())
    item_metadata.say(w.conn, w.ann.id, new.id, Layer.FILE, {"title": "A title"})
    item_metadata.mark_looked_at(w.conn, w.ann.id, new.id, colours=[0], perceptual_hash=1)
    media_item.commit_renditions(w.conn, w.ann.id, new.id, version=1, thumb_hash=b"\x01")
    rendition.replace(w.conn, w.ann.id, new.id, [Rendition("240.webp", 1, 320, 240, 5)])
    original_file.mark_read(w.conn, w.ann.id, w.file.object_key, sha256=SHA256, sha1=bytes(20), mime_type="image/jpeg")


@case
def what_happened_is_written_down_and_read(w: World) -> None:
    outbox.add(w.conn, w.ann.id, w.item.id, Change.BORN, after={"itemKey": w.item.item_key})
    outbox.list_settled(w.conn, w.ann.id, (0, 0), 500)


@case
def an_item_fails_and_is_tried_again(w: World) -> None:
    new = w.arrived()
    media_item.mark_failed(w.conn, w.ann.id, new.id)
    media_item.clear_failure(w.conn, w.ann.id, new.id)
    original_file.count_again(w.conn, w.ann.id, new.id, counts=True)


@case
def an_original_is_lost_and_replaced(w: World) -> None:
    media_item.mark_missing(w.conn, w.ann.id, w.item.id, missing=True)
    original_file.replace(w.conn, w.file, w.file)
    original_file.mark_alias(w.conn, w.ann.id, w.file.object_key, w.item.id)


@case
def halves_of_a_live_photo_are_looked_for_and_joined(w: World) -> None:
    identifier = live_photo.content_id(w.conn, w.ann.id, w.item.id)
    assert identifier is not None
    video = w.arrived()
    media_item.commit_metadata(w.conn, w.ann.id, video.id, _shape("video"))
    item_metadata.insert(w.conn, w.ann.id, video.id, ItemMetadata(live_content_id=identifier))
    live_photo.lock(w.conn, w.ann.id, identifier)
    halves = live_photo.halves(w.conn, w.ann.id, identifier)
    assert halves is not None
    assert live_photo.join(w.conn, w.ann.id, w.item.id, video.id) is not None
    original_file.clip_of(w.conn, w.ann.id, w.item.id)


@case
def an_id_leads_to_another(w: World) -> None:
    item_redirect.follow_all(w.conn, w.ann.id, [w.item.id, *(f"{number:012}" for number in range(999))])


@case
def an_item_is_removed(w: World) -> None:
    media_item.remove(w.conn, w.ann.id, w.item.id)
    job.remove(w.conn, w.subject)
