"""The `rate_limit` table: attempts of one key in windows of fixed length."""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Window:
    """attempts: in the current window, this one included."""

    attempts: int
    seconds_left: int


def count(conn: Connection, key: str, window: timedelta) -> Window:
    """Count one attempt and say how many the current window has now seen. Atomic."""
    with conn.cursor(row_factory=class_row(Window)) as cursor:
        counted = cursor.execute(
            """
            INSERT INTO rate_limit (key, window_start)
            VALUES (%(key)s, date_bin(%(window)s, now(), 'epoch'))
            ON CONFLICT (key, window_start) DO UPDATE SET attempts = rate_limit.attempts + 1
            RETURNING attempts,
                      ceil(extract(epoch FROM window_start + %(window)s - now()))::integer AS seconds_left
            """,
            {"key": key, "window": window},
        ).fetchone()
    assert counted is not None, "an upsert returns its row"
    return counted


def take_back(conn: Connection, key: str, window: timedelta) -> None:
    """Uncount one attempt of the current window: it was a rightful one."""
    conn.execute(
        """
        UPDATE rate_limit SET attempts = attempts - 1
        WHERE key = %(key)s AND window_start = date_bin(%(window)s, now(), 'epoch') AND attempts > 0
        """,
        {"key": key, "window": window},
    )


def delete_past(conn: Connection, window: timedelta) -> int:
    """Delete windows that are over. How many."""
    return conn.execute("DELETE FROM rate_limit WHERE window_start < now() - %s", [window]).rowcount
