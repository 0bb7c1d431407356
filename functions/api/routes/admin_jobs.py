"""The ledger as administrators see it: how much is to be done, what failed, and trying that again.

Of others' files it tells what an operator needs to see to a failure, name, size and report, and no picture.
"""

from dataclasses import asdict
from typing import Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import Id, Timestamp, WireModel
from pinhole import admin_function
from pinhole.accounts.names import MAX_CHARACTERS
from pinhole.db import transaction
from pinhole.operations import jobs
from pinhole.operations.jobs import Failures, Position, StageCounts
from pinhole.stages import Stage

routes = Blueprint(__name__)

_MAX_CODE = 64


class StageSummary(WireModel):
    """Jobs of one stage by state."""

    stage: Stage
    waiting: int
    running: int
    done: int
    failed: int
    oldest_waiting: Timestamp | None = Field(description="When the one that waits longest was asked for")
    done_in_5_minutes: int
    done_in_60_minutes: int
    eta_seconds: int | None = Field(
        description="Until nothing waits, at the pace of the last 5 minutes, else of the last 60; null: nothing waits,"
        " or nothing was done"
    )

    @classmethod
    def of(cls, counts: StageCounts) -> Self:
        return cls(**asdict(counts) | {"stage": Stage(counts.stage), "eta_seconds": counts.eta_seconds})


class Jobs(WireModel):
    stages: list[StageSummary] = Field(description="In the order of processing")


class FailuresQuery(WireModel):
    stage: Stage | None = None
    code: str | None = Field(None, max_length=_MAX_CODE)
    owner: str | None = Field(None, max_length=MAX_CHARACTERS, description="Name of a user")
    cursor: str | None = Field(None, max_length=128, description="`nextCursor` of an earlier page")


class Failure(WireModel):
    """A stage of a file that failed for good."""

    item_id: Id
    stage: Stage
    attempts: int
    owner: str = Field(description="Name of the user whose file it is")
    filename: str
    size_bytes: int
    code: str | None = Field(description="What the owner was told; null: nothing")
    report: str | None = Field(description="The whole report of the last attempt that could make one")
    created_at: Timestamp
    finished_at: Timestamp


class CodeCount(WireModel):
    code: str | None
    failed: int


class FailurePage(WireModel):
    failures: list[Failure]
    codes: list[CodeCount] | None = Field(
        description="How many failed by code, of stage and owner that are asked for; null on pages that follow"
    )
    next_cursor: str | None = Field(description="Asks for the failures that follow; null where none do")


class Retry(WireModel):
    """Which failures to try again: all that agree with what is given; `{}`: all that there are."""

    item_id: Id | None = None
    stage: Stage | None = None
    code: str | None = Field(None, max_length=_MAX_CODE)
    owner: str | None = Field(None, max_length=MAX_CHARACTERS, description="Name of a user")
    cursor: str | None = Field(None, max_length=128, description="`nextCursor` of the answer before, to go on")


class Retried(WireModel):
    retried: int
    not_retried: int = Field(
        description="What stays failed, since its owner has the same bytes as another item by now, and what was being"
        " tried again already"
    )
    next_cursor: str | None = Field(description="There are more failures: to be sent again with it; null: that was all")


@routes.route("/admin/jobs", methods=["GET"])
@endpoint(answer=Jobs, administrator=True)
def list_jobs() -> Jobs:
    """Count all users' jobs by stage and state, and tell how fast they are done."""
    with transaction() as conn:
        return Jobs(stages=[StageSummary.of(counts) for counts in jobs.counts(conn)])


@routes.route("/admin/jobs/failures", methods=["GET"])
@endpoint(query=FailuresQuery, answer=FailurePage, administrator=True)
def list_failures(query: FailuresQuery) -> FailurePage:
    """List what failed for good, the latest first, 100 a page."""
    which = Failures(stage=query.stage, code=query.code, owner=query.owner)
    after = None if query.cursor is None else Position.parse(query.cursor)
    with transaction() as conn:
        page = jobs.failures(conn, which, after, jobs.PAGE)
        codes = None if after else jobs.count_codes(conn, which)
    return FailurePage(
        failures=[
            Failure(
                item_id=job.item_id,
                stage=Stage(job.stage),
                attempts=job.attempts,
                owner=job.owner,
                filename=job.filename,
                size_bytes=job.size_bytes,
                code=job.code,
                report=job.report,
                created_at=job.created_at,
                finished_at=job.position.finished_at,
            )
            for job in page.jobs
        ],
        codes=None if codes is None else [CodeCount(code=code, failed=failed) for code, failed in codes],
        next_cursor=None if page.next is None else str(page.next),
    )


@routes.route("/admin/jobs/retry", methods=["POST"])
@endpoint(body=Retry, answer=Retried, administrator=True)
def retry_jobs(body: Retry) -> Retried:
    """Try failures again, the latest first, under the same ids, as if they had just arrived.

    A request does up to 500, for up to 10 seconds; it is sent again with `nextCursor` for the rest. What fails anew
    meanwhile is not tried twice on that way.
    """
    if body.cursor is not None:
        Position.parse(body.cursor)
    told = admin_function.ask("retryFailed", **body.model_dump())
    return Retried(retried=told["retried"], not_retried=told["notRetried"], next_cursor=told["nextCursor"])
