"""The ledger is the truth, the queue the carrier: what the queue lost is sent again."""

from datetime import UTC, datetime, timedelta

from pinhole import objects, queues
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.ingest import events
from pinhole.ingest.events import ObjectCreated
from pinhole.settings import settings
from pinhole.tables import job
from pinhole.tables import upload as uploads
from pinhole.tables.job import Stage
from pinhole.telemetry import follow, logger
from pinhole.uploads.names import upload_of

BATCH = 500
BACKLOG = 500  # messages


def requeue_stale(stale_after: timedelta) -> int:
    """Send again what no one has touched for `stale_after`. How many messages were sent.

    That is: items whose ingest waits or runs without a sign of life, uploads whose object came without its event, and
    items that wait for analysis or video, as many as fill their queues up to a backlog.
    """
    follow(None)
    before = datetime.now(UTC) - stale_after
    sent = 0
    while batch := _stale_items(before):
        sent += batch
    # Behind a backlog events are late and not lost: more of them would only make it longer.
    if _room(settings().ingest_queue_url) > 0:
        while (landed := _unnoticed_objects(before)) is not None:
            sent += landed
    sent += _refill(Stage.ANALYSIS, settings().ml_queue_url, before)
    sent += _refill(Stage.VIDEO, settings().video_queue_url, before)
    logger.info("stale_requeued", extra={"sent": sent})
    return sent


def _room(queue_url: str) -> int:
    """How many messages a queue has less than a backlog."""
    return max(0, BACKLOG - queues.describe(queue_url).visible)


def _refill(stage: Stage, queue_url: str, before: datetime) -> int:
    room = _room(queue_url)
    with transaction() as conn:
        item_ids = job.touch_stale(conn, stage, before, room)
        queues.send_batch(queue_url, [queues.about(item_id) for item_id in item_ids])
    return len(item_ids)


def _stale_items(before: datetime) -> int:
    # Sent before the commit: a message too many is harmless, one too few is not.
    with transaction() as conn:
        originals = job.free_stale(conn, before, BATCH)
        send_again([ObjectCreated(*original) for original in originals])
    return len(originals)


def _unnoticed_objects(before: datetime) -> int | None:
    """How many of a batch of waiting uploads have their object; None when there are no more to look at."""
    with transaction() as conn:
        keys = uploads.list_unnoticed(conn, before, BATCH)
    if not keys:
        return None
    landed = []
    for key in keys:
        try:
            stored = objects.head(key)
        except NotFound:
            continue
        landed.append(ObjectCreated(key, stored.size_bytes, stored.etag, stored.version, sequencer=None))
    send_again(landed)
    with transaction() as conn:
        uploads.mark_looked_at(conn, keys)
    return len(landed)


def send_again(batch: list[ObjectCreated]) -> None:
    """Send the events of these objects to ingest, as if they had just arrived. Raises Unavailable."""
    queues.send_batch(settings().ingest_queue_url, [events.message(created) for created in batch])
    for created in batch:
        logger.info("ingest_requested_again", extra={"upload_id": upload_of(created.key)})
