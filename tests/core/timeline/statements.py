"""The statements of the timeline, as their use cases send them."""

from datetime import UTC, datetime

from pinhole.grid import Cursor
from pinhole.lists import TIMELINE
from pinhole.tables import timeline_month
from pinhole.timeline import covers, months
from pinhole.timeline import month as one_month
from tests.fixtures.statements import EXPIRES, MONTH, World, case


@case
def a_month_changes_and_the_timeline_is_read(w: World) -> None:
    timeline_month.bump(w.conn, w.ann.id, [MONTH])
    timeline_month.library_revision(w.conn, w.ann.id)
    timeline_month.keep_ratios(w.conn, w.ann.id, months.read(w.conn, w.ann.id).rebuilt)


@case
def a_month_is_read(w: World) -> None:
    one_month.revision(w.conn, w.ann.id, TIMELINE, MONTH)
    one_month.read(w.conn, w.ann.id, TIMELINE, MONTH, None, EXPIRES)
    cursor = Cursor((int(datetime(2019, 5, 15, tzinfo=UTC).timestamp()) * 1_000_000,), w.item.id)
    one_month.read(w.conn, w.ann.id, TIMELINE, MONTH, cursor, EXPIRES)


@case
def the_covers_of_all_months_are_chosen(w: World) -> None:
    covers.read(w.conn, w.ann.id, EXPIRES)
