"""Table `face`: faces that were found, with the vectors by which they are compared."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Face, Look, flat


def insert(conn: Connection, look: Look, faces: Sequence[Face]) -> None:
    """Write the faces that a look found."""
    conn.cursor().executemany(
        """
        INSERT INTO face (owner_id, item_id, percentage, model_id, number, box, landmarks, confidence, size_px,
                          sharpness, embedding)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::real[]::halfvec)
        """,
        [
            (
                *look.key,
                number,
                one.box.numbers,
                flat(one.landmarks),
                one.confidence,
                one.size_px,
                one.sharpness,
                [float(value) for value in one.embedding],
            )
            for number, one in enumerate(faces)
        ],
    )
