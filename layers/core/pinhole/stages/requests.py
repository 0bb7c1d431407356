"""Messages that ask for a stage, and those that are sent again where the queue lost them.

As often as you like: who receives one looks into the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from pydantic import BaseModel, Field, ValidationError

from pinhole import ids, queues, s3_events
from pinhole.db import transaction
from pinhole.keys import upload_of
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages.catalogue import CATALOGUE
from pinhole.tables import job, original_file
from pinhole.tables.job import Lane, Stage, Subject
from pinhole.telemetry import logger

BATCH = 500
BACKLOG = 500  # messages


class _Message(BaseModel):
    owner_id: int = Field(alias="ownerId", ge=1, lt=2**53)
    item_id: str = Field(alias="itemId", pattern=ids.PATTERN)
    stage: Stage


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks a worker for."""

    subject: Subject
    stage: Stage


def read(body: str) -> Asked | None:
    """What `ask_worker` asked for by this message; None for a message of another kind, such as the store's.

    And for one whose ids no item can have: the database would refuse to look for them.
    """
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        return None
    return Asked(Subject(message.owner_id, message.item_id), message.stage)


def ask_worker(stage: Stage, lane: Lane, subjects: Sequence[Subject]) -> None:
    """Ask a worker for a stage of these subjects. Raises Unavailable."""
    about = [{"ownerId": subject.owner_id, "itemId": subject.id, "stage": stage} for subject in subjects]
    _send(stage, lane, about)


def hand_over(created: ObjectCreated) -> None:
    """Give an object that no upload asked for to the bulk lane of ingest, unread. Raises Unavailable."""
    _send(Stage.METADATA, Lane.BULK, [s3_events.message(created)])
    logger.info("object_handed_over", extra={"object_key": created.key})


def ask_again_for(lane: Lane, created: Sequence[ObjectCreated]) -> None:
    """Send the events of these objects to ingest, as if they had just arrived, and log it. Raises Unavailable."""
    send_events(lane, created)
    _tell(created)


def send_events(lane: Lane, created: Sequence[ObjectCreated]) -> None:
    """The same without a word: within a transaction, which may yet come to nothing."""
    _send(Stage.METADATA, lane, [s3_events.message(one) for one in created])


def _tell(created: Sequence[ObjectCreated]) -> None:
    for one in created:
        logger.info("ingest_requested_again", extra={"upload_id": upload_of(one.key)})


def ask_again(conn: Connection, stage: Stage, lane: Lane, subjects: Sequence[Subject]) -> Sequence[ObjectCreated]:
    """Ask for a stage of subjects that are known. The events that did so, where it is asked for by them.

    Inside the transaction that opens the stage: a message too many is harmless, one too few is not. So it logs nothing.
    Raises Unavailable.
    """
    if not CATALOGUE[stage].by_original:
        ask_worker(stage, lane, subjects)
        return []
    files = original_file.list_mains(conn, [(subject.owner_id, subject.id) for subject in subjects])
    created = [
        ObjectCreated(file.object_key, file.size_bytes, file.etag, file.version, file.sequencer) for file in files
    ]
    send_events(lane, created)
    return created


def send_stale(before: datetime) -> int:
    """Ask again for what no one has touched since `before`, and for what dead workers left. How many messages.

    For all that ingest is to do; of what waits for a worker, for as much as fills its queue up to a backlog.
    """
    sent = 0
    for stage, row in CATALOGUE.items():
        for lane, carrier in row.lanes.items():
            if row.by_original:
                while batch := _send_stale(stage, lane, before, BATCH):
                    sent += batch
            else:
                sent += _send_stale(stage, lane, before, room(carrier.url(settings())))
    return sent


def room(queue_url: str) -> int:
    """How many messages a queue has less than a backlog."""
    return max(0, BACKLOG - queues.describe(queue_url).visible)


def _send_stale(stage: Stage, lane: Lane, before: datetime, limit: int) -> int:
    with transaction() as conn:
        subjects = job.free_stale(conn, stage, lane, before, limit)
        sent = ask_again(conn, stage, lane, subjects)
    _tell(sent)
    return len(subjects)


def _send(stage: Stage, lane: Lane, messages: Sequence[Mapping[str, Any]]) -> None:
    if messages and CATALOGUE[stage].lanes:
        queues.send_batch(CATALOGUE[stage].carrier(lane).url(settings()), messages)
