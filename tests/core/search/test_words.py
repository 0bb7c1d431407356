"""Words of items, found in the database."""

import re
from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from pinhole.search.searching import Query, by_words
from pinhole.search.words import MAX_WORDS, essence_of, terms_of
from pinhole.tables import search_text, user
from tests.fixtures.library import Library

TODAY = date(2026, 11, 25)


@pytest.fixture
def library(conn: Connection) -> Library:
    return Library(conn, user.insert(conn, "ann", "hash", "administrator", "ann").id)


def _found(library: Library, typed: str) -> Sequence[str]:
    return by_words(library.conn, library.owner_id, Query.of(typed, [], TODAY))


@pytest.mark.parametrize(
    ("typed", "columns"),
    [
        ("running", {"description": "She runs by the sea"}),
        ("Häuser", {"title": "ein Haus am See"}),
        ("fietsen", {"title": "Een fiets"}),
        ("cafe", {"title": "Café de Flore"}),
        ("CAFÉ", {"title": "cafe"}),
        ("strasse", {"title": "Lange Straße"}),
        ("the sea", {"description": "the sea"}),
        ("naples", {"city": "Naples", "country": "Italy"}),
        ("4711", {"filename": "IMG_4711.jpg"}),
        ("71", {"filename": "IMG_4711.jpg"}),
        ("img_4711", {"filename": "IMG_4711.jpg"}),
        ("D850", {"camera_make": "NIKON", "camera_model": "NIKON D850"}),
        ("850", {"camera_model": "NIKON D850"}),
        ("nik d8", {"camera_model": "NIKON D850"}),
        ("sunday", {"taken": "2024-07-14T12:00:00"}),
        ("hat", {"title": "A hat"}),
        ("the man", {"title": "man overboard"}),
        ('"red door"', {"description": "a red door"}),
        ("door -green", {"description": "a red door"}),
        ("ice-cream", {"description": "ice-cream"}),
        ("rock'n'roll", {"title": "Rock’n’Roll"}),
        ("東京", {"title": "東京 タワー"}),
    ],
)
def test_an_item_is_found_by_its_words(library: Library, typed: str, columns: dict[str, str]) -> None:
    item = library.add(**columns)
    search_text.refresh(
        library.conn, library.owner_id, [item, library.add("2023-05-03T12:00:00", title="something else")]
    )
    assert _found(library, typed) == [item]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ('"door red"', "a red door"),
        ("door -red", "a red door"),
        ('door -"red door"', "a red door"),
        ("door window", "a red door"),
        ("art", "a start"),
        ("", "a red door"),
        ("the", "a red door"),
    ],
)
def test_an_item_without_them_is_not(library: Library, typed: str, title: str) -> None:
    search_text.refresh(library.conn, library.owner_id, [library.add(title=title)])
    assert _found(library, typed) == []


@pytest.mark.parametrize("word", ["가" * 500, "㍿" * 500], ids=["Hangul", "ligatures"])
def test_a_word_may_take_more_bytes_than_the_database_takes(library: Library, word: str) -> None:
    assert _found(library, word) == []


@pytest.mark.parametrize(
    "typed",
    ["1 " * 200, "1." * 200, '"' + "1 " * 200, "\ufdfa" * 200],
    ids=["terms", "one term", "quoted", "ligatures"],
)
def test_only_so_many_words_are_looked_for(typed: str) -> None:
    assert sum(len(term.words) for term in terms_of(typed)) == MAX_WORDS


def test_whatever_is_known_of_a_photo_it_is_found_by(library: Library) -> None:
    # Folded each has four letters of three bytes.
    ligatures = "㌀㌃㌅㌋㌍㌖㌗㌞㌠㌢㌫㌭㌮㌳㌶㌻㍁㍂㍅㍇㍊㍍㍐㍖㍿"
    chance = Random(1)
    text = " ".join("".join(chance.choices(ligatures, k=15)) for _ in range(1000))
    item = library.add(
        title=f"door {text}", description=text, keywords=[text], city=text, lens_model=text, relative_path=text[:4096]
    )
    search_text.refresh(library.conn, library.owner_id, [item])
    assert _found(library, "door") == [item]


def test_a_long_name_is_found_by_it(library: Library) -> None:
    name = "IMG_" + "0123456789abcdef" * 4
    item = library.add(filename=f"{name}.jpg")
    search_text.refresh(library.conn, library.owner_id, [item])
    assert _found(library, f"{name}.jpg") == [item]
    assert _found(library, name[10:60]) == [item]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("&|!<->:*()'\"\\/ ")), max_size=30))
def test_whatever_is_typed_is_only_looked_for(library: Library, typed: str) -> None:
    said = typed.replace("\0", "")
    _found(library, said)
    for term in terms_of(said):
        # In quotes, whatever there is in it is a lexeme, or lies between two.
        [(query,)] = library.conn.execute("SELECT search_term(%s, true, true, '{english}')::text", (term.text,))
        assert re.fullmatch(r"('[^']+'( <(-|\d+)> )?)*", query), query


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("photos of dogs", "dogs"),
        ("foto's van honden in de sneeuw", "honden in de sneeuw"),
        ("Bilder von der Katze", "Katze"),
        ("pictures", ""),
        ("photos of", ""),
        ("in the", "in the"),
        ('"photos of" dogs in', '"photos of" dogs'),
        ("photos -of -photos boats", "-of -photos boats"),
    ],
)
def test_what_says_nothing_of_a_photo_is_left_out(typed: str, left: str) -> None:
    terms = essence_of(terms_of(typed), may_be_empty=False)
    assert " ".join(typed[term.begin : term.end] for term in terms) == left


def test_beside_a_date_nothing_may_be_left() -> None:
    assert Query.of("photos from july 2024", [], TODAY).look == ""
    assert Query.of("photos from july 2024 in Naples", [], TODAY).look == "Naples"
    assert [term.text for term in Query.of("photos -beach july 2024", [], TODAY).terms] == ["beach"]


@pytest.mark.parametrize(
    ("typed", "look", "unlike"),
    [
        ("IMG_2682", "", ""),
        ("8.3 boat", "boat", ""),
        ("jack-o'-lantern, really!", "jack-o'-lantern, really!", ""),
        ("cat -chair", "cat", "chair"),
        ("cat without chair", "cat", "chair"),
        ("Katze ohne Stuhl", "Katze", "Stuhl"),
        ("not cat", "", "cat"),
        ("without -cat", "without", "cat"),
        ('"no exit"', "no exit", ""),
    ],
)
def test_pictures_are_compared_with_words_that_can_be_seen(typed: str, look: str, unlike: str) -> None:
    query = Query.of(typed, [], TODAY)
    assert (query.look, query.unlike_look) == (look, unlike)


@pytest.mark.parametrize(
    ("typed", "is_void"), [("", False), ("  ", False), ("%", True), ('"', True), ("\U0001f600", True)]
)
def test_what_has_no_word_asks_for_nothing_that_is_there(typed: str, is_void: bool) -> None:
    assert Query.of(typed, [], TODAY).is_void == is_void
