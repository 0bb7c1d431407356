"""The role that ingest has in the database. That it suffices, the tests of ingest show: they deliver by it."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

from infra import ingest_role, migrate, places
from infra.bootstrap import REPOSITORY
from infra.local.postgres import Postgres
from pinhole.tables import user


@pytest.fixture
def as_ingest(database_url: str) -> Iterator[Connection]:
    """A connection by the URL that ingest gets."""
    with psycopg.connect(ingest_role.let_in(database_url), autocommit=True) as connection:
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
    for table in ("session", "refresh_token", "live_ticket", "live_connection", "rate_limit"):
        with pytest.raises(InsufficientPrivilege):
            as_ingest.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))


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


def test_it_is_made_once_however_many_make_it_at_once(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as conn, ThreadPoolExecutor(8) as pool:
        conn.execute("CREATE DATABASE other")
        urls = [postgres_server.url_of(name) for name in ("template_pinhole", "other")] * 4
        assert list(pool.map(ingest_role.make, urls)) == [None] * 8
        assert conn.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'pinhole_ingest'").fetchone() == (1,)
        conn.execute("DROP DATABASE other WITH (FORCE)")


def test_it_logs_in_by_its_newest_password_alone(database_url: str) -> None:
    before, now = ingest_role.let_in(database_url), ingest_role.let_in(database_url)
    with psycopg.connect(now) as conn:
        assert conn.execute("SELECT current_user").fetchone() == ("pinhole_ingest",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before)


def test_the_command_tells_its_url_the_first_time_and_when_a_new_one_is_asked_for(
    database_url: str, conn: Connection
) -> None:
    conn.execute("ALTER ROLE pinhole_ingest NOLOGIN PASSWORD NULL")
    # The names of places are there, as it takes it.
    source = f"{places.PACKAGE} {version(places.PACKAGE)}"
    conn.execute(sql.SQL("COMMENT ON TABLE place IS {}").format(sql.Literal(source)))
    first, then, asked = run(database_url), run(database_url), run(database_url, "--new-ingest-password")
    assert "IngestDatabaseUrl" in first
    assert then == "Nothing to apply\n"
    url = asked.split()[-1]
    assert url.startswith("postgresql://pinhole_ingest:")
    psycopg.connect(url).close()


def test_migrations_make_it_before_they_grant_it_anything(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE bare")
        assert "0008_ingest_role" in migrate.apply(postgres_server.url_of("bare"))
        conn.execute("DROP DATABASE bare WITH (FORCE)")


def run(url: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "infra", "migrate", url, *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
