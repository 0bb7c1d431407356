"""Table `image_colours`: the colours of pictures, measured."""

from psycopg import Connection

from pinhole.seen import Colours, Look


def insert(conn: Connection, look: Look, colours: Colours) -> None:
    """Write the colours that were measured."""
    conn.execute(
        """
        INSERT INTO image_colours (owner_id, item_id, percentage, model_id, dominant, shares, hue, saturation,
                                   lightness, histogram)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            *look.key,
            [colour for colour, _ in colours.dominant],
            [float(share) for _, share in colours.dominant],
            colours.hue,
            colours.saturation,
            colours.lightness,
            [float(share) for share in colours.histogram],
        ),
    )
