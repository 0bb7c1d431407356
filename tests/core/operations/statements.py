"""The statements of operators, as their use cases send them."""

from pinhole.ids import new_id
from pinhole.operations import condition, jobs, users
from pinhole.seen import Model, Role
from pinhole.tables import job, media_item, model, schedule_run, stored_sum, upload, user
from pinhole.tables.job import Stage
from tests.fixtures.statements import World, case


@case
def jobs_are_listed(w: World) -> None:
    everything = jobs.Failures()
    page = jobs.failures(w.conn, everything, None, 50)
    jobs.failures(w.conn, everything, page.next, 50)
    jobs.failures(w.conn, jobs.Failures(w.item.id, Stage.CAPTION, "corrupt", "ann"), page.next, 50)
    jobs.count_codes(w.conn, everything)
    jobs.list_positions(w.conn, everything, None, 500)
    jobs.of_item(w.conn, w.item.id)


@case
def what_failed_is_tried_again(w: World) -> None:
    job.list_failed(w.conn)
    job.list_failed(w.conn, subjects=[w.subject])
    media_item.list_by_id(w.conn, [w.item.id, new_id()])
    job.retry(w.conn, *job.list_failed(w.conn, stage=Stage.RENDITIONS)[0])
    upload.reopen(w.conn, w.ann.id, w.upload_id)


@case
def users_are_listed_and_changed(w: World) -> None:
    users.rows(w.conn, None)
    users.rows(w.conn, w.ann.id)
    stored_sum.list_young(w.conn, [w.ann.id], 60)
    assert user.find_id(w.conn, "ann") == w.ann.id
    user.read_quota(w.conn, w.ann.id)
    user.change_role(w.conn, w.ann.id, "member")
    user.change_quota(w.conn, w.ann.id, None)
    user.set_disabled(w.conn, w.ann.id, disabled=True)
    user.has_administrator(w.conn)


@case
def a_model_is_forgotten(w: World) -> None:
    older = model.known(w.conn, Model(Role.TAGS, "older", "1"))
    model.lock(w.conn, [older])
    model.delete(w.conn, older)


@case
def a_schedule_runs_and_is_looked_at(w: World) -> None:
    schedule_run.succeed(w.conn, schedule_run.begin(w.conn, "clean_tokens"), {"sessions": 1})
    schedule_run.fail(w.conn, schedule_run.begin(w.conn, "clean_tokens"), "RuntimeError")
    schedule_run.list_all(w.conn)
    condition.count_failed_since(w.conn, 24)
    condition.count_mails_failed_since(w.conn, 24)
