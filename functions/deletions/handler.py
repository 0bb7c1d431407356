"""SQS <- users who are being deleted: each message has one deletion gone on with."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import deletion, stages
from pinhole.settings import settings
from pinhole.telemetry import follow, logger, measured, queue_age

ENOUGH_MILLISECONDS = 60_000  # for a step, whatever else database and store have to do

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Go on with the deletions that messages tell of; those that failed come back, sooner than after the time-out."""
    return process_partial_response(event, partial(_go_on, context=context), processor, context)


def _go_on(record: SQSRecord, context: LambdaContext) -> None:
    queue_age(record.attributes.sent_timestamp)
    follow(None)
    user_id = deletion.read_message(record.body)
    if user_id is None:
        logger.warning("message_unreadable")
        return
    receives = int(record.attributes.approximate_receive_count)
    with stages.coming_back(settings().deletions_queue_url, record.receipt_handle, receives, user_id=user_id):
        deletion.go_on(user_id, lambda: context.get_remaining_time_in_millis() > ENOUGH_MILLISECONDS)
