"""Routes of edits: what they take and refuse, and what they answer."""

from typing import Any

import pytest
from psycopg import Connection

from pinhole.errors import Unavailable
from pinhole.ids import new_id
from pinhole.tables import place
from pinhole.tables.place import PopulatedPlace
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library


@pytest.fixture
def library(conn: Connection, caller: Caller, cloud: Cloud) -> Library:
    return Library(conn, caller.user.id)


def edit(caller: Caller, **body: Any) -> Any:
    answer = caller.call("PATCH", "/items", json=body)
    return answer.status_code, answer.json


def edit_one(caller: Caller, item_id: str, revision: str | None, **body: Any) -> Any:
    headers = {} if revision is None else {"If-Match": revision}
    answer = caller.call("PATCH", f"/items/{item_id}", json=body, headers=headers)
    return answer.status_code, answer.json


def as_of(library: Library) -> str:
    [(snapshot,)] = library.conn.execute("SELECT pg_current_snapshot()::text")
    return str(snapshot)


def details(caller: Caller, item_id: str) -> Any:
    return caller.call("GET", f"/items/{item_id}").json


def fields(problem: Any) -> list[str]:
    return [wrong["field"] for wrong in problem["errors"]]


def test_items_become_favourites_and_it_is_told_how_many(caller: Caller, library: Library) -> None:
    ids = [library.add(), library.add()]
    status, change = edit(caller, ids=[*ids, new_id()], set={"favourite": True})
    assert status == 200
    assert change == {
        "id": change["id"],
        "state": "done",
        "total": 3,
        "done": 2,
        "skipped": 1,
        "undoes": None,
        "undone": False,
    }
    assert caller.call("GET", f"/changes/{change['id']}").json == change
    assert library.conn.execute("SELECT count(*) FROM media_item WHERE favourite").fetchone() == (2,)


def test_a_change_is_undone_and_says_so(caller: Caller, library: Library) -> None:
    _, change = edit(caller, ids=[library.add()], set={"favourite": True})
    answer = caller.call("POST", f"/changes/{change['id']}/undo")
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["undoes"], answer.json["done"]) == (change["id"], 1)
    assert caller.call("POST", f"/changes/{change['id']}/undo").json == answer.json
    assert caller.call("GET", f"/changes/{change['id']}").json == {**change, "undone": True}


def test_it_is_told_what_a_person_said_of_an_item_and_a_reset_may_take_back(caller: Caller, library: Library) -> None:
    item_id = library.add()
    edit(caller, ids=[item_id], set={"title": "Of ann", "rating": None, "favourite": True})
    assert details(caller, item_id)["saidByPerson"] == ["rating", "title"]
    edit(caller, ids=[item_id], reset=["rating"])
    assert details(caller, item_id)["saidByPerson"] == ["title"]


def test_a_list_is_edited_as_it_was_when_it_was_read(caller: Caller, library: Library) -> None:
    july, august = library.add("2024-07-14T12:00:00"), library.add("2024-08-14T12:00:00")
    excepted = library.add("2024-07-15T12:00:00")
    of_july = {"name": "timeline", "months": ["2024-07"], "except": [excepted]}
    _, change = edit(caller, list=of_july, asOf=as_of(library), set={"title": "July"})
    assert (change["total"], change["done"]) == (1, 1)
    titles = [details(caller, item_id)["title"] for item_id in (july, august, excepted)]
    assert titles == ["July", None, None]


def test_what_is_too_much_for_a_call_is_running(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 1)
    for _ in range(2):
        library.add()
    status, change = edit(caller, list={"name": "timeline"}, asOf=as_of(library), set={"favourite": True})
    assert (status, change["state"], change["total"], change["done"]) == (202, "running", 2, 0)
    answer = caller.call("POST", f"/changes/{change['id']}/undo")
    assert (answer.status_code, answer.json and answer.json["code"]) == (409, "conflict")


def test_one_item_is_edited_by_its_revision(caller: Caller, library: Library) -> None:
    item_id = library.add()
    revision = f'"{details(caller, item_id)["revision"]}"'
    status, change = edit_one(caller, item_id, revision, set={"title": "The first", "rating": 4, "keywords": ["sea"]})
    assert (status, change["state"], change["done"]) == (200, "done", 1)
    told = details(caller, item_id)
    assert (told["title"], told["rating"], told["keywords"]) == ("The first", 4, ["sea"])
    status, problem = edit_one(caller, item_id, revision, set={"title": "The second"})
    assert (status, problem["code"]) == (412, "item_changed")
    assert details(caller, item_id)["title"] == "The first"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (None, 428, "if_match_required"),
        ("1", 412, "item_changed"),
        ('W/"1"', 412, "item_changed"),
        ('"1", "2"', 412, "item_changed"),
        ('"9999999999999999999999"', 412, "item_changed"),
        ("*", 412, "item_changed"),
    ],
)
def test_one_item_is_not_edited_without_its_revision(
    caller: Caller, library: Library, sent: str | None, status: int, code: str
) -> None:
    item_id = library.add()
    answered, problem = edit_one(caller, item_id, sent, set={"favourite": True})
    assert (answered, problem["code"]) == (status, code)


def test_the_item_of_another_is_not_found(caller: Caller, library: Library, new_caller: Any) -> None:
    item_id = library.add()
    bob = new_caller("bob")
    assert edit_one(bob, item_id, '"1"', set={"favourite": True})[0] == 404
    _, change = edit(caller, ids=[item_id], set={"favourite": True})
    for method, path in (("GET", f"/changes/{change['id']}"), ("POST", f"/changes/{change['id']}/undo")):
        assert bob.call(method, path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"set": {"colour": "red"}}, "set.colour"),
        ({"set": {}}, "set"),
        ({}, "set"),
        ({"reset": ["colour"]}, "reset.0"),
        ({"set": {"favourite": None}}, "set.favourite"),
        ({"set": {"archived": "yes"}}, "set.archived"),
        ({"set": {"trashed": 1}}, "set.trashed"),
        ({"set": {"takenAtLocal": None}}, "set.takenAtLocal"),
        ({"set": {"takenAtLocal": "2024-07-14T12:00:00Z"}}, "set.takenAtLocal"),
        ({"set": {"shiftSeconds": None}}, "set.shiftSeconds"),
        ({"set": {"shiftSeconds": 0.5}}, "set.shiftSeconds"),
        ({"set": {"shiftSeconds": 10**12}}, "set.shiftSeconds"),
        ({"set": {"utcOffsetSeconds": 64_801}}, "set.utcOffsetSeconds"),
        ({"set": {"utcOffsetSeconds": -64_801}}, "set.utcOffsetSeconds"),
        ({"set": {"title": "x" * 501}}, "set.title"),
        ({"set": {"title": "a\0b"}}, "set.title"),
        ({"set": {"description": "x" * 10_001}}, "set.description"),
        ({"set": {"rating": 6}}, "set.rating"),
        ({"set": {"rating": -1}}, "set.rating"),
        ({"set": {"keywords": ["x" * 101]}}, "set.keywords.0"),
        ({"set": {"keywords": ["x"] * 101}}, "set.keywords"),
        ({"set": {"keywords": ["a\0"]}}, "set.keywords.0"),
        ({"set": {"addKeywords": None}}, "set.addKeywords"),
        ({"set": {"keywords": ["a"], "addKeywords": ["b"]}}, "set.addKeywords"),
        ({"set": {"title": "a"}, "reset": ["title"]}, "set.title"),
        ({"set": {"takenAtLocal": "2024-07-14T12:00:00", "shiftSeconds": 1}}, "set.shiftSeconds"),
        ({"set": {"place": {"latitude": 91, "longitude": 0}}}, "set.place.latitude"),
        ({"set": {"place": {"name": "Atlantis"}}}, "set.place.name"),
        ({"set": {"place": {}}}, "set.place"),
        ({"set": {"place": {"latitude": 1}}}, "set.place"),
        ({"set": {"place": {"latitude": 1, "longitude": 1, "name": "Zug"}}}, "set.place"),
    ],
)
def test_what_can_not_be_asked_is_told_by_its_field(
    caller: Caller, library: Library, body: dict[str, Any], field: str
) -> None:
    item_id = library.add()
    for status, problem in (edit(caller, ids=[item_id], **body), edit_one(caller, item_id, '"1"', **body)):
        assert status == 422
        assert field in fields(problem)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": ["short"]}, "ids.0"),
        ({"ids": ["0" * 12] * 10_001}, "ids"),
        ({"list": {"name": "timeline"}}, "asOf"),
        ({"ids": ["0" * 12], "asOf": "5:5:"}, "asOf"),
        ({"list": {"name": "timeline"}, "asOf": "2024-07-14T12:00:00Z"}, "asOf"),
        ({"list": {"name": "timeline"}, "asOf": "5:" * 10_001}, "asOf"),
        ({"list": {"name": "nowhere"}, "asOf": "5:5:"}, "list.name"),
        ({"list": {"name": "folder"}, "asOf": "5:5:"}, "list.path"),
        ({"list": {"name": "timeline", "path": "a"}, "asOf": "5:5:"}, "list.path"),
        ({"list": {"name": "timeline", "months": [None]}, "asOf": "5:5:"}, "list.months.0"),
        ({"list": {"name": "timeline", "months": ["2024-13"]}, "asOf": "5:5:"}, "list.months.0"),
    ],
)
def test_what_is_no_selection_is_told_by_its_field(
    caller: Caller, library: Library, body: dict[str, Any], field: str
) -> None:
    status, problem = edit(caller, set={"favourite": True}, **body)
    assert (status, fields(problem)) == (422, [field])


def test_an_edit_whose_pages_can_not_be_told_is_made(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = library.add()

    def refused(*_: Any, **__: Any) -> None:
        raise Unavailable("The queue does not answer.")

    monkeypatch.setattr("pinhole.queues.send", refused)
    status, change = edit(caller, ids=[item_id], set={"title": "Made"})
    assert (status, change["done"]) == (200, 1)
    assert details(caller, item_id)["title"] == "Made"


def test_places_are_suggested_by_how_their_names_begin(caller: Caller, conn: Connection) -> None:
    towns = [
        PopulatedPlace("Zürich", "CH", "Switzerland", "Zurich", 400_000, 47.37, 8.55),
        PopulatedPlace("Zug", "CH", "Switzerland", "Zug", 30_000, 47.17, 8.52),
        PopulatedPlace("Zu", "CN", "China", None, 10, 30.0, 100.0),
        PopulatedPlace("100%", "XX", "Nowhere", None, 10, 30.0, 100.0),
    ]
    place.replace_all(conn, towns, "a test")

    def names(query: str) -> list[str]:
        answer = caller.call("GET", "/places", query_string={"q": query}).json
        return [found["name"] for found in answer["places"]]  # type: ignore[index]

    assert names("zu") == ["Zu", "Zürich", "Zug"]
    assert names("ZÜR") == names("zurich") == ["Zürich"]
    assert names("\u0301") == []
    assert names("%") == names("_u") == names("\\") == []
    assert names("100%") == ["100%"]
    [found] = caller.call("GET", "/places?q=zug").json["places"]  # type: ignore[index]
    assert found == {
        "name": "Zug",
        "region": "Zug",
        "country": "Switzerland",
        "countryCode": "CH",
        "latitude": 47.17,
        "longitude": 8.52,
    }


def test_a_shift_of_many_needs_an_id_by_which_it_may_be_sent_again(caller: Caller, library: Library) -> None:
    item_id = library.add("2024-07-14T12:00:00")
    status, problem = edit(caller, ids=[item_id], set={"shiftSeconds": 3600})
    assert (status, fields(problem)) == (422, ["changeId"])
    shift = {"ids": [item_id], "set": {"shiftSeconds": 3600}, "changeId": new_id()}
    first = edit(caller, **shift)
    assert first[0] == 200
    assert edit(caller, **shift) == first
    assert details(caller, item_id)["takenAtLocal"] == "2024-07-14T13:00:00"
    status, problem = edit(caller, **{**shift, "set": {"shiftSeconds": 60}})
    assert (status, problem["code"]) == (409, "conflict")


def test_an_edit_of_one_item_that_is_sent_again_is_answered_as_before(caller: Caller, library: Library) -> None:
    item_id = library.add()
    sent = {"set": {"title": "Of ann"}, "changeId": new_id()}
    revision = f'"{details(caller, item_id)["revision"]}"'
    first = edit_one(caller, item_id, revision, **sent)
    assert (first[0], first[1]["id"]) == (200, sent["changeId"])
    assert edit_one(caller, item_id, revision, **sent) == first
