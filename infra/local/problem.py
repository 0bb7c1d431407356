"""Problem details (RFC 9457) of what the gateway answers by itself."""

import json
from http import HTTPStatus

from aiohttp import web


def problem(status: HTTPStatus, code: str, detail: str) -> web.Response:
    """An answer in the form that the API's own errors have."""
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [],
    }
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
    )
