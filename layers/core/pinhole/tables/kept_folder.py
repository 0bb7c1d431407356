"""Table `kept_folder`: prefixes of users who are gone: what lies there, or arrives late, is nobody's."""

from psycopg import Connection


def insert(conn: Connection, folder: str) -> None:
    """Keep a folder from all others."""
    conn.execute("INSERT INTO kept_folder (folder) VALUES (%s) ON CONFLICT DO NOTHING", (folder,))
