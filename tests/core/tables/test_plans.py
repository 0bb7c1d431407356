"""The plan of every statement in a library of 100,000 items: none reads a large table from end to end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from infra.local.postgres import Postgres
from tests.fixtures import full_database, statements
from tests.fixtures.database import fresh_database
from tests.fixtures.plans import Plan, Statement, explaining, of_source

CASES = statements.registered()

# What no plan is asked of, and why. All else has to be among the cases.
EXEMPT = {
    "health.py: _database": "asks whether the database answers, on a connection of its own",
    "operations/jobs.py: counts": "counts all jobs, when an operator asks",
    "operations/models.py: states": "counts all that models looked at, when an operator asks",
    "tables/item_analysis.py: count_lost": "counts all photos, when models are to answer",
    "tables/model.py: delete_looks": "goes through all that models looked at, when an operator asks",
    "tables/place.py: replace_all": "replaces the whole table",
    "tables/user.py: lock": "a lock has no plan",
    "timeline/months.py: current": "a setting has no plan",
    "verify/elsewhere.py: check": "reads all users, before the whole bucket",
    "verify/files.py: _again": "reads one item by the statement that reads all, whose plan is another",
    "verify/jobs.py: _look_again": "reads one item by the statement that reads all, whose plan is another",
    "verify/metadata.py: _read_again": "reads one item by the statement that reads all, whose plan is another",
    "verify/months.py: check": "reads whole libraries, when an operator asks",
    "verify/originals.py: check": "reads all users, before their whole folders",
    "verify/renditions.py: _can_be_made_again": "looks in the whole journal for an item that is gone",
    "verify/streams.py: rows": "reads whole tables beside whole buckets, when an operator asks",
}
MOST_ROWS = 1_000  # that a statement looks at in one table
# But for what goes through whole libraries in the background: for photos that new models have not seen.
SWEEPS = {"other models than before look"}
# And for what compares or counts all that an owner has, since nothing less is exact.
EXACT = {
    "all pictures are compared",
    "it is counted what no model has looked at",
    "pictures are compared with that of an item",
    "values of filters are counted",
    "what goes with a user is counted",
    "what was typed may go on",  # the names of all of it, which are thousands at most
}
# And for what sums up all that an owner has, from indexes alone: these.
FROM_INDEXES = {
    "an upload is begun": {"original_file_storage_idx"},
    "the months of all favourites are read": {"media_item_favourites_idx"},
    "it is asked whether all favourites are as they were": {"media_item_favourites_idx"},
    "the months of all that was added are read": {"media_item_recent_idx"},
    "the folders are counted": {"media_item_folder_idx"},
    "the storage is summed up": {"original_file_storage_idx", "rendition_storage_idx", "media_item_folder_idx"},
}
# And for what looks at some of each of ann's 120 months: so many in one table.
OF_120_MONTHS = {"the covers of all months are chosen": 22}


@dataclass(frozen=True, slots=True)
class Explained:
    """The plans of each case, and which tables are large."""

    plans: dict[str, list[Plan]]
    large: set[str]

    def scans(self, sentence: str) -> list[dict[str, Any]]:
        """What reads a large table in a case's plans."""
        nodes = [node for plan in self.plans[sentence] for node in plan.nodes]
        return [
            node for node in nodes if node["Node Type"].endswith("Scan") and node.get("Relation Name") in self.large
        ]


@pytest.fixture(scope="module")
def explained(postgres_server: Postgres) -> Iterator[Explained]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PINHOLE_MAX_USER_BYTES", str(10**15))
        with fresh_database(postgres_server, monkeypatch) as url, explaining(url) as (conn, plans):
            with psycopg.connect(url, autocommit=True) as filling:
                large = full_database.fill(filling)
                world = statements.world(conn)
                plans_of = {}
                for sentence, send in CASES.items():
                    plans.clear()
                    with conn.transaction(force_rollback=True):
                        send(world)
                    plans_of[sentence] = list(plans)
                    # What was written and taken back leaves pages of which an index alone tells the next case nothing.
                    filling.execute("VACUUM media_item, original_file, rendition")
            yield Explained(plans_of, large)


@pytest.mark.parametrize("sentence", sorted(CASES.keys() - EXACT))
def test_no_large_table_is_read_from_end_to_end(explained: Explained, sentence: str) -> None:
    assert [_told(scan) for scan in explained.scans(sentence) if scan["Node Type"] == "Seq Scan"] == []


@pytest.mark.parametrize("sentence", sorted(CASES.keys() - SWEEPS - EXACT))
def test_few_rows_are_looked_at(explained: Explained, sentence: str) -> None:
    many = [scan for scan in explained.scans(sentence) if _rows(scan) > MOST_ROWS]
    if sentence in FROM_INDEXES:
        assert {scan["Index Name"] for scan in many} == FROM_INDEXES[sentence]
        assert [_told(scan) for scan in many if scan["Heap Fetches"] >= MOST_ROWS] == []
    else:
        most = 120 * OF_120_MONTHS.get(sentence, 0)
        assert [_told(scan) for scan in many if _rows(scan) > most] == []


def _rows(scan: dict[str, Any]) -> float:
    rows = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return float(scan["Actual Loops"] * sum(scan.get(each, 0) for each in rows))


def _told(scan: dict[str, Any]) -> str:
    return f"{scan['Node Type']} of {_rows(scan):.0f} rows of {scan['Relation Name']}"


def test_a_list_needs_no_sorting(explained: Explained) -> None:
    for sentence in (
        "a month changes and the timeline is read",
        "a month is read",
        "the months of all favourites are read",
        "the months of all that was added are read",
        "the months of smaller lists are read",
        "a month of a list is read",
    ):
        of_items = [
            plan.nodes
            for plan in explained.plans[sentence]
            if "media_item" in {node.get("Relation Name") for node in plan.nodes}
        ]
        assert of_items
        sorting = [nodes for nodes in of_items if any("Sort" in node["Node Type"] for node in nodes)]
        assert sorting == [], sentence


def test_every_statement_is_explained(explained: Explained) -> None:
    plans = [plan for plans in explained.plans.values() for plan in plans]
    unexplained = [statement for statement in of_source() if not any(plan.is_of(statement) for plan in plans)]
    assert [statement for statement in unexplained if _place(statement) not in EXEMPT] == []
    assert {_place(statement) for statement in unexplained} == EXEMPT.keys(), "an exemption that nothing needs"


def _place(statement: Statement) -> str:
    return f"{statement.path}: {statement.function}"
