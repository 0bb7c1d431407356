"""Table `image_embedding`: one vector a picture and model, by which pictures are found and compared."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Look


def insert(conn: Connection, look: Look, embedding: Sequence[float]) -> None:
    """Write the vector that a look made, of unit length."""
    conn.execute(
        "INSERT INTO image_embedding (owner_id, item_id, percentage, model_id, embedding)"
        " VALUES (%s, %s, %s, %s, %s::real[]::halfvec)",
        (*look.key, [float(value) for value in embedding]),
    )
