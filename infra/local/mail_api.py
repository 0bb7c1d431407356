"""SES's own API (v2), as far as mails go: what would be sent is told to the operator, with the links that are in it.

It has a port of its own, which 127.0.0.1 alone reaches, and a secret in its address, which functions alone are given.
"""

import hmac
import secrets
import textwrap
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from infra.local.http_server import HttpServer
from infra.local.processes import HOST, free_ports

PATH = "v2/email/outbound-emails"
MAX_BYTES = 256 * 1024


class MailApi:
    """`url` is what boto3 takes as the endpoint of `sesv2`. `say` tells the operator."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._secret = secrets.token_urlsafe(24)
        self._port = free_ports(1)[0]
        self.url = f"http://{HOST}:{self._port}/{self._secret}"

    async def start(self) -> None:
        """Begin to answer."""
        self._server = HttpServer(self._answer, max_body_bytes=MAX_BYTES)
        await self._server.start(self._port)

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        secret, _, path = request.path.removeprefix("/").partition("/")
        known = hmac.compare_digest(secret.encode(), self._secret.encode())
        if not known or (request.method, path) != ("POST", PATH):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        mail = await request.json()
        [address] = mail["Destination"]["ToAddresses"]
        content = mail["Content"]["Simple"]
        text = textwrap.indent(content["Body"]["Text"]["Data"].rstrip(), "    ")
        self._say(f"Mail to {address}: {content['Subject']['Data']}\n\n{text}\n")
        return web.json_response({"MessageId": secrets.token_hex(16)})
