"""The queues behind their adapter."""

import json

import pytest

from pinhole import queues
from pinhole.errors import Unavailable
from tests.fixtures.cloud import Cloud


def test_many_messages_are_sent_in_tens(cloud: Cloud) -> None:
    queues.send_batch(cloud.queue_urls["ingest"], [{"number": number} for number in range(23)])
    assert sorted(json.loads(body)["number"] for body in cloud.messages("ingest")) == list(range(23))
    queues.send_batch(cloud.queue_urls["ingest"], [])
    assert cloud.messages("ingest") == []


def test_a_delayed_message_is_not_seen_yet(cloud: Cloud) -> None:
    queues.send(cloud.queue_urls["live"], {"ownerId": 1}, delay_seconds=900)
    assert cloud.messages("live") == []
    attributes = cloud.sqs.get_queue_attributes(
        QueueUrl=cloud.queue_urls["live"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"


def test_a_message_can_be_had_back_at_once(cloud: Cloud) -> None:
    record = cloud.through_queue("ingest", "{}")
    assert cloud.messages("ingest") == []
    queues.change_visibility(cloud.queue_urls["ingest"], record["receiptHandle"], 0)
    assert cloud.messages("ingest") == ["{}"]


def test_a_queue_that_is_down_is_unavailable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    queues._sqs.cache_clear()
    with pytest.raises(Unavailable):
        queues.send("http://127.0.0.1:9/000000000000/ingest", {})
