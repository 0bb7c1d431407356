"""Changes of more items than one call takes: worked off in batches, whatever is killed, doubled or lost."""

import json
from datetime import timedelta
from signal import SIGKILL
from typing import Any

import pytest

from dead_letters import handler as dead_letters
from pinhole import edits
from pinhole.edits import Change, Selection, batch, job
from pinhole.lists import ItemList
from pinhole.operations.requeue import requeue_stale
from tests.core.edits import small_batches
from tests.core.edits.conftest import Album, asked
from tests.fixtures import dying
from tests.fixtures.cloud import Cloud
from tests.fixtures.lambda_context import Context

ITEMS = 8  # three batches
MOMENTS = 40


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 2)
    monkeypatch.setattr(job, "BATCH", small_batches.ITEMS)


@pytest.fixture
def ids(album: Album) -> list[str]:
    return sorted(album.add(f"2024-{month:02}-14T12:00:00") for month in range(1, ITEMS + 1))


def begin(album: Album, **values: Any) -> Change:
    """A change of a list, that a call leaves to the queue."""
    selection = Selection(list=ItemList("timeline"), as_of=album.as_of())
    change = edits.edit_items(album.owner_id, selection, asked(**(values or {"favourite": True})))
    assert (change.state, change.done) == ("running", 0)
    return change


def deliver(cloud: Cloud, body: str, remaining: int = 0) -> bool:
    """Give a message to the function, whose time is over after a batch. Whether it is done with it."""
    record = cloud.through_queue("changes", body)
    answer = small_batches.handle({"Records": [record]}, Context(remaining=remaining))
    return bool(answer == {"batchItemFailures": []})


def work_off(cloud: Cloud) -> int:
    """Give the function what waits until nothing does. How many messages that were."""
    delivered = 0
    while bodies := cloud.messages("changes"):
        for body in bodies:
            assert deliver(cloud, body)
            delivered += 1
    return delivered


def state(album: Album, change: Change) -> tuple[str, int, int, int]:
    now = edits.read(album.owner_id, change.id)
    return now.state, now.total, now.done, now.skipped


def test_a_change_comes_on_batch_by_batch_and_says_how_far_it_is(album: Album, cloud: Cloud, ids: list[str]) -> None:
    change = begin(album)
    seen = [state(album, change)]
    while bodies := cloud.messages("changes"):
        [body] = bodies
        assert deliver(cloud, body)
        seen.append(state(album, change))
    assert seen == [("running", 8, 0, 0), ("running", 8, 3, 0), ("running", 8, 6, 0), ("done", 8, 8, 0)]
    assert all(album.row(item_id)["favourite"] for item_id in ids)


def test_a_call_goes_on_while_it_has_time(album: Album, cloud: Cloud, ids: list[str]) -> None:
    change = begin(album)
    [body] = cloud.messages("changes")
    assert deliver(cloud, body, remaining=100_000)
    assert state(album, change) == ("done", 8, 8, 0)
    assert cloud.messages("changes") == []


def test_a_list_that_shrinks_while_it_is_worked_off_is_worked_off_whole(
    album: Album, cloud: Cloud, ids: list[str]
) -> None:
    change = begin(album, archived=True)
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)
    assert all(album.row(item_id)["visibility"] == "archive" for item_id in ids)


def test_the_undo_of_a_large_change_is_one_too(album: Album, cloud: Cloud, ids: list[str]) -> None:
    before = [album.row(item_id) for item_id in ids]
    change = begin(album, shiftSeconds=3600)
    work_off(cloud)
    album.conn.execute("UPDATE media_item SET visibility = 'locked' WHERE id = %s", (ids[0],))
    back = edits.undo(album.owner_id, change.id)
    assert (back.state, back.total) == ("running", 8)
    assert work_off(cloud) == 3
    assert state(album, back) == ("done", 8, 7, 1)
    assert [album.row(item_id) for item_id in ids[1:]] == before[1:]


@pytest.mark.parametrize("undoing", [False, True])
def test_wherever_a_worker_is_killed_each_item_is_shifted_once(
    album: Album, cloud: Cloud, ids: list[str], undoing: bool
) -> None:
    before = [album.row(item_id)["taken_at_local"] for item_id in ids]
    survived = False
    for step in range(1, MOMENTS):
        change = begin(album, shiftSeconds=3600)
        if undoing:
            work_off(cloud)
            change = edits.undo(album.owner_id, change.id)
        [body] = cloud.messages("changes")
        worker = dying.call(small_batches.handle, {"Records": [cloud.through_queue("changes", body)]}, die_at=step)
        worker.join()
        assert worker.exitcode in (0, -SIGKILL)
        survived = worker.exitcode == 0
        assert deliver(cloud, body)  # it comes back
        requeue_stale(timedelta(0))
        work_off(cloud)
        assert state(album, change) == ("done", 8, 8, 0), step
        shifted = [album.row(item_id)["taken_at_local"] for item_id in ids]
        hours = 0 if undoing else 1
        assert shifted == [local + timedelta(hours=hours) for local in before], step
        before = shifted
        if survived:
            break
    assert survived
    assert step > 8  # there is something to survive


def test_a_message_that_comes_twice_or_late_changes_nothing_twice(album: Album, cloud: Cloud, ids: list[str]) -> None:
    before = [album.row(item_id)["taken_at_local"] for item_id in ids]
    change = begin(album, shiftSeconds=60)
    [body] = cloud.messages("changes")
    for _ in range(5):
        assert deliver(cloud, body)
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)
    after = [album.row(item_id)["taken_at_local"] for item_id in ids]
    assert after == [local + timedelta(seconds=60) for local in before]


def test_two_workers_at_once_change_each_item_once(album: Album, cloud: Cloud, ids: list[str]) -> None:
    before = [album.row(item_id)["taken_at_local"] for item_id in ids]
    change = begin(album, shiftSeconds=60)
    [body] = cloud.messages("changes")
    workers = [
        dying.call(small_batches.handle, {"Records": [cloud.through_queue("changes", body)]}, die_at=0)
        for _ in range(3)
    ]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)
    after = [album.row(item_id)["taken_at_local"] for item_id in ids]
    assert after == [local + timedelta(seconds=60) for local in before]


def test_a_message_that_was_lost_is_sent_again_after_ten_minutes(album: Album, cloud: Cloud, ids: list[str]) -> None:
    change = begin(album)
    cloud.messages("changes")
    requeue_stale(timedelta(hours=2))
    assert cloud.messages("changes") == []
    album.conn.execute("UPDATE change SET touched_at = now() - interval '11 minutes'")
    requeue_stale(timedelta(hours=2))
    assert [json.loads(body) for body in cloud.messages("changes")] == [
        {"ownerId": album.owner_id, "changeId": change.id}
    ]
    requeue_stale(timedelta(hours=2))
    assert cloud.messages("changes") == []


def test_a_change_whose_attempts_come_no_further_fails_and_can_be_undone_as_far_as_it_came(
    album: Album, cloud: Cloud, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = begin(album)
    [body] = cloud.messages("changes")
    assert deliver(cloud, body)
    [body] = cloud.messages("changes")

    with monkeypatch.context() as defect:
        defect.setattr("pinhole.edits.batch.worked_out", lambda *_: 1 / 0)
        for attempt in range(5):
            assert not give_up(cloud, body, album, change), attempt
            assert not deliver(cloud, body)
    assert give_up(cloud, body, album, change)
    assert state(album, change) == ("failed", 8, 3, 0)
    assert deliver(cloud, body)
    assert state(album, change) == ("failed", 8, 3, 0)
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 10)
    assert edits.undo(album.owner_id, change.id).done == 3
    assert not any(album.row(item_id)["favourite"] for item_id in ids)


def give_up(cloud: Cloud, body: str, album: Album, change: Change) -> bool:
    """Give the message to the function of dead letters. Whether the change has failed."""
    answer = dead_letters.handle({"Records": [cloud.through_queue("changes", body)]}, Context())
    assert answer == {"batchItemFailures": []}
    return state(album, change)[0] == "failed"


def test_an_undo_that_failed_goes_on_where_it_stopped_when_it_is_asked_for_again(
    album: Album, cloud: Cloud, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [album.row(item_id) for item_id in ids]
    change = begin(album)
    work_off(cloud)
    back = edits.undo(album.owner_id, change.id)
    [body] = cloud.messages("changes")
    assert deliver(cloud, body)
    cloud.messages("changes")
    album.conn.execute("UPDATE change SET state = 'failed', attempts = 5 WHERE id = %s", (back.id,))
    again = edits.undo(album.owner_id, change.id)
    assert (again.id, again.state, again.done) == (back.id, "running", 3)
    assert edits.undo(album.owner_id, change.id).id == back.id
    work_off(cloud)
    assert state(album, back) == ("done", 8, 8, 0)
    assert [album.row(item_id) for item_id in ids] == before


def test_what_is_thrown_away_at_once_lies_together_in_the_trash_however_many_batches_it_takes(
    album: Album, cloud: Cloud, ids: list[str]
) -> None:
    change = begin(album, trashed=True)
    work_off(cloud)
    assert {album.row(item_id)["trashed_at"] for item_id in ids} == {change.asked_at}


@pytest.mark.parametrize("size", [10, 100_000])
def test_no_more_text_is_worked_on_at_once_than_memory_holds(
    album: Album, cloud: Cloud, ids: list[str], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("pinhole.edits.batch.PIECE_BYTES", 2_000)
    seen: list[int] = []
    worked_out = batch.worked_out

    def counted(*of: Any) -> batch.Outcome:
        seen.append(len(of[2]))
        return worked_out(*of)

    monkeypatch.setattr("pinhole.edits.batch.worked_out", counted)
    change = begin(album, description="\N{DOG}" * (size // 4))
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)
    largest = 3 if size == 10 else 1
    assert max(seen) == largest
    seen.clear()
    begin(album, title="Short, of items that have long texts")
    work_off(cloud)
    assert max(seen) == largest
    seen.clear()
    back = edits.undo(album.owner_id, change.id)
    work_off(cloud)
    assert state(album, back) == ("done", 8, 8, 0)
    assert max(seen) == largest


def test_of_long_texts_a_call_does_what_it_does_of_short_ones_and_leaves_the_rest(
    album: Album, cloud: Cloud, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinhole.edits.changes.MAX_AT_ONCE", 8)
    monkeypatch.setattr("pinhole.edits.batch.PIECE_BYTES", 1_000)
    change = album.edit(ids, description="x" * 10_000)
    assert (change.state, change.total, change.done) == ("running", 8, 3)
    assert [album.row(item_id)["description"] is None for item_id in ids] == [False] * 3 + [True] * 5
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)


def test_an_outage_is_no_attempt_that_counts(album: Album, cloud: Cloud, ids: list[str]) -> None:
    change = begin(album)
    [body] = cloud.messages("changes")
    assert not give_up(cloud, body, album, change)
    requeue_stale(timedelta(0))
    work_off(cloud)
    assert state(album, change) == ("done", 8, 8, 0)
