"""Table `media_item`: one photo or video of one owner; its identity, order and visibility, and what the grid needs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pinhole.filenames import folder_key, folder_of
from pinhole.ids import new_id, new_key


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an item while it is worked on."""

    owner_id: int
    id: str
    item_key: str
    created_at: datetime
    kind: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    has_clip: bool
    month: date | None
    rendition_version: int
    metadata_at: datetime | None
    renditions_at: datetime | None
    processed: bool
    visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the metadata stage learns for the grid and its order; the fields are the columns of the same names.

    width, height: in pixels, as displayed.
    """

    kind: str
    width: int | None
    height: int | None
    duration_ms: int | None
    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: str
    time_confidence: str
    sort_timestamp: datetime
    has_clip: bool = False
    is_projected: bool = False
    place_name: str | None = None


_SELECT = sql.SQL(
    "SELECT owner_id, id, item_key, created_at, kind, width, height, duration_ms, has_clip, month,"
    " rendition_version, metadata_at, renditions_at, processed, visible FROM media_item "
)


def insert(conn: Connection, owner_id: int, relative_path: str | None) -> Item:
    """Add an item of which nothing is known yet. relative_path: of its main file, folders and name."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        item = cursor.execute(
            "INSERT INTO media_item (owner_id, id, item_key, folder) VALUES (%s, %s, %s, %s) RETURNING owner_id, id,"
            " item_key, created_at, kind, width, height, duration_ms, has_clip, month, rendition_version, metadata_at,"
            " renditions_at, processed, visible",
            (owner_id, new_id(), new_key(), folder_key(folder_of(relative_path))),
        ).fetchone()
    assert item is not None
    return item


def get(conn: Connection, owner_id: int, item_id: str) -> Item | None:
    """The owner's item, or None when it was removed meanwhile."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(_SELECT + sql.SQL("WHERE owner_id = %s AND id = %s"), (owner_id, item_id)).fetchone()


def lock(conn: Connection, owner_id: int, item_id: str) -> Item | None:
    """The owner's item, that nobody else changes until the transaction ends."""
    with conn.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(
            _SELECT + sql.SQL("WHERE owner_id = %s AND id = %s FOR NO KEY UPDATE"), (owner_id, item_id)
        ).fetchone()


def commit_metadata(conn: Connection, owner_id: int, item_id: str, shape: Shape) -> bool:
    """Write what the metadata stage learned, once. False when an earlier delivery did, or the item is gone."""
    values = asdict(shape)
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    return (
        conn.execute(
            sql.SQL(
                "UPDATE media_item SET {}, metadata_at = now()"
                " WHERE owner_id = %(owner_id)s AND id = %(item_id)s AND metadata_at IS NULL AND failed_at IS NULL"
            ).format(assignments),
            {**values, "owner_id": owner_id, "item_id": item_id},
        ).rowcount
        == 1
    )


def commit_renditions(conn: Connection, owner_id: int, item_id: str, *, version: int, thumb_hash: bytes) -> bool:
    """Make this version of the renditions the one that is shown. False when a later one is, or the item is gone."""
    return (
        conn.execute(
            """
            UPDATE media_item SET rendition_version = %(version)s, thumb_hash = %(thumb_hash)s, renditions_at = now()
            WHERE owner_id = %(owner_id)s AND id = %(item_id)s AND rendition_version < %(version)s
              AND failed_at IS NULL
            """,
            {"owner_id": owner_id, "item_id": item_id, "version": version, "thumb_hash": thumb_hash},
        ).rowcount
        == 1
    )


def note_shape(conn: Connection, owner_id: int, item_id: str, width: int, height: int, duration_ms: int | None) -> None:
    """What nobody could tell of a video until its pictures were decoded; what is known stays."""
    conn.execute(
        "UPDATE media_item SET width = coalesce(width, %s), height = coalesce(height, %s),"
        " duration_ms = coalesce(duration_ms, %s) WHERE owner_id = %s AND id = %s",
        (width, height, duration_ms, owner_id, item_id),
    )


def mark_missing(conn: Connection, owner_id: int, item_id: str, *, missing: bool) -> None:
    """Its original is gone, and the item is not shown; or it is back. Who calls it bumps the item's month."""
    conn.execute(
        "UPDATE media_item SET missing_at = CASE WHEN %s THEN now() END WHERE owner_id = %s AND id = %s",
        (missing, owner_id, item_id),
    )


def restore(conn: Connection, owner_id: int, item_id: str) -> tuple[datetime, date | None] | None:
    """Take an item out of the trash: since when it lay there, and the month in which it is listed now."""
    return conn.execute(
        """
        UPDATE media_item SET trashed_at = NULL
        FROM (
            SELECT trashed_at FROM media_item
            WHERE owner_id = %(owner_id)s AND id = %(item_id)s AND trashed_at IS NOT NULL FOR NO KEY UPDATE
        ) AS before
        WHERE owner_id = %(owner_id)s AND id = %(item_id)s
        RETURNING before.trashed_at, CASE WHEN listed THEN month END
        """,
        {"owner_id": owner_id, "item_id": item_id},
    ).fetchone()


def mark_failed(conn: Connection, owner_id: int, item_id: str) -> bool:
    """Hide an item that was never visible: a stage of it failed for good. Its original and its row stay.

    False for one that was: a stage that was done again may fail, a photo does not vanish by it.
    """
    return (
        conn.execute(
            "UPDATE media_item SET failed_at = now() WHERE owner_id = %s AND id = %s AND failed_at IS NULL AND NOT"
            " processed",
            (owner_id, item_id),
        ).rowcount
        == 1
    )


def clear_failure(conn: Connection, owner_id: int, item_id: str) -> date | None:
    """The stage that failed is tried again. The month in which the item is visible by that, None where it is not."""
    row = conn.execute(
        "UPDATE media_item SET failed_at = NULL WHERE owner_id = %s AND id = %s AND failed_at IS NOT NULL"
        " RETURNING CASE WHEN visible THEN month END",
        (owner_id, item_id),
    ).fetchone()
    return row[0] if row else None


def list_by_id(conn: Connection, item_ids: Sequence[str]) -> list[tuple[int, str]]:
    """Owner and id of the items with these ids, of whatever owner: for operators, who know no owners' ids."""
    return conn.execute(
        "SELECT item.owner_id, item.id FROM users JOIN media_item AS item ON item.owner_id = users.id"
        " WHERE item.id = ANY(%s)",
        (list(item_ids),),
    ).fetchall()


def remove(conn: Connection, owner_id: int, item_id: str) -> None:
    """Forget an item of which nothing was read yet, with its files. Another stays. Its jobs are not here."""
    conn.execute("DELETE FROM media_item WHERE owner_id = %s AND id = %s AND metadata_at IS NULL", (owner_id, item_id))


_IDLE = sql.SQL(
    """
    NOT EXISTS (
        SELECT FROM job
        WHERE job.owner_id = media_item.owner_id AND subject_kind = 'item' AND subject_id = media_item.id
          AND state = 'running' AND leased_until > now() - make_interval(secs => %(seconds)s)
    )
    """
)


def list_idle(conn: Connection, owner_id: int, seconds: int, limit: int) -> list[str]:
    """Ids of the owner's items that no attempt works on, and none did whose lease ended so many seconds ago or less."""
    found = conn.execute(
        sql.SQL("SELECT id FROM media_item WHERE owner_id = %(owner_id)s AND {} ORDER BY id LIMIT %(limit)s").format(
            _IDLE
        ),
        {"owner_id": owner_id, "seconds": seconds, "limit": limit},
    )
    return [item_id for (item_id,) in found]


def take_idle(conn: Connection, owner_id: int, seconds: int, item_ids: Sequence[str]) -> dict[str, str]:
    """Those of these items that are idle in the same way, locked; their keys by id. Lock their files before."""
    found = conn.execute(
        sql.SQL(
            "SELECT id, item_key FROM media_item WHERE owner_id = %(owner_id)s AND id = ANY(%(ids)s) AND {}"
            " ORDER BY id FOR UPDATE"
        ).format(_IDLE),
        {"owner_id": owner_id, "seconds": seconds, "ids": list(item_ids)},
    )
    return dict(found.fetchall())


def delete(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> None:
    """Delete items with all that is known of them. Their jobs are not here."""
    conn.execute("DELETE FROM media_item WHERE owner_id = %s AND id = ANY(%s)", (owner_id, list(item_ids)))


def exists_any(conn: Connection, owner_id: int) -> bool:
    """Whether the owner has any item."""
    # In order, for the planner believes that there are many still, of which one is soon found without an index.
    row = conn.execute("SELECT FROM media_item WHERE owner_id = %s ORDER BY id LIMIT 1", (owner_id,))
    return row.fetchone() is not None


@dataclass(frozen=True, slots=True)
class Held:
    """What of an item a person may change, locked until the transaction ends; the fields are columns."""

    id: str
    revision: int
    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: str | None
    time_confidence: str
    sort_timestamp: datetime
    favourite: bool
    visibility: str
    trashed_at: datetime | None
    month: date
    listed: bool


def page(conn: Connection, where: sql.Composable, parameters: Mapping[str, Any], after: str, limit: int) -> list[str]:
    """Ids behind `after`, in their order, of items for which a condition on the table holds."""
    found = conn.execute(
        sql.SQL(
            "SELECT id FROM media_item WHERE {} AND owner_id = %(viewer_id)s AND id > %(after)s"
            " ORDER BY id LIMIT %(limit)s"
        ).format(where),
        {**parameters, "after": after, "limit": limit},
    )
    return [item_id for (item_id,) in found]


def count(conn: Connection, where: sql.Composable, parameters: Mapping[str, Any]) -> int:
    """Of how many items a condition on the table holds."""
    [(number,)] = conn.execute(sql.SQL("SELECT count(*) FROM media_item WHERE {}").format(where), parameters)
    return int(number)


def hold(conn: Connection, where: sql.Composable, parameters: Mapping[str, Any], item_ids: Sequence[str]) -> list[Held]:
    """Those of these items for which the condition holds, locked in the order of their ids, as everybody locks them."""
    with conn.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(
            sql.SQL(
                """
                SELECT id, revision, taken_at_local, taken_at_utc, utc_offset_seconds, timezone_name, time_source,
                    time_confidence, sort_timestamp, favourite, visibility, trashed_at, month, listed
                FROM media_item WHERE {} AND owner_id = %(viewer_id)s AND id = ANY(%(held)s)
                ORDER BY id FOR NO KEY UPDATE
                """
            ).format(where),
            {**parameters, "held": list(item_ids)},
        ).fetchall()


def write(conn: Connection, owner_id: int, columns: Mapping[str, Mapping[str, Any]]) -> list[date]:
    """Give items, by their ids, values of columns, as JSON; each gets a new revision. Months of those that are listed.

    The columns are those of `Held` that a person may change, and `place_name`.
    """
    written = conn.execute(
        """
        UPDATE media_item SET
            (taken_at_local, taken_at_utc, utc_offset_seconds, timezone_name, time_source, time_confidence,
             sort_timestamp, favourite, visibility, trashed_at, place_name)
            = (SELECT taken_at_local, taken_at_utc, utc_offset_seconds, timezone_name, time_source, time_confidence,
                   sort_timestamp, favourite, visibility, trashed_at, place_name
               FROM jsonb_populate_record(media_item, written.columns))
        FROM jsonb_each(%s) AS written (id, columns)
        WHERE media_item.owner_id = %s AND media_item.id = written.id
        RETURNING month, listed, written.columns <> '{}'
        """,
        (Jsonb(columns), owner_id),
    )
    return list({month for month, listed, shown in written if listed and shown})
