"""The statements of items, as their use cases send them."""

from pinhole import found, full_size, items, originals, playback
from pinhole.tables import job, rendition
from pinhole.tables.job import Stage
from pinhole.tables.rendition import Rendition
from tests.fixtures.statements import World, case


@case
def an_item_is_read(w: World) -> None:
    items.read(w.conn, w.ann.id, w.item.id)


@case
def what_plays_of_an_item_is_read(w: World) -> None:
    playback.read(w.conn, w.ann.id, w.item.id)


@case
def originals_are_listed(w: World) -> None:
    originals.list_files(w.conn, w.ann.id, [w.item.id])


@case
def a_full_size_is_asked_for(w: World) -> None:
    full_size.photo_of(w.conn, w.ann.id, w.item.id)
    rendition.largest(w.conn, w.ann.id, w.item.id)
    job.count_open(w.conn, w.ann.id, Stage.FULL_SIZE)


@case
def a_full_size_is_kept_and_expires(w: World) -> None:
    rendition.add_for_a_time(w.conn, w.ann.id, w.item.id, Rendition("full.jpg", 1, 4032, 3024, 5))
    rendition.keep(w.conn, w.ann.id, w.item.id)
    rendition.list_expired(w.conn, 1000)
    rendition.expired(w.conn, w.ann.id, w.item.id)


@case
def what_models_found_in_a_photo_is_read(w: World) -> None:
    found.read(w.conn, w.ann.id, w.item.id)
