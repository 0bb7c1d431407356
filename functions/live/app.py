"""The WebSocket API: connections are opened with a ticket, and only listen."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from chalice.app import Chalice, Response, WebsocketEvent

from pinhole import live
from pinhole.db import transaction
from pinhole.errors import Conflict, Unauthenticated

websocket = Chalice("live", configure_logs=False)


@websocket.on_ws_connect()
def connect(event: WebsocketEvent) -> Response:
    """Open a connection for whoever brings a ticket from `POST /live/ticket`."""
    parameters = event.to_dict()["queryStringParameters"] or {}
    try:
        with transaction() as conn:
            live.connect(conn, parameters.get("ticket", ""), event.connection_id)
    except Unauthenticated:
        return Response("", status_code=HTTPStatus.UNAUTHORIZED)
    except Conflict:
        return Response("", status_code=HTTPStatus.CONFLICT)
    return Response("", status_code=HTTPStatus.OK)


@websocket.on_ws_disconnect()
def disconnect(event: WebsocketEvent) -> None:
    """Forget a connection that was closed."""
    with transaction() as conn:
        live.disconnect(conn, event.connection_id)


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Chalice makes a function of each route; here one takes them all."""
    handler = {"$connect": connect, "$disconnect": disconnect}[event["requestContext"]["routeKey"]]
    return handler(event, context)
