"""Apply `migrations/` to a database, in order, each in a transaction of its own."""

from pathlib import Path

import psycopg
from yoyo import get_backend, read_migrations

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 0x50696E68  # a number of our own among PostgreSQL's advisory locks


def apply(url: str) -> list[str]:
    """Apply what this database has not seen yet. Returns the names of what was applied.

    Two at once are harmless: the second waits for the first, and finds nothing to do.

    Raises:
        psycopg.Error: a migration failed. It is undone whole; those before it stay.
    """
    # yoyo's own lock is a row, which a killed process leaves behind; an advisory lock ends with its session.
    with psycopg.connect(url) as session:
        session.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        backend = get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            backend.break_lock()
            pending = backend.to_apply(read_migrations(str(MIGRATIONS)))
            with backend.lock():
                backend.apply_migrations(pending)
        finally:
            backend.connection.close()
    return [migration.id for migration in pending]
