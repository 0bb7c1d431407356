"""Search over HTTP: words, filters, and what was understood."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from psycopg import Connection

from pinhole.search import searching
from pinhole.tables import search_text
from tests.fixtures.api import Caller
from tests.fixtures.library import NOT_SHOWN, Library, new_library


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


Add = Callable[..., str]


@pytest.fixture
def add(library: Library) -> Add:
    """Adds a photo that can be found."""

    def added(taken: str = "2024-07-14T12:00:00", **columns: Any) -> str:
        item = library.add(taken, **columns)
        search_text.refresh(library.conn, library.owner_id, [item])
        return item

    return added


def _search(caller: Caller, *query: tuple[str, str], **more: str) -> Any:
    answer = caller.call("GET", f"/search?{urlencode([*query, *more.items()])}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_has_the_words_is_found_the_best_first(caller: Caller, add: Add) -> None:
    in_text = add(description="A boat in the harbour", taken="2024-08-01T12:00:00")
    by_place = add(city="Harbour", country="Nowhere")
    add(title="A mountain")
    found = _search(caller, q="harbour")
    assert found["ids"] == [by_place, in_text]
    assert found["why"] == [["text"], ["text"]]
    assert found["scores"] == sorted(found["scores"], reverse=True)
    assert _search(caller, q="harbour", sort="date")["ids"] == [in_text, by_place]


def test_dates_in_words_become_a_filter_that_is_told(caller: Caller, add: Add) -> None:
    july = add("2024-07-31T23:59:59", title="beach")
    add("2024-08-01T00:00:00", title="beach")
    found = _search(caller, q="beach july 2024")
    assert found["ids"] == [july]
    assert found["understood"] == [{"begin": 6, "end": 15, "filter": "on", "values": ["2024-07-01..2024-07-31"]}]


def test_a_date_that_is_said_in_two_languages_is_one(caller: Caller, add: Add) -> None:
    easter = add("2024-03-31T12:00:00")
    add("2024-07-14T12:00:00")
    assert _search(caller, q="easter ostern")["ids"] == [easter]


def test_today_is_where_the_client_is(caller: Caller, add: Add) -> None:
    item = add("2024-07-13T23:00:00", title="beach")
    assert _search(caller, q="yesterday", today="2024-07-14")["ids"] == [item]
    assert _search(caller, q="yesterday", today="2024-07-13")["ids"] == []


FILTERS: list[tuple[str, str, dict[str, Any]]] = [
    ("from", "2024-07-14", {"taken": "2024-07-14T00:00:00"}),
    ("to", "2024-07-13", {"taken": "2024-07-13T23:59:59"}),
    ("on", "2024-07-14", {"taken": "2024-07-14T23:59:59"}),
    ("on", "2024-06..2024-07-14", {"taken": "2024-06-01T00:00:00"}),
    ("on", "2023", {"taken": "2023-12-31T23:59:59"}),
    ("on", "--12-24..--01-06", {"taken": "2021-01-03T12:00:00"}),
    ("on", "--07-14", {"taken": "1999-07-14T12:00:00"}),
    ("kind", "video", {"kind": "video", "duration_ms": 1000}),
    ("country", "italy", {"country": "Italy", "country_code": "IT"}),
    ("country", "IT", {"country": "Italy", "country_code": "IT"}),
    ("place", "Zürich", {"city": "Zurich", "country": "Switzerland"}),
    ("place", "naples, italy", {"city": "Naples", "country": "Italy"}),
    ("place", "Campania", {"region": "Campania", "city": "Naples", "country": "Italy"}),
    ("camera", "d850", {"camera_make": "Nikon", "camera_model": "D850"}),
    ("camera", "nikon", {"camera_make": "Nikon", "camera_model": "D850"}),
    ("camera", "Nikon D850", {"camera_make": "Nikon", "camera_model": "D850"}),
    ("favourite", "true", {"favourite": True}),
    ("minRating", "4", {"rating": 5}),
]


@pytest.mark.parametrize(("name", "value", "columns"), FILTERS, ids=[f"{name}={value}" for name, value, _ in FILTERS])
def test_a_filter_holds_and_can_be_turned_round(
    caller: Caller, add: Add, name: str, value: str, columns: dict[str, Any]
) -> None:
    item = add(**columns)
    other = add("2024-07-13T11:00:00" if name == "from" else "2024-07-15T11:00:00", title="another")
    assert _search(caller, (name, value))["ids"] == [item]
    assert _search(caller, (f"not{name[0].upper()}{name[1:]}", value))["ids"] == [other]


def test_values_of_a_filter_are_either_and_filters_hold_together(caller: Caller, add: Add) -> None:
    naples, rome = add(city="Naples", favourite=True), add(city="Rome", favourite=True, taken="2024-07-13T12:00:00")
    add(city="Rome"), add(city="Paris", favourite=True)
    found = _search(caller, ("place", "Rome"), ("place", "Naples"), ("favourite", "true"))
    assert found["ids"] == [naples, rome]


def test_filters_alone_go_on_page_by_page(caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST", 2)
    items = sorted((add() for _ in range(5)), reverse=True)
    ids: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = _search(caller, kind="photo", **cursor)
        ids += page["ids"]
        cursor = {"cursor": page["nextCursor"]}
    assert ids == items
    assert cursor == {"cursor": None}


def test_archived_photos_are_found(caller: Caller, add: Add) -> None:
    archived = add(title="beach", visibility="archive")
    assert _search(caller, q="beach")["ids"] == [archived]


@pytest.mark.parametrize("state", [*NOT_SHOWN, "trashed"])
@pytest.mark.parametrize("query", [{"q": "beach"}, {"kind": "photo"}, {"q": "-mountain"}], ids=str)
def test_what_nobody_is_shown_is_not_found(caller: Caller, add: Add, state: str, query: dict[str, str]) -> None:
    add(title="beach", **NOT_SHOWN.get(state, {"trashed_at": "now"}))
    assert _search(caller, **query)["ids"] == []


@pytest.mark.parametrize("query", [{"q": "beach"}, {"kind": "photo"}, {"q": "-mountain"}, {"place": "Naples"}], ids=str)
def test_nothing_of_others_is_found(caller: Caller, conn: Connection, query: dict[str, str]) -> None:
    other = new_library(conn, "mallory")
    search_text.refresh(conn, other.owner_id, [other.add(title="beach", city="Naples")])
    assert _search(caller, **query)["ids"] == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("from", "july", "is no day"),
        ("on", "2024-13", "is no day, month or year"),
        ("on", "2024-07..2024-06", "is no day, month or year"),
        ("on", "--02-30", "is no day, month or year"),
        ("notKind", "audio", "is none of photo, video"),
        ("favourite", "yes", "is none of true, false"),
        ("minRating", "6", "is none of 1, 2"),
        ("from", "20240714", "is no day"),
        ("today", "0001-01-01", "is no day from 1900"),
        ("today", "0", "is no day from 1900"),
        ("sort", "size", "Input should be"),
        ("q", "x" * 501, "at most 500"),
        ("cursor", "tomorrow", "match"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_a_wrong_value_is_told_by_its_name(caller: Caller, name: str, value: str, message: str) -> None:
    answer = caller.call("GET", f"/search?{urlencode({name: value})}")
    assert answer.status_code == 422
    problem: Any = answer.json
    [error] = problem["errors"]
    assert error["field"] == name
    assert message in error["message"]
