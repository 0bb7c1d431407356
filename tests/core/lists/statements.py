"""The statements of lists of photos, of folders and of storage, as their use cases send them."""

from datetime import UTC, datetime

from pinhole import folders, storage
from pinhole.grid import Cursor
from pinhole.lists import ItemList
from pinhole.tables import stored_sum
from pinhole.timeline import month as one_month
from pinhole.timeline import months
from tests.fixtures.statements import EXPIRES, MONTH, World, case

FAVOURITES, ARCHIVE, TRASH, RECENT = (ItemList(name) for name in ("favourites", "archive", "trash", "recent"))
FOLDER = ItemList("folder", "Pictures/12")
NOW = datetime.now(UTC)


@case
def the_months_of_all_favourites_are_read(w: World) -> None:
    months.of_list(w.conn, w.ann.id, FAVOURITES)


@case
def the_months_of_all_that_was_added_are_read(w: World) -> None:
    months.of_list(w.conn, w.ann.id, RECENT)


@case
def the_months_of_smaller_lists_are_read(w: World) -> None:
    for items in (ARCHIVE, TRASH, FOLDER):
        assert months.of_list(w.conn, w.ann.id, items).months, items


@case
def it_is_asked_whether_all_favourites_are_as_they_were(w: World) -> None:
    months.revision_of_list(w.conn, w.ann.id, FAVOURITES)


@case
def it_is_asked_whether_smaller_lists_and_all_that_was_added_are_as_they_were(w: World) -> None:
    for items in (ARCHIVE, TRASH, FOLDER, RECENT):
        assert months.revision_of_list(w.conn, w.ann.id, items) > 0


@case
def a_month_of_a_list_is_read(w: World) -> None:
    then = int(datetime(2019, 5, 15, tzinfo=UTC).timestamp()) * 1_000_000
    for items, month in (
        (FAVOURITES, MONTH),
        (ARCHIVE, MONTH.replace(2015, 3)),
        (TRASH, NOW.date().replace(day=1)),
        (RECENT, MONTH),
        (FOLDER, MONTH),
    ):
        one_month.revision(w.conn, w.ann.id, items, month)
        assert one_month.read(w.conn, w.ann.id, items, month, None, EXPIRES).columns.ids, items
        cursor = Cursor((then,) * len(items.moments), w.item.id)
        one_month.read(w.conn, w.ann.id, items, month, cursor, EXPIRES)


@case
def the_folders_are_counted(w: World) -> None:
    folders.count(w.conn, w.ann.id)


@case
def the_storage_is_summed_up(w: World) -> None:
    stored_sum.keep(w.conn, w.ann.id, storage.sum_up(w.conn, w.ann.id))
    assert stored_sum.get(w.conn, w.ann.id, storage.ITEMS_A_SECOND) is not None
