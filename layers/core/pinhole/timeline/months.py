"""The months of a list of photos, with all that laying out the whole scroll height takes."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import xor

from psycopg import Connection
from psycopg.sql import SQL

from pinhole.db import transaction
from pinhole.lists import TIMELINE, ItemList
from pinhole.tables import timeline_month
from pinhole.tables.timeline_month import TimelineMonth
from pinhole.timeline.month import HASH


@dataclass(frozen=True, slots=True)
class Timeline:
    """Months that have items, newest first, at one moment.

    revision: of the timeline, and of what holds the same in another order, it grows; of another list it is a hash below
    2^53 of what is in it. as_of: the moment, as the snapshot of which transactions had ended, for `edits.Selection`.
    ratios of a month: a byte per item in item order, clamp(round(50 * log2(width / height)) + 128, 0, 255).
    rebuilt: months of the timeline, empty ones too, whose stored ratios were of an older revision. `current` stores the
    new ones, so that the next reader finds them.
    """

    revision: int
    as_of: str
    months: list[TimelineMonth]
    rebuilt: list[TimelineMonth]


# One statement, so that it is of one moment.
_OF_LIST = SQL(
    """
    SELECT pg_current_snapshot()::text, {whole}, month, revision, ratios
    FROM (SELECT) AS always LEFT JOIN (
        SELECT {section} AS month, {hash} AS revision,
            string_agg(set_byte('\\x00', 0, ratio), '' ORDER BY {order}) AS ratios
        FROM media_item WHERE {where} GROUP BY 1
    ) AS months ON true
    """
)
_OF_TIMELINE = SQL("(SELECT coalesce(sum(revision), 0)::bigint FROM timeline_month WHERE viewer_id = %(viewer_id)s)")
_RATIOS = SQL(
    """
    SELECT month, string_agg(set_byte('\\x00', 0, ratio), '' ORDER BY {order})
    FROM media_item WHERE {where} AND month = ANY(%(months)s)
    GROUP BY month
    """
).format(where=TIMELINE.where, order=TIMELINE.order)


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
    [(as_of,)] = conn.execute("SELECT pg_current_snapshot()::text")
    stored = timeline_month.of_viewer(conn, viewer_id)
    stale = {month.month: month.revision for month in stored if month.ratios_revision != month.revision}
    ratios = _ratios(conn, viewer_id, list(stale)) if stale else {}
    rebuilt = {
        month: TimelineMonth(month, revision, ratios.get(month, b""), revision) for month, revision in stale.items()
    }
    current = (rebuilt.get(month.month, month) for month in stored)
    return Timeline(
        revision=sum(month.revision for month in stored),
        as_of=as_of,
        months=[month for month in current if month.ratios],
        rebuilt=list(rebuilt.values()),
    )


def _ratios(conn: Connection, viewer_id: int, months: list[date]) -> dict[date, bytes]:
    parameters = {**TIMELINE.parameters(viewer_id), "months": months}
    return dict(conn.execute(_RATIOS, parameters, binary=True).fetchall())


def revision_of_list(conn: Connection, viewer_id: int, items: ItemList) -> int:
    """The revision that `of_list` tells, by one statement that does far less."""
    hashed = SQL("(SELECT {hash} FROM media_item WHERE {where})").format(hash=HASH, where=items.where)
    whole = _OF_TIMELINE if items.is_of_timeline else hashed
    [(current,)] = conn.execute(SQL("SELECT {}").format(whole), items.parameters(viewer_id))
    return int(current)


def of_list(conn: Connection, viewer_id: int, items: ItemList) -> Timeline:
    """Read the months of a list beside the timeline, as it is now."""
    whole = _OF_TIMELINE if items.is_of_timeline else SQL("NULL::bigint")
    rows = conn.execute(
        _OF_LIST.format(whole=whole, section=items.section, hash=HASH, order=items.order, where=items.where),
        items.parameters(viewer_id),
        binary=True,
    ).fetchall()
    found = [TimelineMonth(month, revision, ratios, revision) for _, _, month, revision, ratios in rows if month]
    as_of, revision, *_ = rows[0]
    return Timeline(
        revision=reduce(xor, (month.revision for month in found), 0) if revision is None else revision,
        as_of=as_of,
        months=sorted(found, key=lambda month: month.month, reverse=True),
        rebuilt=[],
    )
