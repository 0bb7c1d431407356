"""`/{bucket}/…`: the object store's S3 API, through the gateway's own origin.

Requests pass as they came, Host included, so that their signatures hold; the store checks them. The store sends no
events: they are published here, after it acknowledged an object and before the client learns of it.
"""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import aiohttp
import yarl
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from infra.local import s3_event, s3_signature
from infra.local.object_store import TIMEOUT, ObjectStore
from infra.local.s3_event import Created
from infra.local.s3_listing import Listing, NotListed
from infra.local.s3_signature import Refused
from infra.local.sqs import QueueUnavailable, Sqs
from infra.local.streams import Upload, passed_on
from infra.local.template import Template

HOP_BY_HOP = {"connection", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
# Parameters with which a PUT writes something else than the object. Others, those of a signature among them,
# change nothing about that.
SUBRESOURCES = {"acl", "legal-hold", "partNumber", "retention", "tagging", "uploadId"}
# Parameters of a list of objects. One with others asks for something else of a bucket.
LISTING = {
    *("continuation-token", "delimiter", "encoding-type", "fetch-owner", "list-type", "marker", "max-keys", "prefix"),
    *("start-after", "x-id"),
}
# What the store holds was sent by users: nothing of it may run as a page of this origin.
ISOLATED = "default-src 'none'; sandbox"
# What stays free on the disk, for the database and for what the store writes beside an object.
RESERVE_BYTES = 512 * 1024 * 1024

# How many bodies are under way or wait, and how many of them the store gets as fast as it takes them: some 70 MB of
# memory each. Its own limit counts what is still to come of slow ones too, and they would keep out all others.
MAX_BODIES = 64
MAX_FAST_BODIES = 8

Headers = CIMultiDictProxy[str]

log = logging.getLogger(__name__)


class S3Proxy:
    """Answers requests for the template's buckets.

    uploads: a session that never uses a connection twice, for requests with a body: they cannot be sent again
    when the store happens to close the connection.
    sqs: where events are sent; None when the store sends them itself.
    disk: where the store keeps its files; None when that is not for us to look after.
    """

    def __init__(
        self,
        template: Template,
        store: ObjectStore,
        uploads: aiohttp.ClientSession,
        sqs: Sqs | None,
        disk: Path | None,
    ) -> None:
        self._template = template
        self._buckets = {bucket.name: bucket for bucket in template.buckets.values()}
        self._store = store
        self._uploads = uploads
        self._sqs = sqs
        self._disk = disk
        self._bodies = 0
        self._turns = asyncio.Semaphore(MAX_FAST_BODIES)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass one request on, and its answer back."""
        try:
            self._check(request)
        except Refused as refused:
            return _error(refused.status, refused.code, str(refused))
        upload = Upload(request, self._turns) if request.body_exists else None
        try:
            stored = await self._passed_on(request, upload)
        except (aiohttp.ClientError, TimeoutError) as error:
            if upload is not None and upload.slow:
                return _error(HTTPStatus.BAD_REQUEST, "RequestTimeout", "The body did not come in time.")
            if upload is not None and upload.broken:
                return _error(HTTPStatus.BAD_REQUEST, "IncompleteBody", "The body did not come whole.")
            if request.transport is not None:  # else it was the client who left, and nobody reads the answer
                # Its kind alone: the text has the URL, whose signature opens the object to whoever reads the log.
                log.warning("the object store did not answer a %s: %s", request.method, type(error).__name__)
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "The object store does not answer.")
        headers = _end_to_end(stored.headers)
        _unchunk(headers)
        headers["Content-Security-Policy"] = ISOLATED
        created_by = _creation(request)
        listed = _listing_query(request)
        async with stored:
            if listed is not None and stored.status == HTTPStatus.OK:
                return await self._in_order(listed, request, await stored.read(), headers)
            if created_by is None or stored.status != HTTPStatus.OK:
                return await passed_on(request, stored, web.StreamResponse(status=stored.status, headers=headers))
            result = await stored.read()
        # A copy or a completion answers 200 before it is made; whether it was is said in the body.
        if b"<Error>" not in result:
            await self._publish(request, created_by, stored.headers)
        headers.popall("Content-Length", None)
        return web.Response(status=stored.status, headers=headers, body=result)

    def _check(self, request: web.BaseRequest) -> None:
        """Raise Refused for what the store is not asked at all."""
        if request.body_exists:
            s3_signature.check(request, self._store.credentials)
            if self._bodies >= MAX_BODIES:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "SlowDown", "So many uploads are under way already.")
        if request.method == "PUT" and not self._has_room(request.content_length or 0):
            log.error("an upload was refused: the disk of %s is full", self._disk)
            message = "There is no room left on the server's disk."
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, "InsufficientStorage", message)

    async def _passed_on(self, request: web.BaseRequest, upload: Upload | None) -> aiohttp.ClientResponse:
        """The store's answer, which comes when it has the body. Raises aiohttp.ClientError, TimeoutError."""
        if upload is None:
            return await self._request(self._store.session, request, None)
        self._bodies += 1
        try:
            async with upload:
                return await self._request(self._uploads, request, upload.pieces())
        finally:
            self._bodies -= 1

    async def _request(
        self, session: aiohttp.ClientSession, request: web.BaseRequest, body: AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        return await session.request(
            request.method,
            yarl.URL(self._store.endpoint + request.raw_path, encoded=True),
            headers=_end_to_end(request.headers),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            data=body,
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    async def _in_order(
        self, query: dict[str, str], request: web.BaseRequest, answered: bytes, headers: "CIMultiDict[str]"
    ) -> web.Response:
        try:
            body = await Listing(self._store, _bucket_and_key(request)[0], query).answer(answered)
        except (aiohttp.ClientError, TimeoutError, NotListed) as error:
            log.warning("the object store did not list: %s", type(error).__name__)
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "The object store does not answer.")
        headers.popall("Content-Length", None)
        return web.Response(headers=headers, body=body)

    def _has_room(self, size_bytes: int) -> bool:
        """Whether the disk takes it. The store itself notices a full one late, and PostgreSQL may be on the same."""
        return self._disk is None or shutil.disk_usage(self._disk).free - size_bytes > RESERVE_BYTES

    async def _publish(self, request: web.BaseRequest, created_by: str, headers: Headers) -> None:
        """Send the event. When that fails the object is stored all the same: `requeue_stale` finds it."""
        bucket, key = _bucket_and_key(request)
        queues = [
            self._template.queues[notification.queue]
            for notification in self._buckets[bucket].notifications
            if notification.event in {"s3:ObjectCreated:*", f"s3:ObjectCreated:{created_by}"}
        ]
        if self._sqs is None or not queues:
            return
        try:
            created = await self._created(request, created_by, headers)
            for queue in queues:
                await self._sqs.send(queue.url, s3_event.message(created, region=self._template.region))
        except (QueueUnavailable, aiohttp.ClientError, TimeoutError) as error:
            log.error("no event was sent for %s/%a: %s", bucket, key, error)  # noqa: TRY400 - not our defect

    async def _created(self, request: web.BaseRequest, created_by: str, headers: Headers) -> Created:
        bucket, key = _bucket_and_key(request)
        version = headers.get("x-amz-version-id")
        size = request.headers.get("x-amz-decoded-content-length") or request.headers.get("Content-Length")
        if created_by != "Put" or size is None:
            query = "" if version is None else f"versionId={version}"
            async with await self._store.request("HEAD", bucket, key, headers={}, query=query) as stored:
                stored.raise_for_status()
                headers, size = stored.headers, stored.headers["Content-Length"]
        return Created(
            by=created_by,
            bucket=bucket,
            key=key,
            size_bytes=int(size),
            etag=headers["ETag"].strip('"'),
            version=version,
            address=request.remote or "",
        )


def is_signed(request: web.BaseRequest) -> bool:
    """Whether a client of S3 asks: what names no bucket here may still be a request of its, for the list of them."""
    return request.headers.get("Authorization", "").startswith("AWS4-") or "X-Amz-Signature" in request.query


def _creation(request: web.BaseRequest) -> str | None:
    """How a request creates an object, in the words of S3's events; None when it does not."""
    _, key = _bucket_and_key(request)
    parameters = parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True)
    asked = {name for name, _ in parameters} & SUBRESOURCES
    match request.method:
        case "PUT" if key and not asked:
            return "Copy" if "x-amz-copy-source" in request.headers else "Put"
        case "POST" if key and asked == {"uploadId"}:
            return "CompleteMultipartUpload"
    return None


def _listing_query(request: web.BaseRequest) -> dict[str, str] | None:
    """The query of a request for a list of objects that the store would give in another order; else None."""
    bucket, key = _bucket_and_key(request)
    query = dict(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True))
    own = {name for name in query if not name.lower().startswith("x-amz-")}
    if request.method != "GET" or not bucket or key or query.get("delimiter", "/") not in {"", "/"} or own - LISTING:
        return None
    return query


def _bucket_and_key(request: web.BaseRequest) -> tuple[str, str]:
    bucket, _, key = request.raw_path.partition("?")[0].removeprefix("/").partition("/")
    return bucket, unquote(key)


def _end_to_end(headers: Headers) -> "CIMultiDict[str]":
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        # What proxies say of where a request came from: the store would check its signature by that.
        if name.lower() not in HOP_BY_HOP and not name.lower().startswith(("x-forwarded-", "forwarded"))
    )


def _unchunk(headers: "CIMultiDict[str]") -> None:
    """Leave out, as S3 does, that an object was sent in chunks: the store keeps that with its encoding."""
    encodings = [encoding.strip() for encoding in headers.popall("Content-Encoding", [""])[0].split(",")]
    if kept := [encoding for encoding in encodings if encoding and encoding != "aws-chunked"]:
        headers["Content-Encoding"] = ", ".join(kept)


def _error(status: HTTPStatus, code: str, message: str) -> web.Response:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    answer = web.Response(status=status, text=f'<?xml version="1.0"?>{error}', content_type="application/xml")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "1"
    return answer
