"""The queues (SQS): JSON messages. Send after the commit: `requeue_stale` makes a lost send good."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from pinhole import aws
from pinhole.errors import Unavailable
from pinhole.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH_SIZE = 10  # of SQS


def request_analysis(item_id: str) -> None:
    """Ask the machine-learning worker to analyse an item. Raises Unavailable."""
    send(settings().ml_queue_url, {"itemId": item_id})


def request_video(item_id: str) -> None:
    """Ask the video worker to transcode an item. Raises Unavailable."""
    send(settings().video_queue_url, {"itemId": item_id})


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


def change_visibility(queue_url: str, receipt_handle: str, seconds: int) -> None:
    """Let a received message be seen again in `seconds` (0 to 43,200): a backoff, or time for its worker."""
    with aws.answering("queue"):
        _sqs().change_message_visibility(QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)


def _body(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=aws.CONFIG)
