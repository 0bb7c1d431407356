"""What the columns of an item make of each other: who may see it, whether it is listed, what the grid shows."""

from itertools import product
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access
from tests.fixtures.library import Library, new_library

NOW = "2026-01-01T00:00:00Z"


@pytest.fixture
def library(conn: Connection) -> Library:
    return new_library(conn, "ann")


def column(library: Library, item_id: str, name: str) -> Any:
    [(value,)] = library.conn.execute(f"SELECT {name} FROM media_item WHERE id = %s", (item_id,))
    return value


@pytest.mark.parametrize(
    ("columns", "visible", "listed"),
    [
        ({}, True, True),
        ({"visibility": "archive"}, True, False),
        ({"visibility": "hidden"}, False, False),
        ({"visibility": "locked"}, False, False),
        ({"below_top": True}, True, False),
        ({"tops_stack": True}, True, True),
        ({"hiding_albums": 2}, True, False),
        ({"trashed_at": NOW}, False, False),
        ({"missing_at": NOW}, False, False),
        ({"failed_at": NOW}, False, False),
        ({"renditions_at": None}, False, False),
        ({"kind": "video", "renditions_at": None}, True, True),
    ],
)
def test_what_is_listed_is_visible_and_not_put_away(
    library: Library, columns: dict[str, Any], visible: bool, listed: bool
) -> None:
    item_id = library.add(**columns)
    assert (column(library, item_id, "visible"), column(library, item_id, "listed")) == (visible, listed)


def test_what_may_be_opened_is_what_is_visible_or_would_be_without_the_trash(library: Library) -> None:
    states: list[tuple[str, list[Any]]] = [
        ("visibility", ["timeline", "archive", "hidden", "locked"]),
        ("missing_at", [None, NOW]),
        ("failed_at", [None, NOW]),
        ("renditions_at", [None, NOW]),
        ("trashed_at", [None, NOW]),
    ]
    names = [name for name, _ in states]
    for values in product(*(values for _, values in states)):
        library.add(**dict(zip(names, values, strict=True)))
    differing = SQL(
        """
        SELECT id FROM media_item
        WHERE visible IS DISTINCT FROM ({may_open} AND trashed_at IS NULL)
           OR {trashed} IS DISTINCT FROM ({may_open} AND trashed_at IS NOT NULL)
        """
    ).format(may_open=access.MAY_OPEN, trashed=access.TRASHED)
    viewer = {"viewer_id": library.owner_id}
    assert library.conn.execute(differing, viewer).fetchall() == []
    [(opened,)] = library.conn.execute(SQL("SELECT count(*) FROM media_item WHERE {}").format(access.MAY_OPEN), viewer)
    assert opened == 4


@pytest.mark.parametrize(
    ("columns", "flags"),
    [
        ({}, 0),
        ({"favourite": True}, 1),
        ({"has_clip": True}, 2),
        ({"tops_stack": True}, 4),
        ({"is_projected": True}, 8),
        ({"favourite": True, "has_clip": True, "tops_stack": True, "is_projected": True}, 15),
    ],
)
def test_flags_are_the_bits_that_the_grid_shows(library: Library, columns: dict[str, Any], flags: int) -> None:
    assert column(library, library.add(**columns), "flags") == flags


def test_the_revision_of_an_item_grows_with_each_change(library: Library) -> None:
    item_id = library.add()
    assert column(library, item_id, "revision") == 1
    library.change(item_id, favourite=True)
    library.change(item_id, favourite=True)
    assert column(library, item_id, "revision") == 3


def test_two_owners_may_have_items_of_one_id(library: Library) -> None:
    item_id = library.add()
    new_library(library.conn, "bob").add(id=item_id)
    with pytest.raises(psycopg.errors.UniqueViolation):
        library.add(id=item_id)


def test_the_same_bytes_count_once_for_an_owner_unless_they_are_of_a_failed_item(library: Library) -> None:
    sha256 = bytes(32)
    library.add(sha256=sha256, failed_at=NOW)
    library.add(sha256=sha256)
    new_library(library.conn, "bob").add(sha256=sha256)
    with pytest.raises(psycopg.errors.UniqueViolation):
        library.add(sha256=sha256)
