"""Queues as an operator sees them, and dead letters moved back: the real queue."""

import json
import time
from typing import Self

import pytest

from pinhole import event_sources, queues
from pinhole.errors import Conflict, NotFound
from pinhole.operations.queues import Redriven, redrive, states, switch
from pinhole.settings import settings
from tests.fixtures.cloud import Cloud

BY_QUEUE = event_sources.by_queue


@pytest.fixture
def known(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of the admin function: `live` has the dead-letter queue `live-dead-letters`, `ml` has none."""
    dead = cloud.sqs.create_queue(QueueName=f"{cloud.queue_urls['live'].rpartition('/')[2]}-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": queues.describe(dead).arn, "maxReceiveCount": 3}
    cloud.sqs.set_queue_attributes(
        QueueUrl=cloud.queue_urls["live"], Attributes={"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "60"}
    )
    names = {"live": cloud.queue_urls["live"], "live-dead-letters": dead, "ml": cloud.queue_urls["ml"]}
    monkeypatch.setenv("PINHOLE_QUEUES", json.dumps(names))
    monkeypatch.setattr(event_sources, "by_queue", dict)
    settings.cache_clear()


def fill(cloud: Cloud, name: str, count: int) -> None:
    queues.send_batch(settings().queues[name], [{"number": number} for number in range(count)])


@pytest.mark.usefixtures("known")
def test_a_queue_tells_what_is_in_it_and_what_became_dead(cloud: Cloud) -> None:
    fill(cloud, "live", 3)
    queues.send(settings().queues["live"], {}, delay_seconds=900)
    cloud.sqs.receive_message(QueueUrl=settings().queues["live"])
    fill(cloud, "live-dead-letters", 2)

    live, dead, ml = states()

    assert (live.name, live.visible, live.in_flight, live.delayed) == ("live", 2, 1, 1)
    assert (live.dead_letters, live.dead_letters_depth) == ("live-dead-letters", 2)
    assert (live.visibility_timeout_seconds, live.max_receive_count) == (60, 3)
    assert (dead.visible, dead.dead_letters, dead.dead_letters_depth) == (2, None, None)
    assert (ml.visible, ml.oldest_seconds, ml.consumer, ml.max_receive_count) == (0, None, "worker", None)


@pytest.mark.usefixtures("known")
def test_the_age_of_a_queue_is_that_of_its_oldest_message(cloud: Cloud) -> None:
    fill(cloud, "ml", 1)
    time.sleep(2.1)  # what is told is in whole seconds
    fill(cloud, "ml", 1)
    [age] = [queue.oldest_seconds for queue in states() if queue.name == "ml"]
    assert age is not None
    assert age >= 2


@pytest.mark.usefixtures("known")
def test_dead_letters_are_moved_back_to_their_queue_and_no_others(cloud: Cloud) -> None:
    fill(cloud, "live-dead-letters", 12)
    fill(cloud, "ml", 1)

    assert redrive("live") == Redriven("live-dead-letters", "live", 12, done=True)

    assert sorted(json.loads(body)["number"] for body in cloud.messages("live")) == list(range(12))
    live, dead, ml = states()
    assert (live.dead_letters_depth, dead.visible, dead.in_flight, ml.visible) == (0, 0, 0, 1)


@pytest.mark.usefixtures("known")
def test_moving_nothing_is_no_error() -> None:
    assert redrive("live") == Redriven("live-dead-letters", "live", 0, done=True)


@pytest.mark.usefixtures("known")
def test_a_queue_without_dead_letters_has_none_to_move() -> None:
    with pytest.raises(Conflict, match="ml has no dead-letter queue"):
        redrive("ml")


@pytest.mark.usefixtures("known")
def test_a_name_that_no_queue_has_is_told_with_those_that_are_known() -> None:
    for call in (lambda: redrive("lvie"), lambda: switch("lvie", on=False)):
        with pytest.raises(NotFound, match=r"no queue lvie\. The queues are: live, live-dead-letters, ml\."):
            call()


@pytest.mark.usefixtures("known")
def test_a_queue_that_no_function_reads_can_not_be_paused() -> None:
    with pytest.raises(Conflict, match="No function reads ml"):
        switch("ml", on=False)


class Lambda:
    """Lambda's client, with mappings on two pages; it takes notes of what is switched."""

    def __init__(self, mappings: list[dict[str, str]]) -> None:
        self.pages = [{"EventSourceMappings": mappings[:1]}, {"EventSourceMappings": mappings[1:]}]
        self.switched: list[tuple[str, bool]] = []

    def get_paginator(self, operation: str) -> Self:
        assert operation == "list_event_source_mappings"
        return self

    def paginate(self) -> list[dict[str, list[dict[str, str]]]]:
        return self.pages

    def update_event_source_mapping(self, UUID: str, Enabled: bool) -> dict[str, str]:  # noqa: N803
        self.switched.append((UUID, Enabled))
        return {"UUID": UUID, "State": "Enabling" if Enabled else "Disabling"}


@pytest.fixture
def reading(known: None, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """A function reads `live`, but is paused; others of the account read what isn't Pinhole's."""
    live = queues.describe(cloud.queue_urls["live"]).arn
    client = Lambda(
        [
            {"UUID": "1", "State": "Enabled"},
            {"UUID": "2", "State": "Enabled", "EventSourceArn": "arn:aws:kinesis:us-east-1:0:stream/live"},
            {"UUID": "3", "State": "Disabled", "EventSourceArn": live},
        ]
    )
    monkeypatch.setattr(event_sources, "by_queue", BY_QUEUE)
    monkeypatch.setattr(event_sources, "_lambda", lambda: client)
    return client


def test_a_queue_that_a_function_reads_tells_whether_it_is_fed(reading: Lambda) -> None:
    assert [queue.consumer for queue in states()] == ["paused", None, "worker"]


def test_a_queue_goes_on_by_the_mapping_that_feeds_from_it(reading: Lambda) -> None:
    assert switch("live", on=True) == "resuming"
    assert reading.switched == [("3", True)]


def test_what_can_not_be_paused_is_told_with_what_can(reading: Lambda) -> None:
    with pytest.raises(Conflict, match=r"These can be: live\."):
        switch("ml", on=False)


def test_a_queue_may_be_told_by_its_name_in_sqs(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    url = cloud.queue_urls["ml"]
    monkeypatch.setenv("PINHOLE_ML_QUEUE_URL", url.rpartition("/")[2])
    settings.cache_clear()
    assert settings().ml_queue_url == url


def test_a_queue_whose_url_is_a_setting_of_its_own_is_not_named_twice(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINHOLE_QUEUES", '{"video-short": ""}')
    settings.cache_clear()
    assert settings().queues == {"video-short": cloud.queue_urls["video-short"]}
