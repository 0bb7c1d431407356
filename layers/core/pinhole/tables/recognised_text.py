"""Table `recognised_text`: lines of text that were read in pictures."""

from collections.abc import Sequence

from psycopg import Connection

from pinhole.seen import Look, TextLine, flat


def insert(conn: Connection, look: Look, lines: Sequence[TextLine]) -> None:
    """Write the lines that a look read."""
    conn.cursor().executemany(
        "INSERT INTO recognised_text (owner_id, item_id, percentage, model_id, number, line, score, corners)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [(*look.key, number, one.text, one.score, flat(one.corners)) for number, one in enumerate(lines)],
    )
