"""Trying again what failed for good, under the same id: as if it had just arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.errors import UniqueViolation

from pinhole import queues
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.ingest import events
from pinhole.ingest.events import ObjectCreated
from pinhole.settings import settings
from pinhole.tables import job, media_item, timeline_month
from pinhole.tables import upload as uploads
from pinhole.tables.job import Stage
from pinhole.telemetry import follow, logger


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of an item that was to be tried again, at the stage that failed.

    outcome: `retried`; `not_failed`: nothing of it has failed, or is being tried again already; `duplicate`: its
    owner has the same bytes as another item by now, `winner`; `no_upload`: nothing is known of what was promised.
    """

    item_id: str
    outcome: Literal["retried", "not_failed", "duplicate", "no_upload"]
    stage: Stage | None = None
    winner: str | None = None


def retry_items(item_ids: Sequence[str]) -> list[Retried]:
    """Try what failed of these items again. Raises NotFound naming those that are none, Unavailable."""
    with transaction() as conn:
        missing = media_item.list_missing(conn, item_ids)
        failed = job.list_failed(conn, item_ids=item_ids)
    if missing:
        raise NotFound(f"There is no item {', '.join(missing)}.", code="no_such_item")
    others = set(item_ids) - {item_id for item_id, _ in failed}
    return [_retry(*each) for each in failed] + [Retried(item_id, "not_failed") for item_id in sorted(others)]


def retry_all(stage: Stage | None = None) -> list[Retried]:
    """Try again all that failed, or failed at one stage. Raises Unavailable: what was not reached then stays failed."""
    with transaction() as conn:
        failed = job.list_failed(conn, stage=stage)
    return [_retry(*each) for each in failed]


def _retry(item_id: str, stage: Stage) -> Retried:
    try:
        with transaction() as conn:
            return _retried(conn, item_id, stage)
    except UniqueViolation:  # another item got these bytes just now: this time it is found
        with transaction() as conn:
            return _retried(conn, item_id, stage)


def _retried(conn: Connection, item_id: str, stage: Stage) -> Retried:
    item = media_item.get(conn, item_id)
    if item is None:
        return Retried(item_id, "not_failed", stage)
    upload = uploads.lock_by_key(conn, item.object_key)
    if upload is None:
        return Retried(item_id, "no_upload", stage)
    winner = media_item.find_same_bytes(conn, item.owner_id, upload.sha256)
    if winner not in (None, item_id):
        return Retried(item_id, "duplicate", stage, winner)
    original = job.retry(conn, item_id, stage)
    if original is None:
        return Retried(item_id, "not_failed", stage)
    uploads.reopen(conn, upload.id)
    month = media_item.clear_failure(conn, item_id)
    # Sent before the commit: where the queue is down, all stays as it was. Who receives it waits for the upload's lock.
    _send(stage, item_id, ObjectCreated(*original))
    follow(upload.id)
    logger.info("job_retried", extra={"item_id": item_id, "stage": stage})
    if month is not None:
        timeline_month.bump(conn, item.owner_id, [month])
    return Retried(item_id, "retried", stage)


def _send(stage: Stage, item_id: str, original: ObjectCreated) -> None:
    match stage:
        case Stage.METADATA | Stage.RENDITIONS:
            queues.send(settings().ingest_queue_url, events.message(original))
        case Stage.VIDEO:
            queues.request_video(item_id)
        case Stage.ANALYSIS:
            queues.request_analysis(item_id)
