"""The statements of the ledger, as their use cases send them."""

from datetime import timedelta

from pinhole.tables import job, media_item, original_file
from pinhole.tables.job import Lane, Stage
from tests.fixtures.statements import NOW, World, case


@case
def a_stage_is_worked_on(w: World) -> None:
    job.get(w.conn, w.subject, Stage.RENDITIONS)
    job.reopen(w.conn, w.subject, Stage.RENDITIONS, Lane.FRESH)
    job.begin_attempt(w.conn, w.subject, Stage.RENDITIONS, Lane.FRESH, NOW, 5)
    job.extend(w.conn, w.subject, Stage.RENDITIONS, NOW, NOW)
    job.tell_progress(w.conn, w.subject, Stage.RENDITIONS, NOW, 0.5)
    job.give_back(w.conn, w.subject, NOW, "a report", counts=True)
    job.finish(w.conn, w.subject, Stage.RENDITIONS)
    job.fail(w.conn, w.subject, Stage.RENDITIONS, "a report", "processing_failed")
    job.add_waiting(w.conn, w.subject, Stage.VIDEO, Lane.FRESH)
    media_item.note_shape(w.conn, w.subject.owner_id, w.subject.id, 4, 3, 1000)


@case
def stale_jobs_are_freed(w: World) -> None:
    freed = job.free_stale(w.conn, Stage.ANALYSIS, Lane.FRESH, NOW, 500)
    original_file.list_mains(w.conn, [(subject.owner_id, subject.id) for subject in freed])
    job.free_stale(w.conn, Stage.RENDITIONS, Lane.FRESH, NOW, 500)


@case
def no_job_is_stale(w: World) -> None:
    for stage in Stage:
        job.free_stale(w.conn, stage, Lane.FRESH, NOW - timedelta(days=365), 500)
