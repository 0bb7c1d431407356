"""Rows and objects side by side: two streams in the same order, of which neither is ever held whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeVar

from psycopg.rows import class_row
from psycopg.sql import Composed

from pinhole.db import transaction
from pinhole.objects import Listed

PAGE = 1000

Row = TypeVar("Row")


def rows(query: Composed, values: Mapping[str, Any], kind: type[Row]) -> Iterator[Row]:
    """The rows of a query as of now, page by page, while other transactions run in between."""
    with transaction() as conn:
        cursor = conn.cursor("verify", row_factory=class_row(kind), withhold=True)
        cursor.execute(query, values)
    try:
        while True:
            with transaction():
                page = cursor.fetchmany(PAGE)
            if not page:
                return
            yield from page
    finally:
        cursor.close()


def side_by_side(
    rows: Iterable[Row], row_name: Callable[[Row], str], listed: Iterable[Listed], object_name: Callable[[Listed], str]
) -> Iterator[tuple[list[Row], list[Listed]]]:
    """The rows and the objects of each name, in the order of the names; either may be none.

    Both come in the order of their names, as bytes; a name has few rows and few objects.
    """
    named = ((name, list(group)) for name, group in groupby(rows, row_name))
    stored = ((name, list(group)) for name, group in groupby(listed, object_name))
    of_rows, of_objects = next(named, None), next(stored, None)
    while of_rows is not None or of_objects is not None:
        if of_objects is None or (of_rows is not None and of_rows[0] < of_objects[0]):
            assert of_rows is not None
            yield of_rows[1], []
            of_rows = next(named, None)
        elif of_rows is None or of_objects[0] < of_rows[0]:
            yield [], of_objects[1]
            of_objects = next(stored, None)
        else:
            yield of_rows[1], of_objects[1]
            of_rows, of_objects = next(named, None), next(stored, None)
