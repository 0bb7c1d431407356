"""What was released stays as it was, and libraries made by it can be carried on."""

import hashlib
import shutil
from pathlib import Path

from psycopg import Connection

from infra import migrate

RELEASED = dict(line.split()[::-1] for line in (migrate.MIGRATIONS / "released.txt").read_text("utf-8").splitlines())


def test_no_released_migration_was_edited() -> None:
    for name, digest in RELEASED.items():
        assert hashlib.sha256((migrate.MIGRATIONS / name).read_bytes()).hexdigest() == digest, name


def test_what_comes_after_the_released_ones_is_numbered_after_them() -> None:
    later = {path.name for path in migrate.MIGRATIONS.glob("*.sql")} - RELEASED.keys()
    assert all(name > max(RELEASED) for name in later)


def test_a_library_of_the_last_release_is_carried_on(database_url: str, conn: Connection, tmp_path: Path) -> None:
    conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    for name in RELEASED:
        shutil.copy(migrate.MIGRATIONS / name, tmp_path)
    assert [f"{name}.sql" for name in migrate.apply(database_url, tmp_path)] == sorted(RELEASED)
    conn.execute(
        """
        INSERT INTO users (id, name, name_key, password_hash, role, folder)
        VALUES (7, 'ann', 'ann', '-', 'member', 'ann');
        INSERT INTO media_item (
            owner_id, id, item_key, kind, taken_at_local, sort_timestamp, time_confidence, metadata_at)
        VALUES (7, 'abcdefghij01', 'k', 'video', '2024-07-14', '2024-07-14', 'low', now());
        """
    )

    assert set(migrate.apply(database_url)) == {path.stem for path in migrate.MIGRATIONS.glob("*.sql")} - {
        name.removesuffix(".sql") for name in RELEASED
    }

    assert conn.execute("SELECT visible, listed, month::text FROM media_item").fetchall() == [
        (True, True, "2024-07-01")
    ]
