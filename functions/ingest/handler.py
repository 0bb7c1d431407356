"""SQS <- S3 ObjectCreated. One message at a time: a file that kills the process takes no other with it."""

import traceback
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import queues
from pinhole.errors import Busy, Unavailable
from pinhole.ingest import events, failure
from pinhole.ingest.original import ingest_original
from pinhole.settings import settings
from pinhole.telemetry import follow, logger, measured, queue_age
from pinhole.uploads.names import upload_of

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Ingest what the messages tell of; those that failed are reported one by one and come back."""
    until = datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
    return process_partial_response(event, partial(_ingest, until=until), processor, context)


def _ingest(record: SQSRecord, until: datetime) -> None:
    queue_age(record.attributes.sent_timestamp)
    for created in events.read(record.body):
        follow(upload_of(created.key))
        try:
            ingest_original(created, until)
        except Busy as busy:
            _delay(record, busy.retry_after_seconds)
            raise
        except Exception as error:
            logger.warning("attempt_failed", exc_info=True)
            # The ledger first: without it, an outage that takes the queue along would count as an attempt.
            try:
                counts = not isinstance(error, Unavailable)
                failure.note_failed_attempt(created.key, until, traceback.format_exc(), counts=counts)
            finally:
                _delay(record, backoff_seconds(int(record.attributes.approximate_receive_count)))
            raise


def _delay(record: SQSRecord, seconds: int) -> None:
    queues.change_visibility(settings().ingest_queue_url, record.receipt_handle, seconds)


def backoff_seconds(receive_count: int) -> int:
    """10, 40, 160, 640 and at most 900 seconds after the first, second, ... delivery."""
    return int(min(900, 10 * 4 ** (receive_count - 1)))
