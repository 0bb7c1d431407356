"""Names of places, over the data that is shipped."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection

from infra import places as loader
from infra.local.postgres import Postgres
from pinhole import places
from pinhole.places import Place
from pinhole.tables import place
from pinhole.tables.place import PopulatedPlace


@pytest.fixture(scope="module")
def world(postgres_server: Postgres) -> Iterator[str]:
    """URL of a database that knows the places of the world."""
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE world TEMPLATE template_pinhole")
    url = postgres_server.url_of("world")
    loader.fill(url)
    yield url
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE world WITH (FORCE)")


@pytest.fixture
def atlas(world: str) -> Iterator[Connection]:
    with psycopg.connect(world) as connection:
        yield connection


def test_a_town_is_named_with_its_region_and_country(atlas: Connection) -> None:
    assert places.find(atlas, 43.4674, 11.8851) == Place("IT", "Italy", "Tuscany", "Arezzo", None)


def test_a_part_of_a_large_city_is_its_neighbourhood(atlas: Connection) -> None:
    found = places.find(atlas, 40.6501, -73.9496)
    assert found is not None
    assert (found.country_code, found.region, found.city) == ("US", "New York", "New York City")
    assert found.neighbourhood is not None


def test_a_place_across_the_border_of_a_region_keeps_its_own_city(atlas: Connection) -> None:
    found = places.find(atlas, 40.7282, -74.0776)
    assert found is not None
    assert (found.region, found.city) == ("New Jersey", "Jersey City")


def test_the_open_sea_has_no_name(atlas: Connection) -> None:
    assert places.find(atlas, 35.0, -40.0) is None


def test_fifty_kilometres_are_the_limit(conn: Connection) -> None:
    lonely = PopulatedPlace("Lonely", "NO", "Norway", None, 3, 0.0, 0.0)
    place.replace_all(conn, [lonely], "a test")
    assert places.find(conn, 0.0, 0.449) is not None  # 49.9 km along the equator
    assert places.find(conn, 0.0, 0.451) is None  # 50.1 km


def test_the_nearest_place_is_found_across_the_date_line(conn: Connection) -> None:
    east = PopulatedPlace("East", "FJ", "Fiji", None, 10, -16.0, 179.95)
    west = PopulatedPlace("West", "FJ", "Fiji", None, 10, -16.0, -179.7)
    place.replace_all(conn, [east, west], "a test")
    found = places.find(conn, -16.0, -179.95)
    assert found is not None
    assert found.city == "East"


def test_degrees_of_longitude_are_short_in_the_north(conn: Connection) -> None:
    north = PopulatedPlace("North", "NO", "Norway", None, 10, 78.5, 15.0)
    aside = PopulatedPlace("Aside", "NO", "Norway", None, 10, 78.2, 16.0)
    place.replace_all(conn, [north, aside], "a test")
    found = places.find(conn, 78.2, 15.0)
    assert found is not None
    assert found.city == "Aside"  # 23 km away, a degree of longitude; North is 33 km away, a third of a degree


def test_an_empty_table_names_nothing(conn: Connection) -> None:
    assert places.find(conn, 43.4674, 11.8851) is None


def test_the_same_data_is_loaded_once(world: str) -> None:
    assert loader.fill(world) == 0
