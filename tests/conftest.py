"""Fixtures of every test. What they start is real: PostgreSQL, the object store, the queue."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.cloud",
    "tests.fixtures.ingest",
    "tests.fixtures.api",
    "tests.fixtures.uploading",
    "tests.fixtures.instance",
]
