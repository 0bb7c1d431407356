"""Changes of more items than one call takes: worked off in batches, each one transaction, by whoever gets a message.

The message only says which change to go on with. How far it has come is in its row, written with each batch: a message
that comes twice, late, or after a worker was killed changes nothing twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from psycopg import Connection
from pydantic import BaseModel, Field, ValidationError

from pinhole import ids, live, queues
from pinhole.db import transaction
from pinhole.edits import batch
from pinhole.errors import Unavailable
from pinhole.settings import settings
from pinhole.tables import change as change_table
from pinhole.tables import timeline_month
from pinhole.tables.change import Change
from pinhole.telemetry import logger

BATCH = 2_000
STALE_AFTER = timedelta(minutes=10)
_SWEEP = 500


class _Message(BaseModel):
    owner_id: int = Field(alias="ownerId", ge=1, lt=2**53)
    change_id: str = Field(alias="changeId", pattern=ids.PATTERN)


@dataclass(frozen=True, slots=True)
class Message:
    """Which change to go on with."""

    owner_id: int
    change_id: str


def read_message(body: str) -> Message | None:
    """What a message asks for; None for one of another kind."""
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        return None
    return Message(message.owner_id, message.change_id)


def go_on(message: Message, has_time: Callable[[], bool]) -> None:
    """Work a change off while there is time for another batch; then ask for the rest. Raises Unavailable."""
    with transaction() as conn:
        runs = change_table.begin_attempt(conn, message.owner_id, message.change_id)
    while runs:
        with transaction() as conn:
            change = change_table.lock(conn, message.owner_id, message.change_id)
            if change is None or change.state != "running":
                return
            change, months, _ = batch.go_on(conn, change, BATCH)
            bump(conn, change, months)
        _tell(change, months)
        runs = change.state == "running" and has_time()
        if change.state == "running" and not runs:
            _ask([(change.owner_id, change.id)])


def bump(conn: Connection, change: Change, months: Iterable[date]) -> None:
    """Note that a change moved these months. Last in the transaction: who waits for a month needs no item any more."""
    if months:
        timeline_month.bump(conn, change.owner_id, months)


def told(change: Change, months: Iterable[date]) -> Change:
    """Have the owner's pages told of a change, and asked for what is left of it. After the commit; gives it back.

    What can't be sent now is sent by the next change, and by `send_stale`: the change was made.
    """
    try:
        _tell(change, months)
        if change.state == "running":
            _ask([(change.owner_id, change.id)])
    except Unavailable:
        logger.warning("change_not_told", extra={"change_id": change.id}, exc_info=True)
    return change


def send_stale(before: datetime) -> int:
    """Ask again for changes that run, and that no one has touched since then, or for 10 minutes. How many.

    A batch takes seconds. What was not lost but waits comes twice, which is harmless.
    """
    with transaction() as conn:
        stale = change_table.touch_stale(conn, max(before, datetime.now(UTC) - STALE_AFTER), _SWEEP)
    _ask(stale)
    return len(stale)


def give_up(message: Message) -> bool:
    """A message is dead: the change fails, if it came no further in as many attempts as there may be."""
    with transaction() as conn:
        return change_table.fail(conn, message.owner_id, message.change_id, settings().max_attempts)


def _ask(changes: Iterable[tuple[int, str]]) -> None:
    about = [{"ownerId": owner_id, "changeId": change_id} for owner_id, change_id in changes]
    queues.send_batch(settings().changes_queue_url, about)


def _tell(change: Change, months: Iterable[date]) -> None:
    logger.info(
        "change_came_on",
        extra={"change_id": change.id, "state": change.state, "done": change.done, "skipped": change.skipped},
    )
    live.library_changed(change.owner_id, months)
