"""The migrations, applied to a real PostgreSQL."""

from psycopg import Connection

from infra import migrate


def test_migrations_applied_again_change_nothing(database_url: str, conn: Connection) -> None:
    assert migrate.apply(database_url) == []
    assert conn.execute("SELECT count(*) FROM media_item").fetchone() == (0,)
