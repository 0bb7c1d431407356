"""Table `rendition`: what is shown of an item, a row for each picture or video that was derived from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection, sql
from psycopg.rows import class_row

LIFETIME = timedelta(days=30)
"""Of those that expire, since they were last asked for."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One of them; name: such as `240.webp`; width and height in pixels."""

    name: str
    version: int
    width: int
    height: int
    size_bytes: int


_OF_ITEM = sql.SQL(
    "SELECT name, version, width, height, size_bytes FROM rendition WHERE owner_id = %s AND item_id = %s "
)


PICTURES = sql.SQL("name NOT LIKE ALL (ARRAY['%%.mp4', 'still-%%'])")
"""Of the renditions of an item its whole picture, in one size or another: neither what plays nor a still."""


def replace(conn: Connection, owner_id: int, item_id: str, made: Sequence[Rendition]) -> None:
    """Show these; those of the same names and of other versions are not shown any more, nor those that expire."""
    conn.execute(
        "DELETE FROM rendition WHERE owner_id = %s AND item_id = %s AND expires_at IS NOT NULL", (owner_id, item_id)
    )
    put(conn, owner_id, item_id, made)


def put(conn: Connection, owner_id: int, item_id: str, made: Sequence[Rendition]) -> None:
    """Show these beside the others, in place of those of the same names."""
    conn.execute(
        "DELETE FROM rendition WHERE owner_id = %s AND item_id = %s AND name = ANY(%s)",
        (owner_id, item_id, [one.name for one in made]),
    )
    conn.cursor().executemany(
        "INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(owner_id, item_id, one.name, one.version, one.width, one.height, one.size_bytes) for one in made],
    )


def find(conn: Connection, owner_id: int, item_id: str, name: str) -> Rendition | None:
    """The rendition of that name; None where the item has none."""
    with conn.cursor(row_factory=class_row(Rendition)) as cursor:
        return cursor.execute(
            _OF_ITEM + sql.SQL("AND name = %s"),
            (owner_id, item_id, name),
        ).fetchone()


def names_of(conn: Connection, owner_id: int, item_id: str) -> set[str]:
    """Names of all renditions of an item."""
    rows = conn.execute("SELECT name FROM rendition WHERE owner_id = %s AND item_id = %s", (owner_id, item_id))
    return {name for (name,) in rows}


def next_version(conn: Connection, owner_id: int, item_id: str) -> int:
    """A version that nothing of the item has been shown by."""
    [(latest,)] = conn.execute(
        """
        SELECT greatest(
            (SELECT rendition_version FROM media_item WHERE owner_id = %(owner_id)s AND id = %(item_id)s),
            (SELECT max(version) FROM rendition WHERE owner_id = %(owner_id)s AND item_id = %(item_id)s)
        )
        """,
        {"owner_id": owner_id, "item_id": item_id},
    )
    return int(latest or 0) + 1


def has_any(conn: Connection, owner_id: int, item_id: str) -> bool:
    """Whether anything is shown of an item."""
    [(has,)] = conn.execute(
        "SELECT EXISTS (SELECT FROM rendition WHERE owner_id = %s AND item_id = %s)", (owner_id, item_id)
    )
    return bool(has)


def remove(conn: Connection, owner_id: int, item_id: str) -> None:
    """Note that nothing is shown of an item: what was is lost."""
    conn.execute("DELETE FROM rendition WHERE owner_id = %s AND item_id = %s", (owner_id, item_id))


def add_for_a_time(conn: Connection, owner_id: int, item_id: str, made: Rendition) -> None:
    """Show one more, or one of this name anew, until it expires."""
    forget(conn, owner_id, item_id, made.name)
    conn.execute(
        "INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, now() + %s)",
        (owner_id, item_id, made.name, made.version, made.width, made.height, made.size_bytes, LIFETIME),
    )


def largest(conn: Connection, owner_id: int, item_id: str) -> Rendition | None:
    """The one with the most pixels that has not expired."""
    with conn.cursor(row_factory=class_row(Rendition)) as cursor:
        return cursor.execute(
            _OF_ITEM
            + sql.SQL("AND (expires_at IS NULL OR expires_at > now()) AND ")
            + PICTURES
            + sql.SQL(" ORDER BY width::bigint * height DESC LIMIT 1"),
            (owner_id, item_id),
        ).fetchone()


def keep(conn: Connection, owner_id: int, item_id: str) -> None:
    """Let those that expire live their time from now, to a day, so that not every look at them writes."""
    conn.execute(
        "UPDATE rendition SET expires_at = now() + %(lifetime)s WHERE owner_id = %(owner_id)s AND item_id = %(item_id)s"
        " AND expires_at BETWEEN now() AND now() + %(lifetime)s - interval '1 day'",
        {"owner_id": owner_id, "item_id": item_id, "lifetime": LIFETIME},
    )


def list_expired(conn: Connection, limit: int) -> list[tuple[int, str]]:
    """Owner and id of items that have renditions whose time is over."""
    return conn.execute(
        "SELECT owner_id, item_id FROM rendition WHERE expires_at <= now() ORDER BY expires_at LIMIT %s", (limit,)
    ).fetchall()


def expired(conn: Connection, owner_id: int, item_id: str) -> list[Rendition]:
    """Those of an item whose time is over."""
    with conn.cursor(row_factory=class_row(Rendition)) as cursor:
        return cursor.execute(
            _OF_ITEM + sql.SQL("AND expires_at <= now()"),
            (owner_id, item_id),
        ).fetchall()


def forget(conn: Connection, owner_id: int, item_id: str, name: str) -> None:
    """Note that the one of this name is not there, or not any more."""
    conn.execute("DELETE FROM rendition WHERE owner_id = %s AND item_id = %s AND name = %s", (owner_id, item_id, name))
