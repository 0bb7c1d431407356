"""Problem details (RFC 9457) of what the gateway answers by itself."""

import json
import uuid
from http import HTTPStatus

from aiohttp import web


def problem(status: HTTPStatus, code: str, detail: str, limit: int | None = None) -> web.Response:
    """An answer in the form that the API's own errors have, with a request id of its own in `X-Request-Id`."""
    request_id = uuid.uuid4().hex
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [],
        "limit": limit,
        "requestId": request_id,
    }
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/problem+json",
            "Cache-Control": "no-store",
            "X-Request-Id": request_id,
        },
    )
