"""SQS <- changes of more items than one call takes: each message has one of them gone on with."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import edits, stages
from pinhole.settings import settings
from pinhole.telemetry import follow, logger, measured, queue_age

ENOUGH_MILLISECONDS = 60_000  # for a batch, whatever else the database has to do

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Go on with the changes that messages tell of; those that failed come back, sooner than after the time-out."""
    return process_partial_response(event, partial(_go_on, context=context), processor, context)


def _go_on(record: SQSRecord, context: LambdaContext) -> None:
    queue_age(record.attributes.sent_timestamp)
    follow(None)
    message = edits.read_message(record.body)
    if message is None:
        logger.warning("message_unreadable")
        return
    receives = int(record.attributes.approximate_receive_count)
    with stages.coming_back(settings().changes_queue_url, record.receipt_handle, receives, change_id=message.change_id):
        edits.go_on(message, lambda: context.get_remaining_time_in_millis() > ENOUGH_MILLISECONDS)
