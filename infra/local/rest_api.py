"""`/api/…` as API Gateway's REST API does it: proxy events, whole bodies, size and time limits, compression."""

import asyncio
import base64
import gzip
import logging
import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from multidict import CIMultiDict

from infra.local.cloudformation import ACCOUNT
from infra.local.function_pool import FunctionError, TimedOut
from infra.local.http_server import BODY_SECONDS, await_body
from infra.local.problem import problem
from infra.local.template import RestRoute

STAGE = "api"
TIMEOUT_SECONDS = 29
MIN_COMPRESSED_BYTES = 1024
# More is not worked through character by character while all others wait.
BLOCKING_BYTES = 64 * 1024
COMPRESSED_TYPES = re.compile(r"text/.*|application/(.*\+)?(json|javascript|x-protobuf|xml|yaml)|image/svg\+xml")
GZIP_REFUSED = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")
TEXT_TYPES = re.compile(r"text/.*|application/(.*\+)?json|application/x-www-form-urlencoded")

log = logging.getLogger(__name__)


class _TooLarge(Exception):
    """A body has more bytes than its route takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes


class RestApi:
    """Answers requests with a function.

    routes: `{"/items/{id}": {"GET": RestRoute}}`, a path's all of one function. That of most paths is also asked about
    what no route matches, so that such answers have the form of all others.
    """

    def __init__(
        self, routes: Mapping[str, Mapping[str, RestRoute]], invoke: Callable[[str, Any], Awaitable[Any]]
    ) -> None:
        leading = [route for methods in routes.values() for route in methods.values()]
        self._functions = {path: next(iter(methods.values())).function for path, methods in routes.items()}
        [(self._default, _)] = Counter(self._functions.values()).most_common(1)
        self._least_body_bytes = min(route.max_body_bytes for route in leading)
        self._routes = routes
        self._invoke = invoke
        self._literal = {route for route in routes if "{" not in route}
        self._patterns = [(_pattern(route), route) for route in sorted(routes) if "{" in route]

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request under `/api`."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", "A body comes as it is.")
        route, parameters = self._match(request.raw_path.partition("?")[0].removeprefix(f"/{STAGE}"))
        try:
            body = await self._body(request, route)
        except _TooLarge as error:
            detail = f"A request body has at most {error.limit_bytes} bytes here."
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail, error.limit_bytes)
        except TimeoutError:
            return problem(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The body did not come in time.")
        event = _event(request, route, parameters, body)
        asked = f"{request.method} {route}" if request.method in self._routes.get(route, {}) else "what is no route"
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._invoke(self._functions.get(route, self._default), event)
        except (TimeoutError, TimedOut):
            return _unanswered(asked, HTTPStatus.GATEWAY_TIMEOUT, "Pinhole took too long.", "it took too long")
        except FunctionError as error:
            return _unanswered(asked, HTTPStatus.BAD_GATEWAY, "Pinhole does not answer.", error)
        return await _response(request, asked, answer)

    async def _body(self, request: web.BaseRequest, route: str) -> bytes:
        """The whole body. Raises _TooLarge as soon as it is known to be, and TimeoutError."""
        known = self._routes.get(route, {}).get(request.method)
        limit = self._least_body_bytes if known is None else known.max_body_bytes
        if (request.content_length or 0) > limit:
            raise _TooLarge(limit)
        if not request.body_exists:
            return b""
        await await_body(request)
        body = bytearray()
        async with asyncio.timeout(BODY_SECONDS):
            while piece := await request.content.readany():
                body += piece
                if len(body) > limit:
                    raise _TooLarge(limit)
        return bytes(body)

    def _match(self, path: str) -> tuple[str, dict[str, str]]:
        """The route of a path, literal ones first, with its decoded parameters; the path itself when none matches."""
        if path in self._literal:
            return path, {}
        for pattern, route in self._patterns:
            if found := pattern.fullmatch(path):
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        return path, {}


def _event(request: web.BaseRequest, route: str, parameters: Mapping[str, str], body: bytes) -> dict[str, Any]:
    raw_path, _, raw_query = request.raw_path.partition("?")
    query = _multiple(parse_qsl(raw_query, keep_blank_values=True))
    headers = _multiple(request.headers.items())
    content, is_base64 = _content(body, request.content_type)
    now = datetime.now(UTC)
    return {
        "resource": route,
        "path": raw_path.removeprefix(f"/{STAGE}"),
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": request.host,
            "httpMethod": request.method,
            "identity": {
                "sourceIp": request.remote or "",
                "userAgent": request.headers.get("User-Agent"),
            },
            "path": raw_path,
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "resourcePath": route,
            "stage": STAGE,
        },
        "body": content,
        "isBase64Encoded": is_base64,
    }


def _pattern(route: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", route)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))


def _multiple(pairs: Any) -> dict[str, list[str]]:
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(name, []).append(value)
    return collected


def _content(body: bytes, content_type: str) -> tuple[str | None, bool]:
    if not body:
        return None, False
    if len(body) < BLOCKING_BYTES and TEXT_TYPES.fullmatch(content_type):
        with suppress(UnicodeDecodeError):  # what is no text reaches the function as it came
            return body.decode(), False
    return base64.b64encode(body).decode(), True


async def _response(request: web.BaseRequest, asked: str, answer: Any) -> web.Response:
    try:
        status = int(answer["statusCode"])
        headers = CIMultiDict((name, str(value)) for name, value in (answer.get("headers") or {}).items())
        for name, values in (answer.get("multiValueHeaders") or {}).items():
            headers.popall(name, None)
            headers.extend((name, str(value)) for value in values)
        text = answer.get("body") or ""
        body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"the function's answer is no answer of a REST API: {error!r}"
        return _unanswered(asked, HTTPStatus.BAD_GATEWAY, "Pinhole does not answer.", reason)
    headers.popall("Content-Length", None)
    headers.setdefault("Content-Type", "application/json")
    if COMPRESSED_TYPES.fullmatch(headers["Content-Type"].partition(";")[0]):
        headers.add("Vary", "Accept-Encoding")
        accepted = request.headers.get("Accept-Encoding", "")
        if len(body) >= MIN_COMPRESSED_BYTES and _takes_gzip(accepted):
            headers["Content-Encoding"] = "gzip"
            body = _gzip(body) if len(body) < BLOCKING_BYTES else await asyncio.to_thread(_gzip, body)
    return web.Response(status=status, headers=headers, body=body)


def _unanswered(asked: str, status: HTTPStatus, detail: str, reason: object) -> web.Response:
    """What API Gateway answers by itself when the function gives no answer (see `infra/openapi.py`).

    asked: method and route, for the log, which gets nothing of the request itself.
    """
    answer = problem(status, "unavailable", f"{detail} Try again in a moment.")
    log.error("%s: %s (request %s)", asked, reason, answer.headers["X-Request-Id"])
    return answer


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=5, mtime=0)


def _takes_gzip(accept_encoding: str) -> bool:
    return "gzip" in accept_encoding and not GZIP_REFUSED.search(accept_encoding)
