"""SQS <- S3 ObjectCreated, and what asks for a full size. One message at a time: a file that kills the process takes no
other with it.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import queues, s3_events, stages
from pinhole.errors import Busy, Unavailable
from pinhole.ingest import failure, full_size
from pinhole.ingest.original import ingest_original
from pinhole.keys import upload_of
from pinhole.settings import settings
from pinhole.stages import Lane, Stage
from pinhole.telemetry import follow, logger, measured, queue_age

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Ingest what the messages tell of; those that failed are reported one by one and come back.

    What came by another way than an upload is handed over to the queue of `handle_bulk`.
    """
    return _ingest_all(event, context, Lane.FRESH, settings().ingest_queue_url)


@measured
def handle_bulk(event: dict[str, Any], context: LambdaContext) -> Any:
    """The same for what was handed over."""
    return _ingest_all(event, context, Lane.BULK, settings().ingest_bulk_queue_url)


def _ingest_all(event: dict[str, Any], context: LambdaContext, lane: Lane, queue_url: str) -> Any:
    until = datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
    ingest = partial(_ingest, until=until, lane=lane, queue_url=queue_url)
    return process_partial_response(event, ingest, processor, context)


def _ingest(record: SQSRecord, until: datetime, lane: Lane, queue_url: str) -> None:
    queue_age(record.attributes.sent_timestamp)
    asked = stages.read(record.body)
    if asked is not None and asked.stage is Stage.FULL_SIZE:
        follow(None)
        subject = asked.subject
        with _kept_if_it_fails(record, queue_url, partial(full_size.note_failed_attempt, subject, until)):
            full_size.make_full_size(subject, until)
        return
    for created in s3_events.read(record.body):
        follow(upload_of(created.key))
        with _kept_if_it_fails(record, queue_url, partial(failure.note_failed_attempt, created.key, until)):
            ingest_original(created, until, lane)


@contextmanager
def _kept_if_it_fails(record: SQSRecord, queue_url: str, note_failed_attempt: Callable[..., None]) -> Iterator[None]:
    try:
        yield
    except Busy as busy:
        queues.change_visibility(queue_url, record.receipt_handle, busy.retry_after_seconds)
        raise
    except Exception as error:
        logger.warning("attempt_failed", exc_info=True)
        # The ledger first: without it, an outage that takes the queue along would count as an attempt.
        try:
            note_failed_attempt(traceback.format_exc(), counts=not isinstance(error, Unavailable))
        finally:
            seconds = stages.backoff_seconds(int(record.attributes.approximate_receive_count))
            queues.change_visibility(queue_url, record.receipt_handle, seconds)
        raise
