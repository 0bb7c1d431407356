"""Favourites, archive and trash: of many items at once, with their months, their journal and those who are told."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from pinhole import edits
from pinhole.edits import Selection
from pinhole.errors import Invalid
from pinhole.ids import new_id
from pinhole.lists import ItemList
from pinhole.tables import notice, outbox
from tests.core.edits.conftest import Album, asked
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import new_library

pytestmark = pytest.mark.usefixtures("counted_months")


def test_what_becomes_a_favourite_moves_its_months_once(album: Album) -> None:
    ids = [album.add("2024-07-01T10:00:00"), album.add("2024-07-02T10:00:00"), album.add("2024-08-01T10:00:00")]
    before = album.months()
    change = album.edit(ids, favourite=True)
    assert (change.state, change.total, change.done, change.skipped) == ("done", 3, 3, 0)
    assert all(album.row(item_id)["favourite"] for item_id in ids)
    assert album.months() == {month: revision + 1 for month, revision in before.items()}


def test_what_is_so_already_is_done_and_nothing_is_written_of_it(album: Album) -> None:
    favourite, other = album.add(favourite=True), album.add()
    revision = album.revision(favourite)
    change = album.edit([favourite, other], favourite=True)
    assert change.done == 2
    assert album.revision(favourite) == revision
    assert outbox.count_edits(album.conn, album.owner_id, change.id) == 1


def test_what_is_archived_leaves_the_timeline_and_its_month_says_so(album: Album) -> None:
    item_id = album.add("2024-07-01T10:00:00")
    before = album.months()["2024-07"]
    album.edit([item_id], archived=True)
    row = album.row(item_id)
    assert (row["visibility"], row["visible"], row["listed"]) == ("archive", True, False)
    assert album.months()["2024-07"] == before + 1


def test_what_is_trashed_keeps_when_it_was_and_can_be_edited_and_restored(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], trashed=True)
    trashed_at = album.row(item_id)["trashed_at"]
    assert trashed_at is not None
    assert album.edit([item_id], trashed=True, title="In the trash").done == 1
    row = album.row(item_id)
    assert (row["trashed_at"], row["title"], row["listed"]) == (trashed_at, "In the trash", False)
    album.edit([item_id], trashed=False)
    assert album.row(item_id)["listed"]


def test_an_edit_of_what_is_in_no_month_moves_none_and_is_told_all_the_same(album: Album, cloud: Cloud) -> None:
    item_id = album.add(visibility="archive")
    before = album.months()
    album.edit([item_id], favourite=True)
    assert album.months() == before
    told = notice.library_changed(album.conn, album.owner_id)
    assert told is not None
    assert told.months == []
    album.edit([item_id], favourite=False)  # joins the notice that waits
    told = notice.library_changed(album.conn, album.owner_id)
    assert told is not None
    assert told.months == []


def test_the_journal_says_who_changed_what_and_how_it_was(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], archived=True, title="Of ann")
    [entry] = outbox.list_settled(album.conn, album.owner_id, (0, 0), 10)
    assert (entry.change, entry.subject_id, entry.actor_id) == ("edited", item_id, album.owner_id)
    assert (entry.before, entry.after) == ({"archived": False}, {"archived": True, "title": "Of ann"})


@pytest.mark.parametrize(
    "columns",
    [
        {"visibility": "hidden"},
        {"visibility": "locked"},
        {"missing_at": datetime.now(UTC)},
        {"failed_at": datetime.now(UTC)},
        {"renditions_at": None},
    ],
)
def test_what_its_owner_can_not_open_is_skipped(album: Album, columns: dict[str, Any]) -> None:
    item_id = album.add(**columns)
    change = album.edit([item_id], favourite=True)
    assert (change.total, change.done, change.skipped) == (1, 0, 1)
    assert not album.row(item_id)["favourite"]


def test_what_is_another_ones_is_skipped_as_what_is_not_there_is(album: Album, conn: Connection) -> None:
    other = Album(new_library(conn, "bob"))
    theirs = other.add()
    change = album.edit([theirs, new_id(), album.add()], favourite=True)
    assert (change.total, change.done, change.skipped) == (3, 1, 2)
    assert not other.row(theirs)["favourite"]


def test_a_list_is_changed_with_ids_and_without_exceptions_and_other_months(album: Album) -> None:
    july, excepted = album.add("2024-07-01T10:00:00"), album.add("2024-07-02T10:00:00")
    august, archived = album.add("2024-08-01T10:00:00"), album.add("2024-07-03T10:00:00", visibility="archive")
    selection = Selection(
        frozenset({archived, new_id()}),
        ItemList("timeline"),
        (datetime(2024, 7, 1, tzinfo=UTC).date(),),
        frozenset({excepted}),
        album.as_of(),
    )
    change = edits.edit_items(album.owner_id, selection, asked(favourite=True))
    assert (change.total, change.done, change.skipped) == (3, 2, 1)
    favourites = {item_id for item_id in (july, excepted, august, archived) if album.row(item_id)["favourite"]}
    assert favourites == {july, archived}


def test_what_arrived_after_the_list_was_read_is_not_touched(album: Album) -> None:
    there = album.add()
    late = album.add(renditions_at=None)
    as_of = album.as_of()
    album.conn.execute("UPDATE media_item SET renditions_at = now() WHERE id = %s", (late,))
    assert album.row(late)["listed"]
    change = album.edit_list("timeline", as_of)
    assert (change.total, change.done) == (1, 1)
    assert [album.row(item_id)["title"] for item_id in (there, late)] == ["Of the list", "Of the file"]


def test_what_is_processed_again_had_arrived_before(album: Album) -> None:
    item_id = album.add(renditions_at=None)
    album.conn.execute("UPDATE media_item SET renditions_at = now() WHERE id = %s", (item_id,))
    as_of = album.as_of()
    album.conn.execute("UPDATE media_item SET renditions_at = now(), rendition_version = 2 WHERE id = %s", (item_id,))
    assert album.edit_list("timeline", as_of).done == 1


NOW = datetime.now(UTC)
ALL = ("timeline", "recent", "favourites", "archive", "trash", "folder")
# Of each: how an item was, what became of it, and from which lists what is edited then leaves it alone.
CAME: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "restored": ({"trashed_at": NOW}, {"trashed_at": None}, {"timeline", "recent", "folder", "favourites"}),
    "thrown away": ({}, {"trashed_at": NOW}, {"trash"}),
    "thrown away long ago, as an undo has it": ({}, {"trashed_at": NOW - timedelta(days=20)}, {"trash"}),
    "archived": ({}, {"visibility": "archive"}, {"archive"}),
    "taken out of the archive": ({"visibility": "archive"}, {"visibility": "timeline"}, {"timeline", "recent"}),
    "back from missing": ({"missing_at": NOW}, {"missing_at": None}, {"timeline", "recent", "folder", "favourites"}),
    "back from missing in the trash": ({"missing_at": NOW, "trashed_at": NOW}, {"missing_at": None}, {"trash"}),
    "unlocked": ({"visibility": "locked"}, {"visibility": "archive"}, {"archive", "folder", "favourites"}),
    "top of its stack": ({"below_top": True}, {"below_top": False}, {"timeline", "recent"}),
    "in no album that hides it": ({"hiding_albums": 1}, {"hiding_albums": 0}, {"timeline", "recent"}),
    "favourite": ({"favourite": False}, {"favourite": True}, {"favourites"}),
    "dated in the same month": ({}, {"taken_at_local": "2024-07-01T00:00:00"}, set()),
}


@pytest.mark.parametrize("came", CAME)
def test_what_came_into_a_list_after_it_was_read_is_not_touched_and_what_stayed_in_it_is(
    album: Album, came: str
) -> None:
    was, became, left_alone = CAME[came]
    item_id = album.add(**{"favourite": True, **was})
    before = album.as_of()
    album.library.change(item_id, **became)
    after = album.as_of()
    months = [date(2024, 7, 1)]
    for name in ALL:
        chosen = None if name in ("trash", "recent") else months
        held = album.edit_list(name, after, chosen).total
        assert album.edit_list(name, before, chosen).total == (0 if name in left_alone else held), name
    assert held or left_alone


def test_of_months_what_was_dated_into_one_later_is_not_touched_and_of_all_it_is(album: Album) -> None:
    item_id = album.add("2024-08-14T12:00:00")
    as_of = album.as_of()
    album.edit([item_id], takenAtLocal="2024-07-14T12:00:00")
    for name in ("timeline", "favourites", "archive", "folder"):
        album.library.change(item_id, favourite=name == "favourites")
        assert album.edit_list(name, as_of, [date(2024, 7, 1)]).total == 0
    assert album.edit_list("timeline", as_of).total == 1
    assert album.edit_list("timeline", album.as_of(), [date(2024, 7, 1)]).total == 1


def test_what_came_by_a_transaction_that_had_not_ended_when_the_list_was_read_is_not_touched(
    album: Album, database_url: str
) -> None:
    item_id = album.add(renditions_at=None)
    with psycopg.connect(database_url) as ingest:
        ingest.execute("UPDATE media_item SET renditions_at = now() WHERE id = %s", (item_id,))
        as_of = album.as_of()  # later than the statement, and it is not in the list
        ingest.commit()
    assert album.edit_list("timeline", as_of).total == 0
    assert album.edit_list("timeline", album.as_of()).total == 1


@pytest.mark.parametrize(
    "wrong",
    ["", "2024-07-14T12:00:00Z", "0:5:", "5:4:", "5:9:4", "5:9:9", "5:9:7,6", "5:9:,", "4294967296:4294967299:"],
)
def test_what_no_list_has_told_is_no_as_of(wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        Selection(list=ItemList("timeline"), as_of=wrong)
    assert [wrong.field for wrong in refused.value.fields] == ["asOf"]


@pytest.mark.parametrize("told", ["5:5:", "5:9:", "5:9:5,8"])
def test_what_a_list_tells_is_one_of_the_database_too(album: Album, told: str) -> None:
    assert Selection(list=ItemList("timeline"), as_of=told).as_of == told
    album.conn.execute("SELECT %s::pg_snapshot", (told,))


def test_pages_are_asked_to_look(album: Album, cloud: Cloud) -> None:
    album.edit([album.add()], favourite=True)
    answer = cloud.sqs.receive_message(QueueUrl=cloud.queue_urls["live"], WaitTimeSeconds=10)
    assert [json.loads(message["Body"]) for message in answer["Messages"]] == [{"ownerId": album.owner_id}]
