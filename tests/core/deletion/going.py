"""What is left of a user who is deleted, and the function that deletes, whose steps are two items or rows."""

import time
from collections.abc import Iterator
from typing import Any

from psycopg import Connection, sql

from deletions import handler
from pinhole.deletion import job
from tests.fixtures.cloud import Cloud
from tests.fixtures.lambda_context import Context

SMALL = 2


def handle(event: dict[str, Any], context: Any) -> Any:
    """As `deletions.handler.handle`: also for workers that are processes of their own."""
    job.ITEMS = job.ROWS = SMALL
    return handler.handle(event, context)


def handle_all(event: dict[str, Any], _context: Any) -> Any:
    """The same by a call that has time for all of it."""
    return handle(event, Context(remaining=100_000))


def deliver(cloud: Cloud, body: str, remaining: int = 0) -> bool:
    """Give a message to the function, whose time is over after a step. Whether it is done with it."""
    record = cloud.through_queue("deletions", body)
    return bool(handle({"Records": [record]}, Context(remaining=remaining)) == {"batchItemFailures": []})


def work_off(cloud: Cloud) -> int:
    """Give the function what waits and can be seen, until nothing does. How many messages that were."""
    delivered = 0
    while bodies := cloud.messages("deletions"):
        for body in bodies:
            assert deliver(cloud, body)
            delivered += 1
    return delivered


def of_users(conn: Connection) -> Iterator[tuple[str, str]]:
    """Each table and column that says whose a row is: by a foreign key, or by its name."""
    yield from conn.execute(
        """
        SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint AS c
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass
        UNION
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name IN ('owner_id', 'user_id', 'viewer_id', 'actor_id')
        ORDER BY 1, 2
        """
    ).fetchall()


def left(conn: Connection, user_id: int) -> dict[str, int]:
    """How many rows of each table are of a user, without those that are of none."""
    counted = {}
    for table, column in of_users(conn):
        query = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
        [(rows,)] = conn.execute(query, (user_id,))
        if rows:
            counted[f"{table}.{column}"] = rows
    users = conn.execute("SELECT count(*) FROM users WHERE id = %s", (user_id,)).fetchone()
    return counted | ({"users": 1} if users == (1,) else {})


def empty(cloud: Cloud) -> None:
    """Remove whatever lies in the buckets, in every version."""
    for bucket in ("originals", "renditions"):
        for page in cloud.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                cloud.s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        listed = cloud.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        for one_left in listed:
            cloud.s3.delete_object(Bucket=bucket, Key=one_left["Key"])


def empty_folder(cloud: Cloud, prefix: str) -> None:
    """Remove originals below a prefix, in every version."""
    page = cloud.s3.list_object_versions(Bucket="originals", Prefix=prefix)
    for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
        cloud.s3.delete_object(Bucket="originals", Key=one["Key"], VersionId=one["VersionId"])


def delayed(cloud: Cloud, name: str) -> list[str]:
    """The messages of a queue that come after a second."""
    while not (bodies := cloud.messages(name)):
        time.sleep(0.1)
    return bodies


def versions(cloud: Cloud, prefix: str) -> list[str]:
    """Keys of all versions of originals, of what only says that one was removed, and of what is sent in parts."""
    page = cloud.s3.list_object_versions(Bucket="originals", Prefix=prefix)
    parts = cloud.s3.list_multipart_uploads(Bucket="originals", Prefix=prefix).get("Uploads", [])
    return [one["Key"] for one in [*page.get("Versions", []), *page.get("DeleteMarkers", []), *parts]]
