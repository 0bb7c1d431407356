"""Tables `item_metadata`, what holds of an item beyond the grid, and `item_statement`, which layer said what of it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from pinhole.imaging.facts import Facts


class Layer(StrEnum):
    """Who says something of an item. Each outranks those before it."""

    FILE = "file"
    SIDECAR = "sidecar"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMetadata(Facts):
    """What a file says of itself, and where its coordinates are; the fields are the columns of the same names."""

    country_code: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    neighbourhood: str | None = None
    motion_offset: int | None = None
    motion_bytes: int | None = None


def insert(conn: Connection, owner_id: int, item_id: str, metadata: ItemMetadata) -> None:
    """Keep what holds of an item: so far, what its file says. What is kept already stays."""
    of_types = {"keywords": list(metadata.keywords), "exif": Jsonb(metadata.exif)}
    values = asdict(metadata) | of_types | {"owner_id": owner_id, "item_id": item_id}
    conn.execute(
        sql.SQL("INSERT INTO item_metadata ({}) VALUES ({}) ON CONFLICT (owner_id, item_id) DO NOTHING").format(
            sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join(map(sql.Placeholder, values))
        ),
        values,
    )


def mark_looked_at(conn: Connection, owner_id: int, item_id: str, *, colours: list[int], perceptual_hash: int) -> None:
    """Keep what its pixels say. colours: 0xRRGGBB; perceptual_hash: 64 bits as a signed number."""
    conn.execute(
        "UPDATE item_metadata SET colours = %s, perceptual_hash = %s WHERE owner_id = %s AND item_id = %s",
        (colours, perceptual_hash, owner_id, item_id),
    )


def say(conn: Connection, owner_id: int, item_id: str, layer: Layer, said: dict[str, Any]) -> None:
    """Keep what a layer says, in place of what it said before. The keys are those that the table's comment lists."""
    # Said twice: who names excluded.said must be allowed to read it, and ingest is not.
    conn.execute(
        """
        INSERT INTO item_statement (owner_id, item_id, layer, said) VALUES (%(owner)s, %(item)s, %(layer)s, %(said)s)
        ON CONFLICT (owner_id, item_id, layer) DO UPDATE SET said = %(said)s, said_at = now()
        """,
        {"owner": owner_id, "item": item_id, "layer": layer, "said": Jsonb(said)},
    )
