"""Edits that are sent again, since their answer was lost: they are done once."""

from datetime import timedelta
from signal import SIGKILL
from typing import Any

import pytest

from pinhole import edits
from pinhole.edits import Change, Selection
from pinhole.errors import Conflict, Invalid
from pinhole.ids import new_id
from tests.core.edits import at_once
from tests.core.edits.conftest import Album, asked
from tests.fixtures import dying
from tests.fixtures.library import new_library

MOMENTS = 20


def send(album: Album, change_id: str, ids: list[str], **values: Any) -> Change:
    return edits.edit_items(album.owner_id, Selection(ids=frozenset(ids)), asked(**values), change_id=change_id)


def test_a_shift_that_is_sent_again_is_done_once_and_answered_as_before(album: Album) -> None:
    item_id, change_id = album.add(), new_id()
    first = send(album, change_id, [item_id], shiftSeconds=3600)
    shifted = album.row(item_id)
    assert send(album, change_id, [item_id], shiftSeconds=3600) == first
    assert first.id == change_id
    assert album.row(item_id) == shifted
    assert album.revision(item_id) == 2


def test_it_is_answered_as_it_is_by_then(album: Album) -> None:
    item_id, change_id = album.add(), new_id()
    first = send(album, change_id, [item_id], favourite=True)
    edits.undo(album.owner_id, first.id)
    assert send(album, change_id, [item_id], favourite=True).undone
    assert not album.row(item_id)["favourite"]


def test_the_same_id_with_something_else_is_refused(album: Album) -> None:
    one, other, change_id = album.add(), album.add(), new_id()
    send(album, change_id, [one], title="The first")
    for ids, values in (([one], {"title": "The second"}), ([one, other], {"title": "The first"})):
        with pytest.raises(Conflict):
            send(album, change_id, ids, **values)
    with pytest.raises(Conflict):
        edits.edit_item(album.owner_id, one, album.revision(one), asked(title="The first"), change_id=change_id)
    assert (album.row(one)["title"], album.row(other)["title"]) == ("The first", "Of the file")


def test_the_id_of_an_undo_is_no_id_to_send_again_with(album: Album) -> None:
    item_id = album.add()
    back = edits.undo(album.owner_id, album.edit([item_id], title="Of ann").id)
    with pytest.raises(Conflict):
        send(album, back.id, [item_id], title="Of ann")


def test_of_one_item_it_is_answered_though_the_revision_is_another_by_then(album: Album) -> None:
    item_id, change_id = album.add(), new_id()
    seen = album.revision(item_id)
    sent = [
        edits.edit_item(album.owner_id, item_id, seen, asked(shiftSeconds=60), change_id=change_id) for _ in range(2)
    ]
    assert sent[0] == sent[1]
    assert album.revision(item_id) == seen + 1


def test_what_was_refused_leaves_its_id_free(album: Album) -> None:
    item_id, change_id = album.add(), new_id()
    with pytest.raises(Invalid):
        edits.edit_item(
            album.owner_id, item_id, album.revision(item_id), asked(shiftSeconds=-6_300_000_000), change_id=change_id
        )
    assert send(album, change_id, [item_id], title="Of ann").done == 1


def test_another_owner_may_have_the_same_id(album: Album) -> None:
    change_id = new_id()
    send(album, change_id, [album.add()], title="Of ann")
    other = Album(new_library(album.conn, "bob"))
    assert send(other, change_id, [other.add()], title="Of bob").done == 1


def test_wherever_a_call_is_killed_and_sent_again_each_item_is_shifted_once(album: Album) -> None:
    ids = [album.add(), album.add()]
    before = [album.row(item_id)["taken_at_local"] for item_id in ids]
    done_before_the_answer = 0
    for step in range(1, MOMENTS):
        request: dict[str, Any] = {"ownerId": album.owner_id, "ids": ids, "changeId": new_id()}
        killed = dying.call(at_once.shift_once, request, die_at=step)
        killed.join()
        assert killed.exitcode in (0, -SIGKILL)
        was_done = album.row(ids[0])["taken_at_local"] != before[0]
        done_before_the_answer += was_done and killed.exitcode != 0
        assert send(album, request["changeId"], ids, shiftSeconds=60).done == 2
        before = [local + timedelta(minutes=1) for local in before]
        assert [album.row(item_id)["taken_at_local"] for item_id in ids] == before, step
        if killed.exitcode == 0:
            break
    assert killed.exitcode == 0
    assert 0 < done_before_the_answer < step - 1


def test_of_those_that_are_sent_at_the_same_moment_one_is_done_and_all_are_answered(album: Album) -> None:
    ids = [album.add() for _ in range(20)]
    for number in range(1, 6):
        request = {"ownerId": album.owner_id, "ids": ids, "changeId": new_id()}
        senders = [dying.call(at_once.shift_once, request, die_at=0) for _ in range(3)]
        for sender in senders:
            sender.join()
        assert [sender.exitcode for sender in senders] == [0, 0, 0]
        assert {album.row(item_id)["taken_at_local"].minute for item_id in ids} == {30 + number}
