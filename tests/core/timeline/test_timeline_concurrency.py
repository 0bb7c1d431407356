"""The timeline while it changes: a revision always says the same, and counts, ratios and items agree."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from time import sleep
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg import Connection, IsolationLevel

from pinhole.grid import Cursor
from pinhole.lists import TIMELINE
from pinhole.tables import timeline_month
from pinhole.timeline import month as one_month
from pinhole.timeline import months
from pinhole.timeline.months import Timeline
from tests.fixtures.library import Library, new_library

MONTHS = [date(2024, month, 1) for month in range(1, 6)]
EXPIRES = 1_800_000_000


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        # Whoever waits that long waits for good.
        connection.execute("SET lock_timeout = '10s'")
        yield connection


@contextmanager
def _snapshot(conn: Connection) -> Iterator[None]:
    conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True
    with conn.transaction():
        yield
    conn.isolation_level, conn.read_only = None, None


def _at(month: date, second: int) -> dict[str, Any]:
    taken = datetime(month.year, month.month, 1, 12, 0, second)  # noqa: DTZ001  # it is local
    return {"taken_at_local": taken, "sort_timestamp": taken.replace(tzinfo=UTC)}


class Observed:
    """What any reader ever saw of a month, by revision. Two that saw the same revision saw the same."""

    def __init__(self) -> None:
        self._items: dict[tuple[date, int], list[tuple[str, int, int, int]]] = {}
        self._ratios: dict[tuple[date, int], bytes] = {}

    def timeline(self, timeline: Timeline) -> None:
        shown = {month.month: month for month in timeline.months}
        for month in [*timeline.months, *timeline.rebuilt]:
            key = (month.month, month.revision)
            assert self._ratios.setdefault(key, month.ratios) == month.ratios, key
        assert all(month.ratios for month in timeline.months)
        assert sum(month.revision for month in shown.values()) <= timeline.revision

    def month(self, page: one_month.MonthPage) -> None:
        key = (page.month, page.revision)
        items = list(zip(page.columns.ids, page.columns.ratios, page.columns.flags, page.columns.versions, strict=True))
        assert self._items.setdefault(key, items) == items, key
        if page.revision > 0:
            assert self._ratios.setdefault(key, page.columns.ratios) == page.columns.ratios, key

    def __len__(self) -> int:
        return len(self._ratios.keys() & self._items.keys())


def _write(url: str, owner_id: int, items: list[str], seed: int, changes: int) -> None:
    random = Random(seed)
    with _connected(url) as conn:
        library = Library(conn, owner_id)
        for _ in range(changes):
            item = random.choice(items)
            match random.randrange(6):
                case 0:
                    library.change(item, **_at(random.choice(MONTHS), random.randrange(5)))
                case 1:
                    library.change(item, trashed_at=random.choice([None, "now"]))
                case 2:
                    library.change(item, width=random.randrange(1, 9), height=random.randrange(1, 9))
                case 3:
                    library.change(item, visibility=random.choice(["timeline", "archive"]))
                case 4:
                    library.change(item, favourite=random.choice([False, True]))
                case _:
                    library.change(item, rendition_version=random.randrange(1, 9))


def _page(conn: Connection, owner_id: int, month: date) -> one_month.MonthPage:
    return one_month.read(conn, owner_id, TIMELINE, month, None, EXPIRES)


def _read(url: str, owner_id: int, observed: Observed, writers: list[Future[None]], seed: int) -> None:
    random = Random(seed)
    revision = 0
    with _connected(url) as conn:
        finished = False
        while not finished:
            finished = all(writer.done() for writer in writers)
            with _snapshot(conn):
                timeline = months.read(conn, owner_id)
                page = _page(conn, owner_id, random.choice(MONTHS))
                assert timeline.revision == timeline_month.library_revision(conn, owner_id)
            observed.timeline(timeline)
            observed.month(page)
            by_month = {month.month: month for month in timeline.months}
            assert page.columns.ratios == (by_month[page.month].ratios if page.month in by_month else b"")
            assert timeline.revision >= revision
            revision = timeline.revision
            timeline_month.keep_ratios(conn, owner_id, timeline.rebuilt)


def test_readers_and_writers_at_once_never_disagree(database_url: str, conn: Connection) -> None:
    library = new_library(conn, "ann")
    items = [library.add(f"2024-0{1 + n % 5}-01T12:00:0{n % 5}") for n in range(40)]
    observed = Observed()
    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(_write, database_url, library.owner_id, items, seed, 120) for seed in range(3)]
        readers = [pool.submit(_read, database_url, library.owner_id, observed, writers, seed) for seed in range(3)]
        for done in [*writers, *readers]:
            done.result(timeout=600)
    assert len(observed) > 20
    _assert_timeline_is_what_the_items_say(conn, library.owner_id)


def test_whoever_joins_the_pages_of_a_month_misses_no_item_that_stays(
    database_url: str, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_month, "PAGE_ITEMS", 3)
    library = new_library(conn, "ann")
    moves, stays = ([library.add(f"2024-01-01T12:00:0{n % 5}") for n in range(20)] for _ in range(2))
    joined = []
    with ThreadPoolExecutor(2) as pool, _connected(database_url) as reader:
        writers = [pool.submit(_write, database_url, library.owner_id, moves, seed, 120) for seed in range(2)]
        finished = False
        while not finished:
            finished = all(writer.done() for writer in writers)
            pages = list(_pages(reader, library.owner_id, MONTHS[0]))
            assert set(stays) <= {item for page in pages for item in page.columns.ids}
            assert [page.revision for page in pages] == sorted(page.revision for page in pages)
            joined.append(len({page.revision for page in pages}))
        for writer in writers:
            writer.result()
    assert max(joined) > 1  # or it was not tried


def _pages(conn: Connection, owner_id: int, month: date) -> Iterator[one_month.MonthPage]:
    cursor = None
    while True:
        page = one_month.read(conn, owner_id, TIMELINE, month, cursor, EXPIRES)
        yield page
        if page.next_cursor is None:
            return
        cursor = Cursor.parse(str(page.next_cursor))


def _assert_timeline_is_what_the_items_say(conn: Connection, owner_id: int) -> None:
    counted = conn.execute(
        "SELECT month, count(*) FROM media_item WHERE owner_id = %s AND listed GROUP BY month", (owner_id,)
    ).fetchall()
    with _snapshot(conn):
        timeline = months.read(conn, owner_id)
    assert {month.month: len(month.ratios) for month in timeline.months} == dict(counted)


@pytest.mark.usefixtures("counted_months")
def test_months_are_locked_in_order_so_that_writers_never_deadlock(database_url: str, conn: Connection) -> None:
    owner_id = new_library(conn, "ann").owner_id
    first_month, *others = (date(2024, month, 1) for month in range(1, 13))
    timeline_month.bump(conn, owner_id, [first_month, *others])
    with (
        _connected(database_url) as holder,
        _connected(database_url) as waiter,
        ThreadPoolExecutor(1) as pool,
        holder.transaction(),
    ):
        timeline_month.bump(holder, owner_id, [first_month])
        waiting = pool.submit(timeline_month.bump, waiter, owner_id, [*others, first_month])
        _wait_until_blocked(conn, waiter)
        timeline_month.bump(holder, owner_id, others)  # the waiter holds none of them
    waiting.result()
    assert timeline_month.library_revision(conn, owner_id) == 3 * 12


def _wait_until_blocked(conn: Connection, waiting: Connection) -> None:
    blocked = "SELECT FROM pg_locks WHERE pid = %s AND NOT granted"
    while not conn.execute(blocked, (waiting.info.backend_pid,)).fetchall():
        sleep(0.01)


def test_a_reader_does_not_wait_for_a_writer(database_url: str, conn: Connection) -> None:
    library = new_library(conn, "ann")
    library.add("2024-07-14T12:00:00")
    with _connected(database_url) as writer, writer.transaction():
        timeline_month.bump(writer, library.owner_id, [date(2024, 7, 1)])
        conn.execute("SET lock_timeout = '100ms'")
        with _snapshot(conn):
            timeline = months.read(conn, library.owner_id)
        timeline_month.keep_ratios(conn, library.owner_id, timeline.rebuilt)
    assert [len(month.ratios) for month in timeline.months] == [1]


def test_rebuilt_ratios_are_kept_for_the_next_reader(conn: Connection) -> None:
    library = new_library(conn, "ann")
    library.add()
    for stale in (1, 0):
        with _snapshot(conn):
            timeline = months.read(conn, library.owner_id)
        timeline_month.keep_ratios(conn, library.owner_id, timeline.rebuilt)
        assert len(timeline.rebuilt) == stale


def test_late_ratios_of_an_older_revision_are_not_kept(conn: Connection) -> None:
    library = new_library(conn, "ann")
    library.add()
    with _snapshot(conn):
        slow = months.read(conn, library.owner_id)
    library.add()
    with _snapshot(conn):
        fast = months.read(conn, library.owner_id)
    timeline_month.keep_ratios(conn, library.owner_id, fast.rebuilt)
    timeline_month.keep_ratios(conn, library.owner_id, slow.rebuilt)
    [stored] = timeline_month.of_viewer(conn, library.owner_id)
    assert (stored.ratios_revision, len(stored.ratios)) == (stored.revision, 2)


@dataclass
class Model:
    """A library as it should be: its items by id, and how often each month changed."""

    items: dict[str, tuple[date, int, int]] = field(default_factory=dict)
    trashed: set[str] = field(default_factory=set)
    revisions: dict[date, int] = field(default_factory=dict)

    def copy(self) -> "Model":
        return Model(dict(self.items), set(self.trashed), dict(self.revisions))

    def bump(self, *changed: date) -> None:
        for month in set(changed):
            self.revisions[month] = self.revisions.get(month, 0) + 1

    def month(self, month: date) -> list[tuple[str, int]]:
        """Ids and ratio codes, in the order of the timeline."""
        shown = [
            (second, item, ratio)
            for item, (own_month, second, ratio) in self.items.items()
            if own_month == month and item not in self.trashed
        ]
        return [(item, ratio) for _, item, ratio in sorted(shown, reverse=True)]


RATIOS = {128: (1, 1), 178: (2, 1), 78: (1, 2)}


class LibraryMachine(RuleBasedStateMachine):
    """Committed changes, one change that is open, and one reader that is slow, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.model = Model()
        self.number = 0
        self.open_change: tuple[ExitStack, Model] | None = None
        self.slow_reader: tuple[ExitStack, Model] | None = None

    @initialize()
    def begin(self) -> None:
        url = _machine_database[0]
        self.direct, self.writer, self.reader, self.observer = (
            self.stack.enter_context(_connected(url)) for _ in range(4)
        )
        for conn in (self.direct, self.writer, self.reader, self.observer):
            conn.execute("SET lock_timeout = '500ms'")
        [(users,)] = self.direct.execute("SELECT count(*) FROM users")
        self.owner_id = new_library(self.direct, f"owner{users}").owner_id

    def teardown(self) -> None:
        for opened in (self.open_change, self.slow_reader):
            if opened is not None:
                opened[0].close()
        self.stack.close()

    def _change(self, conn: Connection, model: Model, data: st.DataObject) -> None:
        library = Library(conn, self.owner_id)
        month, second = data.draw(st.sampled_from(MONTHS)), data.draw(st.integers(0, 2))
        ratio = data.draw(st.sampled_from(list(RATIOS)))
        width, height = RATIOS[ratio]
        item = data.draw(st.sampled_from([None, *model.items]))
        if item is None:
            self.number += 1
            item = f"{self.number:012}"
            library.add(f"{month}T12:00:0{second}", id=item, width=width, height=height)
            model.bump(month)
        else:
            library.change(item, **_at(month, second), width=width, height=height)
            model.bump(model.items[item][0], month)
        model.items[item] = (month, second, ratio)
        if data.draw(st.booleans()):
            hidden = data.draw(st.booleans())
            library.change(item, trashed_at="now" if hidden else None)
            model.bump(month)
            (model.trashed.add if hidden else model.trashed.discard)(item)

    @precondition(lambda self: self.open_change is None)
    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        self._change(self.direct, self.model, data)

    @precondition(lambda self: self.open_change is None)
    @rule(data=st.data())
    def begin_a_change(self, data: st.DataObject) -> None:
        opened, model = ExitStack(), self.model.copy()
        opened.enter_context(self.writer.transaction())
        self.open_change = opened, model
        self._change(self.writer, model, data)

    @precondition(lambda self: self.open_change is not None)
    @rule()
    def commit_the_change(self) -> None:
        assert self.open_change is not None
        opened, self.model = self.open_change
        opened.close()
        self.open_change = None

    @precondition(lambda self: self.open_change is not None)
    @rule()
    def roll_the_change_back(self) -> None:
        assert self.open_change is not None
        opened, _ = self.open_change
        opened.__exit__(psycopg.Rollback, psycopg.Rollback(), None)
        self.open_change = None

    @precondition(lambda self: self.slow_reader is None)
    @rule()
    def begin_to_read(self) -> None:
        opened = ExitStack()
        opened.enter_context(_snapshot(self.reader))
        timeline_month.library_revision(self.reader, self.owner_id)  # the first statement takes the snapshot
        self.slow_reader = opened, self.model.copy()

    @precondition(lambda self: self.slow_reader is not None)
    @rule(keeps=st.booleans())
    def finish_reading(self, keeps: bool) -> None:
        assert self.slow_reader is not None
        opened, model = self.slow_reader
        timeline = months.read(self.reader, self.owner_id)
        opened.close()
        self.slow_reader = None
        self._agrees(timeline, model)
        if keeps:
            timeline_month.keep_ratios(self.reader, self.owner_id, timeline.rebuilt)

    @rule(keeps=st.booleans())
    def read(self, keeps: bool) -> None:
        with _snapshot(self.observer):
            timeline = months.read(self.observer, self.owner_id)
        self._agrees(timeline, self.model)
        if keeps:
            timeline_month.keep_ratios(self.observer, self.owner_id, timeline.rebuilt)

    @rule(month=st.sampled_from(MONTHS))
    def read_a_month(self, month: date) -> None:
        with _snapshot(self.observer):
            page = _page(self.observer, self.owner_id, month)
        assert list(zip(page.columns.ids, page.columns.ratios, strict=True)) == self.model.month(month)
        assert page.revision == self.model.revisions.get(month, 0)

    @invariant()
    def the_revision_is_the_sum_of_all_changes(self) -> None:
        revision = timeline_month.library_revision(self.observer, self.owner_id)
        assert revision == sum(self.model.revisions.values())

    def _agrees(self, timeline: Timeline, model: Model) -> None:
        assert timeline.revision == sum(model.revisions.values())
        assert [(month.month, month.revision, list(month.ratios)) for month in timeline.months] == [
            (month, model.revisions[month], [ratio for _, ratio in model.month(month)])
            for month in sorted(model.revisions, reverse=True)
            if model.month(month)
        ]


_machine_database: list[str] = []


@pytest.mark.usefixtures("counted_months")
def test_no_order_of_changes_and_readers_breaks_the_timeline(database_url: str) -> None:
    _machine_database[:] = [database_url]
    run_state_machine_as_test(
        LibraryMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # shrinking over a database takes minutes
            derandomize=True,
            database=None,
        ),
    )
