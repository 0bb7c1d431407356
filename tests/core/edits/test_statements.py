"""What a person says of an item against what its file and its sidecar say: it holds, and can be taken back."""

from typing import Any

import pytest

from pinhole import edits
from pinhole.edits import said
from pinhole.errors import Invalid, NotFound, PreconditionFailed
from pinhole.ids import new_id
from pinhole.tables import item_metadata, outbox
from pinhole.tables.item_metadata import Layer
from tests.core.edits.conftest import NAPLES, TOKYO, Album, asked

# Of each: a value, and what holds without one.
PLAIN: dict[str, tuple[Any, Any]] = {
    "title": ("Of ann", None),
    "description": ("A long day", None),
    "rating": (5, None),
    "keywords": (["harbour"], []),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_value_holds_null_takes_it_away_and_what_is_left_out_stays(album: Album, name: str) -> None:
    value, none = PLAIN[name]
    item_id = album.add()
    before = album.row(item_id)
    album.edit([item_id], **{name: value})
    assert album.row(item_id) == {**before, name: value, "person": {name: value}}
    album.edit([item_id], favourite=True)
    assert album.row(item_id)[name] == value
    nothing: dict[str, Any] = {name: None}
    album.edit([item_id], **nothing)
    assert album.row(item_id)[name] == none
    album.edit([item_id], reset=[name])
    assert album.row(item_id)[name] == before[name]
    assert album.row(item_id)["person"] == {}


def test_what_is_reset_is_what_a_sidecar_says_before_the_file(album: Album) -> None:
    item_id = album.add()
    item_metadata.say(album.conn, album.owner_id, item_id, Layer.SIDECAR, {"title": "Of the sidecar"})
    album.edit([item_id], title="Of ann", rating=5)
    album.edit([item_id], reset=["title", "rating"])
    row = album.row(item_id)
    assert (row["title"], row["rating"]) == ("Of the sidecar", 2)


def test_keywords_are_added_and_removed_of_each_item_by_what_it_has(album: Album) -> None:
    one, other = album.add(), album.add(said={"keywords": ["hill"]})
    album.edit([one, other], addKeywords=["hill", "sun"], removeKeywords=["boat"])
    assert album.row(one)["keywords"] == ["sea", "hill", "sun"]
    assert album.row(other)["keywords"] == ["hill", "sun"]


@pytest.mark.parametrize(
    "values", [{"removeKeywords": ["nobody has it"]}, {"addKeywords": []}, {"addKeywords": ["boat", "sea"]}]
)
def test_keywords_that_are_the_same_then_are_not_said(album: Album, values: dict[str, Any]) -> None:
    item_id = album.add()
    before, revision = album.row(item_id), album.revision(item_id)
    change = album.edit([item_id], **values)
    assert change.done == 1
    assert (album.row(item_id), album.revision(item_id)) == (before, revision)
    assert outbox.count_edits(album.conn, album.owner_id, change.id) == 0


def test_an_item_gets_no_more_keywords_than_it_may_have_and_others_get_theirs(album: Album) -> None:
    full = album.add(said={"keywords": [f"word {n}" for n in range(said.MAX_KEYWORDS)]})
    other = album.add()
    change = album.edit([full, other], addKeywords=["one more"])
    assert (change.done, change.skipped) == (1, 1)
    assert "one more" in album.row(other)["keywords"]
    with pytest.raises(Invalid) as refused:
        edits.edit_item(album.owner_id, full, album.revision(full), asked(addKeywords=["one more"]))
    assert [wrong.field for wrong in refused.value.fields] == ["set.addKeywords"]


def test_a_place_has_the_names_that_are_known_of_it_and_nowhere_has_none(album: Album) -> None:
    item_id = album.add(said={"position": {**TOKYO, "altitudeM": 12.5, "directionDeg": None}}, **TOKYO)
    album.edit([item_id], place=NAPLES)
    row = album.row(item_id)
    assert (row["latitude"], row["longitude"], row["altitude_m"]) == (40.85, 14.27, None)
    assert (row["city"], row["region"], row["country"], row["country_code"]) == ("Naples", "Campania", "Italy", "IT")
    assert row["place_name"] == "Naples, Italy"
    album.edit([item_id], place=None)
    row = album.row(item_id)
    assert (row["latitude"], row["city"], row["country_code"], row["place_name"]) == (None, None, None, None)
    album.edit([item_id], reset=["position"])
    row = album.row(item_id)
    assert (row["latitude"], row["altitude_m"], row["city"]) == (35.69, 12.5, "Tokyo")


def test_a_month_whose_item_moves_within_its_zone_is_told_to_have_changed(album: Album, counted_months: None) -> None:
    item_id = album.add()
    album.edit([item_id], place=NAPLES)
    months = album.months()
    album.edit([item_id], place={"latitude": 40.86, "longitude": 14.28})
    assert album.months() == {"2024-07": months["2024-07"] + 1}


def test_a_place_by_its_name_is_the_largest_of_that_name_whatever_its_accents(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], place={"name": "naples"})
    assert album.row(item_id)["country_code"] == "IT"
    album.edit([item_id], place={"name": "ZURICH"})
    assert album.row(item_id)["city"] == "Zürich"


@pytest.mark.parametrize(
    ("reset", "values", "field"),
    [
        ([], {}, "set"),
        ([], {"takenAtLocal": "2024-07-14T12:00:00", "shiftSeconds": 60}, "set.shiftSeconds"),
        ([], {"keywords": [], "addKeywords": ["a"]}, "set.addKeywords"),
        ([], {"keywords": [], "removeKeywords": ["a"]}, "set.removeKeywords"),
        ([], {"addKeywords": ["a"], "removeKeywords": ["a "]}, "set.removeKeywords"),
        (["title"], {"title": None}, "set.title"),
        (["keywords"], {"addKeywords": ["a"]}, "set.addKeywords"),
        (["time"], {"shiftSeconds": 60}, "set.shiftSeconds"),
        (["time"], {"utcOffsetSeconds": None}, "set.utcOffsetSeconds"),
        (["position"], {"place": NAPLES}, "set.place"),
        ([], {"takenAtLocal": "1825-12-31T23:59:59"}, "set.takenAtLocal"),
        ([], {"takenAtLocal": "9999-01-01T00:00:00"}, "set.takenAtLocal"),
        ([], {"place": {"latitude": 0.0, "longitude": 0.0}}, "set.place"),
        ([], {"place": {"name": "Atlantis"}}, "set.place.name"),
    ],
)
def test_what_can_not_be_asked_is_told_by_its_field(
    album: Album, reset: list[str], values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        asked(*reset, **values)
    assert [wrong.field for wrong in refused.value.fields] == [field]


def test_texts_lose_blanks_around_them_and_are_none_where_nothing_is_left(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], title="  Two words ", description=" \n ", keywords=[" a", "a ", " ", "b"])
    row = album.row(item_id)
    assert (row["title"], row["description"], row["keywords"]) == ("Two words", None, ["a", "b"])


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", " \u2066\n\ufeff", "\u200d", "\x07"])
def test_of_a_text_of_which_nothing_can_be_seen_nothing_is_left(unseen: str) -> None:
    values = {"title": unseen, "description": unseen, "keywords": [unseen, "a"]}
    assert asked(**values).set == {"title": None, "description": None, "keywords": ["a"]}
    flag = "\N{WAVING BLACK FLAG}\U000e0067\U000e007f"
    assert asked(title=flag, description="One\nTwo").set == {"title": flag, "description": "One\nTwo"}


def test_of_two_who_looked_at_the_same_revision_one_is_refused(album: Album) -> None:
    item_id = album.add()
    seen = album.revision(item_id)
    assert edits.edit_item(album.owner_id, item_id, seen, asked(title="The first")).done == 1
    with pytest.raises(PreconditionFailed):
        edits.edit_item(album.owner_id, item_id, seen, asked(title="The second"))
    assert album.row(item_id)["title"] == "The first"


@pytest.mark.parametrize("columns", [None, {"visibility": "hidden"}])
def test_one_item_that_is_not_there_is_not_found(album: Album, columns: dict[str, Any] | None) -> None:
    item_id = new_id() if columns is None else album.add(**columns)
    with pytest.raises(NotFound):
        edits.edit_item(album.owner_id, item_id, 1, asked(favourite=True))
    assert album.conn.execute("SELECT count(*) FROM change").fetchone() == (0,)
