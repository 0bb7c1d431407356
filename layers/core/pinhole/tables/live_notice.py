"""Changes of a library that its owner's connections have not been told of: at most one notice per owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Notice:
    """Months that changed, in order. `changed_at`, the last change, tells this notice from later ones."""

    months: list[date]
    changed_at: datetime


def add(conn: Connection, owner_id: int, months: Iterable[date]) -> bool:
    """Add months to the owner's notice. True when a message has to be sent for it.

    That is so for a new notice, and for one whose message has not come for 5 seconds and may be lost.
    """
    [(due,)] = conn.execute(
        """
        INSERT INTO live_notice AS waiting (owner_id, months, changed_at, requested_at)
        VALUES (%s, %s, clock_timestamp(), now())
        ON CONFLICT (owner_id) DO UPDATE SET
            months = ARRAY(SELECT DISTINCT unnest(waiting.months || excluded.months) AS month ORDER BY month),
            changed_at = clock_timestamp(),
            requested_at = CASE WHEN waiting.requested_at < now() - interval '5 seconds' THEN now()
                           ELSE waiting.requested_at END
        RETURNING requested_at = now()
        """,
        (owner_id, sorted(set(months))),
    )
    return bool(due)


def of_owner(conn: Connection, owner_id: int) -> Notice | None:
    """The owner's notice; None when all has been told."""
    with conn.cursor(row_factory=class_row(Notice)) as cursor:
        return cursor.execute("SELECT months, changed_at FROM live_notice WHERE owner_id = %s", (owner_id,)).fetchone()


def finish(conn: Connection, owner_id: int, told: Notice) -> bool:
    """Forget a notice that was told. True when more has changed meanwhile, which needs another message."""
    forgotten = conn.execute(
        "DELETE FROM live_notice WHERE owner_id = %s AND changed_at = %s", (owner_id, told.changed_at)
    )
    if forgotten.rowcount == 1:
        return False
    return conn.execute("UPDATE live_notice SET requested_at = now() WHERE owner_id = %s", (owner_id,)).rowcount == 1
