"""Table `detected_object`: things that were found, and where."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import DetectedObject, Look


def insert(conn: Connection, look: Look, objects: Sequence[DetectedObject]) -> None:
    """Write the objects that a look found."""
    conn.cursor().executemany(
        "INSERT INTO detected_object (owner_id, item_id, percentage, model_id, number, name, score, box)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [(*look.key, number, one.name, one.score, one.box.numbers) for number, one in enumerate(objects)],
    )
