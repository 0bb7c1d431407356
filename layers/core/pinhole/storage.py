"""What a library takes in the object store."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL

from pinhole import access


@dataclass(frozen=True, slots=True)
class Stored:
    """Of one owner. items: those that they may see."""

    originals_bytes: int
    renditions_bytes: int
    items: int


_READ = SQL(
    """
    SELECT
        (SELECT coalesce(sum(size_bytes), 0)::bigint FROM original_file WHERE owner_id = %(viewer_id)s)
            AS originals_bytes,
        (SELECT coalesce(sum(size_bytes), 0)::bigint FROM rendition WHERE owner_id = %(viewer_id)s) AS renditions_bytes,
        (SELECT count(*) FROM media_item WHERE {may_see}) AS items
    """
).format(may_see=access.MAY_SEE)


def read(conn: Connection, viewer_id: int) -> Stored:
    """Sum up what is stored now, also of what is not shown; not what is still to be uploaded."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        stored = cursor.execute(_READ, {"viewer_id": viewer_id}).fetchone()
    assert stored is not None
    return stored
