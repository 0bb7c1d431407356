"""Passing bodies through without holding them."""

import aiohttp
from aiohttp import web


async def passed_on(
    request: web.Request, source: aiohttp.ClientResponse, answer: web.StreamResponse
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
