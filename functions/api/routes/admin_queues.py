"""Queues as administrators see them, paused and resumed. The admin function is asked: it alone has the rights."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import WireModel
from pinhole import admin_function
from pinhole.errors import Conflict

routes = Blueprint(__name__)


class DeadLetters(WireModel):
    name: str = Field(description="Of the queue that they lie in")
    depth: int


class QueueSummary(WireModel):
    """Numbers of messages, as far as the queue knows them."""

    name: str
    waiting: int
    in_flight: int = Field(description="Taken, and neither done nor given back")
    delayed: int
    oldest_seconds: int | None = Field(description="Age of the oldest message; null: there is none, or nobody knows")
    consumer: str | None = Field(
        examples=["running", "paused", "resuming", "pausing", "worker"],
        description="How the function that reads it is; `worker`: workers poll it, whether one runs or not; null:"
        " nothing reads it",
    )
    visibility_timeout_seconds: int
    max_receive_count: int | None = Field(description="Deliveries before a message is a dead letter")
    dead_letters: DeadLetters | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """told: a `QueueState` as the admin function tells it."""
        name = told["deadLetters"]
        return cls(
            name=told["name"],
            waiting=told["visible"],
            in_flight=told["inFlight"],
            delayed=told["delayed"],
            oldest_seconds=told["oldestSeconds"],
            consumer=told["consumer"],
            visibility_timeout_seconds=told["visibilityTimeoutSeconds"],
            max_receive_count=told["maxReceiveCount"],
            dead_letters=None if name is None else DeadLetters(name=name, depth=told["deadLettersDepth"]),
        )


class Queues(WireModel):
    queues: list[QueueSummary]


@routes.route("/admin/queues", methods=["GET"])
@endpoint(answer=Queues, administrator=True)
def list_queues() -> Queues:
    """List all queues: how much is in them, for how long, what became dead, and whether they are read."""
    return Queues(queues=[QueueSummary.of(told) for told in admin_function.ask("queues")])


@routes.route("/admin/queues/{queue}/{action}", methods=["POST"])
@endpoint(answer=QueueSummary, administrator=True, errors=(Conflict,))
def act_on_queue(queue: str, action: Literal["pause", "resume", "redrive"]) -> QueueSummary:
    """Pause a queue, resume it, or move its dead letters back to it; how it is then.

    What was taken before a pause is ended first. 404 `no_such_queue`; 409 `no_consumer` where no function reads it,
    `no_dead_letters` where it has no queue of these, `move_under_way` while an earlier move lasts.
    """
    match action:
        case "redrive":
            admin_function.ask("redrive", queue=queue)
        case "pause" | "resume":
            admin_function.ask("switch", queue=queue, on=action == "resume")
    return next(QueueSummary.of(told) for told in admin_function.ask("queues") if told["name"] == queue)
