"""Table `upload`: what a client promised to send, and what became of it.

An upload is `waiting` until its bytes arrived, `received` while they are ingested, and then ends as `ready`,
`failed` or `duplicate`. `aborted` ends one that was waiting, unless its bytes arrive all the same: then it is
`received`. Open is what waits and has not expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection, sql
from psycopg.rows import class_row

from pinhole.errors import PinholeError
from pinhole.keys import upload_of

State = Literal["waiting", "received", "ready", "failed", "duplicate", "aborted"]
Method = Literal["single", "multipart"]


@dataclass(frozen=True, slots=True)
class Upload:
    """filename: for people; object_key: where the bytes are to land; sha256: of the whole file, as promised.

    multipart_id: the store's, once a part was asked for. expired: whether its time was over when read.
    """

    id: str
    owner_id: int
    object_key: str
    filename: str
    relative_path: str | None
    size_bytes: int
    sha256: bytes
    content_type: str
    modified_at: datetime | None
    method: Method
    part_size_bytes: int | None
    multipart_id: str | None
    state: State
    item_id: str | None
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    expires_at: datetime
    expired: bool

    @property
    def part_count(self) -> int:
        """Number of parts; 0 for a single PUT."""
        return -(-self.size_bytes // self.part_size_bytes) if self.part_size_bytes else 0

    def part_bytes(self, number: int) -> int:
        """Length of a part, counted from 1: all but the last are `part_size_bytes` long."""
        assert self.part_size_bytes is not None
        return min(self.part_size_bytes, self.size_bytes - (number - 1) * self.part_size_bytes)


_COLUMNS = sql.SQL(
    "id, owner_id, object_key, filename, relative_path, size_bytes, sha256, content_type, modified_at, method,"
    " part_size_bytes, multipart_id, state, item_id, error_code, error_detail, created_at, expires_at,"
    " expires_at <= now() AS expired"
)
_SELECT = sql.SQL("SELECT {} FROM upload ").format(_COLUMNS)


def insert(
    conn: Connection,
    *,
    upload_id: str,
    owner_id: int,
    object_key: str,
    filename: str,
    relative_path: str | None,
    size_bytes: int,
    sha256: bytes,
    content_type: str,
    modified_at: datetime | None,
    part_size_bytes: int | None,
    expiry_days: int,
) -> Upload:
    """Add a waiting upload: multipart where a part size is given, else a single PUT."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        cursor.execute(
            sql.SQL(
                """
                INSERT INTO upload (id, owner_id, object_key, filename, relative_path, size_bytes, sha256, content_type,
                                    modified_at, method, part_size_bytes, expires_at)
                VALUES (%(upload_id)s, %(owner_id)s, %(object_key)s, %(filename)s, %(relative_path)s, %(size_bytes)s,
                        %(sha256)s, %(content_type)s, %(modified_at)s, %(method)s, %(part_size_bytes)s,
                        now() + make_interval(days => %(expiry_days)s))
                RETURNING {}
                """
            ).format(_COLUMNS),
            {
                "upload_id": upload_id,
                "owner_id": owner_id,
                "object_key": object_key,
                "filename": filename,
                "relative_path": relative_path,
                "size_bytes": size_bytes,
                "sha256": sha256,
                "content_type": content_type,
                "modified_at": modified_at,
                "method": "single" if part_size_bytes is None else "multipart",
                "part_size_bytes": part_size_bytes,
                "expiry_days": expiry_days,
            },
        )
        upload = cursor.fetchone()
    assert upload is not None
    return upload


def restore(conn: Connection, owner_id: int, object_key: str) -> bool:
    """Write the row of an upload that is gone again, as far as its item's file, which was read, tells it.

    False where another upload has this id.
    """
    restored = conn.execute(
        """
        INSERT INTO upload (id, owner_id, object_key, filename, relative_path, size_bytes, sha256, content_type,
                            modified_at, method, state, item_id, created_at, expires_at, received_at, finished_at)
        SELECT %(upload_id)s, owner_id, object_key, filename, relative_path, size_bytes, sha256, mime_type,
               modified_at, 'single', 'ready', item_id, created_at, created_at, created_at, now()
        FROM original_file
        WHERE owner_id = %(owner_id)s AND object_key = %(object_key)s AND role IN ('main', 'clip')
          AND sha256 IS NOT NULL
        ON CONFLICT DO NOTHING
        """,
        {"upload_id": upload_of(object_key), "owner_id": owner_id, "object_key": object_key},
    )
    return restored.rowcount == 1


def get(conn: Connection, owner_id: int, upload_id: str) -> Upload | None:
    """An upload of this owner."""
    return _one(conn, sql.SQL("WHERE owner_id = %s AND id = %s"), owner_id, upload_id)


def list_by_id(conn: Connection, owner_id: int, upload_ids: Sequence[str]) -> list[Upload]:
    """Those of the uploads with these ids that are this owner's, in no order."""
    return _all(conn, sql.SQL("WHERE owner_id = %s AND id = ANY(%s)"), owner_id, list(upload_ids))


def find_by_key(conn: Connection, owner_id: int, object_key: str) -> Upload | None:
    """The owner's upload that is to land at this key."""
    return _one(conn, sql.SQL("WHERE owner_id = %s AND object_key = %s"), owner_id, object_key)


def lock_by_key(conn: Connection, owner_id: int, object_key: str) -> Upload | None:
    """The owner's upload that is to land at this key, that nobody else changes until the transaction ends."""
    return _one(conn, sql.SQL("WHERE owner_id = %s AND object_key = %s FOR UPDATE"), owner_id, object_key)


def find_open(conn: Connection, owner_id: int, sha256: bytes, size_bytes: int) -> Upload | None:
    """The owner's open upload of these bytes."""
    where = sql.SQL("WHERE owner_id = %s AND state = 'waiting' AND expires_at > now()")
    same = sql.SQL(" AND sha256 = %s AND size_bytes = %s")
    return _one(conn, where + same, owner_id, sha256, size_bytes)


def list_unended(conn: Connection, owner_id: int, limit: int) -> list[Upload]:
    """The owner's open uploads, then those that were received and have not ended; each oldest first."""
    where = sql.SQL(
        "WHERE owner_id = %s AND (state = 'waiting' AND expires_at > now() OR state = 'received')"
        " ORDER BY state, created_at, id LIMIT %s"
    )
    return _all(conn, where, owner_id, limit)


def count_open(conn: Connection, owner_id: int) -> int:
    """How many uploads the owner has open."""
    row = conn.execute(
        "SELECT count(*) FROM upload WHERE owner_id = %s AND state = 'waiting' AND expires_at > now()",
        (owner_id,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def keep_multipart_id(conn: Connection, upload: Upload, multipart_id: str) -> None:
    """Note under which id the store collects the parts, unless the upload changed since it was read."""
    conn.execute(
        "UPDATE upload SET multipart_id = %s"
        " WHERE owner_id = %s AND id = %s AND state = 'waiting' AND multipart_id IS NOT DISTINCT FROM %s",
        (multipart_id, upload.owner_id, upload.id, upload.multipart_id),
    )


def mark_received(conn: Connection, owner_id: int, upload_ids: Sequence[str]) -> list[str]:
    """The bytes of these uploads arrived. Ids of those that had been waiting for them, or been given up.

    Rows are locked in order, so that two who tell of the same uploads don't deadlock.
    """
    return [
        upload_id
        for (upload_id,) in conn.execute(
            """
            WITH arrived AS (
                SELECT id FROM upload
                WHERE owner_id = %(owner_id)s AND id = ANY(%(ids)s) AND state IN ('waiting', 'aborted')
                ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE upload SET state = 'received', received_at = now(), finished_at = NULL, cleaned_at = NULL
            FROM arrived WHERE upload.owner_id = %(owner_id)s AND upload.id = arrived.id
            RETURNING upload.id
            """,
            {"owner_id": owner_id, "ids": list(upload_ids)},
        )
    ]


def mark_ready(conn: Connection, owner_id: int, upload_id: str, item_id: str) -> bool:
    """The bytes became this item. False when the upload had ended before."""
    return _end(conn, owner_id, upload_id, "ready", item_id=item_id)


def mark_duplicate(conn: Connection, owner_id: int, upload_id: str, item_id: str) -> bool:
    """The owner had these bytes already, as this item. False when the upload had ended before."""
    return _end(conn, owner_id, upload_id, "duplicate", item_id=item_id)


def mark_failed(conn: Connection, owner_id: int, upload_id: str, error: PinholeError) -> bool:
    """The bytes can't become an item; `error.detail` is for their owner. False when it had ended."""
    return _end(conn, owner_id, upload_id, "failed", error_code=error.code, error_detail=error.detail)


def reopen(conn: Connection, owner_id: int, upload_id: str) -> None:
    """What failed is tried again: its bytes are there as they were received."""
    conn.execute(
        "UPDATE upload SET state = 'received', error_code = NULL, error_detail = NULL, finished_at = NULL"
        " WHERE owner_id = %s AND id = %s AND state = 'failed'",
        (owner_id, upload_id),
    )


def mark_ready_after_all(conn: Connection, owner_id: int, upload_id: str, item_id: str) -> None:
    """Whatever was said of it: its bytes are this item."""
    conn.execute(
        "UPDATE upload SET state = 'ready', item_id = %s, error_code = NULL, error_detail = NULL, cleaned_at = NULL,"
        " received_at = coalesce(received_at, now()), finished_at = coalesce(finished_at, now())"
        " WHERE owner_id = %s AND id = %s",
        (item_id, owner_id, upload_id),
    )


def receive_again(conn: Connection, owner_id: int, upload_id: str) -> None:
    """However it ended: its bytes are there, and became no item, or one that is gone."""
    conn.execute(
        "UPDATE upload SET state = 'received', received_at = coalesce(received_at, now()), item_id = NULL,"
        " error_code = NULL, error_detail = NULL, finished_at = NULL, cleaned_at = NULL"
        " WHERE owner_id = %s AND id = %s",
        (owner_id, upload_id),
    )


def mark_aborted(conn: Connection, owner_id: int, upload_id: str) -> bool:
    """Its owner gave it up, or its time was over. False when its bytes had arrived, or it was aborted."""
    return (
        conn.execute(
            "UPDATE upload SET state = 'aborted', finished_at = now()"
            " WHERE owner_id = %s AND id = %s AND state = 'waiting'",
            (owner_id, upload_id),
        ).rowcount
        == 1
    )


def list_unnoticed(conn: Connection, before: datetime, limit: int) -> list[tuple[int, str]]:
    """Uploads that ingest has not begun with, and that were last looked at before then; longest ago first.

    As (owner, key).
    """
    return conn.execute(
        """
        SELECT owner_id, object_key FROM upload
        WHERE state IN ('waiting', 'received') AND looked_at < %s
          AND NOT EXISTS (
              SELECT FROM original_file AS file
              WHERE file.owner_id = upload.owner_id AND file.object_key = upload.object_key
          )
        ORDER BY looked_at LIMIT %s
        """,
        (before, limit),
    ).fetchall()


def mark_looked_at(conn: Connection, looked_for: Sequence[tuple[int, str]]) -> None:
    """The objects of these uploads, as (owner, key), were looked for now.

    Rows are locked in order, so that two who look at once don't deadlock.
    """
    conn.execute(
        """
        WITH looked_for AS (
            SELECT owner_id, id FROM upload
            JOIN unnest(%s::bigint[], %s::text[]) AS asked (owner_id, object_key) USING (owner_id, object_key)
            ORDER BY owner_id, id FOR NO KEY UPDATE OF upload
        )
        UPDATE upload SET looked_at = clock_timestamp() FROM looked_for
        WHERE upload.owner_id = looked_for.owner_id AND upload.id = looked_for.id
        """,
        ([owner_id for owner_id, _ in looked_for], [key for _, key in looked_for]),
    )


def take_unseen(conn: Connection, owner_id: int, seconds: int, limit: int) -> list[Upload]:
    """The owner's open uploads that are one PUT and that nobody has looked at for so long, longest ago first.

    They count as looked at from now on, so that who comes at the same time gets others.
    """
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(
            sql.SQL(
                """
                WITH unseen AS (
                    SELECT id AS upload_id FROM upload
                    WHERE owner_id = %(owner_id)s AND state = 'waiting' AND expires_at > now() AND method = 'single'
                      AND looked_at <= now() - make_interval(secs => %(seconds)s)
                    ORDER BY looked_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
                )
                UPDATE upload SET looked_at = now() FROM unseen
                WHERE owner_id = %(owner_id)s AND id = upload_id
                RETURNING {}
                """
            ).format(_COLUMNS),
            {"owner_id": owner_id, "seconds": seconds, "limit": limit},
        ).fetchall()


def list_expired(conn: Connection, before: datetime, limit: int) -> list[Upload]:
    """Uploads that still wait though their time was over before then, longest ago first."""
    return _all(
        conn, sql.SQL("WHERE state = 'waiting' AND expires_at < %s ORDER BY expires_at LIMIT %s"), before, limit
    )


def list_uncleaned(conn: Connection, before: datetime, limit: int) -> list[Upload]:
    """Uploads that ended without an item of their own before then, and whose key was not cleaned; longest ago first."""
    where = sql.SQL(
        "WHERE state IN ('aborted', 'duplicate') AND cleaned_at IS NULL AND finished_at < %s"
        " ORDER BY finished_at LIMIT %s"
    )
    return _all(conn, where, before, limit)


def mark_cleaned(conn: Connection, owner_id: int, upload_id: str) -> None:
    """Nothing lies at its key any more, now that it has ended without an item of its own."""
    conn.execute(
        "UPDATE upload SET cleaned_at = now() WHERE owner_id = %s AND id = %s AND state IN ('aborted', 'duplicate')",
        (owner_id, upload_id),
    )


def may_land(conn: Connection, owner_id: int) -> bool:
    """Whether an original of the owner may still arrive by an address that was handed out, also if it was given up."""
    row = conn.execute(
        """
        SELECT EXISTS (SELECT FROM upload WHERE owner_id = %(owner_id)s AND state = 'waiting' AND expires_at > now())
            OR EXISTS (SELECT FROM upload WHERE owner_id = %(owner_id)s AND state = 'aborted' AND method = 'single'
                AND cleaned_at IS NULL AND expires_at > now())
        """,
        {"owner_id": owner_id},
    ).fetchone()
    return row is not None and row[0] is True


def delete_some(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete uploads of an owner, so many at most. How many."""
    return conn.execute(
        "DELETE FROM upload WHERE owner_id = %(owner_id)s AND id IN"
        " (SELECT id FROM upload WHERE owner_id = %(owner_id)s ORDER BY id LIMIT %(limit)s)",
        {"owner_id": owner_id, "limit": limit},
    ).rowcount


def _one(conn: Connection, where: sql.SQL | sql.Composed, *values: object) -> Upload | None:
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_SELECT + where, values).fetchone()


def _all(conn: Connection, where: sql.SQL, *values: object) -> list[Upload]:
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_SELECT + where, values).fetchall()


def _end(
    conn: Connection,
    owner_id: int,
    upload_id: str,
    state: State,
    *,
    item_id: str | None = None,
    error_code: str | None = None,
    error_detail: str | None = None,
) -> bool:
    return (
        conn.execute(
            "UPDATE upload SET state = %s, item_id = %s, error_code = %s, error_detail = %s,"
            " finished_at = now() WHERE owner_id = %s AND id = %s AND state IN ('waiting', 'received')",
            (state, item_id, error_code, error_detail, owner_id, upload_id),
        ).rowcount
        == 1
    )
