"""What holds of an item once a person has said or done something else: as columns, in JSON.

Of what several layers of `item_statement` tell, the person's word holds, else the sidecar's, else the file's.
"""

from collections.abc import Set
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pinhole.edits.said import MARKS, Said
from pinhole.edits.when import When, said_of
from pinhole.imaging import capture_time
from pinhole.tables.media_item import Held

_PLAIN = ("rating", "title", "description", "keywords")
_POSITION = {
    "latitude": "latitude",
    "longitude": "longitude",
    "altitudeM": "altitude_m",
    "directionDeg": "direction_deg",
}


def of_grid(item: Held, base: dict[str, Any], after: Said, changed: Set[str], fallback_timezone: str) -> dict[str, Any]:
    """Columns of `media_item` that change. base: what file and sidecar say; changed: which of `after` differ.

    fallback_timezone: IANA name of the zone that orders what has no UTC time.
    """
    columns: dict[str, Any] = {}
    if changed & set(MARKS):
        columns["favourite"] = after["favourite"]
        columns["visibility"] = "archive" if after["archived"] else "timeline"
        columns["trashed_at"] = after["trashedAt"]
    if changed & {"time", "position"}:
        when = taken(item, base, after)
        new = {each.name: getattr(when, each.name) for each in fields(When)}
        new["sort_timestamp"] = when.sort_timestamp(fallback_timezone)
        columns |= {name: _json(value) for name, value in new.items() if value != getattr(item, name)}
    return columns


def beyond_grid(base: dict[str, Any], after: Said, changed: Set[str]) -> dict[str, Any]:
    """Columns of `item_metadata` that change, but for the names of the place."""
    columns: dict[str, Any] = {}
    for name in changed & set(_PLAIN):
        columns[name] = after[name] if name in after else base.get(name)
    if "keywords" in columns:
        columns["keywords"] = columns["keywords"] or []
    if "position" in changed:
        position = (after["position"] if "position" in after else base.get("position")) or {}
        columns |= {column: position.get(name) for name, column in _POSITION.items()}
    return columns


def taken(item: Held, base: dict[str, Any], after: Said) -> When:
    """When the item was taken, as it holds then. What no file says of it any more is taken as it holds now."""
    of_base = base.get("time", {})
    if "source" in of_base:
        when = When.of_statement(of_base)
    else:
        when = When(**{each.name: getattr(item, each.name) for each in fields(When)})
    position = after.get("position")
    zone = None if position is None else _zone_at(position["latitude"], position["longitude"])
    return said_of(when, after.get("time", {}), zone)


@lru_cache(maxsize=1024)
def _zone_at(latitude: float, longitude: float) -> ZoneInfo | None:
    return capture_time.zone_at(latitude, longitude)


def _json(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.isoformat() if value.tzinfo is None else value.astimezone(UTC).isoformat()
