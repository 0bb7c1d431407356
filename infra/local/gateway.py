"""The one origin of the local system, as a CDN gives it in the cloud.

`/` the web client, `/api/…` the REST API, `/media/…` signed renditions, `/live` the WebSocket API, and the object
store under the names of its buckets. It listens on this machine only, and answers only to its own names.
"""

import re
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from infra.local.http_server import HttpServer
from infra.local.media import Media
from infra.local.object_store import ObjectStore
from infra.local.origin import Origin
from infra.local.problem import problem
from infra.local.processes import loopback
from infra.local.rest_api import RestApi
from infra.local.runtime import Runtime
from infra.local.s3_proxy import S3Proxy, is_signed
from infra.local.sqs import Sqs
from infra.local.template import Template
from infra.local.web_client import SHARE, WebClient
from infra.local.websocket import MAX_SENT_BYTES, WebSocketApi
from pinhole.security_headers import OVER_HTTPS, SECURITY_HEADERS

SAFE_METHODS = {"GET", "HEAD"}
# None belongs into a path; a header or a log with it would go on in another line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Gateway:
    """Serves `http://localhost:{port}`, and `http://127.0.0.1:{port}` to programs.

    runtime: runs the functions; it must be started first and stopped after.
    store_endpoint: where the object store listens.
    publishes_events: whether S3 events are sent here, for a store that sends none.
    live_secret: lets functions send to WebSockets, at `http://127.0.0.1:{port}/live/{live_secret}`.
    web_root: directory of the built web client.
    disk: where the store keeps its files; None for a store elsewhere, whose room is not for us to look after.
    public_origin: where pages are instead, before a reverse proxy (see `origin`).
    """

    def __init__(
        self,
        template: Template,
        runtime: Runtime,
        *,
        port: int,
        store_endpoint: str,
        publishes_events: bool,
        live_secret: str,
        web_root: Path,
        disk: Path | None = None,
        public_origin: str | None = None,
    ) -> None:
        self._template = template
        self._runtime = runtime
        self._origin = Origin(port, public_origin)
        self._port = port
        self._store_endpoint = store_endpoint
        self._publishes_events = publishes_events
        self._disk = disk
        self._web_client = WebClient(web_root)
        self._rest_api = RestApi(template.rest_routes, runtime.invoke)
        self._websocket_api = WebSocketApi(template.websocket_routes, runtime.invoke, live_secret)
        self._buckets = {bucket.name for bucket in template.buckets.values()}
        self._sessions: list[aiohttp.ClientSession] = []
        headers = OVER_HTTPS if self._origin.url.startswith("https:") else SECURITY_HEADERS
        self._server = HttpServer(self._answer, max_body_bytes=MAX_SENT_BYTES, headers=headers)

    async def start(self) -> None:
        """Begin to answer. Raises OSError when the port is taken."""
        requests, uploads = self._sessions = [_session(force_close=False), _session(force_close=True)]
        region, credentials = self._template.region, self._runtime.credentials
        store = ObjectStore(requests, self._store_endpoint, region=region, credentials=credentials)
        sqs = Sqs(requests, region=region, credentials=credentials) if self._publishes_events else None
        self._s3_proxy = S3Proxy(self._template, store, uploads, sqs, self._disk)
        self._media = Media(store, self._template.buckets["RenditionsBucket"].name)
        await self._server.start(self._port, loopback())  # browsers try the one address or the other first

    async def stop(self) -> None:
        """Answer what is under way, close WebSockets, and stop listening."""
        await self._websocket_api.close()
        await self._server.stop()
        for session in self._sessions:
            await session.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        request = self._origin.from_client(request)
        path = request.raw_path.partition("?")[0]
        if refusal := self._refusal(request, path):
            return refusal
        match path.split("/")[1]:
            case "api":
                return await self._rest_api.answer(request)
            case "media":
                return await self._media.answer(request)
            case "live":
                return await self._websocket_api.answer(request)
            case bucket if bucket in self._buckets or is_signed(request):
                return await self._s3_proxy.answer(request)
        return self._web_client.answer(request)

    def _refusal(self, request: web.BaseRequest, path: str) -> web.StreamResponse | None:
        """The answer to who should not be asking: another name for this address, or a page of another site."""
        host = self._origin.host_of(request)
        if not self._origin.answers_to(host) and path != "/api/health":
            text = f"This server answers at {self._origin.url} only."
            return problem(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", text)
        decoded = unquote(path)
        if not path.startswith("/") or {".", ".."} & set(decoded.split("/")) or CONTROL.search(decoded):
            return problem(HTTPStatus.BAD_REQUEST, "bad_path", "A path has no dot segments and no control characters.")
        reads_page = self._is_page(path) and not is_signed(request) and request.method in SAFE_METHODS
        if host != self._origin.host and reads_page:
            if self._origin.is_public:  # a redirect would come back the same way, from a proxy that hides the name
                text = f"Its pages are at {self._origin.url}. A proxy has to pass the header Host on as it came."
                return problem(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", text)
            location = f"{self._origin.url}{request.raw_path}"
            return web.Response(status=HTTPStatus.PERMANENT_REDIRECT, headers={"Location": location})
        origin = request.headers.get("Origin")
        # What is shared comes from no page, and is not taken here.
        writes = (request.method not in SAFE_METHODS and path != f"/{SHARE}") or path == "/live"
        if origin is not None and not self._origin.has_page(origin) and writes and not self._is_of_store(path):
            return problem(HTTPStatus.FORBIDDEN, "foreign_origin", "Pages of other sites may not do this.")
        return None

    def _is_page(self, path: str) -> bool:
        """Whether a request is for the web client: browsers keep what they know of someone by the name of its page."""
        return path.split("/")[1:2] not in (["api"], ["media"], ["live"]) and not self._is_of_store(path)

    def _is_of_store(self, path: str) -> bool:
        """Whether a request goes to a bucket: there a signature says who asks, and CORS rules say which pages may."""
        return bool(self._buckets.intersection(path.split("/")[1:2]))


def _session(*, force_close: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=force_close),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding",),
    )
