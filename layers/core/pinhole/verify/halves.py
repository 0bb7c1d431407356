"""No live photo is two items: halves that stayed apart, as while one lay in the trash, are joined."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from pinhole import live
from pinhole.errors import Unavailable
from pinhole.ingest import joining
from pinhole.stages import Lane, Subject
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally


@dataclass(frozen=True, slots=True)
class Apart:
    """Halves of one content identifier. item_id: of the older one; since: when the younger one was read."""

    owner_id: int
    item_id: str
    since: datetime


_APART = SQL(
    """
    SELECT owner_id, (array_agg(id ORDER BY created_at, id))[1] AS item_id, max(metadata_at) AS since
    FROM (
        SELECT DISTINCT ON (held.owner_id, live_content_id, kind)
            held.owner_id, live_content_id, item.id, item.created_at, metadata_at
        FROM item_metadata AS held JOIN media_item AS item ON item.owner_id = held.owner_id AND item.id = held.item_id
        WHERE live_content_id IS NOT NULL AND is_half(item)
        ORDER BY held.owner_id, live_content_id, kind, item.created_at, item.id
    ) AS half
    GROUP BY owner_id, live_content_id HAVING count(*) = 2
    """
).format()


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about live photos. What is younger than `before` is not judged."""
    for apart in streams.rows(_APART, {}, Apart):
        if apart.since > before:
            tally.young += 1
            continue
        item_id = apart.item_id
        if repair:
            try:
                joined, months = joining.join(Subject(apart.owner_id, item_id), Lane.BULK)
            except Unavailable:  # while a change of many is under way: another time
                tally.young += 1
                continue
            if not months:  # somebody else has done it meanwhile
                continue
            item_id = joined.id
            live.library_changed(apart.owner_id, months)
        logger.warning("inconsistency_found", extra={"kind": Kind.HALVES_APART, "item_id": item_id, "repaired": repair})
        yield Finding(Kind.HALVES_APART, "", item_id, repaired=repair)
