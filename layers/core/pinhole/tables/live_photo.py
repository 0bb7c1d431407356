"""Live photos: two items of one content identifier, a photo and a video, and how they become one.

Whoever joins them takes the lock of the identifier (`lock`) first, and then those of both originals' keys.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from psycopg import Connection
from psycopg.rows import class_row

Halves = tuple["Half", "Half"]
"""The photo, and the video."""


@dataclass(frozen=True, slots=True)
class Half:
    """An item that may be half of a live photo. object_key: of its original."""

    kind: Literal["photo", "video"]
    item_id: str
    object_key: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The item that two became, months that it is in or they were, and keys of renditions that are none of it."""

    item_id: str
    months: list[date]
    let_go: list[str]


def content_id(conn: Connection, owner_id: int, item_id: str) -> str | None:
    """The identifier by which an item is half of a live photo."""
    row = conn.execute(
        "SELECT live_content_id FROM item_metadata WHERE owner_id = %s AND item_id = %s", (owner_id, item_id)
    ).fetchone()
    return row[0] if row else None


def lock(conn: Connection, owner_id: int, live_content_id: str) -> None:
    """Have everybody else who would join halves of this identifier wait until the end of the transaction."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('live photo ' || %s, %s))", (live_content_id, owner_id))


def halves(conn: Connection, owner_id: int, live_content_id: str) -> Halves | None:
    """The halves of this identifier that are two items: where there are more, the oldest photo and the oldest video."""
    with conn.cursor(row_factory=class_row(Half)) as cursor:
        found = cursor.execute(
            """
            SELECT DISTINCT ON (kind) kind::text, item_metadata.item_id, object_key
            FROM item_metadata
            JOIN media_item ON media_item.owner_id = item_metadata.owner_id AND id = item_metadata.item_id
            JOIN original_file AS file
                ON file.owner_id = item_metadata.owner_id AND file.item_id = item_metadata.item_id AND role = 'main'
            WHERE item_metadata.owner_id = %s AND live_content_id = %s AND is_half(media_item)
            ORDER BY kind, media_item.created_at, id
            """,
            (owner_id, live_content_id),
        ).fetchall()
    return (found[0], found[1]) if len(found) == 2 else None


def join(conn: Connection, owner_id: int, photo_id: str, video_id: str) -> Joined | None:
    """Make one item of the two, as the function in the database has it. None where they are no such halves any more.

    Who calls it bumps the months.
    """
    kept, months, let_go = conn.execute(
        "SELECT * FROM join_live_photo(%s, %s, %s)", (owner_id, photo_id, video_id)
    ).fetchone() or (None, [], [])
    return None if kept is None else Joined(kept, months, let_go)
