"""The models that looked at photos: how far each is, which of them answer, and forgetting those that don't."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row

from pinhole.db import transaction
from pinhole.errors import Conflict, NotFound
from pinhole.tables import model, search_text
from pinhole.telemetry import logger

BATCH = 20_000  # photos in a transaction


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model of a role. answers: whether what it saw is what people see. photos: how many it has looked at.

    complete_at: when it had looked at all that there were; None: it has not, or a role's first answers meanwhile.
    """

    id: int
    role: str
    name: str
    version: str
    dimension: int | None
    answers: bool
    complete_at: datetime | None
    photos: int


def states(conn: Connection) -> list[ModelState]:
    """Every model, by role, the newest first."""
    with conn.cursor(row_factory=class_row(ModelState)) as cursor:
        return cursor.execute(
            """
            SELECT id, role::text, name, version, dimension, answers, complete_at, coalesce(photos, 0) AS photos
            FROM model
            LEFT JOIN (
                SELECT model_id, count(*) AS photos FROM item_analysis WHERE percentage = 0 GROUP BY model_id
            ) AS looks ON model_id = id
            ORDER BY model.role, id DESC
            """
        ).fetchall()


def forget(model_id: int) -> ModelState:
    """Delete a model with all that it saw; what it was. A worker that has it looks anew, once it starts anew.

    Ended in between, it leaves a model that has seen less, and is done by being asked again.

    Raises NotFound, Conflict while it answers, Unavailable.
    """
    with transaction() as conn:
        state = next((state for state in states(conn) if state.id == model_id), None)
    if state is None:
        raise NotFound(f"There is no model {model_id}.")
    while _forget_some(model_id):
        pass
    logger.info("model_forgotten", extra={"model": model_id, "role": state.role})
    return state


def _forget_some(model_id: int) -> bool:
    """Whether there is more."""
    with transaction() as conn:
        # While this is kept, no model comes to answer that has just lost some of what it saw.
        there = model.lock(conn, [model_id])
        if there.get(model_id):
            raise Conflict(f"Model {model_id} answers: others have to, before it can go.")
        if there and model.delete_looks(conn, model_id, BATCH):
            return True
        model.delete(conn, model_id)
        search_text.make_stale(conn)
        return False
