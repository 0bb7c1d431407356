"""Pictures are compared: with words, with each other, and with what they shall not be like."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from psycopg import Connection

from api import encoding
from api.encoding import Encoded, Text
from pinhole.search.cut_off import CutOff
from pinhole.seen import Model, Role
from pinhole.tables import model, search_text
from tests.fixtures.api import Caller
from tests.fixtures.library import NOT_SHOWN, Library, new_library

MODEL = Model(Role.IMAGE_EMBEDDING, "a model", "1", 3)
# Each a direction, so that a text is like pictures of its own alone.
DIRECTIONS = {"boat": [1.0, 0.0, 0.0], "tree": [0.0, 1.0, 0.0], "boat tree": [0.6, 0.8, 0.0]}


def _encoded(texts: list[str], picture: bytes | None = None) -> Encoded:
    return Encoded("ready", MODEL, [Text(tuple(DIRECTIONS.get(text, [0.0, 0.0, 1.0])), None) for text in texts])


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "encoded", _encoded)


@pytest.fixture
def model_id(conn: Connection) -> int:
    """Of the model that answers."""
    with conn.transaction():
        known = model.known(conn, MODEL)
        model.answer(conn, [known])
    return known


Add = Callable[..., str]


def _see(library: Library, model_id: int, item: str, like: list[float], percentage: int = 0) -> None:
    key = (library.owner_id, item, percentage, model_id)
    library.conn.execute(
        "INSERT INTO item_analysis (owner_id, item_id, percentage, model_id) VALUES (%s, %s, %s, %s)", key
    )
    library.conn.execute(
        "INSERT INTO image_embedding (owner_id, item_id, percentage, model_id, embedding)"
        " VALUES (%s, %s, %s, %s, %s::real[]::halfvec)",
        (*key, like),
    )


def _add(library: Library, model_id: int, like: list[float] | None, **columns: Any) -> str:
    item = library.add(**columns)
    if like is not None:
        _see(library, model_id, item, like)
    search_text.refresh(library.conn, library.owner_id, [item])
    return item


@pytest.fixture
def add(conn: Connection, caller: Caller, model_id: int) -> Add:
    """Adds a photo of the caller's that a model has looked at: `like` is the direction it saw."""

    def added(like: list[float] | None = None, **columns: Any) -> str:
        return _add(Library(conn, caller.user.id), model_id, like, **columns)

    return added


def _search(caller: Caller, *query: tuple[str, str], **more: str) -> Any:
    answer = caller.call("GET", f"/search?{urlencode([*query, *more.items()])}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_looks_like_the_words_is_found_though_no_word_says_so(caller: Caller, add: Add) -> None:
    boat = add(DIRECTIONS["boat"])
    found = _search(caller, q="boat")
    assert found["ids"] == [boat]
    assert found["why"] == [["picture"]]
    assert (found["warming"], found["textOnly"]) == (False, False)


def test_what_words_and_pictures_find_both_comes_first(caller: Caller, add: Add) -> None:
    by_words = add(title="boat")
    by_picture = add(DIRECTIONS["boat"])
    by_both = add([0.8, 0.6, 0.0], title="a boat")
    found = _search(caller, q="boat")
    assert found["ids"][0] == by_both
    assert found["why"][0] == ["text", "picture"]
    assert set(found["ids"]) == {by_both, by_words, by_picture}


def test_what_is_not_wanted_is_taken_away_from_pictures_and_from_words(caller: Caller, add: Add) -> None:
    both, boat = add(DIRECTIONS["boat tree"]), add([0.98, 0.198997, 0.0])
    add(DIRECTIONS["boat"], title="a tree")
    assert _search(caller, q="boat tree")["ids"][0] == both
    assert _search(caller, ("not", "tree"), q="boat")["ids"][0] == boat


def test_a_video_is_found_once_by_the_still_that_is_nearest(
    caller: Caller, add: Add, conn: Connection, model_id: int
) -> None:
    video, photo = add(DIRECTIONS["tree"], kind="video"), add([0.98, 0.198997, 0.0])
    for percentage, like in ((33, DIRECTIONS["boat"]), (66, DIRECTIONS["boat tree"])):
        _see(Library(conn, caller.user.id), model_id, video, like, percentage)
    assert _search(caller, q="boat")["ids"] == [video, photo]


def test_what_is_like_a_photo_is_found_without_words_and_without_itself(caller: Caller, add: Add) -> None:
    photo, alike = add(DIRECTIONS["boat"]), add([0.98, 0.198997, 0.0])
    found = _search(caller, similarTo=photo)
    assert found["ids"][0] == alike
    assert photo not in found["ids"]
    assert found["why"][0] == ["picture"]


def test_what_is_like_a_photo_and_words_is_like_both(caller: Caller, add: Add) -> None:
    photo, both = add(DIRECTIONS["boat"]), add([0.7071, 0.7071, 0.0])
    add([0.98, 0.198997, 0.0])
    assert _search(caller, q="tree", similarTo=photo)["ids"][0] == both


def test_filters_hold_for_pictures_too(caller: Caller, add: Add) -> None:
    boat = add(DIRECTIONS["boat"], city="Naples", favourite=True)
    add(DIRECTIONS["boat"], city="Rome", favourite=True)
    add(DIRECTIONS["boat"], city="Naples")
    assert _search(caller, q="boat", place="Naples", favourite="true")["ids"] == [boat]


def test_a_photo_that_no_model_has_seen_is_like_nothing_yet(caller: Caller, add: Add) -> None:
    photo = add(None)
    add(DIRECTIONS["boat"])
    found = _search(caller, similarTo=photo)
    assert (found["ids"], found["textOnly"]) == ([], True)


@pytest.mark.parametrize("state", [*NOT_SHOWN, "trashed"])
@pytest.mark.parametrize("query", [{"q": "boat"}, {"similar": "yes"}], ids=str)
def test_pictures_that_nobody_is_shown_are_not_compared(
    caller: Caller, add: Add, state: str, query: dict[str, str]
) -> None:
    shown = add(DIRECTIONS["boat"])
    add(DIRECTIONS["boat"], **NOT_SHOWN.get(state, {"trashed_at": "now"}))
    if "similar" in query:
        assert _search(caller, similarTo=shown)["ids"] == []
    else:
        assert _search(caller, **query)["ids"] == [shown]


def test_pictures_of_others_are_not_compared_nor_to_be_compared_with(
    caller: Caller, conn: Connection, model_id: int
) -> None:
    theirs = _add(new_library(conn, "mallory"), model_id, DIRECTIONS["boat"])
    assert _search(caller, q="boat")["ids"] == []
    assert caller.call("GET", f"/search?similarTo={theirs}").status_code == 404


def test_vectors_of_another_model_are_not_compared(caller: Caller, add: Add, conn: Connection) -> None:
    add(DIRECTIONS["boat"])
    titled = add(None, title="boat")
    with conn.transaction():
        model.answer(conn, [model.known(conn, Model(Role.IMAGE_EMBEDDING, "another", "1", 3))])
    found = _search(caller, q="boat")
    assert (found["ids"], found["textOnly"], found["warming"]) == ([titled], True, False)


@pytest.mark.parametrize(("state", "told"), [("warming", (True, False)), ("unavailable", (False, True))])
def test_words_answer_while_the_model_can_not(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch, state: Any, told: tuple[bool, bool]
) -> None:
    titled = add(DIRECTIONS["boat"], title="boat")
    monkeypatch.setattr(encoding, "encoded", lambda *_: Encoded(state))
    found = _search(caller, q="boat")
    assert found["ids"] == [titled]
    assert found["why"] == [["text"]]
    assert (found["warming"], found["textOnly"]) == told


@pytest.mark.parametrize("state", ["warming", "unavailable"])
def test_while_nothing_is_known_of_a_picture_nothing_is_like_it(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch, state: Any
) -> None:
    add(DIRECTIONS["boat"], title="tree")
    monkeypatch.setattr(encoding, "encoded", lambda *_: Encoded(state))
    answer: Any = caller.call("POST", "/search/image?kind=photo", json={"picture": "AAAA"}).json
    assert (answer["ids"], answer["warming"]) == ([], state == "warming")


def test_no_bytes_are_given_to_the_model_as_any_other_picture(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(DIRECTIONS["boat"])
    given: list[bytes | None] = []

    def made(texts: list[str], picture: bytes | None) -> Encoded:
        given.append(picture)
        return Encoded("unavailable")

    monkeypatch.setattr(encoding, "encoded", made)
    caller.call("POST", "/search/image", json={"picture": ""})
    assert given == [b""]


def test_where_nothing_is_found_it_is_told_how_many_photos_no_model_has_looked_at(
    caller: Caller, add: Add, conn: Connection, model_id: int
) -> None:
    add(None)
    add(None, kind="video")
    add(None, **NOT_SHOWN["hidden"])
    _add(new_library(conn, "mallory"), model_id, None)
    assert _search(caller, q="boat")["unseen"] == 1
    add(DIRECTIONS["boat"])
    assert _search(caller, q="boat")["unseen"] == 0


def test_filters_alone_wait_for_no_model(caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = add(DIRECTIONS["boat"])
    monkeypatch.setattr(encoding, "encoded", lambda *_: pytest.fail("it was asked"))
    found = _search(caller, kind="photo")
    assert (found["ids"], found["warming"], found["textOnly"]) == ([photo], False, False)


CUT = CutOff(mean=1.0, nearest=1.0, sure=0.1, maybe=-0.1, within=0.15, growth=0.0, alike=0.9)


def _with_chance(monkeypatch: pytest.MonkeyPatch, chance: float) -> None:
    def made(texts: list[str], picture: bytes | None = None) -> Encoded:
        return Encoded("ready", MODEL, [Text(tuple(DIRECTIONS[text]), chance) for text in texts], None, CUT)

    monkeypatch.setattr(encoding, "encoded", made)


def test_what_is_no_nearer_than_chance_is_not_found(caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add([0.6, 0.0, 0.8])
    _with_chance(monkeypatch, 0.8)
    assert _search(caller, q="boat")["ids"] == []


def test_what_is_much_nearer_than_chance_is_found_with_what_is_about_as_near(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearest, near = add([1.0, 0.0, 0.0]), add([0.9, 0.43589, 0.0])
    add([0.8, 0.6, 0.0])
    _with_chance(monkeypatch, 0.7)
    assert _search(caller, q="boat")["ids"] == [nearest, near]
    assert sorted(_search(caller, q="boat", sort="date")["ids"]) == sorted([nearest, near])


def test_what_is_doubtful_is_said_to_be(caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful = add([0.6, 0.0, 0.8])
    _with_chance(monkeypatch, 0.55)
    found = _search(caller, q="boat")
    assert (found["ids"], found["unsure"]) == ([doubtful], True)


def test_only_what_looks_alike_is_similar(caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, alike = add(DIRECTIONS["boat"]), add([0.95, 0.31225, 0.0])
    add([0.85, 0.526783, 0.0])
    _with_chance(monkeypatch, 0.0)
    assert _search(caller, similarTo=photo)["ids"] == [alike]


def test_a_quoted_text_that_is_read_in_a_picture_comes_first(caller: Caller, add: Add, conn: Connection) -> None:
    titled, named = add(title="No exit", city="Exit", country="Exit"), add(filename="exit.jpg")
    read = add()
    with conn.transaction():
        reader = model.known(conn, Model(Role.OCR, "a reader", "1"))
        model.answer(conn, [reader])
        owner = caller.user.id
        conn.execute(
            "INSERT INTO item_analysis (owner_id, item_id, model_id) VALUES (%s, %s, %s)", (owner, read, reader)
        )
        conn.execute(
            "INSERT INTO recognised_text (owner_id, item_id, percentage, model_id, number, line, score, corners)"
            " VALUES (%s, %s, 0, %s, 0, 'Emergency', 1, %s), (%s, %s, 0, %s, 1, 'EXIT', 1, %s)",
            [*(owner, read, reader, [0.5] * 8) * 2],
        )
        search_text.refresh(conn, owner, [read])
    assert _search(caller, q='"exit"')["ids"][0] == read
    assert _search(caller, q='"emergency exit"')["ids"] == [read]
    assert set(_search(caller, q='"exit"')["ids"]) == {titled, named, read}
    assert _search(caller, q="exit")["ids"][0] == titled


def test_what_surely_shows_what_is_not_wanted_is_left_out(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    boat = add(DIRECTIONS["boat"])
    add(DIRECTIONS["boat tree"], title="boat")
    _with_chance(monkeypatch, 0.5)
    for found in (
        _search(caller, ("not", "tree"), q="boat"),
        _search(caller, q="boat -tree"),
        _search(caller, q="boat without tree"),
        _search(caller, ("not", "tree"), kind="photo"),
        _search(caller, q="-tree"),
    ):
        assert found["ids"] == [boat]


def test_a_few_doubtful_ones_are_shown_beside_few_that_have_the_word(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful, titled = add([0.6, 0.0, 0.8]), [add(None, title="boat")]
    _with_chance(monkeypatch, 0.55)
    found = _search(caller, q="boat")
    assert (sorted(found["ids"]), found["unsure"]) == (sorted([doubtful, *titled]), False)
    titled += [add(None, title="boat") for _ in range(3)]
    assert sorted(_search(caller, q="boat")["ids"]) == sorted(titled)


def test_a_photo_is_not_similar_to_itself_whatever_its_words_are(caller: Caller, add: Add) -> None:
    photo = add(DIRECTIONS["boat"], title="boat")
    assert _search(caller, q="boat", similarTo=photo)["ids"] == []


@pytest.mark.parametrize("typed", ["IMG_4711", "%", "\U0001f600", "-"])
def test_what_pictures_can_not_show_is_not_looked_for_in_them(
    caller: Caller, add: Add, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    add(DIRECTIONS["boat"])
    named = add(DIRECTIONS["boat"], filename="IMG_4711.jpg")
    monkeypatch.setattr(encoding, "encoded", lambda *_: pytest.fail("it was asked"))
    found = _search(caller, q=typed)
    assert (found["ids"], found["textOnly"]) == ([named] if typed == "IMG_4711" else [], False)
