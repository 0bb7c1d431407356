"""Edits beside each other, and beside ingest: nothing is lost, and nobody waits for ever."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import Composable

from pinhole import edits
from pinhole.edits import Selection
from pinhole.stages import Lane, Stage, Subject
from pinhole.tables import item_metadata, job, media_item
from tests.core.edits import at_once
from tests.core.edits.conftest import NAPLES, Album, asked
from tests.fixtures import dying
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg


def test_two_edits_of_one_item_keep_what_both_said(album: Album, database_url: str) -> None:
    item_id = album.add()
    with psycopg.connect(database_url) as other:
        # As an edit that has read the item, and is about to say something of it.
        media_item.hold(other, *_this(album, item_id), [item_id])
        with ThreadPoolExecutor(1) as second:
            waiting = second.submit(album.edit, [item_id], title="Of the second")
            _until_somebody_waits(album.conn)
            item_metadata.say_many(
                other, album.owner_id, item_metadata.Layer.PERSON, {item_id: {"description": "Of the first"}}
            )
            other.commit()
            assert waiting.result().done == 1
    assert album.row(item_id)["person"] == {"description": "Of the first", "title": "Of the second"}


def test_many_edits_of_the_same_items_at_once_end_all(album: Album) -> None:
    ids = [album.add(f"2024-{month:02}-01T10:00:00") for month in range(1, 13)]
    chance = Random(1)
    workers = [
        dying.call(
            at_once.shift,
            {"ownerId": album.owner_id, "ids": chance.sample(ids, len(ids)), "times": 15},
            die_at=0,
        )
        for _ in range(3)
    ]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    shifted = {(album.row(item_id)["taken_at_local"].minute) for item_id in ids}
    assert shifted == {45}


def test_what_a_person_said_is_kept_when_the_file_is_read_again(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg(DateTimeOriginal="2021:06:05 13:14:15"))
    inbox.deliver(landed)
    (item,) = inbox.items()
    edits.edit_items(
        inbox.owner.id,
        Selection(ids=frozenset({item["id"]})),
        asked(takenAtLocal="2020-01-01T00:00:00", title="Of ann", place=NAPLES, favourite=True, rating=3),
    )
    (edited,) = inbox.items()
    for stage in (Stage.METADATA, Stage.RENDITIONS):
        job.reopen(inbox.conn, Subject(inbox.owner.id, item["id"]), stage, Lane.FRESH)
    assert inbox.deliver(landed) == []
    (again,) = inbox.items()
    processed = {"rendition_version", "renditions_at", "revision"}
    assert again["rendition_version"] == edited["rendition_version"] + 1
    assert {name: value for name, value in again.items() if name not in processed} == {
        name: value for name, value in edited.items() if name not in processed
    }
    edits.edit_items(inbox.owner.id, Selection(ids=frozenset({item["id"]})), asked("time", "position", "title"))
    (back,) = inbox.items()
    assert (back["taken_at_local"], back["title"], back["latitude"]) == (item["taken_at_local"], None, None)


def test_edits_and_ingest_of_the_same_item_end_both(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg(DateTimeOriginal="2021:06:05 13:14:15"))
    inbox.deliver(landed)
    (item,) = inbox.items()
    with ThreadPoolExecutor(1) as other:
        worker = dying.call(at_once.shift, {"ownerId": inbox.owner.id, "ids": [item["id"]], "times": 30}, die_at=0)
        ended = other.submit(worker.join)
        while not ended.done():
            job.reopen(inbox.conn, Subject(inbox.owner.id, item["id"]), Stage.RENDITIONS, Lane.FRESH)
            assert inbox.deliver(landed) == []
    assert worker.exitcode == 0
    (after,) = inbox.items()
    assert (after["taken_at_local"] - item["taken_at_local"]).total_seconds() == 30 * 60


def _this(album: Album, item_id: str) -> tuple[Composable, dict[str, Any]]:
    selection = Selection(ids=frozenset({item_id}))
    return selection.where, selection.parameters(album.owner_id)


def _until_somebody_waits(conn: Connection) -> None:
    while conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
        pass
