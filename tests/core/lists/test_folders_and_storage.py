"""The folders that photos came in, and what a library takes."""

from collections.abc import Callable
from typing import Any

import pytest
from psycopg import Connection

from api.routes import lists
from pinhole import storage
from pinhole.settings import settings
from pinhole.tables.rendition import Rendition
from tests.fixtures.api import Caller
from tests.fixtures.library import Library


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


def _folders(caller: Caller) -> dict[str, int]:
    told: Any = caller.call("GET", "/folders").json
    return {folder["path"]: folder["count"] for folder in told["folders"]}


def _rendition(size_bytes: int, name: str = "240.webp") -> Rendition:
    return Rendition(name, 1, 320, 240, size_bytes)


def _storage(caller: Caller) -> Any:
    return caller.call("GET", "/storage").json


def test_an_empty_library_has_no_folders(caller: Caller) -> None:
    assert _folders(caller) == {}


def test_a_folder_counts_what_lies_in_it_and_below(caller: Caller, library: Library) -> None:
    library.add(relative_path=None)
    library.add(relative_path="IMG.jpg")
    for name in "abc":
        library.add(relative_path=f"2024/Sommer/Strand/{name}.jpg")
    library.add(relative_path="2024/IMG.jpg", visibility="archive")
    library.add(relative_path="2024-07/IMG.jpg")
    counts = _folders(caller)
    assert counts == {"": 7, "2024": 4, "2024-07": 1, "2024/Sommer": 3, "2024/Sommer/Strand": 3}
    assert list(counts) == sorted(counts)


def test_what_is_not_visible_or_of_another_user_makes_no_folder(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller]
) -> None:
    library.add(relative_path="trashed/IMG.jpg", trashed_at="now")
    library.add(relative_path="locked/IMG.jpg", visibility="locked")
    Library(library.conn, new_caller("mallory").user.id).add(relative_path="hers/IMG.jpg")
    assert _folders(caller) == {}


def test_the_storage_of_a_library_is_all_that_is_stored_for_its_owner(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller]
) -> None:
    unset = {"quotaBytes": None, "originalsMayBeDeleted": False}
    assert _storage(caller) == {"originalsBytes": 0, "renditionsBytes": 0, "items": 0, **unset}
    library.add(size_bytes=2**40, renditions=[_rendition(700), _rendition(3000, "480.webp")])
    library.add(size_bytes=5, renditions=[_rendition(70)], trashed_at="now")
    Library(library.conn, new_caller("mallory").user.id).add(size_bytes=9, renditions=[_rendition(9)])
    assert _storage(caller) == {"originalsBytes": 2**40 + 5, "renditionsBytes": 3770, "items": 1, **unset}


def test_the_storage_says_how_much_there_may_be(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINHOLE_MAX_USER_BYTES", str(10**12))
    settings.cache_clear()
    assert _storage(caller)["quotaBytes"] == 10**12


def test_what_much_takes_is_told_as_of_some_seconds_ago(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ITEMS_A_SECOND", 2)
    library.add(size_bytes=1)
    assert _storage(caller)["originalsBytes"] == 1
    library.add(size_bytes=10)
    assert _storage(caller)["originalsBytes"] == 11
    library.conn.execute("UPDATE stored_sum SET summed_at = now() + interval '1 hour'")
    library.add(size_bytes=100)
    assert _storage(caller)["originalsBytes"] == 11
    library.conn.execute("UPDATE stored_sum SET summed_at = now() - interval '1.1 seconds'")
    assert _storage(caller)["originalsBytes"] == 111


def test_many_folders_come_by_pages(caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_PAGE", 2)
    for path in ("b/c/1.jpg", "a/2.jpg", "d'é/3.jpg"):
        library.add(relative_path=path)
    pages: list[list[str]] = []
    query: dict[str, str] = {}
    while True:
        told: Any = caller.call("GET", "/folders", query_string=query).json
        pages.append([folder["path"] for folder in told["folders"]])
        if told["nextAfter"] is None:
            break
        query = {"after": told["nextAfter"]}
    assert pages == [["", "a"], ["b", "b/c"], ["d'é"]]
