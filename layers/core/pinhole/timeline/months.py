"""The months of a library, with all that laying out the whole scroll height takes."""

from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access
from pinhole.db import transaction
from pinhole.tables import timeline_month
from pinhole.tables.timeline_month import TimelineMonth


@dataclass(frozen=True, slots=True)
class Timeline:
    """Months that have items, newest first, at one moment.

    ratios of a month: a byte per item in item order, clamp(round(50 * log2(width / height)) + 128, 0, 255).
    rebuilt: months, empty ones too, whose stored ratios were of an older revision. `current` stores the new
    ones, so that the next reader finds them.
    """

    revision: int
    months: list[TimelineMonth]
    rebuilt: list[TimelineMonth]


def revision(conn: Connection, viewer_id: int) -> int:
    """The revision of the viewer's library, by one statement."""
    return timeline_month.library_revision(conn, viewer_id)


def current(viewer_id: int) -> Timeline:
    """The viewer's timeline as it is now."""
    with transaction(snapshot=True) as conn:
        timeline = read(conn, viewer_id)
    if timeline.rebuilt:
        with transaction() as conn:
            # The reader waits for it. Were it lost, the next one would rebuild it.
            conn.execute("SET LOCAL synchronous_commit = off")
            timeline_month.keep_ratios(conn, viewer_id, timeline.rebuilt)
    return timeline


def read(conn: Connection, viewer_id: int) -> Timeline:
    """Read the timeline. `conn` is in a snapshot, so that revisions and ratios are of one moment."""
    stored = timeline_month.of_viewer(conn, viewer_id)
    stale = {month.month: month.revision for month in stored if month.ratios_revision != month.revision}
    ratios = _ratios(conn, viewer_id, list(stale)) if stale else {}
    rebuilt = {
        month: TimelineMonth(month, revision, ratios.get(month, b""), revision) for month, revision in stale.items()
    }
    current = (rebuilt.get(month.month, month) for month in stored)
    return Timeline(
        revision=sum(month.revision for month in stored),
        months=[month for month in current if month.ratios],
        rebuilt=list(rebuilt.values()),
    )


def _ratios(conn: Connection, viewer_id: int, months: list[date]) -> dict[date, bytes]:
    rows = conn.execute(
        SQL(
            """
            SELECT month, array_agg(ratio ORDER BY sort_timestamp DESC, id DESC)
            FROM media_item WHERE {listed} AND month = ANY(%(months)s)
            GROUP BY month
            """
        ).format(listed=access.LISTED),
        {"viewer_id": viewer_id, "months": months},
    )
    return {month: bytes(codes) for month, codes in rows}
