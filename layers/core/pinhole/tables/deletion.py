"""Table `deletion`: users who are being deleted, and how far that has come."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion. folder: of its user; originals: whether what lies there goes too.

    seconds_left: for which originals may still arrive by addresses that were handed out; 0: for none.
    """

    user_id: int
    folder: str
    originals: bool
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a deletion is. originals: whether these go too; items: that there were; items_left: of these.

    lasts_until: until when an original may still arrive; None: that is over, or none does. is_stuck: whether several
    attempts came no further.
    """

    started_at: datetime
    originals: bool
    items: int
    items_left: int
    lasts_until: datetime | None
    is_stuck: bool


def insert(conn: Connection, user_id: int, items: int, *, originals: bool, seconds: int) -> bool:
    """Begin a deletion. items: that go with the user; seconds: for which originals may still arrive.

    False where it was begun before: that one holds.
    """
    return (
        conn.execute(
            """
            INSERT INTO deletion (user_id, items, originals, lasts_until)
            VALUES (%s, %s, %s, now() + make_interval(secs => %s)) ON CONFLICT DO NOTHING
            """,
            (user_id, items, originals, seconds),
        ).rowcount
        == 1
    )


def is_under_way(conn: Connection, user_id: int) -> bool:
    """Whether a user is being deleted. Reads no more than ingest and the worker may."""
    return conn.execute("SELECT FROM deletion WHERE user_id = %s", (user_id,)).fetchone() is not None


def begin_attempt(conn: Connection, user_id: int) -> bool:
    """Count an attempt to go on with a deletion. False when there is none, or none any more."""
    return (
        conn.execute(
            "UPDATE deletion SET attempts = attempts + 1, touched_at = now() WHERE user_id = %s", (user_id,)
        ).rowcount
        == 1
    )


def lock(conn: Connection, user_id: int) -> Deletion | None:
    """A user's deletion, that nobody else goes on with until the transaction ends."""
    with conn.cursor(row_factory=class_row(Deletion)) as cursor:
        return cursor.execute(
            """
            SELECT user_id, folder, originals,
                   greatest(0, ceil(extract(epoch FROM lasts_until - now())))::integer AS seconds_left
            FROM deletion JOIN users ON users.id = user_id WHERE user_id = %s FOR NO KEY UPDATE OF deletion
            """,
            (user_id,),
        ).fetchone()


def come_on(conn: Connection, user_id: int, items: int) -> None:
    """Note that it came on, and that so many items are gone by that."""
    conn.execute(
        "UPDATE deletion SET items_gone = items_gone + %s, attempts = 0, touched_at = now() WHERE user_id = %s",
        (items, user_id),
    )


def touch_stale(conn: Connection, before: datetime) -> list[int]:
    """Whose deletions no one has touched since `before`; now they are touched."""
    stale = conn.execute("UPDATE deletion SET touched_at = now() WHERE touched_at < %s RETURNING user_id", (before,))
    return [user_id for (user_id,) in stale]


def progress(conn: Connection) -> dict[int, Progress]:
    """How far all deletions are, by user."""
    found = conn.execute(
        """
        SELECT user_id, asked_at, originals, items, greatest(0, items - items_gone),
               CASE WHEN lasts_until > now() THEN lasts_until END, attempts > 2
        FROM deletion
        """
    )
    return {user_id: Progress(*values) for user_id, *values in found}
