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
        INSERT INTO original_file (
            owner_id, bucket, object_key, item_id, role, etag, size_bytes, filename, sha256, counts)
        VALUES (7, 'originals', 'ann/a.mp4', 'abcdefghij01', 'main', 'e', 1, 'a.mp4', sha256('a'), true);
        INSERT INTO item_metadata (owner_id, item_id, title) VALUES (7, 'abcdefghij01', 'Sommer');
        INSERT INTO item_statement (owner_id, item_id, layer, said)
        VALUES (7, 'abcdefghij01', 'person', '{"title": "Sommer"}');
        INSERT INTO rendition (owner_id, item_id, name, version, width, height, size_bytes)
        VALUES (7, 'abcdefghij01', '240.webp', 1, 320, 240, 9);
        INSERT INTO timeline_month (viewer_id, month, revision) VALUES (7, '2024-07-01', 3);
        INSERT INTO upload (
            owner_id, id, object_key, filename, size_bytes, sha256, content_type, method, state, item_id, expires_at)
        VALUES (7, 'abcdefghij02', 'ann/a.mp4', 'a.mp4', 1, sha256('a'), 'video/mp4', 'single', 'ready', 'abcdefghij01',
                now());
        INSERT INTO job (owner_id, subject_kind, subject_id, stage) VALUES (7, 'item', 'abcdefghij01', 'video');
        INSERT INTO outbox (owner_id, subject_kind, subject_id, change) VALUES (7, 'item', 'abcdefghij01', 'born');
        INSERT INTO notice (user_id, kind, detail, changed_at, requested_at)
        VALUES (7, 'library_changed', '{"months": []}', now(), now());
        """
    )
    tables = [
        *("users", "media_item", "original_file", "item_metadata", "item_statement", "rendition"),
        *("timeline_month", "upload", "outbox", "notice"),
    ]

    assert set(migrate.apply(database_url)) == {path.stem for path in migrate.MIGRATIONS.glob("*.sql")} - {
        name.removesuffix(".sql") for name in RELEASED
    }

    assert [conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables] == [(1,)] * len(tables)
    # The video gets a poster now.
    jobs = conn.execute("SELECT stage::text, state::text, lane::text FROM job ORDER BY stage")
    assert jobs.fetchall() == [("poster", "waiting", "bulk"), ("video", "waiting", "bulk")]
    assert conn.execute("SELECT visible, listed, month::text FROM media_item").fetchall() == [
        (True, True, "2024-07-01")
    ]
