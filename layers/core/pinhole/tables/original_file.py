"""Table `original_file`: each stored file of an item.

Whoever changes what is known of a key, of its item and of the item's jobs holds the key's lock (`lock`), taken first in
every transaction: two deliveries about one object wait for each other, and never deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg import Connection, sql
from psycopg.rows import class_row

OWN_BUCKET = "originals"
"""The stack's own bucket of originals, whatever its name is in S3."""


class Role(StrEnum):
    """What a file is to its item: what it is made from, its moving half, what another program says, the same bytes."""

    MAIN = "main"
    CLIP = "clip"
    SIDECAR = "sidecar"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it arrived in a bucket. version, etag, sequencer: the store's. relative_path: with its folders."""

    object_key: str
    version: str | None
    etag: str
    sequencer: str | None
    size_bytes: int
    filename: str
    relative_path: str | None
    modified_at: datetime | None


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file of an item. sha256, mime_type: None until it was read."""

    owner_id: int
    item_id: str
    role: str
    object_key: str
    version: str | None
    etag: str
    size_bytes: int
    filename: str
    modified_at: datetime | None
    sha256: bytes | None
    mime_type: str | None


_SELECT = sql.SQL(
    "SELECT owner_id, item_id, role, object_key, version, etag, size_bytes, filename, modified_at, sha256,"
    " mime_type FROM original_file "
)


def lock(conn: Connection, owner_id: int, object_key: str) -> None:
    """Keep everybody else from this key until the end of the transaction, whether anything is known of it or not."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (object_key, owner_id))


def insert(conn: Connection, owner_id: int, item_id: str, role: Role, stored: Stored) -> None:
    """Note that this file is one of an item's."""
    conn.execute(
        """
        INSERT INTO original_file (owner_id, bucket, object_key, item_id, role, version, etag, sequencer, size_bytes,
                                   filename, relative_path, modified_at, counts)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            owner_id,
            OWN_BUCKET,
            stored.object_key,
            item_id,
            role,
            stored.version,
            stored.etag,
            stored.sequencer,
            stored.size_bytes,
            stored.filename,
            stored.relative_path,
            stored.modified_at,
            role in (Role.MAIN, Role.CLIP),
        ),
    )


def find(conn: Connection, owner_id: int, object_key: str) -> OriginalFile | None:
    """The file at this key of the owner."""
    with conn.cursor(row_factory=class_row(OriginalFile)) as cursor:
        return cursor.execute(
            _SELECT + sql.SQL("WHERE owner_id = %s AND bucket = %s AND object_key = %s"),
            (owner_id, OWN_BUCKET, object_key),
        ).fetchone()


def main_of(conn: Connection, owner_id: int, item_id: str) -> OriginalFile | None:
    """The file that an item is made from."""
    with conn.cursor(row_factory=class_row(OriginalFile)) as cursor:
        return cursor.execute(
            _SELECT + sql.SQL("WHERE owner_id = %s AND item_id = %s AND role = 'main'"),
            (owner_id, item_id),
        ).fetchone()


def clip_of(conn: Connection, owner_id: int, item_id: str) -> OriginalFile | None:
    """The film of a live photo; None of an item that has none in a file of its own."""
    with conn.cursor(row_factory=class_row(OriginalFile)) as cursor:
        return cursor.execute(
            _SELECT + sql.SQL("WHERE owner_id = %s AND item_id = %s AND role = 'clip'"),
            (owner_id, item_id),
        ).fetchone()


def lock_main(conn: Connection, owner_id: int, item_id: str) -> OriginalFile | None:
    """The file that an item is made from, which nobody else works on until the end of the transaction; None without.

    Meanwhile another may have come to be its file: this is the one that it is now.
    """
    file, locked = main_of(conn, owner_id, item_id), None
    while file is not None and file.object_key != locked:
        lock(conn, owner_id, file.object_key)
        locked = file.object_key
        file = main_of(conn, owner_id, item_id)
    return file


def lock_mains(conn: Connection, owner_id: int, item_ids: Sequence[str]) -> None:
    """Keep everybody else from the files that these items are made from, until the end of the transaction."""
    conn.execute(
        """
        SELECT pg_advisory_xact_lock(hashtextextended(object_key, owner_id)) FROM (
            SELECT owner_id, object_key FROM original_file
            WHERE owner_id = %s AND item_id = ANY(%s) AND role = 'main' ORDER BY object_key OFFSET 0
        ) AS main
        """,
        (owner_id, list(item_ids)),
    )


def list_mains(conn: Connection, subjects: Sequence[tuple[int, str]]) -> list[Stored]:
    """The files that these items, as (owner, id), are made from."""
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(
            """
            SELECT object_key, version, etag, sequencer, size_bytes, filename, relative_path, modified_at
            FROM unnest(%s::bigint[], %s::text[]) AS asked (owner_id, item_id)
            JOIN original_file USING (owner_id, item_id) WHERE role = 'main'
            """,
            ([owner_id for owner_id, _ in subjects], [item_id for _, item_id in subjects]),
        ).fetchall()


def list_known(conn: Connection, owner_id: int, object_keys: Sequence[str]) -> set[str]:
    """Which of these keys are of files of the owner."""
    found = conn.execute(
        "SELECT object_key FROM original_file WHERE owner_id = %s AND bucket = %s AND object_key = ANY(%s)",
        (owner_id, OWN_BUCKET, list(object_keys)),
    )
    return {key for (key,) in found}


def find_same_bytes(conn: Connection, owner_id: int, sha256: bytes) -> OriginalFile | None:
    """The owner's file with these bytes that counts."""
    with conn.cursor(row_factory=class_row(OriginalFile)) as cursor:
        return cursor.execute(
            _SELECT + sql.SQL("WHERE owner_id = %s AND sha256 = %s AND counts"),
            (owner_id, sha256),
        ).fetchone()


def mark_read(conn: Connection, owner_id: int, object_key: str, *, sha256: bytes, sha1: bytes, mime_type: str) -> None:
    """Note what its bytes are. Raises psycopg.errors.UniqueViolation when another file of the owner has the same."""
    conn.execute(
        "UPDATE original_file SET sha256 = %s, sha1 = %s, mime_type = %s"
        " WHERE owner_id = %s AND bucket = %s AND object_key = %s",
        (sha256, sha1, mime_type, owner_id, OWN_BUCKET, object_key),
    )


def mark_stored(conn: Connection, owner_id: int, object_key: str, version: str | None) -> None:
    """The same bytes lie at the key again, in this version of the store's."""
    conn.execute(
        "UPDATE original_file SET version = %s WHERE owner_id = %s AND bucket = %s AND object_key = %s",
        (version, owner_id, OWN_BUCKET, object_key),
    )


def replace(conn: Connection, lost: OriginalFile, new: OriginalFile) -> None:
    """The bytes of a file lie where `new` says, once of an item that was removed: that is the file from now on."""
    conn.execute(
        "UPDATE original_file SET object_key = %s, version = %s, etag = %s, sequencer = NULL"
        " WHERE owner_id = %s AND bucket = %s AND object_key = %s",
        (new.object_key, new.version, new.etag, lost.owner_id, OWN_BUCKET, lost.object_key),
    )


def mark_alias(conn: Connection, owner_id: int, object_key: str, item_id: str) -> None:
    """The file at this key has the bytes of another item, `item_id`, and is one of that item's from now on."""
    conn.execute(
        "UPDATE original_file SET role = 'alias', counts = false, item_id = %s"
        " WHERE owner_id = %s AND bucket = %s AND object_key = %s",
        (item_id, owner_id, OWN_BUCKET, object_key),
    )


def count_again(conn: Connection, owner_id: int, item_id: str, *, counts: bool) -> None:
    """Whether the bytes of an item count as had: not while it is failed.

    Raises psycopg.errors.UniqueViolation when another file of the owner has the same bytes by now.
    """
    conn.execute(
        "UPDATE original_file SET counts = %s WHERE owner_id = %s AND item_id = %s AND role IN ('main', 'clip')",
        (counts, owner_id, item_id),
    )
