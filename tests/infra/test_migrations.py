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
from psycopg.types.json import Jsonb
from yoyo import get_backend
from yoyo.backends import DatabaseBackend

from infra import migrate
from infra.bootstrap import REPOSITORY
from infra.local.processes import free_ports
from pinhole.edits import Selection, batch
from pinhole.filenames import folder_key, folder_of
from pinhole.lists import ItemList
from pinhole.tables import change as change_table
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


def up_to(number: int, directory: Path) -> Path:
    """A directory with all migrations up to this one."""
    for path in (REPOSITORY / "migrations").glob("*.sql"):
        if int(path.name[:4]) <= number:
            (directory / path.name).write_text(path.read_text())
    return directory


@pytest.fixture
def before_places(conn: Connection, database_url: str, tmp_path: Path) -> str:
    """URL of a database that is as it was before photos were named by their places."""
    conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate.apply(database_url, up_to(15, tmp_path))
    return database_url


def test_a_change_of_a_list_that_is_under_way_goes_on_after_the_migration(before_places: str, conn: Connection) -> None:
    library = new_library(conn, "ann")
    item_id = library.add()
    of_list = Selection(list=ItemList("timeline", None)).to_json() | {"asOf": "2026-11-27T17:00:00.123456+00:00"}
    conn.execute(
        "INSERT INTO change (owner_id, id, actor_id, edit, selection, total) VALUES (%s, %s, %s, %s, %s, 1)",
        (
            library.owner_id,
            "abcdefghijkl",
            library.owner_id,
            Jsonb({"set": {"favourite": True}, "reset": []}),
            Jsonb(of_list),
        ),
    )
    migrate.apply(before_places)
    with conn.transaction():
        change = change_table.lock(conn, library.owner_id, "abcdefghijkl")
        assert change
        assert batch.go_on(conn, change, 10)[0].state == "done"
    assert conn.execute("SELECT id FROM media_item WHERE favourite").fetchall() == [(item_id,)]


def test_a_version_that_reads_when_photos_arrived_refuses_to_start_afterwards(
    before_places: str, tmp_path: Path
) -> None:
    migrate.apply(before_places)
    with pytest.raises(migrate.CannotMigrate, match="have migration 0017, and this one ends at 0015"):
        migrate.apply(before_places, tmp_path)


def test_photos_that_are_there_are_named_by_their_places_and_their_months_move(
    before_places: str, conn: Connection
) -> None:
    library = new_library(conn, "ann")
    names = {
        library.add(city="Lisbon", country="Portugal"): "Lisbon, Portugal",
        library.add(city="Singapore"): "Singapore",
        library.add(country="Portugal"): None,
    }
    [revision] = conn.execute("SELECT revision FROM timeline_month").fetchall()
    migrate.apply(before_places)
    assert dict(conn.execute("SELECT id, place_name FROM media_item").fetchall()) == names
    assert conn.execute("SELECT revision > %s FROM timeline_month", revision).fetchall() == [(True,)]


def test_photos_are_read_while_they_are_named_by_their_places_however_long_that_takes(
    before_places: str, conn: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_library(conn, "ann").add(city="Lisbon", country="Portugal")
    migrate.apply(before_places, up_to(17, tmp_path))
    conn.execute(
        """
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock_shared(1), pg_sleep(2); RETURN NEW; END';
        CREATE TRIGGER waits BEFORE UPDATE ON media_item FOR EACH ROW EXECUTE FUNCTION wait()
        """
    )
    monkeypatch.setattr(migrate, "STATEMENT_TIMEOUT", "1s")
    with ThreadPoolExecutor() as threads, psycopg.connect(before_places) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(1)")
        applying = threads.submit(migrate.apply, before_places, up_to(18, tmp_path))
        waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted)"
        while conn.execute(waits).fetchone() == (False,):
            assert not applying.done()
        conn.execute("SET lock_timeout = '10s'")
        assert conn.execute("SELECT place_name FROM media_item").fetchall() == [(None,)]
        holding.rollback()
        assert applying.result() == ["0018_names_of_places"]


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
