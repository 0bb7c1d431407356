"""The queues (SQS): JSON messages. Send after the commit: `requeue_stale` makes a lost send good."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pinhole import aws
from pinhole.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_SIZE = 10  # of SQS


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is now. Its numbers of messages are approximate, as SQS has it.

    visible: wait to be received; in_flight: were received, and not deleted yet; delayed: can't be received yet.
    oldest_seconds: None where there are no messages, or the queue does not tell (SQS of AWS does not).
    dead_letters_arn, max_receive_count: None where it has no dead-letter queue.
    """

    url: str
    arn: str
    visible: int
    in_flight: int
    delayed: int
    oldest_seconds: int | None
    visibility_timeout_seconds: int
    dead_letters_arn: str | None
    max_receive_count: int | None

    @property
    def depth(self) -> int:
        """All messages that are in it."""
        return self.visible + self.in_flight + self.delayed

    @property
    def name(self) -> str:
        """The name that it has in SQS."""
        return self.arn.rpartition(":")[2]


def describe(queue_url: str) -> Queue:
    """Read a queue's attributes. Raises Unavailable."""
    with aws.answering("queue"):
        answer = _sqs().get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
    told = {str(name): value for name, value in answer["Attributes"].items()}
    redrive = json.loads(told.get("RedrivePolicy", "{}"))
    oldest = told.get("ApproximateAgeOfOldestMessage")
    return Queue(
        url=queue_url,
        arn=told["QueueArn"],
        visible=int(told["ApproximateNumberOfMessages"]),
        in_flight=int(told["ApproximateNumberOfMessagesNotVisible"]),
        delayed=int(told["ApproximateNumberOfMessagesDelayed"]),
        oldest_seconds=None if oldest is None else int(oldest),
        visibility_timeout_seconds=int(told["VisibilityTimeout"]),
        dead_letters_arn=redrive.get("deadLetterTargetArn"),
        max_receive_count=None if "maxReceiveCount" not in redrive else int(redrive["maxReceiveCount"]),
    )


def move(source: Queue, target: Queue) -> bool:
    """Move the messages of one queue to another. True when that is done, False when SQS goes on with it by itself.

    Raises Conflict while an earlier move from the same queue is under way; Unavailable.
    """
    try:
        with aws.answering("queue"):
            _sqs().start_message_move_task(SourceArn=source.arn, DestinationArn=target.arn)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "InvalidAction":
                _move_by_hand(source, target)
                return True
            case "AWS.SimpleQueueService.UnsupportedOperation" | "UnsupportedOperation":
                raise Conflict(f"Messages of {source.name} are being moved already.", code="move_under_way") from error
        raise
    return False


def _move_by_hand(source: Queue, target: Queue) -> None:
    """For an SQS that can't. One that stops between the two calls leaves a message twice, which is harmless."""
    for _ in range(source.visible):  # and no more: what dies again meanwhile stays
        with aws.answering("queue"):
            for message in _sqs().receive_message(QueueUrl=source.url).get("Messages", []):
                _sqs().send_message(QueueUrl=target.url, MessageBody=message["Body"])
                _sqs().delete_message(QueueUrl=source.url, ReceiptHandle=message["ReceiptHandle"])


def send(queue_url: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
    """Send one message, to be seen after `delay_seconds` (at most 900). Raises Unavailable."""
    with aws.answering("queue"):
        _sqs().send_message(QueueUrl=queue_url, MessageBody=_body(message), DelaySeconds=delay_seconds)


def send_batch(queue_url: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
    """Send any number of messages, ten a call. Raises Unavailable when any was refused."""
    for start in range(0, len(messages), BATCH_SIZE):
        with aws.answering("queue"):
            answer = _sqs().send_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": _body(message), "DelaySeconds": delay_seconds}
                    for number, message in enumerate(messages[start : start + BATCH_SIZE])
                ],
            )
        failed = answer.get("Failed", [])
        if failed:
            raise Unavailable(f"The queue refused {len(failed)} messages: {failed[0]['Code']}.")


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was received. sent_at: seconds since 1970; receive_count: how often it was received, with this."""

    body: str
    receipt_handle: str
    sent_at: float
    receive_count: int


def receive(queue_url: str, limit: int, *, wait_seconds: int, visibility_seconds: int) -> list[Message]:
    """Receive at most `limit` messages (up to 10), or none when none came for so long (0 to 20). Raises Unavailable."""
    with aws.answering("queue"):
        answer = _sqs().receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=min(limit, BATCH_SIZE),
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=visibility_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
    return [
        Message(
            told["Body"],
            told["ReceiptHandle"],
            int(told["Attributes"]["SentTimestamp"]) / 1000,
            int(told["Attributes"]["ApproximateReceiveCount"]),
        )
        for told in answer.get("Messages", [])
    ]


def delete_batch(queue_url: str, receipt_handles: Sequence[str]) -> None:
    """Delete any number of received messages, ten a call. Raises Unavailable when any was refused."""
    for start in range(0, len(receipt_handles), BATCH_SIZE):
        with aws.answering("queue"):
            answer = _sqs().delete_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle}
                    for number, handle in enumerate(receipt_handles[start : start + BATCH_SIZE])
                ],
            )
        if failed := answer.get("Failed", []):
            raise Unavailable(f"The queue kept {len(failed)} messages: {failed[0]['Code']}.")


def change_visibility_batch(queue_url: str, receipt_handles: Sequence[str], seconds: int) -> None:
    """The same for any number of messages, ten a call; those that are not this receiver's any more stay as they are.

    Raises Unavailable.
    """
    for start in range(0, len(receipt_handles), BATCH_SIZE):
        with aws.answering("queue"):
            _sqs().change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                    for number, handle in enumerate(receipt_handles[start : start + BATCH_SIZE])
                ],
            )


def change_visibility(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a received message be seen again in `seconds` (0 to 43,200): a backoff, or time for its worker."""
    with aws.answering("queue"):
        _sqs().change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)


def _body(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


@cache
def _sqs() -> "SQSClient":
    sqs: SQSClient = aws.client("sqs")
    return sqs
