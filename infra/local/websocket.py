"""`/live` as API Gateway's WebSocket API does it, and its `@connections`, by which functions send.

Connections only listen: the template routes `$connect` and `$disconnect`, and what a client sends goes nowhere.
"""

import asyncio
import hmac
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import WSCloseCode, web

from infra.local.function_pool import FunctionError

STAGE = "live"
PING_SECONDS = 30
SEND_SECONDS = 5
MAX_RECEIVED_BYTES = 32 * 1024
MAX_SENT_BYTES = 128 * 1024

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Connection:
    """A connection, from the moment its id is given out. `decided` once it is open, or was refused."""

    id: str
    request: web.BaseRequest
    since: datetime
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    socket: web.WebSocketResponse | None = None


class WebSocketApi:
    """Holds the open connections.

    routes: `{"$connect": function name, "$disconnect": function name}`.
    secret: who knows it may send. It is part of a path, `/live/{secret}/@connections/{id}`.
    """

    def __init__(self, routes: Mapping[str, str], invoke: Callable[[str, Any], Awaitable[Any]], secret: str) -> None:
        self._routes = routes
        self._invoke = invoke
        self._secret = secret
        self._connections: dict[str, Connection] = {}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request under `/live`."""
        match unquote(request.raw_path.partition("?")[0]).split("/"):
            case ["", "live"]:
                return await self._connect(request)
            case ["", "live", secret, "@connections", connection_id] if self._may_send(secret):
                return await self._manage(request, self._connections.get(connection_id))
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def close(self) -> None:
        """Close every connection; clients connect again when they find the server back."""
        sockets = [connection.socket for connection in self._connections.values() if connection.socket]
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in sockets))

    def _may_send(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self._secret.encode())

    async def _connect(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS, max_msg_size=MAX_RECEIVED_BYTES)
        if not socket.can_prepare(request):
            return web.Response(status=HTTPStatus.UPGRADE_REQUIRED, headers={"Upgrade": "websocket"})
        connection = Connection(secrets.token_urlsafe(12), request, datetime.now(UTC))
        # Known before the function is asked: once that has said yes, others may send.
        self._connections[connection.id] = connection
        try:
            status = await self._ask(connection)
            if status != HTTPStatus.OK:
                return web.Response(status=status)
            await self._hold(connection, socket)
            return socket
        finally:
            connection.decided.set()
            del self._connections[connection.id]

    async def _ask(self, connection: Connection) -> int:
        """The status that the function answers to a new connection."""
        pairs = parse_qsl(connection.request.raw_path.partition("?")[2], keep_blank_values=True)
        event = _event(connection, "CONNECT")
        event["queryStringParameters"] = dict(pairs) or None
        event["multiValueQueryStringParameters"] = _multiple(pairs) or None
        try:
            answer = await self._invoke(self._routes["$connect"], event)
            return int(answer["statusCode"])
        except (FunctionError, KeyError, TypeError, ValueError) as error:
            log.error("a connection could not be opened: %r", error)  # noqa: TRY400 - the process logged its own
            return HTTPStatus.BAD_GATEWAY

    async def _hold(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        try:
            await socket.prepare(connection.request)
            connection.socket = socket
            connection.decided.set()
            async for _ in socket:
                pass
        finally:
            event = _event(connection, "DISCONNECT")
            event["requestContext"]["disconnectStatusCode"] = socket.close_code or WSCloseCode.ABNORMAL_CLOSURE
            try:
                await self._invoke(self._routes["$disconnect"], event)
            except FunctionError as error:
                log.warning("a closed connection was not forgotten: %s", error)

    async def _manage(self, request: web.BaseRequest, connection: Connection | None) -> web.Response:
        if connection is None:
            return _gone()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await connection.decided.wait()
                if connection.socket is None or connection.socket.closed:
                    return _gone()
                return await _managed(request, connection, connection.socket)
        except (TimeoutError, ConnectionError):
            # Whoever takes nothing for so long has gone without a word.
            if connection.request.transport is not None:
                connection.request.transport.abort()
            return _gone()


async def _managed(request: web.BaseRequest, connection: Connection, socket: web.WebSocketResponse) -> web.Response:
    match request.method:
        case "POST":
            try:
                content = await request.read()
            except web.HTTPRequestEntityTooLarge:
                return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLargeException")
            await socket.send_str(content.decode())
            return web.Response()
        case "DELETE":
            await socket.close()
            return web.Response(status=HTTPStatus.NO_CONTENT)
        case "GET":
            return web.json_response(
                {"connectedAt": connection.since.isoformat(), "identity": _identity(connection.request)}
            )
    return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "ForbiddenException")


def _event(connection: Connection, kind: str) -> dict[str, Any]:
    """What API Gateway sends when a connection begins (`CONNECT`) or ends (`DISCONNECT`)."""
    now = datetime.now(UTC)
    headers = _multiple(connection.request.headers.items())
    return {
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "requestContext": {
            "apiId": "local",
            "connectedAt": int(connection.since.timestamp() * 1000),
            "connectionId": connection.id,
            "domainName": connection.request.host,
            "eventType": kind,
            "extendedRequestId": connection.id,
            "identity": _identity(connection.request),
            "messageDirection": "IN",
            "requestId": str(uuid.uuid4()),
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "routeKey": f"${kind.lower()}",
            "stage": STAGE,
        },
        "isBase64Encoded": False,
    }


def _identity(request: web.BaseRequest) -> dict[str, str | None]:
    return {"sourceIp": request.remote, "userAgent": request.headers.get("User-Agent")}


def _multiple(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _gone() -> web.Response:
    return _refusal(HTTPStatus.GONE, "GoneException")


def _refusal(status: HTTPStatus, error_type: str) -> web.Response:
    return web.json_response({"message": status.phrase}, status=status, headers={"x-amzn-ErrorType": error_type})
