"""Table `rendition`: what is shown of an item, a row for each picture or video that was derived from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Rendition:
    """One of them; name: such as `240.webp`; width and height in pixels."""

    name: str
    version: int
    width: int
    height: int
    size_bytes: int


def replace(conn: Connection, owner_id: int, item_id: str, made: Sequence[Rendition]) -> None:
    """Show these; those of the same names and of other versions are not shown any more."""
    conn.execute(
        "DELETE FROM rendition WHERE owner_id = %s AND item_id = %s AND name = ANY(%s)",
        (owner_id, item_id, [one.name for one in made]),
    )
    conn.cursor().executemany(
        "INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(owner_id, item_id, one.name, one.version, one.width, one.height, one.size_bytes) for one in made],
    )


def has_any(conn: Connection, owner_id: int, item_id: str) -> bool:
    """Whether anything is shown of an item."""
    [(has,)] = conn.execute(
        "SELECT EXISTS (SELECT FROM rendition WHERE owner_id = %s AND item_id = %s)", (owner_id, item_id)
    )
    return bool(has)


def remove(conn: Connection, owner_id: int, item_id: str) -> None:
    """Note that nothing is shown of an item: what was is lost."""
    conn.execute("DELETE FROM rendition WHERE owner_id = %s AND item_id = %s", (owner_id, item_id))
