"""What every other test of this folder stands on."""

from tests.fixtures.cloud import Cloud


def test_a_message_comes_back_as_a_function_gets_it(cloud: Cloud) -> None:
    record = cloud.through_queue("ingest", "hello")

    assert record["body"] == "hello"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_a_test_starts_with_empty_queues(cloud: Cloud) -> None:
    assert cloud.messages("ingest") == []
