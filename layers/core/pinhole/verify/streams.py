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
) -> Iterator[tuple[Row | None, list[Listed]]]:
    """Each row with the objects of the same name, rows without objects, and objects without a row.

    Both come in the order of their names, as bytes; a name has one row at most, and few objects.
    """
    groups = ((name, list(group)) for name, group in groupby(listed, object_name))
    name, group = next(groups, (None, []))
    for row in rows:
        while name is not None and name < row_name(row):
            yield None, group
            name, group = next(groups, (None, []))
        if name == row_name(row):
            yield row, group
            name, group = next(groups, (None, []))
        else:
            yield row, []
    while name is not None:
        yield None, group
        name, group = next(groups, (None, []))
