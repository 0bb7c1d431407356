"""`/media/…`: renditions, for whoever brings a signature."""

import time
from http import HTTPStatus

import aiohttp
from aiohttp import web

from infra.local.object_store import ObjectStore
from infra.local.problem import problem
from infra.local.streams import passed_on
from pinhole import media_url

PASSED_TO_STORE = ("Range", "If-None-Match")
PASSED_TO_CLIENT = ("Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "ETag", "Last-Modified")


class Media:
    """Answers with objects of the renditions bucket."""

    def __init__(self, store: ObjectStore, bucket: str) -> None:
        self._store = store
        self._bucket = bucket

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request under `/media`."""
        if request.method not in {"GET", "HEAD"}:
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Media can only be read.")
        path, _, query = request.raw_path.partition("?")
        media = media_url.verify(path, query, time.time())
        if media is None:
            return problem(HTTPStatus.FORBIDDEN, "bad_signature", "This address is not valid, or no longer.")
        headers = {name: request.headers[name] for name in PASSED_TO_STORE if name in request.headers}
        try:
            stored = await self._store.request(request.method, self._bucket, media.object_key, headers=headers)
            etag = stored.headers.get("ETag")
            if "Range" in headers and request.headers.get("If-Range", etag) != etag:
                # The store ignores the condition, by which players go on with what they have.
                stored.close()
                del headers["Range"]
                stored = await self._store.request(request.method, self._bucket, media.object_key, headers=headers)
        except (aiohttp.ClientError, TimeoutError):
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The object store does not answer.")
        async with stored:
            if stored.status >= 400:
                return _not_there(stored.status)
            answer = web.StreamResponse(
                status=stored.status,
                headers={name: stored.headers[name] for name in PASSED_TO_CLIENT if name in stored.headers},
            )
            answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
            return await passed_on(request, stored, answer)


def _not_there(status: int) -> web.Response:
    if status == HTTPStatus.NOT_FOUND:
        return problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such rendition.")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "bad_range", "The rendition is not that long.")
    return problem(HTTPStatus.BAD_GATEWAY, "unavailable", "The object store refused.")
