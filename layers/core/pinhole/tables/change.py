"""Table `change`: what people asked to be changed, and how far each change has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from pinhole.ids import new_id


@dataclass(frozen=True, slots=True)
class Change:
    """A change. total: of the items that it is of, as they were counted when it began, and at the end as they were.

    done, skipped: items that are as was asked, and those that could not be. edit, selection: what was asked, and of
    which items while it runs; None of one that undoes another. undone: whether another undoes it that is not undone.
    cursor: the last item that was looked at. asked_sha256: of all that was asked for; None of one that undoes another.
    """

    owner_id: int
    id: str
    actor_id: int
    edit: dict[str, Any] | None
    undoes: str | None
    selection: dict[str, Any] | None
    state: Literal["running", "done", "failed"]
    total: int
    done: int
    skipped: int
    cursor: str
    attempts: int
    asked_at: datetime
    undone: bool
    asked_sha256: bytes | None


_COLUMNS = SQL(
    """
    owner_id, id, actor_id, edit, undoes, selection, state, total, done, skipped, cursor, attempts, asked_at,
    asked_sha256, is_undone(owner_id, id) AS undone
    """
)


def insert(
    conn: Connection,
    owner_id: int,
    actor_id: int,
    *,
    change_id: str | None = None,
    total: int,
    skipped: int = 0,
    edit: Mapping[str, Any] | None = None,
    selection: Mapping[str, Any] | None = None,
    asked_sha256: bytes | None = None,
    undoes: str | None = None,
) -> Change | None:
    """Begin a change, of a new id if none is named. None where the owner has one of this id already.

    It waits for a transaction that begins one of the same id.
    """
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(
            SQL("""
            INSERT INTO change (owner_id, id, actor_id, edit, undoes, selection, total, skipped, asked_sha256)
            VALUES (
                %(owner_id)s, %(id)s, %(actor_id)s, %(edit)s, %(undoes)s, %(selection)s, %(total)s, %(skipped)s,
                %(asked_sha256)s
            )
            ON CONFLICT (owner_id, id) DO NOTHING
            RETURNING {columns}
            """).format(columns=_COLUMNS),
            {
                "owner_id": owner_id,
                "id": change_id or new_id(),
                "actor_id": actor_id,
                "edit": None if edit is None else Jsonb(dict(edit)),
                "undoes": undoes,
                "selection": None if selection is None else Jsonb(dict(selection)),
                "total": total,
                "skipped": skipped,
                "asked_sha256": asked_sha256,
            },
        ).fetchone()


def get(conn: Connection, owner_id: int, change_id: str) -> Change | None:
    """The owner's change."""
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(
            SQL("SELECT {} FROM change WHERE owner_id = %s AND id = %s").format(_COLUMNS), (owner_id, change_id)
        ).fetchone()


def that_undoes(conn: Connection, owner_id: int, change_id: str) -> Change | None:
    """The last change that was to undo this one."""
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(
            SQL("SELECT {} FROM change WHERE owner_id = %s AND undoes = %s ORDER BY asked_at DESC LIMIT 1").format(
                _COLUMNS
            ),
            (owner_id, change_id),
        ).fetchone()


def count_undone_by(conn: Connection, owner_id: int, change_id: str) -> int:
    """How many changes this one undoes: the one that it does, the one that that one does, and so on."""
    [(number,)] = conn.execute(
        """
        WITH RECURSIVE chain AS (
            SELECT undoes FROM change WHERE owner_id = %(owner_id)s AND id = %(id)s AND undoes IS NOT NULL
            UNION ALL
            SELECT change.undoes FROM chain
            JOIN change ON owner_id = %(owner_id)s AND id = chain.undoes AND change.undoes IS NOT NULL
        )
        SELECT count(*) FROM chain
        """,
        {"owner_id": owner_id, "id": change_id},
    )
    return int(number)


def lock(conn: Connection, owner_id: int, change_id: str) -> Change | None:
    """The owner's change, that nobody else goes on with until the transaction ends."""
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        return cursor.execute(
            SQL("SELECT {} FROM change WHERE owner_id = %s AND id = %s FOR NO KEY UPDATE").format(_COLUMNS),
            (owner_id, change_id),
        ).fetchone()


def come_on(
    conn: Connection, owner_id: int, change_id: str, *, cursor: str, done: int, skipped: int, finished: bool
) -> Change:
    """Note that items up to `cursor` were looked at: so many more are done, and skipped. finished: it is at the end."""
    with conn.cursor(row_factory=class_row(Change)) as rows:
        [change] = rows.execute(
            SQL("""
            UPDATE change SET cursor = %(cursor)s, done = done + %(done)s, skipped = skipped + %(skipped)s,
                attempts = 0, touched_at = now(),
                state = CASE WHEN %(finished)s THEN 'done' ELSE state END,
                total = CASE WHEN %(finished)s THEN done + %(done)s + skipped + %(skipped)s ELSE total END,
                selection = CASE WHEN NOT %(finished)s THEN selection END
            WHERE owner_id = %(owner_id)s AND id = %(id)s
            RETURNING {columns}
            """).format(columns=_COLUMNS),
            {
                "owner_id": owner_id,
                "id": change_id,
                "cursor": cursor,
                "done": done,
                "skipped": skipped,
                "finished": finished,
            },
        )
    return change


def begin_attempt(conn: Connection, owner_id: int, change_id: str) -> bool:
    """Count an attempt to go on with a change. False when it does not run."""
    return (
        conn.execute(
            "UPDATE change SET attempts = attempts + 1, touched_at = now()"
            " WHERE owner_id = %s AND id = %s AND state = 'running'",
            (owner_id, change_id),
        ).rowcount
        == 1
    )


def fail(conn: Connection, owner_id: int, change_id: str, attempts: int) -> bool:
    """It stays as far as it has come, if so many attempts came no further. Whether that is so."""
    return (
        conn.execute(
            "UPDATE change SET state = 'failed', selection = NULL"
            " WHERE owner_id = %s AND id = %s AND state = 'running' AND attempts >= %s",
            (owner_id, change_id, attempts),
        ).rowcount
        == 1
    )


def begin_again(conn: Connection, owner_id: int, change_id: str) -> Change:
    """Have a change that failed go on from where it stopped: one that undoes another, which needs no selection."""
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        [change] = cursor.execute(
            SQL(
                "UPDATE change SET state = 'running', attempts = 0, touched_at = now()"
                " WHERE owner_id = %s AND id = %s AND state = 'failed' AND undoes IS NOT NULL RETURNING {}"
            ).format(_COLUMNS),
            (owner_id, change_id),
        )
    return change


def touch_stale(conn: Connection, before: datetime, limit: int) -> list[tuple[int, str]]:
    """Owner and id of changes that run, and that no one has touched since `before`; now they are touched."""
    return conn.execute(
        """
        UPDATE change SET touched_at = now()
        FROM (
            SELECT owner_id, id FROM change WHERE state = 'running' AND touched_at < %s
            ORDER BY touched_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
        ) AS stale
        WHERE change.owner_id = stale.owner_id AND change.id = stale.id
        RETURNING change.owner_id, change.id
        """,
        (before, limit),
    ).fetchall()


def delete_some(conn: Connection, owner_id: int, limit: int) -> int:
    """Delete changes of an owner that no other undoes, so many at most. How many: 0 once there are none at all."""
    return conn.execute(
        """
        DELETE FROM change WHERE owner_id = %(owner_id)s AND id IN (
            SELECT id FROM change WHERE owner_id = %(owner_id)s AND NOT EXISTS (
                SELECT FROM change AS undoing WHERE undoing.owner_id = change.owner_id AND undoing.undoes = change.id
            )
            ORDER BY id LIMIT %(limit)s
        )
        """,
        {"owner_id": owner_id, "limit": limit},
    ).rowcount
