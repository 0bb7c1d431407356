"""What filters can be set to, and how many items have it."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access

MOST = 200


@dataclass(frozen=True, slots=True)
class Value:
    """count: of the items that the viewer may see."""

    value: str
    count: int


_COUNTED = SQL(
    """
    SELECT CASE
            WHEN grouping(country) = 0 THEN 'country' WHEN grouping(place_name) = 0 THEN 'place'
            WHEN grouping(camera_model) = 0 THEN 'camera' WHEN grouping(kind) = 0 THEN 'kind'
            WHEN grouping(favourite) = 0 THEN 'favourite' ELSE 'minRating'
        END AS filter,
        coalesce(country, place_name, camera_model, kind::text, favourite::text, rating::text) AS value, count(*)
    FROM media_item JOIN item_metadata
        ON item_metadata.owner_id = media_item.owner_id AND item_metadata.item_id = media_item.id
    WHERE {may_see}
    GROUP BY GROUPING SETS ((country), (place_name), (camera_model), (kind), (favourite), (rating))
    """
).format(may_see=access.MAY_SEE)


def values(conn: Connection, viewer_id: int) -> dict[str, Sequence[Value]]:
    """By the names of filters, the most frequent first, at most MOST each. Of `minRating`: items with so many stars or
    more."""
    counted: dict[str, dict[str, int]] = {}
    for name, value, count in conn.execute(_COUNTED, {"viewer_id": viewer_id}):
        if value:
            counted.setdefault(name, {})[value] = count
    stars = counted.get("minRating", {})
    counted["minRating"] = {
        str(least): sum(count for rating, count in stars.items() if int(rating) >= least)
        for least in range(1, 6)
        if any(int(rating) >= least for rating in stars)
    }
    return {
        name: [Value(value, count) for value, count in sorted(each.items(), key=lambda one: (-one[1], one[0]))[:MOST]]
        for name, each in counted.items()
    }
