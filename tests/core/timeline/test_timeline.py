"""The timeline over HTTP: what is shown, in which order, in which form, and when it is not sent again."""

from base64 import b64decode
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from psycopg import Connection

from api.timeline_pb2 import Kind, Month, Timeline
from pinhole import media_url
from pinhole.db import transaction
from pinhole.settings import settings
from pinhole.timeline import month as one_month
from tests.fixtures.api import Caller
from tests.fixtures.library import NOT_SHOWN, Library

PROTOBUF = {"Accept": "application/x-protobuf"}


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


def _get(caller: Caller, path: str, **headers: str) -> Any:
    return caller.call("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def _months(caller: Caller) -> list[tuple[str, int]]:
    return [(month["month"], month["count"]) for month in _get(caller, "/timeline").json["months"]]


def _ids(caller: Caller, month: str) -> list[str]:
    ids: list[str] = _get(caller, f"/timeline/{month}").json["ids"]
    return ids


def test_an_empty_library_has_no_months(caller: Caller) -> None:
    timeline = _get(caller, "/timeline").json
    assert (timeline["revision"], timeline["months"]) == (0, [])


def test_a_month_in_which_nothing_ever_was_is_empty(caller: Caller) -> None:
    month = _get(caller, "/timeline/2024-07").json
    assert (month["revision"], month["ids"], month["ratios"], month["nextCursor"]) == (0, [], "", None)


def test_months_come_newest_first_with_a_ratio_for_each_item(caller: Caller, library: Library) -> None:
    library.add("2023-01-31T23:59:59", width=1000, height=1000)
    library.add("2024-07-02T08:00:00", width=2000, height=1000)
    library.add("2024-07-01T08:00:00", width=1000, height=2000)
    timeline = _get(caller, "/timeline").json
    assert [(month["month"], month["count"], list(b64decode(month["ratios"]))) for month in timeline["months"]] == [
        ("2024-07", 2, [178, 78]),
        ("2023-01", 1, [128]),
    ]
    assert timeline["revision"] == sum(month["revision"] for month in timeline["months"])


def test_a_ratio_code_is_fifty_steps_an_octave_around_128(caller: Caller, library: Library) -> None:
    sizes = [(4032, 3024), (3024, 4032), (1, 1), (16, 9), (60000, 100), (100, 60000)]
    for second, (width, height) in enumerate(reversed(sizes)):
        library.add(f"2024-07-14T12:00:0{second}", width=width, height=height)
    ratios = b64decode(_get(caller, "/timeline").json["months"][0]["ratios"])
    assert list(ratios) == [149, 107, 128, 170, 255, 0]


@pytest.mark.usefixtures("counted_months")
def test_a_month_lists_its_items_in_parallel_columns(caller: Caller, library: Library) -> None:
    photo = library.add(
        "2024-07-14T12:00:00.250000", item_key="A" * 24, rendition_version=3, thumb_hash=b"\xfb\xff", favourite=True,
        tops_stack=True, place_name="Naples, Italy",
    )  # fmt: skip
    video = library.add(
        "2024-07-14T11:00:00", item_key="B" * 24, kind="video", mime_type="video/mp4", duration_ms=61_500,
        renditions_at=None, rendition_version=0, thumb_hash=None,
    )  # fmt: skip
    month = _get(caller, "/timeline/2024-07").json
    expires = month["thumbExpires"]
    assert month == {
        "month": "2024-07",
        "revision": 2,
        "ids": [photo, video],
        "ratios": "lZU=",
        "kinds": ["photo", "video"],
        "flags": [5, 0],
        "durationsMs": [0, 61_500],
        "takenAtLocal": ["2024-07-14T12:00:00.25", "2024-07-14T11:00:00"],
        "thumbHashes": ["+/8=", ""],
        "itemKeys": ["A" * 24, "B" * 24],
        "versions": [3, 0],
        "places": ["Naples, Italy"],
        "placeNumbers": [1, 0],
        "signatures": [media_url.sign("A" * 24, expires), media_url.sign("B" * 24, expires)],
        "keyId": "k1",
        "thumbExpires": expires,
        "mediaBaseUrl": "",
        "nextCursor": None,
    }


def test_flags_have_a_bit_for_each_thing_that_the_grid_shows(caller: Caller, library: Library) -> None:
    columns = ["favourite", "has_clip", "tops_stack", "is_projected"]
    for second, column in enumerate(columns):
        library.add(f"2024-07-14T12:00:0{second}", **{column: True})
    library.add("2024-07-14T12:00:04", **dict.fromkeys(columns, True))
    assert _get(caller, "/timeline/2024-07").json["flags"] == [15, 8, 4, 2, 1]


def test_each_place_is_named_once_and_items_tell_which_it_is(caller: Caller, library: Library) -> None:
    for second, name in enumerate([None, "Naples, Italy", "Bern, Switzerland", None, "Naples, Italy"]):
        library.add(f"2024-07-14T12:00:0{second}", place_name=name)
    month = _get(caller, "/timeline/2024-07").json
    assert month["places"] == ["Naples, Italy", "Bern, Switzerland"]
    assert month["placeNumbers"] == [1, 0, 2, 1, 0]
    message = Month.FromString(_get(caller, "/timeline/2024-07", Accept="application/x-protobuf").data)
    assert (list(message.places), list(message.place_numbers)) == (month["places"], month["placeNumbers"])


def test_times_are_iso_8601_however_the_database_writes_them(caller: Caller, library: Library) -> None:
    library.add("2024-07-14T12:00:00")
    with transaction() as conn:
        conn.execute("SET DateStyle = 'German'")
    assert _get(caller, "/timeline/2024-07").json["takenAtLocal"] == ["2024-07-14T12:00:00"]


def test_items_of_one_moment_are_ordered_by_id_by_bytes(caller: Caller, library: Library) -> None:
    ids = ["a" * 12, "B" * 12, "Z" * 12, "0" * 12, "b" * 12]
    for item_id in ids:
        library.add(id=item_id)
    assert _ids(caller, "2024-07") == sorted(ids, reverse=True)


def test_an_item_is_in_the_month_of_its_local_time_and_in_the_order_of_its_instant(
    caller: Caller, library: Library
) -> None:
    east = library.add("2024-08-01T00:30:00", sort_timestamp="2024-07-31T15:30:00Z")
    west = library.add("2024-07-31T23:30:00", sort_timestamp="2024-08-01T06:30:00Z")
    early = library.add("2024-07-31T22:00:00", sort_timestamp="2024-07-31T22:00:00Z")
    assert _ids(caller, "2024-08") == [east]
    assert _ids(caller, "2024-07") == [west, early]


def test_what_is_not_visible_is_nowhere(caller: Caller, library: Library, subtests: pytest.Subtests) -> None:
    shown = library.add()
    hidden: dict[str, dict[str, Any]] = {
        "trashed": {"trashed_at": "now"},
        "trashed video": {"trashed_at": "now", "kind": "video"},
        **NOT_SHOWN,
    }
    for state, columns in hidden.items():
        with subtests.test(state):
            item = library.add(**columns)
            assert _months(caller) == [("2024-07", 1)]
            assert _ids(caller, "2024-07") == [shown]
            if "trashed_at" not in columns:  # it is opened from the trash
                assert _get(caller, f"/items/{item}").status_code == 404


def test_what_is_visible_and_not_listed_is_in_no_month(
    caller: Caller, library: Library, subtests: pytest.Subtests
) -> None:
    shown = library.add()
    elsewhere: dict[str, dict[str, Any]] = {
        "archived": {"visibility": "archive"},
        "below the top of its stack": {"below_top": True},
        "hidden by an album": {"hiding_albums": 1},
    }
    for state, columns in elsewhere.items():
        with subtests.test(state):
            library.add(**columns)
            assert _months(caller) == [("2024-07", 1)]
            assert _ids(caller, "2024-07") == [shown]


def test_a_month_that_became_empty_is_left_out_and_keeps_its_revision(caller: Caller, library: Library) -> None:
    item = library.add()
    before = _get(caller, "/timeline").json
    library.change(item, trashed_at="now")
    after = _get(caller, "/timeline").json
    assert (after["revision"], after["months"]) == (before["revision"] + 1, [])
    assert _get(caller, "/timeline/2024-07").json["revision"] == after["revision"]


def test_an_item_whose_date_is_edited_moves_and_both_months_get_a_new_revision(
    caller: Caller, library: Library
) -> None:
    item, stays = library.add("2024-07-14T12:00:00"), library.add("2024-05-01T12:00:00")
    before = {month["month"]: month["revision"] for month in _get(caller, "/timeline").json["months"]}
    library.change(item, taken_at_local="2024-05-02T12:00:00", sort_timestamp="2024-05-02T12:00:00Z")
    after = _get(caller, "/timeline").json
    assert [(month["month"], month["count"]) for month in after["months"]] == [("2024-05", 2)]
    assert after["months"][0]["revision"] > before["2024-05"]
    assert _get(caller, "/timeline/2024-07").json["revision"] > before["2024-07"]
    assert _ids(caller, "2024-05") == [item, stays]


def test_another_owners_items_are_not_shown(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller]
) -> None:
    item = library.add()
    stranger = new_caller("mallory")
    assert _get(stranger, "/timeline").json["months"] == []
    assert _ids(stranger, "2024-07") == []
    assert _get(stranger, f"/items/{item}").status_code == 404


def test_a_large_month_comes_in_pages_that_together_are_the_month(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 3)
    ids = [library.add(id=f"{number:012}") for number in range(6)]  # all of one second
    ids.append(library.add("2024-07-01T00:00:00"))
    pages, cursor = [], ""
    while cursor is not None:
        page = _get(caller, f"/timeline/2024-07{cursor and '?cursor=' + cursor}").json
        pages.append(page["ids"])
        cursor = page["nextCursor"]
    assert pages == [ids[5:2:-1], ids[2::-1], [ids[6]]]


def test_a_page_that_ends_with_the_month_has_no_cursor(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 2)
    library.add()
    library.add()
    assert _get(caller, "/timeline/2024-07").json["nextCursor"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"trashed_at": "now"},
        {"visibility": "hidden"},
        {"taken_at_local": "2023-01-01T12:00:00", "sort_timestamp": "2023-01-01T12:00:00Z"},
        None,
    ],
    ids=["trashed", "hidden", "moved", "deleted"],
)
def test_a_page_is_found_though_the_item_that_it_began_with_is_gone(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any] | None
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 2)
    # Of two of one moment the cursor has to tell which, and to the microsecond.
    ids = [library.add("2024-07-14T12:00:00.000001", id=f"{number:012}") for number in range(4)]
    last = library.add("2024-07-14T12:00:00")
    first = _get(caller, "/timeline/2024-07").json
    assert first["ids"] == [ids[3], ids[2]]
    if change is None:
        library.conn.execute("DELETE FROM media_item WHERE id = %s", (ids[1],))
    else:
        library.change(ids[1], **change)
    assert _get(caller, f"/timeline/2024-07?cursor={first['nextCursor']}").json["ids"] == [ids[0], last]


@pytest.mark.usefixtures("counted_months")
def test_each_page_has_the_revision_of_its_own_moment(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 1)
    library.add("2024-07-02T00:00:00")
    library.add("2024-07-01T00:00:00")
    first = _get(caller, "/timeline/2024-07")
    assert first.json["revision"] == 2
    library.add("2024-07-03T00:00:00")
    path = f"/timeline/2024-07?cursor={first.json['nextCursor']}"
    second = _get(caller, path, If_None_Match=first.headers["ETag"])
    assert (second.status_code, second.json["revision"]) == (200, 3)
    assert _get(caller, path, If_None_Match=second.headers["ETag"]).status_code == 304


def test_what_is_no_cursor_is_refused(caller: Caller, library: Library, subtests: pytest.Subtests) -> None:
    library.add()
    id_ = "a" * 12
    of_wrong_form = ["", "x", "1", "1.", "1.a", f"1.{id_}a", f"1.{id_[1:]}", f"--1.{id_}", f"١.{id_}", f".{id_}"]
    for cursor in [*of_wrong_form, f"{'9' * 19}.{id_}", f"1.{id_}%0a", f"1.{id_}%00", f"1.{'%27' * 12}"]:
        with subtests.test(cursor):
            answer = _get(caller, f"/timeline/2024-07?cursor={cursor}")
            assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


def test_a_made_up_cursor_names_a_place_in_a_month_of_the_caller(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller], subtests: pytest.Subtests
) -> None:
    library.add()
    stranger = new_caller("mallory")
    own = Library(library.conn, stranger.user.id).add()
    for microseconds, shown in (("9" * 18, [own]), ("0", []), ("-1", []), (f"-{'9' * 18}", [])):
        with subtests.test(microseconds):
            assert _ids(stranger, f"2024-07?cursor={microseconds}.{'z' * 12}") == shown


def test_what_is_no_month_is_not_found(caller: Caller, subtests: pytest.Subtests) -> None:
    for month in ("2024-13", "2024-00", "2024-7", "24-07", "2024-07-01", "0000-01", "٢٠٢٤-07", "x"):
        with subtests.test(month):
            assert _get(caller, f"/timeline/{month}").status_code == 404


@pytest.mark.parametrize("path", ["/timeline", "/timeline/2024-07"])
@pytest.mark.parametrize("accept", ["application/json", "application/x-protobuf"])
def test_what_has_not_changed_is_not_sent_again(caller: Caller, library: Library, path: str, accept: str) -> None:
    library.add()
    first = _get(caller, path, Accept=accept)
    again = _get(caller, path, Accept=accept, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "private, no-cache"
    assert "Accept" in first.headers["Vary"]
    library.add()
    assert _get(caller, path, Accept=accept, If_None_Match=first.headers["ETag"]).status_code == 200


@pytest.mark.parametrize("path", ["/timeline", "/timeline/2024-07"])
def test_each_form_has_its_own_entity_tag(caller: Caller, library: Library, path: str) -> None:
    library.add()
    json_tag = _get(caller, path).headers["ETag"]
    assert _get(caller, path, If_None_Match=json_tag, **PROTOBUF).status_code == 200


def test_new_signatures_are_sent_though_nothing_changed(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add()
    first = _get(caller, "/timeline/2024-07")
    a_week_later = first.json["thumbExpires"] - 7 * 24 * 60 * 60
    monkeypatch.setattr("api.photo_lists.time", SimpleNamespace(time=lambda: a_week_later))
    again = _get(caller, "/timeline/2024-07", If_None_Match=first.headers["ETag"])
    assert again.status_code == 200
    assert again.json["signatures"] != first.json["signatures"]


@pytest.mark.parametrize("headers", [{}, PROTOBUF])
def test_a_month_is_sent_again_when_another_host_serves_its_media(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    library.add()
    etag = _get(caller, "/timeline/2024-07", **headers).headers["ETag"]
    monkeypatch.setenv("PINHOLE_MEDIA_BASE_URL", "https://media.example")
    settings.cache_clear()
    assert _get(caller, "/timeline/2024-07", If_None_Match=etag, **headers).status_code == 200


def test_the_timeline_as_protobuf_is_the_timeline_as_json(caller: Caller, library: Library) -> None:
    library.add("2024-07-14T12:00:00")
    library.add("2022-02-02T12:00:00", width=100, height=300)
    answer = _get(caller, "/timeline", **PROTOBUF)
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    message = Timeline.FromString(answer.data)
    plain = _get(caller, "/timeline").json
    assert message.revision == plain["revision"]
    assert [(m.month, m.count, m.revision, m.ratios) for m in message.months] == [
        (m["month"], m["count"], m["revision"], b64decode(m["ratios"])) for m in plain["months"]
    ]


@pytest.mark.parametrize("page_items", [1, 5])
def test_a_month_as_protobuf_is_the_month_as_json(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch, page_items: int
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", page_items)
    library.add()
    library.add(kind="video", duration_ms=1500, renditions_at=None, rendition_version=0, thumb_hash=None)
    message = Month.FromString(_get(caller, "/timeline/2024-07", **PROTOBUF).data)
    plain = _get(caller, "/timeline/2024-07").json
    assert {field.camelcase_name for field in Month.DESCRIPTOR.fields} == plain.keys()
    assert [Kind.Name(kind) for kind in message.kinds] == plain.pop("kinds")
    assert list(message.thumb_hashes) == [b64decode(thumb_hash) for thumb_hash in plain.pop("thumbHashes")]
    assert message.ratios == b64decode(plain.pop("ratios"))
    assert (message.next_cursor if message.HasField("next_cursor") else None) == plain.pop("nextCursor")
    for name, value in plain.items():
        field = next(field for field in Month.DESCRIPTOR.fields if field.camelcase_name == name)
        sent = getattr(message, field.name)
        assert (list(sent) if isinstance(value, list) else sent) == value, name


def test_without_a_token_nothing_is_shown(caller: Caller) -> None:
    for path in ("/timeline", "/timeline/2024-07", "/items/aaaaaaaaaaaa"):
        assert caller.client.get(path).status_code == 401
