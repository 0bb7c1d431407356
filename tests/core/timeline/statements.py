"""The statements of the timeline, as their use cases send them."""

from datetime import UTC, datetime

from pinhole.tables import timeline_month
from pinhole.timeline import month as one_month
from pinhole.timeline import months
from pinhole.timeline.month import Cursor
from tests.fixtures.statements import EXPIRES, MONTH, World, case


@case
def a_month_changes_and_the_timeline_is_read(w: World) -> None:
    timeline_month.bump(w.conn, w.ann.id, [MONTH])
    timeline_month.library_revision(w.conn, w.ann.id)
    timeline_month.keep_ratios(w.conn, w.ann.id, months.read(w.conn, w.ann.id).rebuilt)


@case
def a_month_is_read(w: World) -> None:
    timeline_month.month_revision(w.conn, w.ann.id, MONTH)
    one_month.read(w.conn, w.ann.id, MONTH, None, EXPIRES)
    middle = datetime(2019, 5, 15, tzinfo=UTC)
    one_month.read(w.conn, w.ann.id, MONTH, Cursor(int(middle.timestamp()) * 1_000_000, w.item.id), EXPIRES)
