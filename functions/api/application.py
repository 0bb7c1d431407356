"""A Chalice app of some of the API's routes: each is a function of its own, and all answer alike."""

from collections.abc import Callable, Iterable

from chalice.app import Blueprint, Chalice, Response
from chalice.app import Request as ChaliceRequest

from api.endpoint import current_request
from api.problems import MethodNotAllowed, problem
from api.requests import Request
from pinhole.errors import NotFound
from pinhole.security_headers import OVER_HTTPS, SECURITY_HEADERS
from pinhole.telemetry import follow, logger


def application(name: str, blueprints: Iterable[Blueprint]) -> Chalice:
    """The app of these routes."""
    app = Chalice(app_name=name, configure_logs=False, env={})
    app.api.binary_types = ["application/x-protobuf"]
    for routes in blueprints:
        app.register_blueprint(routes)
    for methods in app.routes.values():
        for entry in methods.values():
            entry.content_types = []  # Chalice would answer 415 in a form of its own: api/validation.py does

    @app.middleware("http")
    def answer(event: ChaliceRequest, get_response: Callable[[ChaliceRequest], Response]) -> Response:
        """Give the request its id, and answer what no route does, which Chalice would do in its own form."""
        request = Request.of(event)
        current_request.set(request)
        logger.append_keys(request_id=request.id)
        follow(None)
        known = app.routes.get(request.route, {})
        if not known:
            response = problem(NotFound("There is nothing at this address."), request.id)
        elif request.method not in known:
            refusal = MethodNotAllowed(f"This resource does not know {request.method}.", sorted(known))
            response = problem(refusal, request.id)
        else:
            response = get_response(event)
        # API Gateway says so of every request, and whoever else does gets no more than the header.
        over_https = request.headers.get("x-forwarded-proto") == "https"
        response.headers = {**(OVER_HTTPS if over_https else SECURITY_HEADERS), **response.headers}
        # What is no route is the path itself, which may be an invite's or a picture's with a slip in it.
        route = request.route if known else None
        logger.info(
            "request_answered", extra={"method": request.method, "route": route, "status": response.status_code}
        )
        return response

    return app
