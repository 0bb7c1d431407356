"""Table `place`: populated places, replaced as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection, sql


@dataclass(frozen=True, slots=True)
class PopulatedPlace:
    """A village, a town, or a part of one. `region` is the first administrative division."""

    name: str
    country_code: str
    country: str
    region: str | None
    population: int
    latitude: float
    longitude: float


def source(conn: Connection) -> str | None:
    """Where the rows come from, as `replace_all` was told; None before it was called."""
    row = conn.execute("SELECT obj_description('place'::regclass, 'pg_class')").fetchone()
    return row[0] if row else None


def replace_all(conn: Connection, places: Iterable[PopulatedPlace], source: str) -> int:
    """Put these places in the table and no others. Returns how many there are."""
    conn.execute("TRUNCATE place")
    conn.execute("DROP INDEX place_location_idx")  # made once over all rows, not kept row by row: twice as fast
    columns = ("name", "country_code", "country", "region", "population", "latitude", "longitude")
    copy = sql.SQL("COPY place ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    count = 0
    with conn.cursor() as cursor, cursor.copy(copy) as rows:
        for count, place in enumerate(places, 1):  # noqa: B007  # the last number is the answer
            rows.write_row([getattr(place, column) for column in columns])
    conn.execute("CREATE INDEX place_location_idx ON place USING gist (location)")
    conn.execute(sql.SQL("COMMENT ON TABLE place IS {}").format(sql.Literal(source)))
    return count
