"""What one user has changes nothing of what another is told, and nothing that another does reaches it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from psycopg import Connection

from pinhole.search.filters import FILTERS, negated
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library
from tests.fixtures.uploading import begin, promise

WORDS = ("harbour", '"the harbour"', "harbour -boat", "-boat", "july 2024", "harbour OR 1=1")
VALUES = {
    "from": "2024-01-01",
    "to": "2024-12-31",
    "on": "2024-07",
    "kind": "photo",
    "favourite": "true",
    "country": "Italy",
    "place": "Naples",
    "camera": "Nikon",
    "minRating": "1",
}
LISTS = ("favourites", "archive", "trash", "recent", "folder")
PHOTO = b"bytes that ann has"


def _asked() -> list[str]:
    """Requests that read many things at once, in many ways."""
    paths = [
        "/timeline",
        "/timeline/covers",
        "/timeline/2024-07",
        "/folders",
        "/storage",
        "/uploads",
        "/search/filters",
    ]
    paths += [f"/search/suggestions?{urlencode({'q': typed})}" for typed in ("h", "harb", "Nap", "Nik")]
    for name in LISTS:
        of_folder = "?path=Trip" if name == "folder" else ""
        paths += [f"/lists/{name}{of_folder}", f"/lists/{name}/2024-07{of_folder}"]
    queries: list[dict[str, str]] = [{"q": words} for words in WORDS] + [{"not": "boat"}, {"q": "x", "not": "boat"}]
    for name, value in VALUES.items():
        for wire in (name, negated(name)):
            queries += [{wire: value}, {wire: value, "q": "harbour"}, {wire: value, "not": "boat", "sort": "date"}]
    queries += [{"favourite": "true", "notKind": "video", "minRating": "1"}]
    return paths + [f"/search?{urlencode({'today': '2024-08-01', **query})}" for query in queries]


def _filled(ann: Caller, conn: Connection) -> list[str]:
    """A library with something of every kind. Ids of its items."""
    library = Library(conn, ann.user.id)
    columns: list[dict[str, Any]] = [
        {"favourite": True, "filename": "harbour.jpg", "relative_path": "Trip/harbour.jpg"},
        {"visibility": "archive", "filename": "harbour boat.jpg"},
        {"trashed_at": "now", "filename": "old harbour.jpg"},
        {"kind": "video", "mime_type": "video/mp4", "filename": "harbour.mp4"},
    ]
    items = [library.add(**each) for each in columns]
    said = {
        "set": {
            "rating": 5,
            "title": "The harbour",
            "keywords": ["harbour"],
            "place": {"latitude": 40.8, "longitude": 14.3},
        }
    }
    assert ann.call("PATCH", "/items", json={"ids": items, **said}).status_code == 200
    assert ann.call("POST", "/search/history", json={"q": "harbour at night"}).status_code == 204
    begin(ann, PHOTO)
    return items


@pytest.fixture
def ann(cloud: Cloud, new_caller: Callable[[str], Caller]) -> Caller:
    return new_caller("ann")


@pytest.fixture
def bob(cloud: Cloud, new_caller: Callable[[str], Caller]) -> Caller:
    return new_caller("bob")


def _told(who: Caller, path: str) -> Any:
    answer = who.call("GET", path)
    assert answer.status_code == 200, (path, answer.text)
    told = answer.json
    assert isinstance(told, dict)
    return {name: value for name, value in told.items() if name != "asOf"}  # which transactions run


def test_every_filter_has_a_value_to_be_asked_with() -> None:
    assert VALUES.keys() == FILTERS.keys()


def test_what_a_user_is_told_is_the_same_whatever_another_has(ann: Caller, bob: Caller, conn: Connection) -> None:
    before = {path: _told(bob, path) for path in _asked()}
    _filled(ann, conn)
    assert {path: told for path in _asked() if (told := _told(bob, path)) != before[path]} == {}
    # Ann is told something else by nearly all of them, so that each of them could have told it to bob.
    unmoved = {path for path in _asked() if _told(ann, path) == before[path]}
    assert len(unmoved) < len(before) / 3, sorted(unmoved)


def test_bytes_and_folders_of_another_are_as_if_they_were_not_there(ann: Caller, bob: Caller, conn: Connection) -> None:
    _filled(ann, conn)
    sha256 = promise(PHOTO)["sha256"]
    assert bob.call("POST", "/uploads/check", json={"sha256s": [sha256]}).json == {"existing": {}, "trashed": {}}
    # Another's folder in the path, by every way out of one's own, leads into one's own.
    for path in (
        "ann/harbour.jpg",
        "../ann/harbour.jpg",
        "/ann/harbour.jpg",
        "..\\ann\\harbour.jpg",
        "a/../../ann/b.jpg",
    ):
        content = path.encode()
        upload = bob.call("POST", "/uploads", json=promise(content, filename=path, relativePath=path)).json
        assert upload is not None
        [(key,)] = conn.execute("SELECT object_key FROM upload WHERE id = %s", (upload["id"],))
        assert key.startswith(f"bob/uploads/{upload['id']}/")
        assert ".." not in key.split("/")
        assert f"/originals/{key.rpartition('/')[0]}/" in upload["url"]


@pytest.mark.parametrize("name", ["timeline", "favourites", "archive", "trash", "recent"])
def test_all_of_a_list_is_all_of_ones_own(ann: Caller, bob: Caller, conn: Connection, name: str) -> None:
    items = _filled(ann, conn)
    _filled(bob, conn)
    shown = ann.call("GET", "/timeline" if name == "timeline" else f"/lists/{name}").json
    assert shown is not None
    before = [json.loads(ann.call("GET", f"/items/{item_id}").data)["title"] for item_id in items]
    # Also as of a moment that ann's list told, and with ann's ids beside it.
    wanted = {"list": {"name": name}, "ids": items, "asOf": shown["asOf"], "set": {"title": "of bob"}}
    change = bob.call("PATCH", "/items", json=wanted).json
    assert change is not None
    assert [json.loads(ann.call("GET", f"/items/{item_id}").data)["title"] for item_id in items] == before
    own = json.loads(bob.call("GET", "/timeline" if name == "timeline" else f"/lists/{name}").data)
    assert change["done"] <= sum(month["count"] for month in own["months"])
