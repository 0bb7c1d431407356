"""The role that ingest has in the database. That it suffices, the tests of ingest show: they deliver by it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

from infra import database_roles
from infra.database_roles import INGEST
from pinhole.accounts import onboarding
from pinhole.tables import library, user


@pytest.fixture
def as_ingest(database_url: str) -> Iterator[Connection]:
    """A connection by the URL that ingest gets."""
    with psycopg.connect(database_roles.let_in(database_url, INGEST), autocommit=True) as connection:
        yield connection


def test_it_reads_of_accounts_whose_a_folder_is_and_no_more(conn: Connection, as_ingest: Connection) -> None:
    ann = user.insert(conn, "ann", "-", "member", "ann")
    assert user.find_owner(as_ingest, ["ann"]) == (ann.id, "ann")
    columns = conn.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped"
    ).fetchall()
    for (column,) in columns:
        if column not in {"id", "folder"}:
            with pytest.raises(InsufficientPrivilege):
                as_ingest.execute(sql.SQL("SELECT {} FROM users").format(sql.Identifier(column)))
    for table in ("session", "invite", "refresh_token", "live_ticket", "live_connection", "rate_limit"):
        with pytest.raises(InsufficientPrivilege):
            as_ingest.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))


def test_it_reads_of_the_library_its_zone_and_no_more(conn: Connection, as_ingest: Connection) -> None:
    library.insert(conn, "Home", "Asia/Tokyo", originals_may_be_deleted=False)
    assert onboarding.fallback_timezone(as_ingest) == "Asia/Tokyo"
    with pytest.raises(InsufficientPrivilege):
        as_ingest.execute("SELECT name FROM library")


def test_it_reads_no_position_and_no_journal(as_ingest: Connection) -> None:
    for column, table in (("latitude", "item_metadata"), ("said", "item_statement"), ("after", "outbox")):
        with pytest.raises(InsufficientPrivilege):
            as_ingest.execute(sql.SQL("SELECT {} FROM {}").format(*map(sql.Identifier, (column, table))))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET folder = 'bob'",
        "DELETE FROM users",
        "INSERT INTO session (id, user_id) VALUES ('000000000000', 7)",
        "CREATE TABLE kept (said text)",
        "DELETE FROM outbox",
        "SET ROLE pinhole",
        "ALTER ROLE pinhole_ingest SUPERUSER",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_it_makes_no_account_no_table_and_no_other_role_of_itself(as_ingest: Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        as_ingest.execute(statement)
