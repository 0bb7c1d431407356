"""The statements of search, as its use cases send them."""

from dataclasses import replace
from datetime import date

from pinhole.grid import Cursor
from pinhole.search import suggestions, values
from pinhole.search.cut_off import CutOff
from pinhole.search.filters import Asked
from pinhole.search.searching import Likeness, Query, by_picture, read
from pinhole.seen import Role
from pinhole.tables import model, search_text
from tests.fixtures.statements import EXPIRES, World, case

TODAY = date(2026, 11, 25)


def _read(w: World, typed: str, *asked: Asked, cursor: Cursor | None = None, likeness: Likeness | None = None) -> None:
    query = Query.of(typed, asked, TODAY)
    options = {"compares": query.has_words, "newest_first": False}
    found = read(w.conn, w.ann.id, query, likeness, None, **options, cursor=cursor, expires=EXPIRES)
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


def _likeness(w: World) -> Likeness:
    answering = model.answering(w.conn, Role.IMAGE_EMBEDDING)
    assert answering is not None
    return Likeness(answering, [0.25] * 16)


@case
def all_pictures_are_compared(w: World) -> None:
    assert by_picture(w.conn, w.ann.id, Query.of("", [], TODAY), _likeness(w)).cosines
    away = replace(_likeness(w), unlike=[1.0, *[0.0] * 15])
    assert by_picture(w.conn, w.ann.id, Query.of("", [], TODAY), away).cosines


@case
def pictures_that_show_what_is_not_wanted_are_left_out(w: World) -> None:
    away = replace(
        _likeness(w), text=None, unlike=[1.0, *[0.0] * 15], unlike_chance=0.5, cut=CutOff(1, 1, 0, 0, 1, 0, 1)
    )
    _read(w, "word7", likeness=away)
    _read(w, "", Asked("place", ["Place 7"]), likeness=away)


@case
def pictures_that_pass_filters_are_compared(w: World) -> None:
    assert by_picture(
        w.conn, w.ann.id, Query.of("", [Asked("place", ["Place 7"])], TODAY, "field8"), _likeness(w)
    ).cosines


@case
def it_is_counted_what_no_model_has_looked_at(w: World) -> None:
    query = Query.of("nothing of that kind", [], TODAY)
    options = {"compares": True, "newest_first": False}
    like = replace(_likeness(w), cut=CutOff(1, 1, 2, 2, 0, 0, 1), chance=0)
    assert read(w.conn, w.ann.id, query, like, None, **options, cursor=None, expires=EXPIRES).columns.ids == []


@case
def pictures_are_compared_with_that_of_an_item(w: World) -> None:
    query = Query.of("", [], TODAY)
    options = {"compares": True, "newest_first": True}
    found = read(w.conn, w.ann.id, query, None, w.item.id, **options, cursor=None, expires=EXPIRES)
    assert found.columns.ids


@case
def what_was_typed_may_go_on(w: World) -> None:
    suggestions.keep(w.conn, w.ann.id, "place 7")
    assert suggestions.suggestions(w.conn, w.ann.id, "place")
    suggestions.forget(w.conn, w.ann.id, "place 7")


@case
def values_of_filters_are_counted(w: World) -> None:
    assert values.values(w.conn, w.ann.id)["kind"]


@case
def what_an_item_is_found_by_is_written(w: World) -> None:
    search_text.refresh(w.conn, w.subject.owner_id, [w.subject.id])


@case
def what_is_out_of_date_is_written_anew(w: World) -> None:
    assert search_text.refresh_stale(w.conn, 100) == 100
    search_text.make_stale(w.conn)
