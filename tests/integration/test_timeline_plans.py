"""The plans of what the timeline asks, in a library of 100,000 items beside others: indexes, never a whole table."""

import re
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from psycopg import Connection
from psycopg.errors import Diagnostic

from pinhole import items
from pinhole.tables import timeline_month
from pinhole.timeline import month as one_month
from pinhole.timeline import months
from pinhole.timeline.month import Cursor
from tests.fixtures.library import Library, new_library


@pytest.fixture
def library(conn: Connection) -> Library:
    """100,000 items over ten years, beside a smaller library."""
    new_library(conn, "bob").fill(10_000, 12)
    library = new_library(conn, "ann")
    library.fill(100_000, 120)
    return library


@pytest.fixture
def explained(database_url: str) -> Iterator[tuple[Connection, list[str]]]:
    """A connection that tells the plan of each statement as it was carried out."""
    plans: list[str] = []

    def note(diagnostic: Diagnostic) -> None:
        plans.append(diagnostic.message_primary or "")

    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as conn:
        conn.execute("LOAD 'auto_explain'")
        conn.execute("SET auto_explain.log_min_duration = 0")
        conn.execute("SET auto_explain.log_level = notice")
        conn.execute("SET auto_explain.log_analyze = on")
        conn.add_notice_handler(note)
        yield conn, plans


def test_no_request_reads_all_items(library: Library, explained: tuple[Connection, list[str]]) -> None:
    conn, plans = explained
    owner_id, month = library.owner_id, date(2019, 5, 1)
    timeline_month.keep_ratios(conn, owner_id, months.read(conn, owner_id).rebuilt)
    timeline_month.bump(conn, owner_id, [month])
    plans.clear()
    timeline = months.read(conn, owner_id)
    timeline_month.keep_ratios(conn, owner_id, timeline.rebuilt)
    revision = one_month.revision(conn, owner_id, month, None)
    page = one_month.read(conn, owner_id, month, revision, None, 1_800_000_000)
    one_month.read(conn, owner_id, month, revision, Cursor(revision, page.ids[400]), 1_800_000_000)
    items.read(conn, owner_id, page.ids[0])
    of_items = [plan for plan in plans if "media_item" in plan]
    assert len(timeline.months) == 120
    assert len(page.ids) == 833
    assert len(of_items) == 5
    for plan in of_items:
        assert "Seq Scan" not in plan, plan
        assert max(map(float, re.findall(r"actual time=\S+ rows=([0-9.]+)", plan))) <= 833, plan
    assert not any("Sort" in plan for plan in of_items), "the index has the order already"
