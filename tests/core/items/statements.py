"""The statements of items, as their use cases send them."""

from pinhole import items
from tests.fixtures.statements import World, case


@case
def an_item_is_read(w: World) -> None:
    items.read(w.conn, w.ann.id, w.item.id)
