"""The folders that photos came in."""

from collections import Counter

from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access
from pinhole.filenames import folder_of

# Of each folder one item tells the path.
_COUNTS = SQL(
    """
    SELECT relative_path, items
    FROM (
        SELECT owner_id, min(id) AS id, count(*) AS items FROM media_item WHERE {may_see} GROUP BY owner_id, folder
    ) AS in_folder
    JOIN original_file AS file ON file.owner_id = in_folder.owner_id AND file.item_id = in_folder.id AND role = 'main'
    """
).format(may_see=access.MAY_SEE)


def count(conn: Connection, viewer_id: int) -> Counter[str]:
    """How many items that the viewer may see lie in each folder and below, by path; empty is the top."""
    counts: Counter[str] = Counter()
    for relative_path, items in conn.execute(_COUNTS, {"viewer_id": viewer_id}):
        folder = folder_of(relative_path)
        counts[folder] += items
        while folder:
            folder = folder_of(folder)
            counts[folder] += items
    return counts
