"""How HTTP is served here: nothing of a request in a log, nothing waits for ever for the rest of one."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from infra.local.problem import problem
from infra.local.processes import HOST

# From the connection to the end of the first request's headers. A later request may take as long as one may be idle.
HEADERS_SECONDS = 20
IDLE_SECONDS = 75
# For the whole body of a request that is held, and for each piece of one that is passed on (see `streams`).
BODY_SECONDS = 30
STOP_SECONDS = 5
BACKLOG = 512
# What clients do wrong, or leave half done.
OF_THE_CLIENT = (ConnectionError, HttpProcessingError, web.RequestPayloadError)

log = logging.getLogger(__name__)


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HttpServer:
    """Serves a handler on this machine.

    headers: those of every answer that does not have them itself.
    max_body_bytes: of a request whose handler calls `read`, which raises HTTPRequestEntityTooLarge for a larger one.
    """

    def __init__(
        self, handler: Handler, *, max_body_bytes: int, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._handler = handler
        self._max_body_bytes = max_body_bytes
        self._headers = headers
        self._server: web.Server | None = None
        self._listeners: list[asyncio.Server] = []

    async def start(self, port: int, addresses: Sequence[str] = (HOST,)) -> None:
        """Begin to answer. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        server = self._server = web.Server(self._handler, request_factory=self._request)

        def connection() -> _Connection:
            return _Connection(server, loop, self._headers)

        for address in addresses:
            self._listeners.append(await loop.create_server(connection, address, port, backlog=BACKLOG))

    async def stop(self) -> None:
        """Take no more connections, and answer what is under way for a few seconds."""
        for listener in self._listeners:
            listener.close()
        if self._server is not None:
            self._server.pre_shutdown()
            # It waits for so long twice: for answers, and for those that it broke off to notice.
            await self._server.shutdown(STOP_SECONDS / 2)

    def _request(
        self,
        message: RawRequestMessage,
        content: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return _Request(message, content, protocol, writer, task, loop, client_max_size=self._max_body_bytes)


async def await_body(request: web.BaseRequest) -> None:
    """Tell a client that has waited for this to send the body. What is refused without one is refused before."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


class _Request(web.BaseRequest):
    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        assert isinstance(self.protocol, _Connection)
        for name, value in self.protocol.headers_of_all.items():
            response.headers.setdefault(name, value)
        response.headers["Server"] = "Pinhole"  # aiohttp and the store have said by now which versions of them run here


class _Connection(RequestHandler):
    """One connection. Bodies are passed on as they come: to unpack them is for whoever knows who sent them."""

    __slots__ = ("_first_request", "headers_of_all")

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop, headers_of_all: Mapping[str, str]) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # none, as web.run_app(access_log=None) has it
            auto_decompress=False,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=2,
        )
        self.headers_of_all = headers_of_all

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._first_request = self._loop.call_later(HEADERS_SECONDS, self._give_up)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._first_request.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if self._request_count == 0:
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Answer what no handler answered. Raises ConnectionError where that has begun."""
        if exc is not None and not isinstance(exc, OF_THE_CLIENT):
            # Without its text, which may have something of the request.
            where = "".join(traceback.format_tb(exc.__traceback__))
            log.error("a request was not answered: %s\n%s", type(exc).__name__, where)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun.")
        if isinstance(exc, OF_THE_CLIENT):
            answer = problem(HTTPStatus.BAD_REQUEST, "bad_request", "This is no whole request of HTTP.")
        else:
            answer = problem(HTTPStatus(status), "internal_error", "Something went wrong.")
        answer.force_close()
        return answer

    def log_exception(self, *_: object, **__: object) -> None:
        """Errors of which `handle_error` does not learn: those of a connection that has gone."""
