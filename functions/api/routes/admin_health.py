"""How all of Pinhole is, and what runs by itself. The admin function is asked: it alone has the rights."""

from typing import Any, Literal, Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import Timestamp, WireModel
from pinhole import admin_function

routes = Blueprint(__name__)


class Finding(WireModel):
    subject: str = Field(description="A queue, a stage or a schedule; `day`: the last 24 hours")
    count: int | None = Field(description="How many messages, or jobs")
    since: Timestamp | None = Field(description="From when on it waits; of a schedule: when it last did its work")


class Check(WireModel):
    """`database`, `objects`, `queues`: whether they answer. `dead_letters`: messages that nobody could work off.

    `paused`: queues that wait. `waiting`: stages of which nothing was done within an hour though something waits for
    longer. `failures`: what failed for good within a day. `mails`: those that were given up within a day. `schedules`:
    those that failed, were killed or are overdue.
    """

    name: Literal[
        "database", "objects", "queues", "dead_letters", "paused", "waiting", "failures", "mails", "schedules"
    ]
    state: Literal["ok", "warning", "failing", "unknown"] = Field(
        description="`unknown`: it could not be looked at, since another part does not answer"
    )
    findings: list[Finding]


class Condition(WireModel):
    checks: list[Check]


class ScheduleSummary(WireModel):
    """A schedule and its last run."""

    name: str
    every: str = Field(description="As EventBridge has it", examples=["rate(5 minutes)"])
    every_seconds: int | None = Field(description="null: it is no rate")
    state: Literal["never", "running", "succeeded", "failed", "lost"] = Field(description="`lost`: it was killed")
    started_at: Timestamp | None
    finished_at: Timestamp | None
    succeeded_at: Timestamp | None = Field(description="When a run, this one or one before it, last did its work")
    counts: dict[str, int] | None = Field(description="What the last run did, by kind", examples=[{"sent": 2}])
    error: str | None = Field(description="What kind of error ended the last run; the log has more")
    overdue: bool = Field(description="Whether it has missed turns")

    @classmethod
    def of(cls, told: Any) -> Self:
        """told: a `ScheduleState` as the admin function tells it, with moments as text."""
        return cls.model_validate(told, strict=False)


class Schedules(WireModel):
    schedules: list[ScheduleSummary]


@routes.route("/admin/health", methods=["GET"])
@endpoint(answer=Condition, administrator=True)
def read_condition() -> Condition:
    """Tell what answers, what waits too long, and what somebody must see to."""
    return Condition.model_validate({"checks": admin_function.ask("condition")}, strict=False)


@routes.route("/admin/schedules", methods=["GET"])
@endpoint(answer=Schedules, administrator=True)
def list_schedules() -> Schedules:
    """List what runs by itself, with what came of the last run."""
    return Schedules(schedules=[ScheduleSummary.of(told) for told in admin_function.ask("schedules")])


@routes.route("/admin/schedules/{schedule}/run", methods=["POST"])
@endpoint(answer=ScheduleSummary, status=202, administrator=True)
def run_schedule(schedule: str) -> ScheduleSummary:
    """Have a schedule run now, beside its turns; how it was before.

    It is begun, and not waited for: look at its `startedAt`. 404: `no_such_schedule`.
    """
    return ScheduleSummary.of(admin_function.ask("run", schedule=schedule))
