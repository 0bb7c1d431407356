"""SQS <- the changes of a library: its open connections are told."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import live
from pinhole.telemetry import follow, measured, queue_age

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Tell the connections of each owner; owners that could not be told come back."""
    return process_partial_response(event, _tell, processor, context)


def _tell(record: SQSRecord) -> None:
    queue_age(record.attributes.sent_timestamp)
    follow(record.json_body.get("uploadId"))
    live.tell(record.json_body["ownerId"])
