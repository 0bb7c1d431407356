"""The statements of live updates, as their use cases send them."""

from pinhole.tables import live_connection, live_ticket, notice
from tests.fixtures.statements import MONTH, NOW, SESSION, SHA256, World, case


@case
def a_client_connects_and_goes_away(w: World) -> None:
    live_ticket.add(w.conn, SESSION, SHA256, NOW, 1)
    live_ticket.redeem(w.conn, SHA256)
    live_connection.count_of_session(w.conn, SESSION)
    live_connection.add(w.conn, "new", SESSION)
    live_connection.of_user(w.conn, w.ann.id)
    live_connection.remove(w.conn, ["new", f"connection{SESSION}"])
    live_connection.exist_ended(w.conn, w.ann.id)
    live_connection.remove_ended(w.conn, w.ann.id)


@case
def a_change_is_told(w: World) -> None:
    notice.add_library_changed(w.conn, w.ann.id, [MONTH])
    notice.library_changed(w.conn, w.ann.id)
    notice.finish_library_changed(w.conn, w.ann.id, notice.LibraryChanged([MONTH], NOW))
