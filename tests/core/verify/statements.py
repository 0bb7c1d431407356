"""The statements of verify, as their use cases send them."""

from pinhole.tables import original_file, rendition, upload
from pinhole.verify import originals, renditions
from tests.fixtures.statements import World, case


@case
def a_suspicion_is_looked_at_again(w: World) -> None:
    originals._known(w.conn, w.ann.id, w.file.object_key)
    renditions._known(w.conn, w.item.item_key)
    original_file.list_known(w.conn, w.ann.id, [w.file.object_key, *(f"ann/{number}.jpg" for number in range(999))])


@case
def what_was_lost_is_noted(w: World) -> None:
    upload.mark_ready_after_all(w.conn, w.ann.id, w.upload_id, w.item.id)
    upload.receive_again(w.conn, w.ann.id, w.upload_id)
    upload.restore(w.conn, w.ann.id, "ann/uploads/abcdefghij01/IMG.jpg")
    rendition.has_any(w.conn, w.ann.id, w.item.id)
    rendition.remove(w.conn, w.ann.id, w.item.id)
    original_file.mark_stored(w.conn, w.ann.id, w.file.object_key, "1")
