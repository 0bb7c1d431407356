"""Months of the timeline: their revisions, and the ratio bytes of their items.

A revision says what is listed in a month: two readers that see the same revision see the same items, in the
same order, with the same ratios and renditions. That holds because `bump` is the last statement of every
transaction that changes any of it, so that the change and its revision appear together.

A month begins with the milliseconds since 1970 and not with 1: a row that was lost is followed by one whose revisions
no client has seen, whoever writes it. As long as no month changes a thousand times a second, the clock is ahead of
every revision; with a row for each month since the first photograph their sum stays below 2^53, to which JavaScript
counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class TimelineMonth:
    """One month of one viewer. `ratios` has a byte per item, as of `ratios_revision`."""

    month: date
    revision: int
    ratios: bytes
    ratios_revision: int


def estimate(conn: Connection, viewer_id: int) -> int:
    """About how many items are listed: as many as were when each month was read last."""
    row = conn.execute("SELECT sum(octet_length(ratios)) FROM timeline_month WHERE viewer_id = %s", (viewer_id,))
    [(items,)] = row.fetchall()
    return int(items or 0)


def bump(conn: Connection, viewer_id: int, months: Iterable[date]) -> None:
    """Give each month a new revision: what is listed in it, or how, has changed in this transaction.

    Call it last, in a short transaction: it locks the months until the end. All callers lock in the same
    order, so they wait for each other and never deadlock. months: their first days; repeated ones count once.
    """
    conn.execute(
        """
        INSERT INTO timeline_month (viewer_id, month)
        SELECT %s, month FROM unnest(%s::date[]) AS month ORDER BY month
        ON CONFLICT (viewer_id, month) DO UPDATE SET revision = timeline_month.revision + 1
        """,
        (viewer_id, list(set(months))),
    )


def library_revision(conn: Connection, viewer_id: int) -> int:
    """The viewer's revision: the sum of their months'. All writers would wait for a counter of its own."""
    [(revision,)] = conn.execute(
        "SELECT coalesce(sum(revision), 0)::bigint FROM timeline_month WHERE viewer_id = %s",
        (viewer_id,),
        prepare=True,
    )
    return int(revision)


def of_viewer(conn: Connection, viewer_id: int) -> list[TimelineMonth]:
    """All months that ever held a listed item, newest first."""
    with conn.cursor(row_factory=class_row(TimelineMonth)) as cursor:
        return cursor.execute(
            """
            SELECT month, revision, ratios, ratios_revision FROM timeline_month
            WHERE viewer_id = %s ORDER BY month DESC
            """,
            (viewer_id,),
            binary=True,
        ).fetchall()


def keep_ratios(conn: Connection, viewer_id: int, rebuilt: Iterable[TimelineMonth]) -> None:
    """Store rebuilt ratio bytes of months that still have the revision they were built for.

    Others are left alone: a later reader knows better. So are months that a writer has locked, so that a
    reader never waits for one.
    """
    months = list(rebuilt)
    conn.execute(
        """
        UPDATE timeline_month AS stored SET ratios = rebuilt.ratios, ratios_revision = rebuilt.revision
        FROM (
            SELECT month, rebuilt.revision, rebuilt.ratios
            FROM unnest(%s::date[], %s::bigint[], %s::bytea[]) AS rebuilt (month, revision, ratios)
            JOIN timeline_month AS current USING (month)
            WHERE viewer_id = %s
            FOR UPDATE OF current SKIP LOCKED
        ) AS rebuilt
        WHERE stored.viewer_id = %s AND stored.month = rebuilt.month
            AND stored.revision = rebuilt.revision AND stored.ratios_revision < rebuilt.revision
        """,
        (
            [month.month for month in months],
            [month.revision for month in months],
            [month.ratios for month in months],
            viewer_id,
            viewer_id,
        ),
    )


def delete_some(conn: Connection, viewer_id: int, limit: int) -> int:
    """Delete months of a viewer, so many at most. How many."""
    return conn.execute(
        "DELETE FROM timeline_month WHERE viewer_id = %(viewer_id)s AND month IN"
        " (SELECT month FROM timeline_month WHERE viewer_id = %(viewer_id)s ORDER BY month LIMIT %(limit)s)",
        {"viewer_id": viewer_id, "limit": limit},
    ).rowcount
