"""The ledger is the truth, the queue the carrier: what the queue lost is sent again."""

from datetime import UTC, datetime, timedelta

from pinhole import deletion, edits, objects, stages
from pinhole.accounts import mails
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.s3_events import ObjectCreated
from pinhole.settings import settings
from pinhole.stages import Lane
from pinhole.tables import upload as upload_table
from pinhole.telemetry import follow, logger

BATCH = 500


def requeue_stale(stale_after: timedelta) -> int:
    """Send again what no one has touched for `stale_after`. How many messages were sent.

    That is: jobs that wait, or whose worker died, uploads whose object came without its event, changes that run,
    deletions, and mails that wait.
    """
    follow(None)
    before = datetime.now(UTC) - stale_after
    sent = stages.send_stale(before) + edits.send_stale(before)
    sent += deletion.send_stale(before) + mails.send_stale(before)
    # Behind a backlog events are late and not lost: more of them would only make it longer.
    if stages.room(settings().ingest_queue_url) > 0:
        while (landed := _unnoticed_objects(before)) is not None:
            sent += landed
    logger.info("stale_requeued", extra={"sent": sent})
    return sent


def _unnoticed_objects(before: datetime) -> int | None:
    """How many of a batch of waiting uploads have their object; None when there are no more to look at."""
    with transaction() as conn:
        unnoticed = upload_table.list_unnoticed(conn, before, BATCH)
    if not unnoticed:
        return None
    landed = []
    for _, key in unnoticed:
        try:
            stored = objects.head(key)
        except NotFound:
            continue
        landed.append(ObjectCreated(key, stored.size_bytes, stored.etag, stored.version, sequencer=None))
    stages.ask_again_for(Lane.FRESH, landed)
    with transaction() as conn:
        upload_table.mark_looked_at(conn, unnoticed)
    return len(landed)
