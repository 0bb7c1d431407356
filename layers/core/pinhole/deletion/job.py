"""Users who are deleted: step by step, each one transaction, by whoever gets a message.

The message only says whose deletion to go on with. What is left tells what is to be done next, so that a message that
comes twice, late, or after a worker was killed finds what is left, and does no more. In the store things go before the
rows that tell of them: what is killed in between is done again.

Whoever works on an item of theirs may do so until the lease ends. No attempt is begun any more, and no lease extended,
so that this is soon; only then the item goes, with all that the attempt has stored.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from psycopg import Connection
from pydantic import BaseModel, Field, ValidationError

from pinhole import live, objects, queues
from pinhole.db import transaction
from pinhole.errors import Unavailable
from pinhole.settings import settings
from pinhole.tables import (
    change,
    deletion,
    job,
    kept_folder,
    live_connection,
    media_item,
    original_file,
    outbox,
    past_search,
    search_text,
    session,
    stored_sum,
    timeline_month,
    upload,
    user,
)
from pinhole.tables.deletion import Deletion
from pinhole.telemetry import logger

ITEMS = 200
ROWS = 1_000
STALE_AFTER = timedelta(minutes=10)
# A lease that ended so lately may have let something be stored that is still on its way.
GRACE_SECONDS = 60
LONGEST_WAIT_SECONDS = 300
_LEASE_SECONDS = 15
_SOCKETS_SECONDS = 5
TABLES = (  # in an order that foreign keys allow
    upload.delete_some,
    job.delete_some,
    outbox.delete_some,
    change.delete_some,
    search_text.delete_some_values,
    past_search.delete_some,
    timeline_month.delete_some,
)


class _Message(BaseModel):
    user_id: int = Field(alias="userId", ge=1, lt=2**53)


def read_message(body: str) -> int | None:
    """Whose deletion a message asks for; None for one of another kind."""
    try:
        return _Message.model_validate_json(body).user_id
    except ValidationError:
        return None


def ask(user_id: int) -> None:
    """Have a deletion that was begun gone on with. What can't be sent now is sent by `send_stale`."""
    try:
        _send([user_id])
    except Unavailable:
        logger.warning("deletion_not_asked", extra={"user_id": user_id}, exc_info=True)


def send_stale(before: datetime) -> int:
    """Ask again for deletions that no one has touched since then, or for 10 minutes. How many.

    A step takes seconds, and who waits looks again after 5 minutes. What was not lost comes twice, which is harmless.
    """
    with transaction() as conn:
        stale = deletion.touch_stale(conn, max(before, datetime.now(UTC) - STALE_AFTER))
    _send(stale)
    return len(stale)


def go_on(user_id: int, has_time: Callable[[], bool]) -> None:
    """Delete what is a user's while there is time for another step; then ask for the rest. Raises Unavailable."""
    with transaction() as conn:
        if not deletion.begin_attempt(conn, user_id):
            return
    wait = _step(user_id)
    while wait == 0 and has_time():
        wait = _step(user_id)
    if wait is None:
        logger.info("user_deleted", extra={"user_id": user_id})
        return
    if wait > 0:
        logger.info("deletion_waits", extra={"user_id": user_id, "seconds": wait})
        live.sessions_ended(user_id)
    _send([user_id], delay_seconds=min(wait, LONGEST_WAIT_SECONDS))


def _send(user_ids: Iterable[int], *, delay_seconds: int = 0) -> None:
    about = [{"userId": user_id} for user_id in user_ids]
    queues.send_batch(settings().deletions_queue_url, about, delay_seconds=delay_seconds)


def _step(user_id: int) -> int | None:
    """Do what is next. In how many seconds there is more to do: 0: now; None: never, the user is gone."""
    # The store is asked, and changed, inside the transaction: of two workers one waits for the other's step.
    with transaction() as conn:
        of = deletion.lock(conn, user_id)
        if of is None:
            return None
        items = _delete_items(conn, of)
        wait = 0 if items else _delete_others(conn, of)
        deletion.come_on(conn, user_id, items)
    return wait


def _delete_items(conn: Connection, of: Deletion) -> int:
    """Delete some items that nobody works on, with all that was made of them. How many."""
    ids = media_item.list_idle(conn, of.user_id, GRACE_SECONDS, ITEMS)
    original_file.lock_mains(conn, of.user_id, ids)
    idle = media_item.take_idle(conn, of.user_id, GRACE_SECONDS, ids)
    objects.delete_renditions_of(list(idle.values()))
    job.remove_items(conn, of.user_id, list(idle))
    media_item.delete(conn, of.user_id, list(idle))
    return len(idle)


def _delete_others(conn: Connection, of: Deletion) -> int | None:
    """As `_step`, where no item is idle."""
    if media_item.exists_any(conn, of.user_id):
        return _LEASE_SECONDS
    if any(delete_some(conn, of.user_id, ROWS) for delete_some in TABLES):
        return 0
    if (of.originals and objects.delete_some_originals(of.folder)) or objects.abort_some_multiparts(of.folder):
        return 0
    if of.seconds_left > 0:
        return of.seconds_left
    if live_connection.exist_ended(conn, of.user_id):
        return _SOCKETS_SECONDS
    if session.delete_some(conn, of.user_id, ROWS):
        return 0
    # Also where all originals went: a client may send by an old address once more what it has sent already.
    kept_folder.insert(conn, of.folder)
    stored_sum.forget(conn, of.user_id)
    # All else goes with it, or refuses: what came meanwhile is found by the next attempt.
    user.delete(conn, of.user_id)
    return None
