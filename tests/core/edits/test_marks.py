"""Favourites, archive and trash: of many items at once, with their months, their journal and those who are told."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from pinhole import edits
from pinhole.edits import Selection
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
        datetime.now(UTC),
    )
    change = edits.edit_items(album.owner_id, selection, asked(favourite=True))
    assert (change.total, change.done, change.skipped) == (3, 2, 1)
    favourites = {item_id for item_id in (july, excepted, august, archived) if album.row(item_id)["favourite"]}
    assert favourites == {july, archived}


def test_what_arrived_after_the_list_was_read_is_not_touched(album: Album) -> None:
    there = album.add()
    late = album.add(renditions_at=None)
    as_of = datetime.now(UTC)
    album.conn.execute("UPDATE media_item SET renditions_at = now() WHERE id = %s", (late,))
    assert album.row(late)["listed"]
    selection = Selection(list=ItemList("timeline"), as_of=as_of)
    change = edits.edit_items(album.owner_id, selection, asked(favourite=True))
    assert (change.total, change.done) == (1, 1)
    assert album.row(there)["favourite"]
    assert not album.row(late)["favourite"]


def test_an_item_arrives_once(album: Album) -> None:
    item_id = album.add(renditions_at=None)
    assert album.row(item_id)["arrived_at"] is None
    album.conn.execute("UPDATE media_item SET renditions_at = now() WHERE id = %s", (item_id,))
    arrived = album.row(item_id)["arrived_at"]
    assert arrived is not None
    for renditions_at in (None, datetime.now(UTC)):
        album.conn.execute("UPDATE media_item SET renditions_at = %s WHERE id = %s", (renditions_at, item_id))
    assert album.row(item_id)["arrived_at"] == arrived


def test_pages_are_asked_to_look(album: Album, cloud: Cloud) -> None:
    album.edit([album.add()], favourite=True)
    answer = cloud.sqs.receive_message(QueueUrl=cloud.queue_urls["live"], WaitTimeSeconds=10)
    assert [json.loads(message["Body"]) for message in answer["Messages"]] == [{"ownerId": album.owner_id}]
