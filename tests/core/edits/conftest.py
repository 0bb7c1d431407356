"""A library whose items tell what their files say, and what edits make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import dict_row

from pinhole import edits
from pinhole.edits import Change, Edit, Selection
from pinhole.lists import ItemList
from pinhole.tables import place
from pinhole.tables.place import PopulatedPlace
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library, new_library

# What the file of each says of itself, beside the local time.
FILE: Mapping[str, Any] = {
    "time": {
        "takenAtUtc": None,
        "utcOffsetSeconds": None,
        "timezoneName": None,
        "source": "exif_original",
        "confidence": "low",
    },
    "title": "Of the file",
    "rating": 2,
    "keywords": ["sea", "boat"],
}
# Moves with each edit, or tells which transaction made it.
MOVES = {"revision", "placed_by", "shown_by", "favoured_by", "dated_by"}
PLACES = [
    PopulatedPlace("Naples", "IT", "Italy", "Campania", 900_000, 40.85, 14.27),
    PopulatedPlace("Naples", "US", "United States", "Florida", 20_000, 26.14, -81.79),
    PopulatedPlace("Zürich", "CH", "Switzerland", "Zurich", 400_000, 47.37, 8.55),
    PopulatedPlace("Tokyo", "JP", "Japan", "Tokyo", 9_000_000, 35.69, 139.69),
]
NAPLES: dict[str, Any] = {"latitude": 40.85, "longitude": 14.27}
TOKYO: dict[str, Any] = {"latitude": 35.69, "longitude": 139.69}


@dataclass(frozen=True, slots=True)
class Album:
    """The library of one owner, seen from outside."""

    library: Library

    @property
    def owner_id(self) -> int:
        """Whose it is."""
        return self.library.owner_id

    @property
    def conn(self) -> Connection:
        """A connection that sees what was committed."""
        return self.library.conn

    def add(self, taken: str = "2024-07-14T21:30:15", said: Mapping[str, Any] = FILE, **columns: Any) -> str:
        """A photo as ingest would have left it, of which its file says this."""
        time = {"takenAtLocal": taken, **FILE["time"], **said.get("time", {})}
        plain = {name: said[name] for name in ("title", "rating", "keywords", "description") if name in said}
        held = {
            "taken_at_utc": time["takenAtUtc"],
            "utc_offset_seconds": time["utcOffsetSeconds"],
            "timezone_name": time["timezoneName"],
            "time_source": time["source"],
            "time_confidence": time["confidence"],
        }
        if time["takenAtUtc"] is not None:
            held["sort_timestamp"] = time["takenAtUtc"]
        return self.library.add(taken, said={**said, "time": time}, **held, **plain, **columns)

    def edit(self, ids: Sequence[str], *, reset: Sequence[str] = (), **values: Any) -> Change:
        """Change items by their ids, in the words of the wire."""
        return edits.edit_items(self.owner_id, Selection(ids=frozenset(ids)), asked(*reset, **values))

    def row(self, item_id: str) -> dict[str, Any]:
        """All that is known of an item, but for how often it was changed."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            [row] = cursor.execute(
                """
                SELECT media_item.*, item_metadata.*,
                    coalesce((SELECT said FROM item_statement AS person
                     WHERE person.owner_id = media_item.owner_id AND person.item_id = id AND layer = 'person'), '{}')
                    AS person
                FROM media_item JOIN item_metadata ON item_metadata.owner_id = media_item.owner_id AND item_id = id
                WHERE media_item.owner_id = %s AND id = %s
                """,
                (self.owner_id, item_id),
            )
        return {name: value for name, value in row.items() if name not in MOVES}

    def as_of(self) -> str:
        """Of lists as they are now."""
        [(snapshot,)] = self.conn.execute("SELECT pg_current_snapshot()::text")
        return str(snapshot)

    def edit_list(self, name: str, as_of: str, months: Sequence[date] | None = None) -> Change:
        """Give all of a list, as it was then, a title."""
        chosen = None if months is None else tuple(months)
        selection = Selection(list=ItemList(name, "" if name == "folder" else None), months=chosen, as_of=as_of)
        return edits.edit_items(self.owner_id, selection, asked(title="Of the list"))

    def months(self) -> dict[str, int]:
        """The revision of each month."""
        rows = self.conn.execute(
            "SELECT to_char(month, 'YYYY-MM'), revision FROM timeline_month WHERE viewer_id = %s", (self.owner_id,)
        )
        return dict(rows.fetchall())

    def revision(self, item_id: str) -> int:
        """How often an item was changed."""
        [(revision,)] = self.conn.execute(
            "SELECT revision FROM media_item WHERE owner_id = %s AND id = %s", (self.owner_id, item_id)
        )
        return int(revision)


def asked(*reset: str, **values: Any) -> Edit:
    """An edit in the words of the wire."""
    return edits.asked(values, reset)


@pytest.fixture
def album(conn: Connection, cloud: Cloud) -> Album:
    """The library of a user `ann`; four places have names."""
    place.replace_all(conn, PLACES, "a test")
    return Album(new_library(conn, "ann"))
