"""Table `image_tag`: words for whole pictures."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Look, Tag


def insert(conn: Connection, look: Look, tags: Sequence[Tag]) -> None:
    """Write the tags that a look found; their names differ."""
    conn.execute(
        "INSERT INTO image_tag (owner_id, item_id, percentage, model_id, name, score)"
        " SELECT %s, %s, %s, %s, name, score FROM unnest(%s::text[], %s::real[]) AS found (name, score)",
        (
            *look.key,
            [tag.name for tag in tags],
            [float(tag.score) for tag in tags],
        ),
    )
