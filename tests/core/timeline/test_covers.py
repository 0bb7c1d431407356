"""Covers of months: which photos stand for each, over HTTP."""

from typing import Any

import pytest
from psycopg import Connection

from pinhole import media_url
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import NOT_SHOWN, Library, new_library


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


def _covers(caller: Caller) -> list[tuple[str, str]]:
    answer: Any = caller.call("GET", "/timeline/covers").json
    return list(zip(answer["months"], answer["ids"], strict=True))


def _ids(caller: Caller) -> list[str]:
    return [item for _, item in _covers(caller)]


def test_an_empty_library_has_no_covers(caller: Caller) -> None:
    assert _covers(caller) == []


@pytest.mark.usefixtures("counted_months")
def test_a_cover_comes_with_all_that_it_takes_to_show_it(caller: Caller, library: Library) -> None:
    photo = library.add(item_key="A" * 24, rendition_version=3, thumb_hash=b"\xfb\xff")
    answer: Any = caller.call("GET", "/timeline/covers").json
    expires = answer["thumbExpires"]
    assert answer == {
        "revision": 1,
        "months": ["2024-07"],
        "ids": [photo],
        "ratios": "lQ==",
        "thumbHashes": ["+/8="],
        "itemKeys": ["A" * 24],
        "versions": [3],
        "signatures": [media_url.sign("A" * 24, expires)],
        "keyId": "k1",
        "thumbExpires": expires,
        "mediaBaseUrl": "",
    }


def test_each_month_has_four_at_most_and_the_newest_month_is_first(caller: Caller, library: Library) -> None:
    for day in range(1, 7):
        library.add(f"2023-05-{day:02}T12:00:00")
    new = library.add("2024-07-01T12:00:00")
    covers = _covers(caller)
    assert covers[0] == ("2024-07", new)
    assert [month for month, _ in covers[1:]] == ["2023-05"] * 4


def test_photos_of_each_quarter_of_a_month_come_before_a_second_one_of_any(caller: Caller, library: Library) -> None:
    first = library.add("2024-07-01T12:00:00")
    second = library.add("2024-07-12T12:00:00")
    third = library.add("2024-07-20T12:00:00")
    for minute in range(30):
        library.add(f"2024-07-31T12:{minute:02}:00")
    last = library.add("2024-07-31T13:00:00")
    assert _ids(caller) == [last, third, second, first]


def test_favourites_and_what_is_rated_well_come_first(caller: Caller, library: Library) -> None:
    favourite = library.add("2024-07-01T12:00:00", favourite=True)
    for day in range(2, 31):
        library.add(f"2024-07-{day:02}T12:00:00", rating=3)
    rated = library.add("2024-07-31T12:00:00", rating=4)
    assert _ids(caller)[:2] == [rated, favourite]


def test_favourites_in_the_archive_take_no_place_of_another_in_the_timeline(caller: Caller, library: Library) -> None:
    favourite = library.add("2024-07-02T12:00:00", favourite=True)
    for day in range(1, 31):
        library.add(f"2024-07-{day:02}T13:00:00")
    for day in range(10, 20):
        library.add(f"2024-07-{day:02}T14:00:00", favourite=True, visibility="archive")
    assert _ids(caller)[0] == favourite


def test_a_photo_that_is_rated_well_becomes_a_cover_for_who_has_the_covers_of_before(
    caller: Caller, library: Library, cloud: Cloud
) -> None:
    photos = [library.add(f"2024-07-{day:02}T12:00:00") for day in range(1, 6)]
    before: Any = caller.call("GET", "/timeline/covers")
    [rated] = set(photos) - set(before.json["ids"])
    assert caller.call("PATCH", "/items", json={"ids": [rated], "set": {"rating": 5}}).status_code == 200
    after: Any = caller.call("GET", "/timeline/covers", headers={"If-None-Match": before.headers["ETag"]})
    assert after.json["ids"][0] == rated


def test_screenshots_stand_behind_photos_and_videos_behind_them(caller: Caller, library: Library) -> None:
    video = library.add("2024-07-31T12:00:00", kind="video", favourite=True)
    screenshot = library.add("2024-07-30T12:00:00", is_screenshot=True, favourite=True)
    photo = library.add("2024-07-01T12:00:00")
    assert _ids(caller) == [photo, screenshot, video]


def test_one_of_a_burst_stands_for_all_of_it(caller: Caller, library: Library) -> None:
    for second in range(3):
        library.add(f"2024-07-14T12:00:0{second}", burst_id="b", favourite=second == 1)
    other = library.add("2024-07-14T12:00:30")
    assert len(_ids(caller)) == 2
    assert _ids(caller)[1] == other


def test_a_month_of_which_nothing_can_be_shown_has_no_cover(caller: Caller, library: Library) -> None:
    library.add(kind="video", renditions_at=None, rendition_version=0, thumb_hash=None)
    assert _covers(caller) == []


def test_what_is_not_in_the_timeline_is_no_cover(
    caller: Caller, library: Library, conn: Connection, subtests: pytest.Subtests
) -> None:
    shown = library.add()
    new_library(conn, "another").add(favourite=True)
    hidden: dict[str, dict[str, Any]] = {
        "trashed": {"trashed_at": "now"},
        "archived": {"visibility": "archive"},
        **NOT_SHOWN,
    }
    for state, columns in hidden.items():
        with subtests.test(state):
            library.add("2024-07-20T12:00:00", **{"favourite": True} | columns)
            assert _ids(caller) == [shown]


def test_covers_are_not_sent_again_while_the_library_stands(caller: Caller, library: Library) -> None:
    library.add()
    first = caller.call("GET", "/timeline/covers")
    again = {"If-None-Match": first.headers["ETag"]}
    assert caller.call("GET", "/timeline/covers", headers=again).status_code == 304
    library.add()
    assert caller.call("GET", "/timeline/covers", headers=again).status_code == 200
