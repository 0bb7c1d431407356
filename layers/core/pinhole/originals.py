"""The files that items are stored as, for whoever takes many of them home."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import access
from pinhole.tables import item_redirect

MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file of an item: what it is made from, or the moving half of a live photo, which has the same `item_id`.

    taken_at_local: of the item.
    """

    item_id: str
    object_key: str
    filename: str
    size_bytes: int
    taken_at_local: datetime


_SELECT = SQL(
    """
    SELECT media_item.id AS item_id, object_key, filename, size_bytes, taken_at_local
    FROM unnest(%(item_ids)s::text[]) WITH ORDINALITY AS asked (id, place)
    JOIN media_item ON media_item.id = asked.id AND {may_see}
    JOIN original_file ON original_file.owner_id = media_item.owner_id AND original_file.item_id = media_item.id
    WHERE role IN ('main', 'clip')
    ORDER BY place, role
    """
).format(may_see=access.MAY_OPEN)


def list_files(conn: Connection, viewer_id: int, item_ids: Sequence[str]) -> list[OriginalFile]:
    """The files of those of these items that the viewer may open, in the order in which they are asked for.

    A live photo has two, the picture first. item_ids: MAX_ITEMS at most, no two alike.
    """
    with conn.cursor(row_factory=class_row(OriginalFile)) as cursor:
        return cursor.execute(
            _SELECT,
            {"viewer_id": viewer_id, "item_ids": item_redirect.follow_all(conn, viewer_id, item_ids)},
        ).fetchall()
