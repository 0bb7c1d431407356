"""Whether the parts of Pinhole answer."""

from typing import Literal

from chalice.app import Blueprint

from api.endpoint import endpoint
from api.responses import Answer
from api.wire import WireModel
from pinhole import health

routes = Blueprint(__name__)

State = Literal["ok", "unavailable"]


class Parts(WireModel):
    database: State
    objects: State
    queues: State


class Health(WireModel):
    status: State
    parts: Parts


@routes.route("/health", methods=["GET"])
@endpoint(answer=Health, also={503: Health}, public=True)
def read_health() -> Answer:
    """Tell of each part whether it answers; 503 when one does not."""
    parts = health.check()
    states = Parts(**{name: "ok" if answers else "unavailable" for name, answers in parts.items()})
    if all(parts.values()):
        return Answer(Health(status="ok", parts=states))
    return Answer(Health(status="unavailable", parts=states), status=503)
