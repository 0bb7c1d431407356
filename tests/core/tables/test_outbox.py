"""The journal: what is in it, and that a reader misses nothing, whoever commits late."""

import psycopg
from psycopg import Connection

from pinhole.ids import new_id
from pinhole.tables import outbox
from pinhole.tables.outbox import Change, Entry
from tests.fixtures.ingest import Inbox
from tests.fixtures.library import new_library
from tests.fixtures.pictures import jpeg

START = (0, 0)


def settled(conn: Connection, owner_id: int, after: tuple[int, int] = START) -> list[Entry]:
    return outbox.list_settled(conn, owner_id, after, 100)


def test_the_birth_of_an_item_is_in_it_once_with_all_that_finds_it_again(inbox: Inbox) -> None:
    landed = inbox.landed(jpeg())
    inbox.deliver(landed, times=2)

    (item,) = inbox.items()
    (born,) = settled(inbox.conn, inbox.owner.id)
    assert (born.subject_id, born.change, born.before, born.actor_id) == (item["id"], Change.BORN, None, None)
    assert born.after == {
        "itemKey": item["item_key"],
        "objectKey": landed.key,
        "sha256": item["sha256"].hex(),
    }


def test_a_duplicate_is_not_born(inbox: Inbox) -> None:
    content = jpeg()
    first = inbox.landed(content)
    second = inbox.put(inbox.begin_anyway(content), content) if inbox.deliver(first) == [] else first
    inbox.deliver(second)

    assert len(settled(inbox.conn, inbox.owner.id)) == 1


def test_what_commits_late_comes_before_nothing_that_was_read(database_url: str, conn: Connection) -> None:
    owner_id = new_library(conn, "ann").owner_id
    early, late = new_id(), new_id()
    with psycopg.connect(database_url) as slow:
        outbox.add(slow, owner_id, late, Change.BORN)  # begins first, and ends last
        outbox.add(conn, owner_id, early, Change.BORN)

        assert settled(conn, owner_id) == []

        slow.commit()
    read = settled(conn, owner_id)
    assert [entry.subject_id for entry in read] == [late, early]
    assert settled(conn, owner_id, (read[-1].transaction_id, read[-1].id)) == []


def test_nobody_reads_the_journal_of_another(conn: Connection) -> None:
    ann, bob = new_library(conn, "ann"), new_library(conn, "bob")
    outbox.add(conn, ann.owner_id, new_id(), Change.BORN)
    assert settled(conn, bob.owner_id) == []
