"""The migrations, applied to a real PostgreSQL."""

import subprocess
import sys

from psycopg import Connection

from infra import migrate
from infra.bootstrap import REPOSITORY
from infra.local.processes import free_ports


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
