"""From coordinates to names."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.tables import place
from pinhole.tables.place import PopulatedPlace

__all__ = ["Place", "PopulatedPlace", "Suggestion", "find", "find_many", "load", "named", "suggest"]

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

    @property
    def name(self) -> str:
        """As a photo is named by it: `Naples, Italy`."""
        return f"{self.city}, {self.country}"


def load(conn: Connection, places: Iterable[PopulatedPlace], source: str) -> int:
    """Know these places, and no others, unless those of this source are known. How many were loaded."""
    return 0 if place.source(conn) == source else place.replace_all(conn, places, source)


def find(conn: Connection, latitude: float, longitude: float) -> Place | None:
    """The populated place nearest to the coordinates (degrees); None where none is within 50 km."""
    return find_many(conn, [(latitude, longitude)]).get((latitude, longitude))


def find_many(conn: Connection, points: Iterable[tuple[float, float]]) -> dict[tuple[float, float], Place]:
    """The same for many points (latitude, longitude), by themselves; without those that have none.

    GeoNames lists parts of cities beside the cities. Where the point lies within a much larger place of the
    same region, that one is the city, and the nearest its neighbourhood.
    """
    asked = list(points)
    found = conn.execute(
        """
        SELECT point.latitude, point.longitude, nearest.country_code, nearest.country, nearest.region,
            coalesce(city.name, nearest.name) AS city,
            CASE WHEN city.name IS NOT NULL THEN nearest.name END AS neighbourhood
        FROM unnest(%(latitudes)s::double precision[], %(longitudes)s::double precision[])
            AS point (latitude, longitude)
        CROSS JOIN LATERAL (SELECT cube(ARRAY[
            6371.0088 * cos(radians(point.latitude)) * cos(radians(point.longitude)),
            6371.0088 * cos(radians(point.latitude)) * sin(radians(point.longitude)),
            6371.0088 * sin(radians(point.latitude))
        ])) AS at (location)
        CROSS JOIN LATERAL (SELECT place.* FROM place ORDER BY place.location <-> at.location LIMIT 1) AS nearest
        LEFT JOIN LATERAL (
            SELECT place.name FROM place
            WHERE place.location <@ cube_enlarge(at.location, %(max_km)s, 3)
                AND place.population >= greatest(%(city_population)s, 2 * nearest.population)
                AND place.country_code = nearest.country_code
                AND place.region IS NOT DISTINCT FROM nearest.region
                AND place.location <-> at.location <= sqrt(place.population / (%(per_km2)s * pi()))
            ORDER BY place.population DESC
            LIMIT 1
        ) AS city ON true
        WHERE nearest.location <-> at.location <= %(max_km)s
        """,
        {
            "latitudes": [latitude for latitude, _ in asked],
            "longitudes": [longitude for _, longitude in asked],
            "max_km": MAX_KM,
            "city_population": _CITY_POPULATION,
            "per_km2": _CITY_PER_KM2,
        },
    )
    return {(latitude, longitude): Place(*names) for latitude, longitude, *names in found}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A populated place by its name. Degrees."""

    name: str
    region: str | None
    country: str
    country_code: str
    latitude: float
    longitude: float


def suggest(conn: Connection, begin: str, limit: int) -> list[Suggestion]:
    """Places whose names begin so, whatever their accents and case: those of just this name first, then the largest.

    None where nothing but accents is asked for, since all names begin so.
    """
    with conn.cursor(row_factory=class_row(Suggestion)) as cursor:
        return cursor.execute(
            """
            SELECT name, region, country, country_code, latitude, longitude FROM place
            WHERE folded(name) LIKE replace(replace(replace(folded(%(begin)s), '\\', '\\\\'), '%%', '\\%%'), '_', '\\_')
                || '%%'
                AND folded(%(begin)s) <> ''
            ORDER BY folded(name) = folded(%(begin)s) DESC, population DESC, id LIMIT %(limit)s
            """,
            {"begin": begin, "limit": limit},
        ).fetchall()


def named(conn: Connection, name: str) -> tuple[float, float] | None:
    """The point (latitude, longitude) of the largest place of just this name; None where there is none."""
    row = conn.execute(
        "SELECT latitude, longitude FROM place WHERE folded(name) = folded(%s) ORDER BY population DESC, id LIMIT 1",
        (name,),
    ).fetchone()
    return None if row is None else (row[0], row[1])
