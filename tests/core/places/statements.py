"""The statements of names of places, as their use cases send them."""

from pinhole import places
from pinhole.tables import place
from tests.fixtures.statements import World, case


@case
def a_place_is_named(w: World) -> None:
    place.source(w.conn)
    places.find(w.conn, 43.4674, 11.8851)
