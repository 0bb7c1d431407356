"""Table `kept_folder`: prefixes of originals that stayed when their user went."""

from psycopg import Connection


def insert(conn: Connection, folder: str) -> None:
    """Keep a folder from all others."""
    conn.execute("INSERT INTO kept_folder (folder) VALUES (%s) ON CONFLICT DO NOTHING", (folder,))
