"""Every item that was read can be found: where what it is found by is lost, it is written again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.sql import SQL

from pinhole.db import transaction
from pinhole.tables import search_text
from pinhole.telemetry import logger
from pinhole.verify import streams
from pinhole.verify.finding import Finding, Kind, Tally


@dataclass(frozen=True, slots=True)
class Lost:
    """An item that no search finds."""

    owner_id: int
    item_id: str
    object_key: str
    metadata_at: datetime


_LOST = SQL(
    """
    SELECT item.owner_id, item.id AS item_id, file.object_key, item.metadata_at
    FROM media_item AS item
    JOIN original_file AS file ON file.owner_id = item.owner_id AND file.item_id = item.id AND file.role = 'main'
    LEFT JOIN search_text AS text ON text.owner_id = item.owner_id AND text.item_id = item.id
    WHERE item.metadata_at IS NOT NULL AND text.item_id IS NULL
    """
).format()


def check(before: datetime, tally: Tally, *, repair: bool) -> Iterator[Finding]:
    """Findings about what items are found by. What is younger than `before` is not judged."""
    for lost in streams.rows(_LOST, {}, Lost):
        if lost.metadata_at > before:
            tally.young += 1
            continue
        if repair:
            with transaction() as conn:
                search_text.refresh(conn, lost.owner_id, [lost.item_id])
        logger.warning(
            "inconsistency_found", extra={"kind": Kind.SEARCH_TEXT_LOST, "item_id": lost.item_id, "repaired": repair}
        )
        yield Finding(Kind.SEARCH_TEXT_LOST, lost.object_key, lost.item_id, repaired=repair)
