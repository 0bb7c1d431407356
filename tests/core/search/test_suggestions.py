"""What somebody may go on typing, and what filters can be set to."""

from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import Connection

from pinhole.search import suggestions
from pinhole.tables import search_text
from tests.core.analysis.test_analysis import look, uploaded
from tests.fixtures.api import Caller
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import NOT_SHOWN, Library, new_library


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


def _add(library: Library, **columns: Any) -> str:
    item = library.add(**columns)
    search_text.refresh(library.conn, library.owner_id, [item])
    return item


def _suggested(caller: Caller, typed: str) -> list[tuple[str, str, str | None]]:
    answer = caller.call("GET", f"/search/suggestions?{urlencode({'q': typed})}")
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    return [(one["kind"], one["text"], one["filter"]) for one in body["suggestions"]]


def _search_for(caller: Caller, *typed: str) -> None:
    for one in typed:
        assert caller.call("POST", "/search/history", json={"q": one}).status_code == 204


def test_names_of_places_and_cameras_are_suggested_with_their_filter(caller: Caller, library: Library) -> None:
    _add(library, city="Nürnberg", country="Germany", camera_make="Nikon", camera_model="Nikon D850")
    _add(library, city="New York", country="United States")
    assert _suggested(caller, "nur") == [("place", "Nürnberg", "place")]
    assert _suggested(caller, "york") == [("place", "New York", "place")]
    assert _suggested(caller, "new y") == [("place", "New York", "place")]
    assert _suggested(caller, "n") == [
        ("place", "New York", "place"),
        ("place", "Nürnberg", "place"),
        ("camera", "Nikon D850", "camera"),
    ]
    assert _suggested(caller, "germ") == [("country", "Germany", "country")]
    assert _suggested(caller, "urnberg") == []


def test_what_models_saw_is_suggested_as_words(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo)
    found = suggestions.suggestions(inbox.conn, photo.owner_id, "ca")
    assert ("object", "cat", None) in [(one.kind, one.text, one.filter) for one in found]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "  ", "!!", "&|", "ª"])
def test_signs_that_mean_something_elsewhere_suggest_nothing(caller: Caller, library: Library, typed: str) -> None:
    _add(library, city="Naples", country="Italy")
    assert _suggested(caller, typed) == []


@pytest.mark.parametrize("state", [*NOT_SHOWN, "trashed"])
def test_names_of_what_nobody_is_shown_are_not_suggested(caller: Caller, library: Library, state: str) -> None:
    _add(library, city="Naples", country="Italy", **NOT_SHOWN.get(state, {"trashed_at": "now"}))
    assert _suggested(caller, "nap") == []


def test_nothing_of_others_is_suggested(caller: Caller, conn: Connection) -> None:
    other = new_library(conn, "mallory")
    _add(other, city="Naples", country="Italy")
    with conn.transaction():
        suggestions.keep(conn, other.owner_id, "naples by night")
    assert _suggested(caller, "nap") == []
    assert _suggested(caller, "") == []


@pytest.mark.usefixtures("cloud")
def test_a_name_that_nothing_has_any_more_is_not_suggested(conn: Connection, caller: Caller, library: Library) -> None:
    item = _add(library, camera_model="D850")
    assert _suggested(caller, "d85") == [("camera", "D850", "camera")]
    with conn.transaction():
        conn.execute("UPDATE item_metadata SET camera_model = 'Z9' WHERE item_id = %s", (item,))
        search_text.refresh(conn, library.owner_id, [item])
    assert _suggested(caller, "d85") == []
    assert _suggested(caller, "z9") == [("camera", "Z9", "camera")]


def test_what_was_searched_for_is_suggested_the_newest_first(caller: Caller) -> None:
    _search_for(caller, "boats", "Bären im Wald", "boats at sea", "boats")
    assert _suggested(caller, "") == [
        ("search", "boats", None),
        ("search", "boats at sea", None),
        ("search", "Bären im Wald", None),
    ]
    assert _suggested(caller, "bär") == [("search", "Bären im Wald", None)]


def test_of_what_was_searched_for_the_newest_hundred_are_kept(conn: Connection, caller: Caller) -> None:
    with conn.transaction():
        for number in range(101):
            suggestions.keep(conn, caller.user.id, f"search {number}")
    kept = {typed for (typed,) in conn.execute("SELECT typed FROM past_search")}
    assert kept == {f"search {number}" for number in range(1, 101)}


def test_what_is_being_searched_for_beside_is_waited_for_by_nobody(
    conn: Connection, caller: Caller, database_url: str
) -> None:
    with conn.transaction():
        for number in range(100):
            suggestions.keep(conn, caller.user.id, f"search {number}")
    with psycopg.connect(database_url) as beside, conn.transaction():
        suggestions.keep(beside, caller.user.id, "search 0")
        conn.execute("SET LOCAL lock_timeout = '1ms'")
        suggestions.keep(conn, caller.user.id, "another")
    assert _suggested(caller, "another") == [("search", "another", None)]
    assert _suggested(caller, "search 0") == [("search", "search 0", None)]


def test_what_was_searched_for_can_be_forgotten_one_by_one_or_all(caller: Caller) -> None:
    _search_for(caller, "boats", "bears", "trees")
    for _ in range(2):
        assert caller.call("DELETE", "/search/history?q=bears").status_code == 204
    assert [text for _, text, _ in _suggested(caller, "")] == ["trees", "boats"]
    assert caller.call("DELETE", "/search/history").status_code == 204
    assert _suggested(caller, "") == []


def test_nobody_forgets_what_others_searched_for(conn: Connection, caller: Caller) -> None:
    other = new_library(conn, "mallory")
    with conn.transaction():
        suggestions.keep(conn, other.owner_id, "boats")
    caller.call("DELETE", "/search/history?q=boats")
    caller.call("DELETE", "/search/history")
    assert [one.text for one in suggestions.suggestions(conn, other.owner_id, "")] == ["boats"]


def _filters(caller: Caller) -> dict[str, list[tuple[str, int]]]:
    answer = caller.call("GET", "/search/filters")
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    return {one["name"]: [(each["value"], each["count"]) for each in one["values"]] for one in body["filters"]}


def test_values_of_filters_are_counted_the_most_frequent_first(
    caller: Caller, conn: Connection, library: Library
) -> None:
    _add(library, city="Naples", country="Italy", place_name="Naples, Italy", rating=5, favourite=True)
    _add(library, city="Rome", country="Italy", place_name="Rome, Italy", rating=3, camera_model="D850")
    _add(library, country="France", kind="video", duration_ms=1)
    _add(library, country="Spain", trashed_at="now")
    _add(new_library(conn, "mallory"), country="Malta")
    assert _filters(caller) == {
        "country": [("Italy", 2), ("France", 1)],
        "place": [("Naples, Italy", 1), ("Rome, Italy", 1)],
        "camera": [("D850", 1)],
        "kind": [("photo", 2), ("video", 1)],
        "favourite": [("false", 2), ("true", 1)],
        "minRating": [("1", 2), ("2", 2), ("3", 2), ("4", 1), ("5", 1)],
    }


def test_every_value_of_a_filter_finds_as_many_as_were_counted(caller: Caller, library: Library) -> None:
    _add(library, city="Naples", country="Italy", place_name="Naples, Italy", rating=5, camera_model="D850")
    _add(library, city="Rome", country="Italy", place_name="Rome, Italy", rating=3, favourite=True)
    for name, counted in _filters(caller).items():
        for value, count in counted:
            found: Any = caller.call("GET", f"/search?{urlencode({name: value})}").json
            assert len(found["ids"]) == count, (name, value)


def test_what_is_the_same_words_is_suggested_once(caller: Caller, conn: Connection, library: Library) -> None:
    _add(library, title="Cat")
    with conn.transaction():
        for kind in ("object", "tag"):
            conn.execute(
                "INSERT INTO search_value (owner_id, filter, value) VALUES (%s, %s, 'cat')", (library.owner_id, kind)
            )
    assert _suggested(caller, "ca") == [("object", "cat", None)]
    _search_for(caller, "Cat", "   ")
    assert _suggested(caller, "ca") == [("search", "Cat", None)]
    assert _suggested(caller, "") == [("search", "Cat", None)]
