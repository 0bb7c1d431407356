"""SQS <- dead-letter queues: what became of a message goes into the ledger."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pinhole import deletion, edits, s3_events, stages
from pinhole.accounts import mails
from pinhole.ingest import failure
from pinhole.keys import upload_of
from pinhole.telemetry import follow, logger, measured, queue_age

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@measured
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    """Record dead messages, whatever stage they asked for. One that can't be recorded stays in the queue."""
    return process_partial_response(event, _record_death, processor, context)


def _record_death(record: SQSRecord) -> None:
    queue_age(record.attributes.sent_timestamp)
    sent = datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
    report = (
        f"Message {record.message_id}, sent {sent.isoformat(timespec='seconds')},"
        f" was received {record.attributes.approximate_receive_count} times and then given up."
    )
    asked = stages.read(record.body)
    if asked is not None:
        follow(None)
        about = {"item_id": asked.subject.id, "stage": asked.stage}
        _recorded(partial(stages.give_up, asked, report), about)
        return
    if (change := edits.read_message(record.body)) is not None:
        follow(None)
        _recorded(partial(edits.give_up, change), {"change_id": change.change_id})
        return
    if (mail_id := mails.read_message(record.body)) is not None:
        follow(None)
        _recorded(partial(mails.give_up, mail_id), {"mail_id": mail_id})
        return
    if (user_id := deletion.read_message(record.body)) is not None:
        follow(None)
        # It is tried again as long as there is something left: nobody is to stay half deleted.
        logger.error("deletion_stuck", extra={"user_id": user_id, "report": report})
        return
    for created in s3_events.read(record.body):
        follow(upload_of(created.key))
        _recorded(partial(failure.give_up, created.key, report), {"object_key": created.key})


def _recorded(give_up: Callable[[], bool], about: Mapping[str, str]) -> None:
    try:
        failed = give_up()
    except Exception:
        logger.warning("message_not_recorded", exc_info=True)
        raise
    logger.warning("message_dead", extra={**about, "failed_for_good": failed})
