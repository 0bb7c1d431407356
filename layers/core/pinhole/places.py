"""From coordinates to names."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.tables import place
from pinhole.tables.place import PopulatedPlace

__all__ = ["Place", "PopulatedPlace", "find", "load"]

MAX_KM = 50
_CITY_POPULATION = 100_000
_CITY_PER_KM2 = 4000  # people: a city's area is guessed from how many live there


@dataclass(frozen=True, slots=True)
class Place:
    """`country_code` is ISO 3166-1 alpha-2; `neighbourhood` only within a large city."""

    country_code: str
    country: str
    region: str | None
    city: str
    neighbourhood: str | None


def load(conn: Connection, places: Iterable[PopulatedPlace], source: str) -> int:
    """Know these places, and no others, unless those of this source are known. How many were loaded."""
    return 0 if place.source(conn) == source else place.replace_all(conn, places, source)


def find(conn: Connection, latitude: float, longitude: float) -> Place | None:
    """The populated place nearest to the coordinates (degrees); None where none is within 50 km.

    GeoNames lists parts of cities beside the cities. Where the point lies within a much larger place of the
    same region, that one is the city, and the nearest its neighbourhood.
    """
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(
            """
            WITH point AS (
                SELECT cube(ARRAY[
                    6371.0088 * cos(radians(%(latitude)s)) * cos(radians(%(longitude)s)),
                    6371.0088 * cos(radians(%(latitude)s)) * sin(radians(%(longitude)s)),
                    6371.0088 * sin(radians(%(latitude)s))
                ]) AS location
            ),
            nearest AS (
                SELECT place.* FROM place ORDER BY place.location <-> (SELECT location FROM point) LIMIT 1
            )
            SELECT nearest.country_code, nearest.country, nearest.region,
                coalesce(city.name, nearest.name) AS city,
                CASE WHEN city.name IS NOT NULL THEN nearest.name END AS neighbourhood
            FROM nearest
            CROSS JOIN point
            LEFT JOIN LATERAL (
                SELECT place.name FROM place
                WHERE place.location <@ cube_enlarge(point.location, %(max_km)s, 3)
                    AND place.population >= greatest(%(city_population)s, 2 * nearest.population)
                    AND place.country_code = nearest.country_code
                    AND place.region IS NOT DISTINCT FROM nearest.region
                    AND place.location <-> point.location <= sqrt(place.population / (%(per_km2)s * pi()))
                ORDER BY place.population DESC
                LIMIT 1
            ) AS city ON true
            WHERE nearest.location <-> point.location <= %(max_km)s
            """,
            {
                "latitude": latitude,
                "longitude": longitude,
                "max_km": MAX_KM,
                "city_population": _CITY_POPULATION,
                "per_km2": _CITY_PER_KM2,
            },
        ).fetchone()
