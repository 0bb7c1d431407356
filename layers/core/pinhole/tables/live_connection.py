"""Open WebSockets, by the id that the WebSocket API gave them."""

from collections.abc import Sequence

from psycopg import Connection


def add(conn: Connection, connection_id: str, session_id: str) -> None:
    """Remember a connection; told twice is told once."""
    conn.execute(
        "INSERT INTO live_connection (connection_id, session_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (connection_id, session_id),
    )


def count_of_session(conn: Connection, session_id: str) -> int:
    """How many connections a session has. Some may be closed, until they are told something."""
    [(connections,)] = conn.execute("SELECT count(*) FROM live_connection WHERE session_id = %s", (session_id,))
    return int(connections)


def remove(conn: Connection, connection_ids: Sequence[str]) -> None:
    """Forget connections that are closed."""
    conn.execute("DELETE FROM live_connection WHERE connection_id = ANY(%s)", (list(connection_ids),))


def of_user(conn: Connection, user_id: int) -> list[str]:
    """Ids of the connections of a user's open sessions; none of one who is disabled.

    Some may be closed: an announced end can get lost.
    """
    rows = conn.execute(
        """
        SELECT connection_id FROM live_connection
        JOIN session ON session.id = session_id JOIN users ON users.id = user_id
        WHERE user_id = %s AND ended_at IS NULL AND disabled_at IS NULL
        """,
        (user_id,),
    )
    return [connection_id for (connection_id,) in rows]


def exist_ended(conn: Connection, user_id: int) -> bool:
    """Whether there are any that `remove_ended` would forget."""
    row = conn.execute(
        """
        SELECT FROM live_connection
        JOIN session ON session.id = session_id JOIN users ON users.id = user_id
        WHERE user_id = %s AND (ended_at IS NOT NULL OR disabled_at IS NOT NULL)
        LIMIT 1
        """,
        (user_id,),
    )
    return row.fetchone() is not None


def remove_ended(conn: Connection, user_id: int) -> list[str]:
    """Forget the connections of a user's sessions that ended, all where they are disabled.

    Their ids: they may still be open.
    """
    rows = conn.execute(
        """
        DELETE FROM live_connection USING session JOIN users ON users.id = session.user_id
        WHERE session.id = session_id AND user_id = %s AND (ended_at IS NOT NULL OR disabled_at IS NOT NULL)
        RETURNING connection_id
        """,
        (user_id,),
    )
    return [connection_id for (connection_id,) in rows]
