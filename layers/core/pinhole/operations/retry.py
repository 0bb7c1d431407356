"""Trying again what failed for good, under the same id: as if it had just arrived."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.errors import UniqueViolation

from pinhole import stages
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.keys import upload_of
from pinhole.operations import jobs
from pinhole.operations.jobs import Failures, Position
from pinhole.stages import Stage, Subject
from pinhole.tables import job, media_item, original_file, timeline_month
from pinhole.tables import upload as upload_table
from pinhole.telemetry import follow, logger

AT_ONCE = 500  # failures in one call
BEGUN_WITHIN_SECONDS = 10.0  # of it: who waits for the answer waits for less than half a minute


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of an item that was to be tried again, at the stage that failed.

    outcome: `retried`; `not_failed`: nothing of it has failed, or is being tried again already; `duplicate`: its
    owner has the same bytes as another item by now, `winner`.
    """

    item_id: str
    outcome: Literal["retried", "not_failed", "duplicate"]
    stage: Stage | None = None
    winner: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What one call did. not_retried: what stays failed, and what was being tried again already.

    next: after which the next call begins; None where nothing is left.
    """

    retried: int
    not_retried: int
    next: Position | None


def retry_failed(which: Failures, after: Position | None, within_seconds: float = BEGUN_WITHIN_SECONDS) -> Progress:
    """Try again some of these failures, the latest first: at least one, at most 500, none begun after that time.

    From the latest on, since what fails anew is later than all that are still to come: whoever goes on tries nothing
    twice. Raises Unavailable: what was not reached then stays failed.
    """
    until = time.monotonic() + within_seconds
    with transaction() as conn:
        found = jobs.list_positions(conn, which, after, AT_ONCE + 1)
    tried: list[Retried] = []
    for failed in found[:AT_ONCE]:
        if tried and time.monotonic() >= until:
            break
        tried.append(_retry(Subject(failed.owner_id, failed.item_id), Stage(failed.stage)))
    retried = sum(one.outcome == "retried" for one in tried)
    return Progress(retried, len(tried) - retried, found[len(tried) - 1] if len(tried) < len(found) else None)


def retry_items(item_ids: Sequence[str]) -> list[Retried]:
    """Try what failed of these items again. Raises NotFound naming those that are none, Unavailable."""
    with transaction() as conn:
        subjects = [Subject(owner_id, item_id) for owner_id, item_id in media_item.list_by_id(conn, item_ids)]
        failed = job.list_failed(conn, subjects=subjects)
    missing = [item_id for item_id in item_ids if item_id not in {subject.id for subject in subjects}]
    if missing:
        raise NotFound(f"There is no item {', '.join(missing)}.", code="no_such_item")
    others = {subject.id for subject in subjects} - {subject.id for subject, _ in failed}
    return [_retry(*each) for each in failed] + [Retried(item_id, "not_failed") for item_id in sorted(others)]


def retry_all(stage: Stage | None = None) -> list[Retried]:
    """Try again all that failed, or failed at one stage. Raises Unavailable: what was not reached then stays failed."""
    with transaction() as conn:
        failed = job.list_failed(conn, stage=stage)
    return [_retry(*each) for each in failed]


def _retry(subject: Subject, stage: Stage) -> Retried:
    try:
        with transaction() as conn:
            outcome = _retried(conn, subject, stage)
    except UniqueViolation:  # another item got these bytes just now: this time it is found
        with transaction() as conn:
            outcome = _retried(conn, subject, stage)
    if outcome.outcome == "retried":
        logger.info("job_retried", extra={"item_id": subject.id, "stage": stage})
    return outcome


def _retried(conn: Connection, subject: Subject, stage: Stage) -> Retried:
    owner_id, item_id = subject.owner_id, subject.id
    file = original_file.main_of(conn, owner_id, item_id)
    if file is None:
        return Retried(item_id, "not_failed", stage)
    original_file.lock(conn, owner_id, file.object_key)
    promised = upload_table.find_by_key(conn, owner_id, file.object_key)
    sha256 = file.sha256 or (None if promised is None else promised.sha256)
    winner = None if sha256 is None else original_file.find_same_bytes(conn, owner_id, sha256)
    if winner is not None and winner.item_id != item_id:
        return Retried(item_id, "duplicate", stage, winner.item_id)
    lane = job.retry(conn, subject, stage)
    if lane is None:
        return Retried(item_id, "not_failed", stage)
    if promised is not None:
        upload_table.reopen(conn, owner_id, promised.id)
    month = media_item.clear_failure(conn, owner_id, item_id)
    original_file.count_again(conn, owner_id, item_id, counts=True)
    # Sent before the commit: where the queue is down, all stays as it was. Who receives it waits for the key's lock.
    stages.ask_again(conn, stage, lane, [subject])
    follow(upload_of(file.object_key))
    if month is not None:
        timeline_month.bump(conn, owner_id, [month])
    return Retried(item_id, "retried", stage)
