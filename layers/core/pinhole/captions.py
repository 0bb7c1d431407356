"""Captions, from a photo that waits for one to the question that may be asked. `analysis.record` writes what was said.

No queue carries them: what waits for tomorrow's budget, a queue would deliver again and again until it is dead. So
workers look for what waits in the ledger itself.
"""

from datetime import datetime

from pinhole import analysis, stages
from pinhole.analysis import Photo
from pinhole.db import transaction
from pinhole.errors import Busy, ErrorCode
from pinhole.stages import Asked, Claim, Lane, Stage, Subject
from pinhole.tables import caption_day, job, original_file
from pinhole.telemetry import logger

AT_ONCE = 10  # looked at in the ledger; as many workers don't try all the same ones


def next_photo(until: datetime) -> Photo | None:
    """Claim a photo that waits, new ones first, then the longest waiting. None when none does."""
    for lane in Lane:
        with transaction() as conn:
            waiting = job.list_free(conn, Stage.CAPTION, lane, AT_ONCE)
        for subject in waiting:
            try:
                photo = analysis.begin(Asked(subject, Stage.CAPTION), lane, until)
            except Busy:
                continue  # another worker was faster
            if photo is not None:
                return photo
            _end(subject)
    return None


def _end(subject: Subject) -> None:
    """What can't be claimed, and is not over, has nothing to show: it must not wait before all others for ever."""
    with transaction() as conn:
        stages.fail(conn, subject, Stage.CAPTION, "There is no rendition to look at.", ErrorCode.PROCESSING_FAILED)


def may_ask(claimed: Claim, until: datetime, questions_a_day: int) -> Claim | None:
    """Hold the photo until then, and count a question that is about to be asked. None when today's are used up.

    Raises Busy when another worker has taken over.
    """
    with transaction() as conn:
        # In this order: what may not be asked is given back by the claim that the caller has.
        return stages.extend(conn, claimed, until) if caption_day.spend(conn, questions_a_day) else None


def give_back(claimed: Claim, report: str, *, counts: bool) -> None:
    """It is tried again later, after all others that wait. counts: whether this was an attempt."""
    with transaction() as conn:
        original_file.lock_main(conn, claimed.subject.owner_id, claimed.subject.id)
        stages.give_back(conn, claimed.subject, claimed.until, report, counts=counts)


def refuse(claimed: Claim, report: str) -> None:
    """No answer will ever come for this photo."""
    with transaction() as conn:
        original_file.lock_main(conn, claimed.subject.owner_id, claimed.subject.id)
        stages.hold(conn, claimed)
        stages.fail(conn, claimed.subject, Stage.CAPTION, report, ErrorCode.PROCESSING_FAILED)
    logger.error("stage_failed", extra={"item_id": claimed.subject.id, "stage": Stage.CAPTION})
