"""Apply `migrations/` to a database, in order, each in a transaction of its own.

A file is `NNNN_name.sql`. Where older versions can't work with the tables that it makes, a line of it says which is the
oldest that can, by the number of the newest migration that such a version has:

    -- compatible_from: 0012

The database keeps these numbers, so that an older version, which lacks the file, refuses to start.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection, errors

from infra.bootstrap import CannotStart

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 0x50696E68  # a number of our own among PostgreSQL's advisory locks
# Whoever waits for a lock of a table holds up all who come after. So it is given up soon, and asked for again.
LOCK_TIMEOUT = "3s"
PAUSES_SECONDS = (1, 2, 4, 8, 16)
# A migration that must take longer says so itself, by SET LOCAL statement_timeout.
STATEMENT_TIMEOUT = "10min"
APPLIED = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        name text PRIMARY KEY,
        compatible_from integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


class CannotMigrate(CannotStart):
    """The database is of a newer version, or something holds it up."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of `migrations/`. `compatible_from`: the number that a version must have to work with its tables."""

    name: str
    sql: str
    compatible_from: int

    @property
    def number(self) -> int:
        return int(self.name.partition("_")[0])


def read(directory: Path) -> list[Migration]:
    """The migrations of a directory, in order."""
    files = sorted(directory.glob("[0-9]*.sql"))
    return [Migration(file.stem, text, _compatible_from(text)) for file in files for text in [file.read_text("utf-8")]]


def apply(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what this database has not seen yet. Returns the names of what was applied.

    Two at once are harmless: the second waits for the first, and finds nothing to do.

    Raises:
        CannotMigrate: a newer version was here, or a migration waited or worked for too long.
        psycopg.Error: a migration failed. It is undone whole; those before it stay.
    """
    known = read(directory)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # ends with its session
        conn.execute("SET client_min_messages = warning")
        conn.execute(APPLIED)
        applied: dict[str, int] = dict(conn.execute("SELECT name, compatible_from FROM schema_migration").fetchall())
        needed, newest = max(applied.values(), default=0), max(migration.number for migration in known)
        if needed > newest:
            raise CannotMigrate(
                f"This library was used with a newer version of Pinhole: its tables are for versions that have "
                f"migration {needed:04}, and this one ends at {newest:04}. Use the newer version"
            )
        pending = [migration for migration in known if migration.name not in applied]
        for migration in pending:
            _apply_patiently(conn, migration)
    return [migration.name for migration in pending]


def _apply_patiently(conn: Connection, migration: Migration) -> None:
    for pause in (*PAUSES_SECONDS, None):
        try:
            _apply(conn, migration)
        except errors.LockNotAvailable as error:
            if pause is None:
                raise CannotMigrate(
                    f"Migration {migration.name} can't be applied: a table that it changes is in use all the time. "
                    "Start again when less is going on, or end the transaction that holds it (see pg_stat_activity)"
                ) from error
            time.sleep(pause)
        except errors.QueryCanceled as error:
            raise CannotMigrate(
                f"Migration {migration.name} was undone, since a statement of it took more than {STATEMENT_TIMEOUT}: "
                "one that needs longer sets its own statement_timeout"
            ) from error
        else:
            return


def _apply(conn: Connection, migration: Migration) -> None:
    with conn.transaction():
        conn.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        conn.execute(migration.sql.encode())
        conn.execute(
            "INSERT INTO schema_migration (name, compatible_from) VALUES (%s, %s)",
            [migration.name, migration.compatible_from],
        )


def _compatible_from(sql: str) -> int:
    found = re.search(r"^-- compatible_from: ([0-9]+)$", sql, re.MULTILINE)
    return int(found[1]) if found else 0
