"""How a stage of a subject moves: claimed, leased, held, given back, failed, finished.

Every step may be the last one of its process, and come twice or late. The caller opens the transaction, and holds the
lock of what it works on.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from psycopg import Connection

from pinhole.db import transaction
from pinhole.errors import Busy, ErrorCode
from pinhole.stages.catalogue import attempts
from pinhole.stages.requests import Asked
from pinhole.tables import deletion, job
from pinhole.tables.job import Job, Lane, Stage, Subject

NO_REPORT = "The process died without a report: killed, out of memory, or out of time."


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt at one stage, leased to this process until `until`. attempt: which one it is, from 1."""

    subject: Subject
    stage: Stage
    lane: Lane
    until: datetime
    attempt: int


class WornOut(Exception):
    """The attempts of a stage are used up, and it is still open. `report` is of the last one."""

    def __init__(self, last: Job) -> None:
        self.report = f"All {last.attempts} attempts failed. The last one:\n{last.last_error or NO_REPORT}"
        super().__init__(self.report)


def claim(conn: Connection, subject: Subject, stage: Stage, lane: Lane, until: datetime) -> Claim | None:
    """Begin an attempt. Commit it before the work starts, so that a subject that kills its worker is counted.

    None when the stage is over, or its owner is being deleted: the lock of the key, which the deletion takes before it
    looks for attempts, sees to it that it finds this one, or this one it. Raises Busy while another attempt is leased,
    and WornOut.
    """
    if deletion.is_under_way(conn, subject.owner_id):
        return None
    attempt = job.begin_attempt(conn, subject, stage, lane, until, attempts(stage))
    if attempt is not None:
        return Claim(subject, stage, lane, until, attempt)
    current = job.get(conn, subject, stage)
    if current is not None and current.leased and current.leased_until is not None:
        wait = (current.leased_until - datetime.now(UTC)).total_seconds()
        raise Busy(f"The {stage} of {subject.id} is in work already.", max(1, ceil(wait)))
    if current is not None and current.open:
        raise WornOut(current)
    return None


def hold(conn: Connection, claimed: Claim) -> None:
    """See that the attempt is still this process's, before what it found is written.

    Raises Busy when another has taken over, as it may once the lease has ended: then it is that one's turn.
    """
    current = job.get(conn, claimed.subject, claimed.stage)
    if current is None or current.leased_until != claimed.until:
        raise Busy(f"Another delivery has taken over the {claimed.stage} of {claimed.subject.id}.", 1)


def extend(conn: Connection, claimed: Claim, until: datetime) -> Claim:
    """Hold the lease for longer: this process is alive.

    Raises Busy when another has taken over, or the owner is being deleted.
    """
    if deletion.is_under_way(conn, claimed.subject.owner_id):
        raise Busy(f"The owner of {claimed.subject.id} is being deleted.", 1)
    if not job.extend(conn, claimed.subject, claimed.stage, claimed.until, until):
        raise Busy(f"Another delivery has taken over the {claimed.stage} of {claimed.subject.id}.", 1)
    return replace(claimed, until=until)


def tell_progress(conn: Connection, claimed: Claim, progress: float) -> None:
    """How much of it is done, 0 to 1, for those who wait for it. Nothing where another has taken over."""
    job.tell_progress(conn, claimed.subject, claimed.stage, claimed.until, progress)


def finish(conn: Connection, claimed: Claim) -> None:
    """The stage is done."""
    job.finish(conn, claimed.subject, claimed.stage)


def go_on(conn: Connection, claimed: Claim, stage: Stage) -> Claim | None:
    """The stage is done, and the same process goes on with that one, under the same lease. None when that is over."""
    finish(conn, claimed)
    attempt = job.begin_attempt(conn, claimed.subject, stage, claimed.lane, claimed.until, attempts(stage))
    if attempt is None:
        current = job.get(conn, claimed.subject, stage)
        if current is not None and not current.open:
            return None
        raise Busy(f"Another delivery has taken over the {stage} of {claimed.subject.id}.", 1)
    return replace(claimed, stage=stage, attempt=attempt)


def add(conn: Connection, subject: Subject, stage: Stage, lane: Lane = Lane.FRESH) -> None:
    """Note that a stage is to be done; one that is known already stays as it is."""
    job.add_waiting(conn, subject, stage, lane)


def give_back(conn: Connection, subject: Subject, until: datetime, report: str, *, counts: bool) -> None:
    """The attempt that was leased until then failed: keep its report, and let the next delivery try.

    counts: whether it was an attempt; it was none when something that we depend on was down.
    """
    job.give_back(conn, subject, until, report, counts=counts)


def fail(conn: Connection, subject: Subject, stage: Stage, report: str, code: str) -> bool:
    """The stage failed for good. code: what the owner is told. False when it was over before."""
    return job.fail(conn, subject, stage, report, code)


def give_up(asked: Asked, report: str) -> bool:
    """A message that asked a worker for a stage is dead: the stage fails for good where `last_words` says so."""
    with transaction() as conn:
        last = last_words(conn, asked.subject, asked.stage, report)
        return last is not None and fail(conn, asked.subject, asked.stage, last, ErrorCode.PROCESSING_FAILED)


def last_words(conn: Connection, subject: Subject, stage: Stage, report: str) -> str | None:
    """The report with which a stage fails whose message is dead. report: of that message.

    None while it has attempts: deliveries were lost to an outage, and requeue_stale asks again. Raises Busy while the
    last attempt may still succeed.
    """
    current = job.get(conn, subject, stage)
    if current is None or current.attempts < attempts(stage):
        return None
    if current.leased:
        raise Busy(f"The last attempt at the {stage} of {subject.id} has not ended.", 1)
    return f"{WornOut(current).report}\n\n{report}"


def backoff_seconds(receive_count: int) -> int:
    """10, 40, 160, 640 and at most 900 seconds after the first, second, ... delivery."""
    return int(min(900, 10 * 4 ** (receive_count - 1)))
