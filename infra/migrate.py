"""Apply `migrations/` to a database, in order, each in a transaction of its own.

A file is `NNNN_name.sql`. Where older versions can't work with the tables that it makes, a line of it says which is the
oldest that can, by the number of the newest migration that such a version has:

    -- compatible_from: 0012

The database keeps these numbers, so that an older version, which lacks the file, refuses to start.
"""

import glob
import re
import time
from pathlib import Path

from psycopg import errors
from yoyo import get_backend, read_migrations
from yoyo.backends import DatabaseBackend
from yoyo.migrations import Migration

from infra import database_roles
from infra.bootstrap import CannotStart

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 0x50696E68  # a number of our own among PostgreSQL's advisory locks
# Whoever waits for a lock of a table holds up all who come after. So it is given up soon, and asked for again.
LOCK_TIMEOUT = "3s"
PAUSES_SECONDS = (1, 2, 4, 8, 16)
# A migration that must take longer says so itself, by SET LOCAL statement_timeout.
STATEMENT_TIMEOUT = "10min"


class CannotMigrate(CannotStart):
    """The database is of a newer version, or something holds it up."""


def apply(url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what this database has not seen yet. Returns the names of what was applied.

    The roles that some of them grant something to are made before. Two at once are harmless: the second waits for the
    first, and finds nothing to do.

    Raises:
        CannotMigrate: a newer version was here, or a migration waited or worked for too long.
        psycopg.Error: a migration failed. It is undone whole; those before it stay.
    """
    known = read_migrations(glob.escape(str(directory)))
    database_roles.make(url)
    with get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1)) as backend:
        # yoyo's own lock is a row, which a killed process leaves behind; an advisory lock ends with its session.
        backend.execute(f"SELECT pg_advisory_lock({LOCK})")
        backend.break_lock()
        backend.execute("CREATE TABLE IF NOT EXISTS compatible_from (number integer NOT NULL)")
        (needed,) = backend.execute("SELECT coalesce(max(number), 0) FROM compatible_from").fetchone()
        newest = max(int(migration.id.partition("_")[0]) for migration in known)
        if needed > newest:
            raise CannotMigrate(
                f"This library was used with a newer version of Pinhole: its tables are for versions that have "
                f"migration {needed:04}, and this one ends at {newest:04}. Use the newer version"
            )
        pending = backend.to_apply(known)
        for migration in pending:
            _apply_patiently(backend, migration)
    return [migration.id for migration in pending]


def _apply_patiently(backend: DatabaseBackend, migration: Migration) -> None:
    for pause in (*PAUSES_SECONDS, None):
        try:
            _apply(backend, migration)
        except errors.LockNotAvailable as error:
            if pause is None:
                raise CannotMigrate(
                    f"Migration {migration.id} can't be applied: a table that it changes is in use all the time. "
                    "Start again when less is going on, or end the transaction that holds it (see pg_stat_activity)"
                ) from error
            time.sleep(pause)
        except errors.QueryCanceled as error:
            raise CannotMigrate(
                f"Migration {migration.id} was undone, since a statement of it took more than {STATEMENT_TIMEOUT}: "
                "one that needs longer sets its own statement_timeout"
            ) from error
        else:
            return


def _apply(backend: DatabaseBackend, migration: Migration) -> None:
    # Not backend.apply_migrations: that marks a migration as applied in a second transaction. One that was killed
    # between the two would be applied again, and fail, at each start.
    with backend.transaction():
        backend.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        backend.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        migration.process_steps(backend, "apply")
        text = Path(migration.path).read_text("utf-8")
        for number in re.findall(r"^-- compatible_from: ([0-9]+)$", text, re.MULTILINE):
            backend.execute("INSERT INTO compatible_from VALUES (:number)", {"number": int(number)})
        backend.mark_one(migration, log=False)
