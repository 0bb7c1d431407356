"""The role that the worker has in the database. That it suffices, the tests of the worker show: they work by it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

from infra import database_roles
from infra.database_roles import WORKER
from pinhole.tables import search_text
from tests.fixtures.library import new_library


@pytest.fixture
def as_worker(database_url: str) -> Iterator[Connection]:
    """A connection by the URL that the worker gets."""
    with psycopg.connect(database_roles.let_in(database_url, WORKER), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    "table",
    [
        *("users", "session", "refresh_token", "live_ticket", "live_connection", "rate_limit", "upload", "outbox"),
        "item_statement",
        *("image_embedding", "image_tag", "detected_object", "face", "recognised_text"),
    ],
)
def test_it_reads_no_account_no_journal_and_nothing_that_was_seen(as_worker: Connection, table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        as_worker.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT latitude FROM item_metadata",
        "UPDATE item_metadata SET latitude = 0",
        "DELETE FROM item_metadata",
        "SELECT ratios FROM timeline_month",
        "UPDATE media_item SET item_key = 'other'",
        "UPDATE media_item SET trashed_at = now()",
        "DELETE FROM media_item",
        "UPDATE original_file SET object_key = 'ann/other.jpg'",
        "DELETE FROM job",
        "DELETE FROM item_analysis",
        "UPDATE model SET name = 'other'",
        "INSERT INTO session (id, user_id) VALUES ('000000000000', 7)",
        "CREATE TABLE kept (said text)",
        "SET ROLE pinhole",
        "SET ROLE pinhole_ingest",
        "ALTER ROLE pinhole_worker SUPERUSER",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_it_changes_no_photo_reads_no_position_and_takes_no_other_role(as_worker: Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        as_worker.execute(statement)


def test_what_it_has_written_for_it_goes_into_no_table_of_its_own(as_worker: Connection, conn: Connection) -> None:
    library = new_library(conn, "ann")
    item = library.add(title="harbour")
    columns = "owner_id bigint, item_id text, document tsvector, epoch integer, PRIMARY KEY (owner_id, item_id)"
    as_worker.execute(sql.SQL("CREATE TEMPORARY TABLE search_text ({})").format(sql.SQL(columns)))
    search_text.refresh(as_worker, library.owner_id, [item])
    assert as_worker.execute("SELECT FROM pg_temp.search_text").rowcount == 0
    assert conn.execute("SELECT item_id FROM search_text").fetchall() == [(item,)]
