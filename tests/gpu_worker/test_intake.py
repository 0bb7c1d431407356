"""Messages come in for as long as the worker lives, whatever their queue does meanwhile."""

import queue
import time
from collections.abc import Iterator

import pytest

from gpu_worker import intake
from gpu_worker.intake import Intake, Received
from pinhole.stages import Lane
from tests.fixtures.cloud import Cloud


@pytest.fixture
def polling(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Intake]:
    monkeypatch.setattr(intake, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(intake, "WAIT_SECONDS", 1)
    one = Intake({Lane.FRESH: cloud.queue_urls["ml"]}, room=1, visibility_seconds=30)
    yield one
    one.stop()
    while not one.ended:
        time.sleep(0.05)


def test_a_queue_that_is_gone_for_a_moment_is_polled_again(
    cloud: Cloud, polling: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    url = cloud.queue_urls["ml"]
    cloud.sqs.delete_queue(QueueUrl=url)
    received: queue.SimpleQueue[Received] = queue.SimpleQueue()
    polling.start(received.put)
    while "queue_unavailable" not in caplog.messages:
        time.sleep(0.05)
    cloud.sqs.create_queue(QueueName=url.rpartition("/")[2])
    cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert received.get().lane is Lane.FRESH

    assert polling.polls


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_poller_that_died_is_told(cloud: Cloud, polling: Intake) -> None:
    def die(_: Received) -> None:
        raise SystemExit

    cloud.sqs.send_message(QueueUrl=cloud.queue_urls["ml"], MessageBody="{}")
    polling.start(die)
    while polling.polls:
        time.sleep(0.05)
