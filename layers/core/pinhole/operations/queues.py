"""Queues: what is in them, pausing them, and dead letters back to where they came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from pinhole import aws, event_sources, queues, stages
from pinhole.errors import Conflict, NotFound
from pinhole.event_sources import EventSource
from pinhole.queues import Queue
from pinhole.settings import settings
from pinhole.telemetry import logger

WORKER = "worker"


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as an operator sees it.

    consumer: `running`, `paused` (or on the way there) where a function reads it, `worker` where workers poll it,
        whether one runs or not; None where nothing reads it.
    oldest_seconds: age of the oldest message; None where there is none, or nobody knows.
    dead_letters: name and depth of its dead-letter queue; max_receive_count: deliveries before a message goes there.
    """

    name: str
    visible: int
    in_flight: int
    delayed: int
    oldest_seconds: int | None
    consumer: str | None
    visibility_timeout_seconds: int
    max_receive_count: int | None
    dead_letters: str | None
    dead_letters_depth: int | None


@dataclass(frozen=True, slots=True)
class Redriven:
    """Dead letters on their way back. done: whether they are there already; else SQS moves them by itself."""

    dead_letters: str
    queue: str
    messages: int
    done: bool


def states() -> list[QueueState]:
    """Every queue, in the order of the template. Raises Unavailable."""
    found = {name: queues.describe(url) for name, url in settings().queues.items()}
    sources = event_sources.by_queue()
    names = {queue.arn: name for name, queue in found.items()}
    untold = [queue.name for queue in found.values() if queue.depth and queue.oldest_seconds is None]
    ages = _ages(untold) if untold else {}
    return [
        QueueState(
            name=name,
            visible=queue.visible,
            in_flight=queue.in_flight,
            delayed=queue.delayed,
            oldest_seconds=ages.get(queue.name, queue.oldest_seconds),
            consumer=_consumer(name, sources.get(queue.name)),
            visibility_timeout_seconds=queue.visibility_timeout_seconds,
            max_receive_count=queue.max_receive_count,
            dead_letters=dead,
            dead_letters_depth=None if dead is None else found[dead].depth,
        )
        for name, queue in found.items()
        for dead in [names.get(queue.dead_letters_arn or "")]
    ]


def switch(name: str, *, on: bool) -> str:
    """Have the function that reads this queue fed again, or no longer; messages wait meanwhile. The state after that.

    Raises NotFound for a name that no queue has, Conflict for a queue that no function reads, Unavailable.
    """
    sources = event_sources.by_queue()
    source = sources.get(_sqs_name(_url(name)))
    if source is None:
        readable = ", ".join(name for name, url in settings().queues.items() if _sqs_name(url) in sources)
        raise Conflict(
            f"No function reads {name}, so there is nothing to pause or resume. These can be: {readable}.",
            code="no_consumer",
        )
    state = event_sources.switch(source.id, on=on)
    logger.info("queue_switched", extra={"queue": name, "on": on, "state": state})
    return state


def redrive(name: str) -> Redriven:
    """Move the dead letters of a queue back to it.

    Raises NotFound for a name that no queue has, Conflict for a queue without dead letters or while an earlier
    move is under way, Unavailable.
    """
    queue = queues.describe(_url(name))
    dead_name = next((other for other, url in settings().queues.items() if _is_target(queue, url)), None)
    if dead_name is None:
        raise Conflict(f"{name} has no dead-letter queue.", code="no_dead_letters")
    dead = queues.describe(settings().queues[dead_name])
    if dead.visible == 0:
        return Redriven(dead_name, name, 0, done=True)
    done = queues.move(dead, queue)
    logger.info("dead_letters_redriven", extra={"queue": name, "messages": dead.visible})
    return Redriven(dead_name, name, dead.visible, done)


def _url(name: str) -> str:
    try:
        return settings().queues[name]
    except KeyError:
        known = ", ".join(settings().queues)
        raise NotFound(f"There is no queue {name}. The queues are: {known}.", code="no_such_queue") from None


def _is_target(queue: Queue, url: str) -> bool:
    return queue.dead_letters_arn is not None and queue.dead_letters_arn.endswith(f":{_sqs_name(url)}")


def _sqs_name(url: str) -> str:
    return url.rpartition("/")[2]


def _consumer(name: str, source: EventSource | None) -> str | None:
    if name in stages.polled_by_workers():
        return WORKER
    return None if source is None else source.state


def _ages(sqs_names: Iterable[str]) -> dict[str, int]:
    """Seconds by queue, where CloudWatch knows: it is told once a minute."""
    now = datetime.now(UTC)
    names = dict(enumerate(sqs_names))
    with aws.answering("metrics service"):
        answer = _cloudwatch().get_metric_data(
            MetricDataQueries=[
                {
                    "Id": f"queue{number}",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SQS",
                            "MetricName": "ApproximateAgeOfOldestMessage",
                            "Dimensions": [{"Name": "QueueName", "Value": name}],
                        },
                        "Period": 60,
                        "Stat": "Maximum",
                    },
                }
                for number, name in names.items()
            ],
            StartTime=now - timedelta(minutes=10),
            EndTime=now,
            ScanBy="TimestampDescending",
        )
    return {
        names[int(result["Id"].removeprefix("queue"))]: int(result["Values"][0])
        for result in answer["MetricDataResults"]
        if result["Values"]
    }


@cache
def _cloudwatch() -> Any:
    return aws.client("cloudwatch")
