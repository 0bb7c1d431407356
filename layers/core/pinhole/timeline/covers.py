"""Covers: for each month of the timeline a few photos that stand for it, with signatures for their renditions."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import args_row
from psycopg.sql import SQL

from pinhole import access, media_url
from pinhole.lists import TIMELINE
from pinhole.tables import timeline_month

OF_A_MONTH = 4  # at most
GOOD_RATING = 4


@dataclass(frozen=True, slots=True)
class Covers:
    """Photos in parallel columns: of the newest month first, and of each month the best one first.

    Columns and signatures are as of `grid.Columns`, `revision` is the timeline's. A month of which nothing can be shown
    is not among them.
    """

    revision: int
    months: list[date]
    ids: list[str]
    ratios: bytes
    thumb_hashes: list[bytes]
    item_keys: list[str]
    versions: list[int]
    signatures: list[str]
    key_id: str
    thumb_expires: int


class Candidate(NamedTuple):
    """An item that may be a cover, as the statement has its columns.

    quarter: of the time between the newest and the oldest of its month, 0 to 3.
    """

    month: date
    id: str
    sort_timestamp: datetime
    quarter: int
    is_video: bool
    favourite: bool
    is_screenshot: bool
    rating: int
    burst_id: str | None
    ratio: int
    thumb_hash: bytes
    item_key: str
    rendition_version: int


# Some of each month, however many it has: its newest favourites, and those at and just before moments that lie evenly
# between its newest and its oldest. Indexes find all of them. Each LIMIT keeps the planner from reading whole tables.
_CANDIDATES = SQL(
    """
    SELECT
        span.month, id, sort_timestamp,
        least(3, trunc(4 * extract(epoch FROM newest - sort_timestamp)
            / greatest(1, extract(epoch FROM newest - oldest))))::int AS quarter,
        kind = 'video' AS is_video, favourite, coalesce(is_screenshot, false) AS is_screenshot,
        coalesce(rating, 0) AS rating, burst_id, ratio, coalesce(thumb_hash, '') AS thumb_hash, item_key,
        rendition_version
    FROM timeline_month AS span
    CROSS JOIN LATERAL (
        SELECT sort_timestamp AS newest FROM media_item
        WHERE {listed} AND month = span.month ORDER BY {order} LIMIT 1
    ) AS first
    CROSS JOIN LATERAL (
        SELECT sort_timestamp AS oldest FROM media_item
        WHERE {listed} AND month = span.month ORDER BY sort_timestamp, id LIMIT 1
    ) AS last
    CROSS JOIN LATERAL (
        SELECT around.* FROM generate_series(0, 3) AS quarter, LATERAL (
            SELECT * FROM media_item
            WHERE {listed} AND month = span.month AND sort_timestamp <= newest - (newest - oldest) * quarter / 4
            ORDER BY {order} LIMIT 4
        ) AS around
        UNION ALL (
            SELECT * FROM media_item
            WHERE {may_see} AND favourite AND {listed} AND month = span.month ORDER BY {order} LIMIT 6
        )
    ) AS media_item
    LEFT JOIN LATERAL (
        SELECT is_screenshot, rating, burst_id FROM item_metadata
        WHERE item_metadata.owner_id = media_item.owner_id AND item_id = media_item.id LIMIT 1
    ) AS described ON true
    WHERE span.viewer_id = %(viewer_id)s AND rendition_version > 0
    ORDER BY span.month DESC
    """
).format(listed=TIMELINE.where, order=TIMELINE.order, may_see=access.MAY_SEE)


def read(conn: Connection, viewer_id: int, expires: int) -> Covers:
    """Choose the covers of all months. `conn` is in a snapshot, so that they are of the revision.

    expires: when the signatures run out, Unix seconds.
    """
    revision = timeline_month.library_revision(conn, viewer_id)
    months = groupby(candidates(conn, viewer_id), lambda one: one.month)
    chosen = [one for _, of_month in months for one in chosen_of(list(of_month))]
    keys = [one.item_key for one in chosen]
    return Covers(
        revision=revision,
        months=[one.month for one in chosen],
        ids=[one.id for one in chosen],
        ratios=bytes(one.ratio for one in chosen),
        thumb_hashes=[one.thumb_hash for one in chosen],
        item_keys=keys,
        versions=[one.rendition_version for one in chosen],
        signatures=media_url.sign_all(keys, expires),
        key_id=media_url.key_id(),
        thumb_expires=expires,
    )


def candidates(conn: Connection, viewer_id: int) -> list[Candidate]:
    """What may be a cover, of the newest month first; some of it twice."""
    with conn.cursor(row_factory=args_row(Candidate)) as cursor:
        return cursor.execute(_CANDIDATES, TIMELINE.parameters(viewer_id), binary=True).fetchall()


def chosen_of(month: list[Candidate]) -> list[Candidate]:
    """The covers of a month, the best first; the same ones whatever the order of its candidates.

    Favourites and what is rated well come first, then other photos, then screenshots, and videos last. One of a burst
    stands for all of it. Among equals one of each quarter comes before a second one of any.
    """
    # Stable, by one after the other: the greatest id, the newest, the best rated, the best kind.
    best = sorted(set(month), key=lambda one: (one.rating, one.sort_timestamp, one.id), reverse=True)
    best.sort(key=_kind)
    of_bursts = {one.burst_id or one.id: one for one in reversed(best)}
    taken: dict[tuple[int, int], int] = {}
    turns = []
    for one in best:
        if of_bursts[one.burst_id or one.id] is not one:
            continue
        kind = _kind(one)
        turn = taken[kind, one.quarter] = taken.get((kind, one.quarter), 0) + 1
        turns.append((kind, turn, one.quarter, one))
    turns.sort(key=lambda turn: turn[:3])
    return [one for *_, one in turns[:OF_A_MONTH]]


def _kind(one: Candidate) -> int:
    if one.is_video:
        return 3
    if one.is_screenshot:
        return 2
    return 0 if one.favourite or one.rating >= GOOD_RATING else 1
