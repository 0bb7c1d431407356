"""The roles that parts of the system have in the database: made once, let in by a password, told once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import psycopg
import pytest
from psycopg import Connection, sql

from infra import database_roles, migrate, places
from infra.bootstrap import REPOSITORY
from infra.database_roles import INGEST, WORKER
from infra.local.postgres import Postgres

ROLES = pytest.mark.parametrize(
    ("role", "whose", "option"),
    [(INGEST, "IngestDatabaseUrl", "--new-ingest-password"), (WORKER, "of the worker", "--new-worker-password")],
)


def test_each_is_made_once_however_many_make_it_at_once(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as conn, ThreadPoolExecutor(8) as pool:
        conn.execute("CREATE DATABASE other")
        urls = [postgres_server.url_of(name) for name in ("template_pinhole", "other")] * 4
        assert list(pool.map(database_roles.make, urls)) == [None] * 8
        made = conn.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'pinhole\\_%' ORDER BY rolname")
        assert made.fetchall() == [(INGEST,), (WORKER,)]
        conn.execute("DROP DATABASE other WITH (FORCE)")


@ROLES
def test_it_logs_in_by_its_newest_password_alone(database_url: str, role: str, whose: str, option: str) -> None:
    before, now = database_roles.let_in(database_url, role), database_roles.let_in(database_url, role)
    with psycopg.connect(now) as conn:
        assert conn.execute("SELECT current_user").fetchone() == (role,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before)


@ROLES
def test_the_command_tells_its_url_the_first_time_and_when_a_new_one_is_asked_for(
    database_url: str, conn: Connection, role: str, whose: str, option: str
) -> None:
    for each in (INGEST, WORKER):
        database_roles.let_in(database_url, each)
    conn.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(role)))
    # The names of places are there, as it takes it.
    source = f"{places.PACKAGE} {version(places.PACKAGE)}"
    conn.execute(sql.SQL("COMMENT ON TABLE place IS {}").format(sql.Literal(source)))
    first, then, asked = run(database_url), run(database_url), run(database_url, option)
    assert whose in first
    assert first.count("postgresql://") == 1
    assert then == "Nothing to apply\n"
    url = asked.split()[-1]
    assert url.startswith(f"postgresql://{role}:")
    psycopg.connect(url).close()


def test_migrations_make_them_before_they_grant_them_anything(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE bare")
        assert "0010_analysis" in migrate.apply(postgres_server.url_of("bare"))
        conn.execute("DROP DATABASE bare WITH (FORCE)")


def run(url: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "infra", "migrate", url, *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
