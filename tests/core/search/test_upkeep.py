"""What items are found by follows what changes, whoever changes it, and in whichever order."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from infra.database_roles import WORKER
from pinhole import edits
from pinhole.edits import Selection
from pinhole.operations import models
from pinhole.search.searching import Query, by_words
from pinhole.seen import Seen, Tag
from pinhole.tables import search_text
from schedules import refresh_search_texts
from tests.core.analysis.test_analysis import SEEN, look, look_again, of, reanalysis_by, uploaded
from tests.core.edits.conftest import asked
from tests.fixtures.database import acting_as
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import new_library
from tests.fixtures.pictures import jpeg


def _found(conn: Connection, owner_id: int, typed: str) -> Sequence[str]:
    return by_words(conn, owner_id, Query.of(typed, [], date(2026, 11, 25)))


def _tagged(seen: Seen, tag: str) -> Seen:
    return replace(seen, tags=[Tag(tag, 0.9)])


def _refresh(context: Any = None) -> int:
    return refresh_search_texts.handle({}, context)["refreshed"]


def test_a_photo_that_arrived_is_found_by_its_name(inbox: Inbox) -> None:
    inbox.deliver(inbox.landed(jpeg(), "Harbour_4711.jpg"))
    [item] = inbox.items()
    assert _found(inbox.conn, inbox.owner.id, "4711 harbour") == [item["id"]]


@pytest.mark.usefixtures("cloud")
def test_an_edit_is_found_at_once_and_what_it_replaced_no_more(conn: Connection) -> None:
    library = new_library(conn, "ann")
    item = library.add(title="Before")
    search_text.refresh(conn, library.owner_id, [item])
    selection = Selection(ids=frozenset([item]))
    change = edits.edit_items(library.owner_id, selection, asked(title="Afterwards", rating=5))
    assert (_found(conn, library.owner_id, "before"), _found(conn, library.owner_id, "afterwards")) == ([], [item])
    edits.undo(library.owner_id, change.id)
    assert _found(conn, library.owner_id, "afterwards") == []


def test_what_a_model_sees_is_found_at_once(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    assert _found(inbox.conn, photo.owner_id, "cat") == []
    look(photo)
    assert _found(inbox.conn, photo.owner_id, "cat") == [photo.id]
    assert _found(inbox.conn, photo.owner_id, '"exit"') == [photo.id]


def test_other_models_words_are_found_once_they_answer(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo, _tagged(SEEN, "lighthouse"))
    newer = _tagged(of("second"), "beacon")
    reanalysis = reanalysis_by(newer)
    look_again(inbox, photo, newer)
    assert _found(inbox.conn, photo.owner_id, "beacon") == []
    assert _refresh() == 0
    # It is a worker that sees so.
    with acting_as(WORKER):
        for _ in range(3):
            reanalysis.go_on()
    assert _refresh() == 1
    assert _found(inbox.conn, photo.owner_id, "beacon") == [photo.id]
    assert _found(inbox.conn, photo.owner_id, "lighthouse") == []
    assert _refresh() == 0


def test_what_a_model_saw_that_was_forgotten_is_not_found(inbox: Inbox) -> None:
    [photo] = uploaded(inbox)
    look(photo, _tagged(SEEN, "lighthouse"))
    # Another answers, and has not seen this one.
    inbox.conn.execute("UPDATE model SET answers = false")
    old = [model_id for (model_id,) in inbox.conn.execute("SELECT id FROM model WHERE role = 'tags'")]
    models.forget(old[0])
    assert _refresh() == 1
    assert _found(inbox.conn, photo.owner_id, "lighthouse") == []


def test_what_was_there_before_an_upgrade_is_found_by_and_by(conn: Connection) -> None:
    library = new_library(conn, "ann")
    item = library.add(title="harbour")
    conn.execute("INSERT INTO search_text VALUES (%s, %s, '', 0)", (library.owner_id, item))
    assert _found(conn, library.owner_id, "harbour") == []
    assert _refresh() == 1
    assert _found(conn, library.owner_id, "harbour") == [item]


def test_of_two_who_change_an_item_at_once_neither_is_lost(conn: Connection, database_url: str) -> None:
    library = new_library(conn, "ann")
    item = library.add()
    search_text.refresh(conn, library.owner_id, [item])

    def say(column: str, word: str) -> None:
        with psycopg.connect(database_url) as other:
            other.execute(f"UPDATE item_metadata SET {column} = %s", (word,))
            search_text.refresh(other, library.owner_id, [item])

    with ThreadPoolExecutor(1) as pool, psycopg.connect(database_url) as first:
        first.execute("SELECT FROM media_item FOR NO KEY UPDATE")
        second = pool.submit(say, "title", "harbour")
        _wait_until_one_waits(conn)
        # What the second has not seen when it began.
        first.execute("UPDATE item_statement SET said = '{}'")
        first.execute("UPDATE original_file SET filename = 'lighthouse.jpg'")
        search_text.refresh(first, library.owner_id, [item])
        first.commit()
        second.result()
    assert _found(conn, library.owner_id, "harbour lighthouse") == [item]


def _wait_until_one_waits(conn: Connection) -> None:
    while not conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
        time.sleep(0.01)
