"""Changes taken back, item by item and field by field, where what they wrote still stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinhole import edits
from pinhole.edits import Change, Message, changes
from pinhole.errors import Conflict, Invalid, NotFound
from tests.core.edits import at_once
from tests.core.edits.conftest import FILE, NAPLES, TOKYO, Album, asked
from tests.fixtures import dying

NOW = datetime.now(UTC)


def undo(album: Album, change: Change) -> Change:
    return edits.undo(album.owner_id, change.id)


def test_an_undo_puts_everything_back_and_its_own_undo_does_it_again(album: Album, counted_months: None) -> None:
    item_id = album.add()
    before = album.row(item_id)
    change = album.edit(
        [item_id], favourite=True, archived=True, title="Of ann", place=TOKYO, takenAtLocal="2020-01-01T00:00:00"
    )
    edited, months = album.row(item_id), album.months()
    back = undo(album, change)
    assert album.row(item_id) == before
    assert (back.undoes, back.state, back.total, back.done, back.skipped) == (change.id, "done", 1, 1, 0)
    assert album.months() == {**months, "2024-07": months["2024-07"] + 1}
    undo(album, back)
    assert album.row(item_id) == edited


def test_only_what_a_change_changed_is_put_back(album: Album) -> None:
    favourite, other = album.add(favourite=True), album.add()
    back = undo(album, album.edit([favourite, other], favourite=True))
    assert back.total == 1
    assert album.row(favourite)["favourite"]
    assert not album.row(other)["favourite"]


def test_what_was_changed_since_stays_and_is_told_as_skipped(album: Album) -> None:
    changed, same = album.add(), album.add()
    change = album.edit([changed, same], title="The first", rating=5)
    album.edit([changed], title="The second")
    back = undo(album, change)
    assert (back.total, back.done, back.skipped) == (2, 1, 1)
    assert (album.row(changed)["title"], album.row(changed)["rating"]) == ("The second", 2)
    assert (album.row(same)["title"], album.row(same)["rating"]) == ("Of the file", 2)


def test_what_can_not_be_opened_any_more_is_skipped(album: Album) -> None:
    item_id = album.add()
    change = album.edit([item_id], favourite=True)
    album.library.change(item_id, visibility="locked")
    back = undo(album, change)
    assert (back.done, back.skipped) == (0, 1)
    assert album.row(item_id)["favourite"]


def test_what_is_taken_back_out_of_the_trash_and_undone_is_as_long_in_it_as_before(album: Album) -> None:
    item_id = album.add()
    album.edit([item_id], trashed=True)
    album.conn.execute("UPDATE media_item SET trashed_at = trashed_at - interval '20 days'")
    before = album.row(item_id)
    undo(album, album.edit([item_id], trashed=False))
    assert album.row(item_id) == before


def test_a_change_is_undone_once_and_who_asks_again_is_told_by_what(album: Album) -> None:
    change = album.edit([album.add()], title="Of ann")
    back = undo(album, change)
    assert undo(album, change) == back
    assert edits.read(album.owner_id, change.id).undone
    assert not edits.read(album.owner_id, back.id).undone


def test_an_undo_that_skipped_is_done_again_for_what_it_can_put_back_by_then(album: Album) -> None:
    item_id, same = album.add(), album.add()
    change = album.edit([item_id, same], title="Of ann")
    album.library.change(item_id, missing_at=NOW)
    first = undo(album, change)
    assert (first.done, first.skipped) == (1, 1)
    assert undo(album, change) == first  # only asked for again: nothing could be put back
    album.library.change(item_id, missing_at=None)
    second = undo(album, change)
    assert (second.done, second.skipped) == (2, 0)
    assert [album.row(each)["title"] for each in (item_id, same)] == ["Of the file", "Of the file"]
    assert undo(album, change) == second
    assert album.conn.execute("SELECT count(*) FROM change").fetchone() == (3,)


def test_of_what_takes_long_an_undo_that_found_nothing_is_not_begun_again_so_soon(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = album.add()
    change = album.edit([item_id], title="The first")
    album.edit([item_id], title="The second")
    monkeypatch.setattr(changes, "MAX_AT_ONCE", 0)

    def undone() -> Change:
        edits.go_on(Message(album.owner_id, undo(album, change).id), lambda: True)
        return undo(album, change)

    first = undone()
    assert (first.state, first.skipped) == ("done", 1)
    assert undone() == first
    album.conn.execute("UPDATE change SET asked_at = asked_at - interval '1 hour'")
    assert undo(album, change).id != first.id


def test_what_was_undone_and_done_again_very_often_can_still_be_read_but_not_undone(album: Album) -> None:
    change = album.edit([album.add()], title="Of ann")
    for _ in range(changes.MAX_UNDOS_OF_UNDOS):
        change = undo(album, change)
    with pytest.raises(Conflict, match="too often"):
        undo(album, change)
    assert not edits.read(album.owner_id, change.id).undone


def test_what_was_done_again_is_undone_again(album: Album) -> None:
    item_id = album.add()
    change = album.edit([item_id], title="Of ann")
    for _ in range(3):
        back = undo(album, change)
        assert (back.undoes, album.row(item_id)["title"]) == (change.id, "Of the file")
        assert edits.read(album.owner_id, change.id).undone
        assert undo(album, change) == back
        undo(album, back)
        assert album.row(item_id)["title"] == "Of ann"
        assert not edits.read(album.owner_id, change.id).undone


def test_what_undid_it_stands_once_its_own_undo_is_undone(album: Album) -> None:
    item_id = album.add()
    change = album.edit([item_id], title="Of ann")
    back = undo(album, change)
    undo(album, undo(album, back))
    assert album.row(item_id)["title"] == "Of the file"
    assert edits.read(album.owner_id, change.id).undone
    assert undo(album, change) == edits.read(album.owner_id, back.id)


def test_what_is_undone_at_the_same_moment_is_undone_once(album: Album) -> None:
    item_id, gone = album.add(), album.add()
    change = album.edit([item_id, gone], title="Of ann")
    album.library.change(gone, missing_at=NOW)
    request = {"ownerId": album.owner_id, "changeId": change.id}
    workers = [dying.call(at_once.undo, request, die_at=0) for _ in range(3)]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert album.conn.execute("SELECT count(*) FROM change WHERE undoes = %s", (change.id,)).fetchone() == (1,)
    assert album.row(item_id)["title"] == "Of the file"


def test_a_date_is_taken_back_though_the_offset_was_changed_since_and_the_other_way_round(album: Album) -> None:
    item_id = album.add()
    before = album.row(item_id)
    dated = album.edit([item_id], takenAtLocal="2020-01-01T00:00:00")
    offset = album.edit([item_id], utcOffsetSeconds=3600)
    assert undo(album, dated).done == 1
    row = album.row(item_id)
    assert (row["person"], row["taken_at_local"]) == ({"time": {"utcOffsetSeconds": 3600}}, before["taken_at_local"])
    assert undo(album, offset).done == 1
    assert album.row(item_id) == before


def test_the_change_of_another_is_not_there(album: Album) -> None:
    change = album.edit([album.add()], title="Of ann")
    for use in (edits.undo, edits.read):
        with pytest.raises(NotFound):
            use(album.owner_id + 1, change.id)


def test_a_change_that_runs_is_not_undone(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 0)
    change = album.edit([album.add()], title="Of ann")
    assert change.state == "running"
    with pytest.raises(Conflict):
        undo(album, change)


TEXT = st.sampled_from([None, "a", "b"])
WORDS = st.lists(st.sampled_from(["sea", "sun", "hill"]), max_size=3)
TIMES = st.sampled_from(["2024-07-01T00:00:00", "2024-03-31T02:30:00", "1999-12-31T23:59:59.500000"])
OFFSETS = st.none() | st.sampled_from([0, 3600, -64_800])
SHIFTS = st.integers(-10_000_000, 10_000_000)
POSITIONS = st.sampled_from([None, NAPLES, TOKYO])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "takenAtLocal": TIMES,
        "shiftSeconds": SHIFTS,
        "utcOffsetSeconds": OFFSETS,
        "place": POSITIONS,
        "title": TEXT,
        "description": TEXT,
        "rating": st.none() | st.integers(0, 5),
        "keywords": st.none() | WORDS,
        "addKeywords": WORDS,
        "removeKeywords": WORDS,
        "favourite": st.booleans(),
        "archived": st.booleans(),
        "trashed": st.booleans(),
    },
)
RESETS = st.sets(st.sampled_from(["time", "position", "title", "description", "rating", "keywords"]), max_size=2)
EDITS = st.lists(st.tuples(st.sets(st.integers(0, 2), min_size=1), VALUES, RESETS), min_size=1, max_size=6)


@given(asked_for=EDITS)
@settings(max_examples=60, deadline=timedelta(seconds=60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_is_as_before_once_all_of_it_is_undone(
    album: Album, asked_for: list[tuple[set[int], dict[str, Any], set[str]]]
) -> None:
    zone = {"takenAtUtc": "2024-07-14T19:30:15+00:00", "utcOffsetSeconds": 7200, "timezoneName": "Europe/Berlin"}
    utc_only = {"takenAtUtc": "2024-07-14T21:30:15+00:00", "source": "gps"}
    ids = [album.add(), album.add(said={"time": zone}), album.add(said={**FILE, "time": utc_only})]
    before = [album.row(item_id) for item_id in ids]
    changes = []
    for which, values, reset in asked_for:
        try:
            asked(*reset, **values)
        except Invalid:
            continue
        changes.append(album.edit([ids[n] for n in which], reset=sorted(reset), **values))
    for change in reversed(changes):
        assert undo(album, change).skipped == 0
    assert [album.row(item_id) for item_id in ids] == before
