"""The migrations, applied to a real PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import Connection
from yoyo import get_backend
from yoyo.backends import DatabaseBackend

from infra import migrate
from infra.bootstrap import REPOSITORY
from infra.local.processes import free_ports
from pinhole.filenames import folder_key, folder_of
from tests.fixtures.library import new_library


def migrate_by_command(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra", "migrate", url]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_migrations_applied_again_change_nothing(database_url: str, conn: Connection) -> None:
    assert migrate.apply(database_url) == []
    assert conn.execute("SELECT count(*) FROM media_item").fetchone() == (0,)


def test_the_command_loads_the_names_of_places_once(database_url: str, conn: Connection) -> None:
    assert "names of places" in migrate_by_command(database_url).stdout
    assert conn.execute("SELECT count(*) > 100000 FROM place").fetchone() == (True,)
    assert migrate_by_command(database_url).stdout == "Nothing to apply\n"


def test_a_database_that_does_not_answer_is_told_in_one_line() -> None:
    run = migrate_by_command(f"postgresql://pinhole:secret@127.0.0.1:{free_ports(1)[0]}/pinhole")
    assert run.returncode == 2
    assert run.stderr.startswith("The database can't be migrated: ")
    assert run.stderr.count("\n") == 1
    assert "secret" not in run.stderr


def test_items_that_were_there_before_folders_lie_in_that_of_their_file(conn: Connection) -> None:
    library = new_library(conn, "ann")
    paths = [None, "IMG.jpg", "a/IMG.jpg", "a/50%/Ünser Sommer/IMG.jpg"]
    items = {library.add(relative_path=path): folder_key(folder_of(path)) for path in paths}
    conn.execute("UPDATE media_item SET folder = DEFAULT")
    migration = (REPOSITORY / "migrations" / "0013_lists.sql").read_text()
    conn.execute(migration[migration.index("UPDATE media_item") : migration.index(";", migration.index("UPDATE"))])
    assert dict(conn.execute("SELECT id, folder FROM media_item").fetchall()) == items


Migrations = Callable[..., Path]


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    """Writes migrations into a directory, beside those that are there, and gives it."""

    def write(**files: str) -> Path:
        for name, sql in files.items():
            (tmp_path / f"{name.removeprefix('_')}.sql").write_text(sql)
        return tmp_path

    return write


@pytest.fixture
def empty(conn: Connection, database_url: str) -> str:
    """URL of a database that no migration was applied to, but for a table `work`."""
    conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE work (id integer)")
    return database_url


# Applies a directory to a database, and dies where a function of yoyo would be called.
DYING = """
import os, sys
from pathlib import Path
from unittest import mock
from infra import migrate

mock.patch(sys.argv[1], lambda *_, **__: os._exit(9)).start()
migrate.apply(sys.argv[2], Path(sys.argv[3]))
"""


def columns(conn: Connection) -> list[str]:
    found = conn.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'work' ORDER BY 1")
    return [name for (name,) in found]


def test_a_migration_that_fails_is_undone_whole_and_those_before_it_stay(
    empty: str, conn: Connection, migrations: Migrations
) -> None:
    directory = migrations(
        _0001_a="ALTER TABLE work ADD a text",
        _0002_b="ALTER TABLE work ADD b text; SELECT 1 / 0",
        _0003_c="ALTER TABLE work ADD c text",
    )
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate.apply(empty, directory)
    assert columns(conn) == ["a", "id"]
    migrations(_0002_b="-- 100 % of it\nALTER TABLE work ADD b text; SELECT 1")
    assert migrate.apply(empty, directory) == ["0002_b", "0003_c"]
    assert columns(conn) == ["a", "b", "c", "id"]


@pytest.mark.parametrize(("compatible_from", "refused"), [("", False), ("0001", False), ("0002", True)])
def test_an_older_version_goes_on_only_with_tables_that_it_is_compatible_with(
    empty: str, migrations: Migrations, tmp_path: Path, compatible_from: str, refused: bool
) -> None:
    said = f"-- compatible_from: {compatible_from}\n" if compatible_from else ""
    newer = migrations(_0001_a="SELECT 1", _0002_b="SELECT 2", _0003_c=f"-- C.\n{said}SELECT 3")
    assert len(migrate.apply(empty, newer)) == 3
    for name in ("0002_b", "0003_c"):
        (tmp_path / f"{name}.sql").unlink()
    if refused:
        with pytest.raises(migrate.CannotMigrate, match="have migration 0002, and this one ends at 0001"):
            migrate.apply(empty, newer)
    else:
        assert migrate.apply(empty, newer) == []


@pytest.mark.parametrize(
    "where",
    ["yoyo.internalmigrations.upgrade", "yoyo.backends.DatabaseBackend.mark_one"],
    ids=["before yoyo's tables are made", "after the last statement"],
)
def test_a_run_that_dies_leaves_no_lock_and_keeps_a_migration_with_what_it_says_or_neither(
    empty: str, conn: Connection, migrations: Migrations, tmp_path: Path, where: str
) -> None:
    directory = migrations(_0002_b="-- compatible_from: 0002\nALTER TABLE work ADD b text")
    dying = [sys.executable, "-c", DYING, where, empty, str(directory)]
    assert subprocess.run(dying, cwd=REPOSITORY, check=False).returncode == 9
    assert columns(conn) == ["id"]
    assert migrate.apply(empty, directory) == ["0002_b"]
    migrations(_0001_a="SELECT 1")
    (tmp_path / "0002_b.sql").unlink()
    with pytest.raises(migrate.CannotMigrate, match="have migration 0002"):
        migrate.apply(empty, directory)


def test_two_runs_at_once_apply_each_migration_once(
    empty: str, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.apply(empty, migrations(_0001_a="SELECT 1"))
    directory = migrations(_0002_b="ALTER TABLE work ADD b text; SELECT pg_sleep(0.3)")
    both_are_connected = threading.Barrier(2, timeout=240)

    def connect_together(url: str) -> DatabaseBackend:
        backend = get_backend(url)
        both_are_connected.wait()
        return backend

    monkeypatch.setattr(migrate, "get_backend", connect_together)
    with ThreadPoolExecutor() as threads:
        runs = [threads.submit(migrate.apply, empty, directory) for _ in range(2)]
    assert sorted(run.result() for run in runs) == [[], ["0002_b"]]


@contextmanager
def in_use(url: str) -> Iterator[Connection]:
    """A transaction that reads the table `work`, and does not end."""
    with psycopg.connect(url) as other:
        other.execute("SELECT FROM work")
        yield other


def test_a_migration_waits_for_a_table_that_is_in_use_without_holding_others_up_for_long(
    empty: str, conn: Connection, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(migrate, "PAUSES_SECONDS", [0.1] * 300)
    directory = migrations(_0001_a="ALTER TABLE work ADD a text")
    with in_use(empty):
        applying = threading.Thread(target=migrate.apply, args=[empty, directory])
        applying.start()
        # Each new reader would wait behind the migration for as long as that waits.
        for _ in range(5):
            conn.execute("SELECT FROM work")
    applying.join()
    assert columns(conn) == ["a", "id"]


def test_a_table_that_is_always_in_use_is_told_in_a_sentence(
    empty: str, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(migrate, "PAUSES_SECONDS", [0, 0])
    with in_use(empty), pytest.raises(migrate.CannotMigrate, match="0001_a can't be applied: a table"):
        migrate.apply(empty, migrations(_0001_a="ALTER TABLE work ADD a text"))


def test_a_statement_that_takes_too_long_is_undone_unless_its_migration_allows_it_more(
    empty: str, conn: Connection, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "STATEMENT_TIMEOUT", "100ms")
    slow = "ALTER TABLE work ADD a text; SELECT pg_sleep(0.3)"
    with pytest.raises(migrate.CannotMigrate, match="0001_a was undone"):
        migrate.apply(empty, migrations(_0001_a=slow))
    assert columns(conn) == ["id"]
    assert migrate.apply(empty, migrations(_0001_a=f"SET LOCAL statement_timeout = '20s'; {slow}")) == ["0001_a"]
