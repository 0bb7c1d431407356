"""Table `caption_day`: how many questions were asked on a day."""

from psycopg import Connection


def spend(conn: Connection, limit: int) -> bool:
    """Count one more question of today (UTC), of at most `limit`, which is positive. False when there is none left."""
    return (
        conn.execute(
            """
            INSERT INTO caption_day (day, questions) VALUES ((now() AT TIME ZONE 'UTC')::date, 1)
            ON CONFLICT (day) DO UPDATE SET questions = caption_day.questions + 1
            WHERE caption_day.questions < %s
            """,
            (limit,),
        ).rowcount
        == 1
    )
