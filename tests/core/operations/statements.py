"""The statements of operators, as their use cases send them."""

from pinhole.ids import new_id
from pinhole.operations import jobs
from pinhole.seen import Model, Role
from pinhole.tables import job, media_item, model, upload
from pinhole.tables.job import Stage
from tests.fixtures.statements import World, case


@case
def jobs_are_listed(w: World) -> None:
    jobs.failures(w.conn, 50)
    jobs.of_item(w.conn, w.item.id)


@case
def what_failed_is_tried_again(w: World) -> None:
    job.list_failed(w.conn)
    job.list_failed(w.conn, subjects=[w.subject])
    media_item.list_by_id(w.conn, [w.item.id, new_id()])
    job.retry(w.conn, *job.list_failed(w.conn, stage=Stage.RENDITIONS)[0])
    upload.reopen(w.conn, w.ann.id, w.upload_id)


@case
def a_model_is_forgotten(w: World) -> None:
    older = model.known(w.conn, Model(Role.TAGS, "older", "1"))
    model.lock(w.conn, [older])
    model.delete(w.conn, older)
