"""Tables `item_metadata`, what holds of an item beyond the grid, and `item_statement`, which layer said what of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pinhole.db import readable_json
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


@dataclass(frozen=True, slots=True)
class MovingPart:
    """Where in the main file of an item its video lies: all of it where size_bytes is None."""

    offset: int
    size_bytes: int | None
    plays_in_browsers: bool


def moving_part(conn: Connection, owner_id: int, item_id: str) -> MovingPart | None:
    """Of a video, or of a photo whose file holds a clip. None of an item that was not read, or is gone."""
    with conn.cursor(row_factory=class_row(MovingPart)) as cursor:
        return cursor.execute(
            "SELECT coalesce(motion_offset, 0) AS offset, motion_bytes AS size_bytes, plays_in_browsers"
            " FROM item_metadata WHERE owner_id = %s AND item_id = %s",
            (owner_id, item_id),
        ).fetchone()


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


def list_said(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """What each layer says of each of these items: by id, and by layer."""
    return dict(
        conn.execute(
            """
            SELECT item_id, jsonb_object_agg(layer, said) FROM item_statement
            WHERE owner_id = %s AND item_id = ANY(%s) GROUP BY item_id
            """,
            (owner_id, list(item_ids)),
        ).fetchall()
    )


def weigh(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> dict[str, int]:
    """How many bytes of JSON `list_said` would read of each of these items, by id."""
    return dict(
        conn.execute(
            """
            SELECT item_id, sum(octet_length(said::text)) FROM item_statement
            WHERE owner_id = %s AND item_id = ANY(%s) GROUP BY item_id
            """,
            (owner_id, list(item_ids)),
        ).fetchall()
    )


def list_keywords(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> dict[str, list[str]]:
    """The keywords that hold of each of these items, by id."""
    return dict(
        conn.execute(
            "SELECT item_id, keywords FROM item_metadata WHERE owner_id = %s AND item_id = ANY(%s)",
            (owner_id, list(item_ids)),
        ).fetchall()
    )


def say_many(conn: Connection, owner_id: int, layer: Layer, said: Mapping[str, Mapping[str, Any]]) -> None:
    """The same as `say` of many items, by their ids."""
    conn.execute(
        """
        INSERT INTO item_statement (owner_id, item_id, layer, said)
        SELECT %s, item_id, %s, said FROM jsonb_each(%s) AS each (item_id, said)
        ON CONFLICT (owner_id, item_id, layer) DO UPDATE SET said = excluded.said, said_at = now()
        """,
        (owner_id, layer, readable_json(said)),
    )


def write(conn: Connection, owner_id: int, columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Give items, by their ids, values of columns, as JSON: of those that several layers tell, and of the place."""
    conn.execute(
        """
        UPDATE item_metadata SET
            (rating, title, description, keywords, latitude, longitude, altitude_m, direction_deg, country_code,
             country, region, city, neighbourhood)
            = (SELECT rating, title, description, keywords, latitude, longitude, altitude_m, direction_deg,
                   country_code, country, region, city, neighbourhood
               FROM jsonb_populate_record(item_metadata, written.columns))
        FROM jsonb_each(%s) AS written (item_id, columns)
        WHERE item_metadata.owner_id = %s AND item_metadata.item_id = written.item_id
        """,
        (readable_json(columns), owner_id),
    )
