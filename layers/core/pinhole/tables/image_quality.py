"""Table `image_quality`: how good pictures are, measured."""

from psycopg import Connection

from pinhole.seen import Look, Quality


def insert(conn: Connection, look: Look, quality: Quality) -> None:
    """Write what was measured."""
    conn.execute(
        "INSERT INTO image_quality (owner_id, item_id, percentage, model_id, sharpness, noise, exposure, overall)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (*look.key, quality.sharpness, quality.noise, quality.exposure, quality.overall),
    )
