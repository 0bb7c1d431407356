"""The statements of search, as its use cases send them."""

from datetime import date

from pinhole.grid import Cursor
from pinhole.search.filters import Asked
from pinhole.search.searching import Query, by_picture, read
from pinhole.tables import search_text
from tests.fixtures.statements import EXPIRES, World, case

TODAY = date(2026, 11, 25)


def _read(w: World, typed: str, *asked: Asked, cursor: Cursor | None = None) -> None:
    query = Query.of(typed, asked, TODAY)
    found = read(w.conn, w.ann.id, query, newest_first=False, cursor=cursor, expires=EXPIRES)
    assert found.columns.ids, typed


@case
def what_has_words_is_found(w: World) -> None:
    _read(w, "field word7")
    _read(w, '"word7" -word8')
    _read(w, "word7", Asked("kind", ["photo"]), Asked("country", ["Italy"]), Asked("favourite", ["true"], negated=True))


@case
def what_passes_filters_is_found(w: World) -> None:
    _read(w, "", Asked("place", ["Place 7"]))
    _read(w, "-field7", Asked("place", ["Place 7", "Place 8"]), Asked("on", ["2015", "2016", "--06-01..--08-31"]))
    _read(w, "", Asked("place", ["Place 7"]), cursor=Cursor((10**15 * 3,), "zzzzzzzzzzzz"))


@case
def all_pictures_are_compared(w: World) -> None:
    assert by_picture(w.conn, w.ann.id, Query.of("", [], TODAY), [0.25] * 16)


@case
def pictures_that_pass_filters_are_compared(w: World) -> None:
    assert by_picture(w.conn, w.ann.id, Query.of("", [Asked("place", ["Place 7"])], TODAY), [0.25] * 16)


@case
def what_an_item_is_found_by_is_written(w: World) -> None:
    search_text.refresh(w.conn, w.subject.owner_id, [w.subject.id])


@case
def what_is_out_of_date_is_written_anew(w: World) -> None:
    assert search_text.refresh_stale(w.conn, 100) == 100
    search_text.make_stale(w.conn)
