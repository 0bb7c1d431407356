"""Passing bodies through without holding them."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Self

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from infra.local.http_server import BODY_SECONDS, await_body

# What a body has to bring for each second that is waited for it: twenty of them at once on a line of 50 kB/s do.
LEAST_BYTES_A_SECOND = 2 * 1024
# Whose client is waited for longer than this in all is no load for the store, and gives its turn to another.
TURN_SECONDS = 2


class Upload:
    """The body of a request, piece by piece: `async with upload`, once it is its turn.

    It may be waited for as long as the bodies that are held, and longer for what came of it. The time that the store
    takes is not its. `slow` once it did not come in time, `broken` once it ended too soon.
    """

    def __init__(self, request: web.BaseRequest, turns: asyncio.Semaphore) -> None:
        self._request = request
        self._turns = turns
        self._has_turn = False
        self._received_bytes = 0
        self._waited_seconds = 0.0
        self.slow = self.broken = False

    async def __aenter__(self) -> Self:
        await self._turns.acquire()
        self._has_turn = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._give_turn()

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
        earned_seconds = self._received_bytes / LEAST_BYTES_A_SECOND - self._waited_seconds
        turn = asyncio.get_running_loop().call_later(TURN_SECONDS - self._waited_seconds, self._give_turn)
        began = time.monotonic()
        try:
            async with asyncio.timeout(BODY_SECONDS + min(0, earned_seconds)):
                piece = await self._request.content.readany()
        finally:
            turn.cancel()
        self._waited_seconds += time.monotonic() - began
        self._received_bytes += len(piece)
        return piece

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.release()


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
