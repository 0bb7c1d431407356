"""SQS <- mails about accounts: each message has one of them sent."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import stages
from pinhole.accounts import mails
from pinhole.settings import settings
from pinhole.telemetry import follow, logger, measured, queue_age

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Send the mails that messages tell of; those that failed come back, sooner than after the time-out."""
    return process_partial_response(event, _send, processor, context)


def _send(record: SQSRecord) -> None:
    queue_age(record.attributes.sent_timestamp)
    follow(None)
    mail_id = mails.read_message(record.body)
    if mail_id is None:
        logger.warning("message_unreadable")
        return
    receives = int(record.attributes.approximate_receive_count)
    with stages.coming_back(settings().mail_queue_url, record.receipt_handle, receives, mail_id=mail_id):
        mails.deliver(mail_id)
