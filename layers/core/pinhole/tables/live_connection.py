"""Open WebSockets, by the id that the WebSocket API gave them."""

from collections.abc import Sequence

from psycopg import Connection


def add(conn: Connection, connection_id: str, user_id: int) -> None:
    """Remember a connection; told twice is told once."""
    conn.execute(
        "INSERT INTO live_connection (connection_id, user_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (connection_id, user_id),
    )


def remove(conn: Connection, connection_ids: Sequence[str]) -> None:
    """Forget connections that are closed."""
    conn.execute("DELETE FROM live_connection WHERE connection_id = ANY(%s)", (list(connection_ids),))


def of_user(conn: Connection, user_id: int) -> list[str]:
    """Ids of a user's connections. Some may be closed: an announced end can get lost."""
    rows = conn.execute("SELECT connection_id FROM live_connection WHERE user_id = %s", (user_id,))
    return [connection_id for (connection_id,) in rows]
