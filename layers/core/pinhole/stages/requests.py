"""Messages that ask for a stage: sent after the commit, and sent again where the queue lost them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from pinhole import queues, s3_events
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


def messages(conn: Connection, stage: Stage, subjects: Sequence[Subject]) -> list[Mapping[str, Any]]:
    """What asks for a stage of these subjects: as often as you like, since who receives it looks into the ledger."""
    if not CATALOGUE[stage].by_original:
        return [_about(stage, subject) for subject in subjects]
    files = original_file.list_mains(conn, [(subject.owner_id, subject.id) for subject in subjects])
    return [
        s3_events.message(ObjectCreated(file.object_key, file.size_bytes, file.etag, file.version, file.sequencer))
        for file in files
    ]


def send(stage: Stage, lane: Lane, asked: Sequence[Mapping[str, Any]]) -> None:
    """Send messages to the queue that carries this stage and lane. Raises Unavailable."""
    if asked:
        queues.send_batch(CATALOGUE[stage].carrier(lane).url(settings()), asked)


def send_to_worker(stage: Stage, lane: Lane, subjects: Sequence[Subject]) -> None:
    """Ask a worker for a stage of these subjects. Raises Unavailable."""
    send(stage, lane, [_about(stage, subject) for subject in subjects])


def ask_for_originals(lane: Lane, created: Sequence[ObjectCreated]) -> None:
    """Send the events of these objects to ingest, as if they had just arrived. Raises Unavailable."""
    send(Stage.METADATA, lane, [s3_events.message(one) for one in created])
    for one in created:
        logger.info("ingest_requested", extra={"upload_id": upload_of(one.key), "lane": lane})


def send_stale(before: datetime) -> int:
    """Send again what no one has touched since `before`, and what dead workers left. How many messages were sent.

    What ingest is to do is sent whole; of what waits for a worker, as much as fills its queue up to a backlog.
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
    if limit == 0:
        return 0
    # Sent before the commit: a message too many is harmless, one too few is not.
    with transaction() as conn:
        subjects = job.free_stale(conn, stage, lane, before, limit)
        send(stage, lane, messages(conn, stage, subjects))
    for subject in subjects:
        logger.info("stage_requested_again", extra={"item_id": subject.id, "stage": stage})
    return len(subjects)


def _about(stage: Stage, subject: Subject) -> dict[str, Any]:
    return {"ownerId": subject.owner_id, "itemId": subject.id, "stage": stage}
