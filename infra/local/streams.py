"""Passing bodies through without holding them."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from infra.local.http_server import BODY_SECONDS, await_body


class Upload:
    """The body of a request, piece by piece. `slow` once a piece of it did not come in time, `broken` once it ended."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.slow = self.broken = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises TimeoutError, and what aiohttp raises when the rest will not come."""
        try:
            await await_body(self._request)
            while piece := await self._next():
                yield piece
        except TimeoutError:
            self.slow = True
            raise
        except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
            self.broken = True
            raise

    async def _next(self) -> bytes:
        async with asyncio.timeout(BODY_SECONDS):
            return await self._request.content.readany()


async def passed_on(
    request: web.BaseRequest, source: aiohttp.ClientResponse, answer: web.StreamResponse
) -> web.StreamResponse:
    """Send `answer` with the body of `source`, as fast as the client takes it."""
    try:
        await answer.prepare(request)
        async for chunk in source.content.iter_any():
            await answer.write(chunk)
        await answer.write_eof()
    except ConnectionError:  # the client left
        source.close()
    return answer
