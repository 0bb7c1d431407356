"""Table `notice`: what users are told. At most one of a kind about a subject waits; what comes meanwhile joins it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg import Connection
from psycopg.types.json import Jsonb


@dataclass(frozen=True, slots=True)
class LibraryChanged:
    """Months that changed, in order. `changed_at`, the last change, tells this notice from later ones."""

    months: list[date]
    changed_at: datetime


def add_library_changed(conn: Connection, user_id: int, months: Iterable[date]) -> bool:
    """Add months, or none of them, to what the user is to be told of. True when a message has to be sent for it.

    That is so for a new notice, and for one whose message has not come for 5 seconds and may be lost.
    """
    detail = {"months": [month.isoformat() for month in sorted(set(months))]}
    [(due,)] = conn.execute(
        """
        INSERT INTO notice AS waiting (user_id, kind, detail, changed_at, requested_at)
        VALUES (%s, 'library_changed', %s, clock_timestamp(), now())
        ON CONFLICT (user_id, kind, subject) DO UPDATE SET
            detail = jsonb_build_object('months', (
                SELECT coalesce(jsonb_agg(DISTINCT month ORDER BY month), '[]')
                FROM jsonb_array_elements((waiting.detail->'months') || (excluded.detail->'months')) AS month
            )),
            changed_at = clock_timestamp(),
            requested_at = CASE WHEN waiting.requested_at < now() - interval '5 seconds' THEN now()
                           ELSE waiting.requested_at END
        RETURNING requested_at = now()
        """,
        (user_id, Jsonb(detail)),
    )
    return bool(due)


def library_changed(conn: Connection, user_id: int) -> LibraryChanged | None:
    """What the user is to be told of their library; None when all has been told."""
    row = conn.execute(
        "SELECT detail, changed_at FROM notice WHERE user_id = %s AND kind = 'library_changed' AND subject = ''",
        (user_id,),
    ).fetchone()
    return None if row is None else LibraryChanged([date.fromisoformat(month) for month in row[0]["months"]], row[1])


def finish_library_changed(conn: Connection, user_id: int, told: LibraryChanged) -> bool:
    """Forget a notice that was told. True when more has changed meanwhile, which needs another message."""
    forgotten = conn.execute(
        "DELETE FROM notice WHERE user_id = %s AND kind = 'library_changed' AND subject = '' AND changed_at = %s",
        (user_id, told.changed_at),
    )
    if forgotten.rowcount == 1:
        return False
    asked_again = conn.execute(
        "UPDATE notice SET requested_at = now() WHERE user_id = %s AND kind = 'library_changed' AND subject = ''",
        (user_id,),
    )
    return asked_again.rowcount == 1
