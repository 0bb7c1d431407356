"""Lists of photos beside the timeline, over HTTP: what is in each, in which order, and by what it is seen to change."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from psycopg import Connection

from api.timeline_pb2 import Month, Timeline
from pinhole import media_url
from pinhole.errors import Invalid, NotFound
from pinhole.filenames import displayable_path
from pinhole.lists import ItemList
from pinhole.timeline import month as one_month
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import NOT_SHOWN, Library

PROTOBUF = {"Accept": "application/x-protobuf"}
LISTS = ["favourites", "archive", "trash", "recent", "folder?path=Pictures"]
# What puts an item in every list but one, which it would be in by the last of its columns.
OF_LIST: dict[str, dict[str, Any]] = {
    "favourites": {"favourite": True},
    "archive": {"visibility": "archive"},
    "trash": {"trashed_at": "2024-07-20T12:00:00Z"},
    "recent": {"created_at": "2024-07-21T12:00:00Z"},
    "folder?path=Pictures": {"relative_path": "Pictures/IMG.jpg"},
}


@pytest.fixture
def library(conn: Connection, caller: Caller) -> Library:
    """The caller's library."""
    return Library(conn, caller.user.id)


def _get(caller: Caller, path: str, **headers: str) -> Any:
    return caller.call("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def _list(caller: Caller, name: str) -> Any:
    answer = _get(caller, f"/lists/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json


def _months(caller: Caller, name: str) -> list[tuple[str, int]]:
    return [(month["month"], month["count"]) for month in _list(caller, name)["months"]]


def _month(name: str, month: str, **query: str) -> str:
    """The address of a month of a list."""
    name, _, path = name.partition("?")
    parameters = [path] if path else []
    parameters += [f"{key}={quote(value)}" for key, value in query.items()]
    return f"/lists/{name}/{month}" + (f"?{'&'.join(parameters)}" if parameters else "")


def _ids(caller: Caller, name: str) -> list[str]:
    """The items of all its months, each of which has what the list tells of it."""
    ids: list[str] = []
    for summary in _list(caller, name)["months"]:
        page = _get(caller, _month(name, summary["month"])).json
        assert (page["revision"], page["ratios"]) == (summary["revision"], summary["ratios"])
        assert len(page["ids"]) == summary["count"]
        ids += page["ids"]
    return ids


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_has_no_months(caller: Caller, name: str) -> None:
    told = _list(caller, name)
    assert (told["revision"], told["months"]) == (0, [])
    month = _get(caller, _month(name, "2024-07")).json
    assert (month["revision"], month["ids"], month["nextCursor"]) == (0, [], None)


def test_favourites_are_all_that_were_marked_wherever_else_they_are(caller: Caller, library: Library) -> None:
    library.add()
    library.add(favourite=True, trashed_at="now")
    places: list[dict[str, Any]] = [{}, {"visibility": "archive"}, {"below_top": True}, {"hiding_albums": 1}]
    marked = [library.add(f"2024-07-1{day}", favourite=True, **columns) for day, columns in enumerate(places)]
    assert _ids(caller, "favourites") == marked[::-1]


def test_the_archive_is_what_was_put_there_and_of_a_stack_its_top(caller: Caller, library: Library) -> None:
    library.add()
    library.add(visibility="archive", below_top=True)
    library.add(visibility="archive", trashed_at="now")
    top = library.add("2024-07-14", visibility="archive", tops_stack=True)
    in_album = library.add("2024-07-13", visibility="archive", hiding_albums=1)
    assert _ids(caller, "archive") == [top, in_album]


def test_the_trash_begins_with_what_was_thrown_away_last(caller: Caller, library: Library) -> None:
    library.add()
    at_once = "2026-02-10T12:00:00Z"
    old, new = (library.add(taken, trashed_at=at_once) for taken in ("2011-01-01T12:00:00", "2023-01-01T12:00:00"))
    before = library.add("2024-01-01", trashed_at="2026-02-10T11:59:59Z", visibility="archive", below_top=True)
    last = library.add("2009-01-01", trashed_at="2026-03-01T00:00:00Z")
    assert _months(caller, "trash") == [("2026-03", 1), ("2026-02", 3)]
    assert _ids(caller, "trash") == [last, new, old, before]


def test_recently_added_is_the_timeline_in_the_order_of_arrival(caller: Caller, library: Library) -> None:
    first = library.add("2024-07-14", created_at="2026-01-31T23:59:59.999999Z")
    last = library.add("2009-07-14", created_at="2026-02-01T00:00:00Z")
    for columns in ({"visibility": "archive"}, {"below_top": True}, {"hiding_albums": 1}, {"trashed_at": "now"}):
        library.add(**columns)
    assert _months(caller, "recent") == [("2026-02", 1), ("2026-01", 1)]
    assert _ids(caller, "recent") == [last, first]


def test_a_folder_holds_what_lies_in_itself_and_not_below(caller: Caller, library: Library) -> None:
    top = library.add("2024-07-15", relative_path=None)
    top_too = library.add("2024-07-14", relative_path="IMG.jpg")
    in_it = library.add("2024-07-14", relative_path="Ünser Sommer/50%/IMG.jpg", visibility="archive", below_top=True)
    below = library.add(relative_path="Ünser Sommer/50%/Strand/IMG.jpg")
    library.add(relative_path="Ünser Sommer/50%/IMG.jpg", trashed_at="now")
    assert _ids(caller, "folder?path=") == [top, top_too]
    assert _ids(caller, f"folder?path={quote('Ünser Sommer/50%')}") == [in_it]
    assert _ids(caller, f"folder?path={quote('Ünser Sommer/50%/Strand')}") == [below]
    assert _ids(caller, f"folder?path={quote('Ünser Sommer')}") == []


@pytest.mark.parametrize("written", ["a/b/", "/a/b", "a//b", "a\\b", "./a/./b", "a/../b", "a/ b\u200b"])
def test_a_folder_is_found_however_its_path_is_written(caller: Caller, library: Library, written: str) -> None:
    item = library.add(relative_path="a/b/IMG.jpg")
    assert _ids(caller, f"folder?path={quote(written)}") == [item]


@pytest.mark.parametrize("depth", [31, 32, 33])
def test_a_folder_is_found_however_deep_it_lies(caller: Caller, library: Library, depth: int) -> None:
    folder = "/".join(str(number) * 50 for number in range(depth))
    item = library.add(relative_path=displayable_path(f"{folder}/IMG.jpg"))
    deepest = max((folder["path"] for folder in _get(caller, "/folders").json["folders"]), key=len)
    assert _ids(caller, f"folder?path={deepest}") == _ids(caller, f"folder?path={folder}") == [item]


@pytest.mark.parametrize("name", LISTS)
def test_what_may_not_be_seen_is_in_no_list(
    caller: Caller, library: Library, name: str, subtests: pytest.Subtests
) -> None:
    for state, columns in NOT_SHOWN.items():
        with subtests.test(state):
            library.add(**{**OF_LIST[name], **columns})
            assert _list(caller, name)["months"] == []
            assert _get(caller, _month(name, "2024-07")).json["ids"] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_nothing_of_another_user(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller], name: str
) -> None:
    stranger = new_caller("mallory")
    library.add(**OF_LIST[name])
    assert _months(caller, name) == [("2024-07", 1)]
    assert _months(stranger, name) == []
    assert _get(stranger, _month(name, "2024-07")).json["ids"] == []


@pytest.mark.parametrize("name", LISTS)
def test_items_of_one_moment_are_ordered_by_id_by_bytes(caller: Caller, library: Library, name: str) -> None:
    ids = ["a" * 12, "B" * 12, "Z" * 12, "0" * 12, "b" * 12]
    for item_id in ids:
        library.add(id=item_id, **OF_LIST[name])
    assert _ids(caller, name) == sorted(ids, reverse=True)


@pytest.mark.parametrize("name", LISTS)
def test_the_revision_of_a_list_moves_when_an_item_changes_and_stays_when_nothing_did(
    caller: Caller, library: Library, name: str
) -> None:
    changed = library.add(**OF_LIST[name])
    library.add("2023-01-01", **{**OF_LIST[name], **_a_year_before(OF_LIST[name])})
    before = _list(caller, name)
    if name != "recent":
        library.add(visibility="hidden")
    assert _list(caller, name)["revision"] == before["revision"]
    library.change(changed, thumb_hash=b"\x05")
    after = _list(caller, name)
    revisions = [month["revision"] for month in before["months"]]
    assert len({before["revision"], *revisions}) == 3
    assert all(0 <= revision < 2**53 for revision in revisions)
    assert after["revision"] != before["revision"]
    assert after["months"][0]["revision"] != revisions[0]
    assert after["months"][1] == before["months"][1]


def _a_year_before(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: value.replace("2024", "2023") for name, value in columns.items() if name.endswith("_at")}


@pytest.mark.parametrize("name", LISTS)
def test_the_revision_of_a_list_moves_when_an_item_comes_or_goes(caller: Caller, library: Library, name: str) -> None:
    revisions = {_list(caller, name)["revision"]}
    items = [library.add(**OF_LIST[name]) for _ in range(2)]
    for item in items:
        revisions.add(_list(caller, name)["revision"])
        library.change(item, visibility="hidden")
    assert len(revisions) == 3
    assert (_list(caller, name)["revision"] == 0) == (name != "recent")


def test_what_was_added_is_of_the_revision_of_the_timeline(caller: Caller, library: Library) -> None:
    item = library.add()
    library.add("2020-01-01")
    for change in ({"thumb_hash": b"\x05"}, {"taken_at_local": "2021-05-05"}, {"visibility": "archive"}):
        library.change(item, **change)
        assert _list(caller, "recent")["revision"] == _get(caller, "/timeline").json["revision"] > 0


@pytest.mark.parametrize("path", [f"/lists/{name}" for name in LISTS] + [_month(name, "2024-07") for name in LISTS])
@pytest.mark.parametrize("headers", [{}, PROTOBUF])
def test_what_has_not_changed_is_not_sent_again(
    caller: Caller, library: Library, path: str, headers: dict[str, str]
) -> None:
    columns = {key: value for name in LISTS if name.partition("?")[0] in path for key, value in OF_LIST[name].items()}
    item = library.add(**columns)
    first = _get(caller, path, **headers)
    again = _get(caller, path, If_None_Match=first.headers["ETag"], **headers)
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    library.change(item, width=1)
    assert _get(caller, path, If_None_Match=first.headers["ETag"], **headers).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_list_as_protobuf_is_the_list_as_json(caller: Caller, library: Library, name: str) -> None:
    library.add(**OF_LIST[name])
    message = Timeline.FromString(_get(caller, f"/lists/{name}", **PROTOBUF).data)
    plain = _list(caller, name)
    assert {field.camelcase_name for field in Timeline.DESCRIPTOR.fields} == plain.keys()
    assert message.revision == plain["revision"]
    assert [(m.month, m.count, m.revision, m.ratios) for m in message.months] == [
        (m["month"], m["count"], m["revision"], b64decode(m["ratios"])) for m in plain["months"]
    ]
    month = Month.FromString(_get(caller, _month(name, "2024-07"), **PROTOBUF).data)
    plain = _get(caller, _month(name, "2024-07")).json
    assert (month.month, month.revision, list(month.ids)) == (plain["month"], plain["revision"], plain["ids"])
    assert (list(month.signatures), list(month.flags)) == (plain["signatures"], plain["flags"])


def test_a_list_says_of_which_moment_it_is(caller: Caller, conn: Connection) -> None:
    written = "SELECT pg_current_xact_id()::text"
    for path in ("/timeline", "/lists/trash", "/lists/folder?path="):
        for read in (
            lambda path: _get(caller, path).json["asOf"],
            lambda path: Timeline.FromString(_get(caller, path, **PROTOBUF).data).as_of,
        ):
            [(before,)] = conn.execute(written)
            as_of = read(path)
            [(after,)] = conn.execute(written)
            seen = "SELECT pg_visible_in_snapshot(%s::xid8, %s::pg_snapshot)"
            told = [conn.execute(seen, (each, as_of)).fetchone() for each in (before, after)]
            assert told == [(True,), (False,)]


@pytest.mark.parametrize("name", LISTS)
def test_a_large_month_comes_in_pages_that_together_are_the_month(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 3)
    ids = [library.add(id=f"{number:012}", **OF_LIST[name]) for number in range(6)]  # all of one moment
    ids.insert(0, library.add("2024-07-01", **{**OF_LIST[name], "created_at": "2024-07-20T12:00:00Z"}))
    pages, query = [], {"cursor": f"{'9' * 18}." * (2 if name == "trash" else 1) + "z" * 12}
    while query:
        page = _get(caller, _month(name, "2024-07", **query)).json
        pages.append(page["ids"])
        query = {"cursor": page["nextCursor"]} if page["nextCursor"] else {}
    assert pages == [ids[6:3:-1], ids[3:0:-1], [ids[0]]]


def test_a_page_of_the_trash_begins_at_its_cursor_though_all_of_it_was_thrown_away_at_once(
    caller: Caller, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 2)
    columns = OF_LIST["trash"]
    ids = [library.add(f"2024-01-0{9 - n}", id=f"{n:012}", **columns) for n in range(5)]
    first = _get(caller, _month("trash", "2024-07")).json
    library.conn.execute("DELETE FROM media_item WHERE id = %s", (ids[2],))
    second = _get(caller, _month("trash", "2024-07", cursor=first["nextCursor"])).json
    assert (first["ids"], second["ids"]) == (ids[:2], ids[3:])


@pytest.mark.parametrize(
    ("name", "cursor"), [("trash", f"1.{'a' * 12}"), ("recent", f"1.2.{'a' * 12}"), ("recent", f"1.2.3.{'a' * 12}")]
)
def test_a_cursor_of_another_list_is_refused(caller: Caller, name: str, cursor: str) -> None:
    answer = _get(caller, _month(name, "2024-07", cursor=cursor))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("month", ["", "/2024-07"])
@pytest.mark.parametrize("query", ["", f"?path={'a' * 4097}", "?path=a%00b"])
def test_a_folder_without_a_path_that_may_be_is_refused(caller: Caller, month: str, query: str) -> None:
    answer = _get(caller, f"/lists/folder{month}{query}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "path")


def test_a_path_of_what_is_no_folder_is_refused(caller: Caller) -> None:
    for wrong in ("/lists/trash?path=a", "/lists/folder?path=a%00b", f"/lists/folder?path={'a' * 4097}"):
        answer = _get(caller, wrong)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "path")


@pytest.mark.parametrize("path", ["/lists/timeline", "/lists/x", "/lists/x/2024-07", "/lists/trash/2024-13"])
def test_what_is_no_list_is_not_found(caller: Caller, path: str) -> None:
    assert _get(caller, path).status_code == 404


def test_a_list_can_not_be_named_wrongly() -> None:
    with pytest.raises(NotFound):
        ItemList("locked")
    for name, path in (("folder", None), ("trash", "")):
        with pytest.raises(Invalid) as refused:
            ItemList(name, path)
        assert [wrong.field for wrong in refused.value.fields] == ["path"]
    assert ItemList("folder", "/a\\b/") == ItemList("folder", "a/b")


def test_an_item_in_the_trash_opens_for_its_owner_alone(
    caller: Caller, library: Library, new_caller: Callable[[str], Caller], cloud: Cloud
) -> None:
    item = library.add(trashed_at="2026-02-10T12:00:00Z", favourite=True, visibility="archive")
    details = _get(caller, f"/items/{item}").json
    assert (details["trashedAt"], details["favourite"], details["archived"]) == ("2026-02-10T12:00:00Z", True, True)
    assert caller.call("POST", f"/items/{item}/full-size").status_code == 200
    stranger = new_caller("mallory")
    assert _get(stranger, f"/items/{item}").status_code == 404
    assert stranger.call("POST", f"/items/{item}/full-size").status_code == 404


def test_signatures_of_what_is_in_the_trash_are_in_no_list_but_the_trash(caller: Caller, library: Library) -> None:
    library.add(item_key="A" * 24, favourite=True, relative_path="Pictures/IMG.jpg", trashed_at="2024-07-20T12:00:00Z")
    signed = {name: _get(caller, _month(name, "2024-07")).json for name in LISTS}
    expires = signed["trash"]["thumbExpires"]
    assert {name: page["signatures"] for name, page in signed.items() if page["signatures"]} == {
        "trash": [media_url.sign("A" * 24, expires)]
    }


def test_without_a_token_nothing_is_shown(caller: Caller) -> None:
    for path in ("/lists/trash", "/lists/trash/2024-07", "/folders", "/storage"):
        assert caller.client.get(path).status_code == 401
