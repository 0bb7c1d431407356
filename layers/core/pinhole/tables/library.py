"""The `library` table: one row at most, of what the first administrator said of the whole library."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Library:
    """fallback_timezone: IANA name. originals_may_be_deleted: together with the items that they are of."""

    name: str
    fallback_timezone: str
    originals_may_be_deleted: bool
    onboarded_at: datetime


def insert(
    conn: Connection,
    name: str,
    fallback_timezone: str,
    originals_may_be_deleted: bool,
) -> Library | None:
    """Keep what was said, once. None when somebody has said it; of two at once one does."""
    with conn.cursor(row_factory=class_row(Library)) as cursor:
        return cursor.execute(
            """
            INSERT INTO library (name, fallback_timezone, originals_may_be_deleted) VALUES (%s, %s, %s)
            ON CONFLICT DO NOTHING
            RETURNING name, fallback_timezone, originals_may_be_deleted, onboarded_at
            """,
            [name, fallback_timezone, originals_may_be_deleted],
        ).fetchone()


def name(conn: Connection) -> str | None:
    """What the library is called. None until somebody has said so."""
    row = conn.execute("SELECT name FROM library").fetchone()
    return None if row is None else str(row[0])


def fallback_timezone(conn: Connection) -> str | None:
    """The zone that was said. Reads no more than ingest may."""
    row = conn.execute("SELECT fallback_timezone FROM library").fetchone()
    return None if row is None else str(row[0])


def originals_may_be_deleted(conn: Connection) -> bool:
    """Whether it was said that originals may go with what they are of; not until somebody has said so."""
    row = conn.execute("SELECT originals_may_be_deleted FROM library").fetchone()
    return row is not None and row[0] is True
