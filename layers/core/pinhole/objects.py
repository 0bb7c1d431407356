"""The object store (S3): originals, renditions, and the signed URLs with which clients reach them."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.exceptions import ClientError

from pinhole import aws
from pinhole.errors import Conflict, NotFound, Unavailable
from pinhole.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ListObjectsV2OutputTypeDef, ObjectTypeDef

CHUNK_BYTES = 1024 * 1024
ORIGINAL_URL_SECONDS = 15 * 60
HEADS_AT_ONCE = 10  # as many connections as a client keeps


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A URL, and the headers that must be sent with it exactly as they are here."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload as the store has it. `number` counts from 1."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An original as the store has it. `version` is None in a bucket without versioning."""

    size_bytes: int
    etag: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells of it."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Download:
    """What was received and written to disk."""

    size_bytes: int
    sha256: bytes
    sha1: bytes
    etag: str


def presign_put(key: str, *, size_bytes: int, sha256: bytes, content_type: str, expires_seconds: int) -> SignedRequest:
    """Sign one PUT of an original: these bytes, this length and type, and only where no object is yet.

    The store answers 400 to other bytes, 403 to another length or header, and 412 to a second PUT.
    """
    headers = {
        "Content-Type": content_type,
        "If-None-Match": "*",
        "x-amz-checksum-sha256": b64encode(sha256).decode(),
    }
    url = _signer().generate_presigned_url(
        "put_object",
        Params={
            "Bucket": settings().originals_bucket,
            "Key": key,
            "ContentLength": size_bytes,
            "ContentType": content_type,
            "IfNoneMatch": "*",
            "ChecksumSHA256": headers["x-amz-checksum-sha256"],
        },
        ExpiresIn=expires_seconds,
    )
    return SignedRequest(url, headers)


def presign_get(key: str, *, filename: str, expires_seconds: int = ORIGINAL_URL_SECONDS) -> str:
    """Sign a GET of an original that a browser saves under `filename`."""
    return _signer().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().originals_bucket,
            "Key": key,
            "ResponseContentDisposition": attachment(filename),
        },
        ExpiresIn=expires_seconds,
    )


def presign_rendition(key: str, *, expires_seconds: int) -> str:
    """Sign a GET of a rendition."""
    return _signer().generate_presigned_url(
        "get_object",
        Params={"Bucket": settings().renditions_bucket, "Key": key},
        ExpiresIn=expires_seconds,
    )


def attachment(filename: str) -> str:
    """Content-Disposition for any file name: an ASCII fallback, and the whole name (RFC 6266, RFC 8187)."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def open_multipart(key: str, *, content_type: str) -> str:
    """Id of the multipart upload to `key`: the one already open, else a new one.

    Asking the store first makes a repeated call harmless when the answer to an earlier one was lost. No
    checksum algorithm is named for the whole, so that the store takes parts with a hash, which it checks, and
    parts without.
    """
    open_already = multiparts(key)
    if open_already:
        return open_already[0]
    with _answers(key):
        created = _s3().create_multipart_upload(Bucket=settings().originals_bucket, Key=key, ContentType=content_type)
    return created["UploadId"]


def multiparts(key: str) -> list[str]:
    """Ids of the multipart uploads open for exactly `key`."""
    with _answers(key):
        listed = _s3().list_multipart_uploads(Bucket=settings().originals_bucket, Prefix=key)
    return [upload["UploadId"] for upload in listed.get("Uploads", []) if upload["Key"] == key]


def has_multipart(key: str, multipart_id: str) -> bool:
    """Whether this multipart upload is still open."""
    try:
        with _answers(key):
            _s3().list_parts(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id, MaxParts=1)
    except NotFound:
        return False
    return True


def presign_part(
    key: str, multipart_id: str, number: int, *, size_bytes: int, sha256: bytes | None, expires_seconds: int
) -> SignedRequest:
    """Sign the PUT of one part, bound to its length and, where given, its SHA-256."""
    checksum = None if sha256 is None else b64encode(sha256).decode()
    url = _signer().generate_presigned_url(
        "upload_part",
        Params={
            "Bucket": settings().originals_bucket,
            "Key": key,
            "UploadId": multipart_id,
            "PartNumber": number,
            "ContentLength": size_bytes,
            **({} if checksum is None else {"ChecksumSHA256": checksum}),
        },
        ExpiresIn=expires_seconds,
    )
    return SignedRequest(url, {} if checksum is None else {"x-amz-checksum-sha256": checksum})


def list_parts(key: str, multipart_id: str) -> list[Part]:
    """Parts the store holds, in order. Raises NotFound once the upload was completed or aborted."""
    listing = _s3().get_paginator("list_parts")
    pages = listing.paginate(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id)
    with _answers(key):
        return [
            Part(part["PartNumber"], part["Size"], part["ETag"]) for page in pages for part in page.get("Parts", [])
        ]


def complete_multipart(key: str, multipart_id: str, parts: Sequence[Part]) -> None:
    """Make one object of the parts, where no object is yet.

    Raises NotFound when the multipart upload is gone, Conflict when there is an object at `key`: after a lost
    answer, either may mean that it was completed.
    """
    listed: list[CompletedPartTypeDef] = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    with _answers(key):
        _s3().complete_multipart_upload(
            Bucket=settings().originals_bucket,
            Key=key,
            UploadId=multipart_id,
            MultipartUpload={"Parts": listed},
            IfNoneMatch="*",
        )


def abort_multipart(key: str, multipart_id: str) -> None:
    """Drop a multipart upload and its parts. Raises NotFound when it is not there."""
    with _answers(key):
        _s3().abort_multipart_upload(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id)


def head(key: str) -> StoredObject:
    """Size and identity of an original. Raises NotFound."""
    with _answers(key):
        answer = _s3().head_object(Bucket=settings().originals_bucket, Key=key)
    return StoredObject(answer["ContentLength"], answer["ETag"].strip('"'), answer.get("VersionId"))


def heads(keys: Sequence[str]) -> list[StoredObject | None]:
    """Size and identity of each of these originals, None where there is none: as `head`, a few at a time."""
    _s3()  # made here: making a client is not for several threads at once
    with ThreadPoolExecutor(HEADS_AT_ONCE) as threads:
        return list(threads.map(_head, keys))


def _head(key: str) -> StoredObject | None:
    try:
        return head(key)
    except NotFound:
        return None


def download(key: str, path: Path, *, version: str | None = None) -> Download:
    """Write an original to `path`, hashing on the way; memory stays at one chunk whatever the size.

    version: the version to read; None: the current one. Raises NotFound, Unavailable.
    """
    originals, sha256 = settings().originals_bucket, hashlib.sha256()
    sha1 = hashlib.sha1(usedforsecurity=False)  # what clients of other systems name a file by
    with _answers(key), path.open("wb") as file:
        if version is None:
            answer = _s3().get_object(Bucket=originals, Key=key)
        else:
            answer = _s3().get_object(Bucket=originals, Key=key, VersionId=version)
        with closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                sha256.update(chunk)
                sha1.update(chunk)
                file.write(chunk)
        size = file.tell()
    return Download(size, sha256.digest(), sha1.digest(), answer["ETag"].strip('"'))


def delete(key: str, *, version: str | None) -> None:
    """Remove an original for good; one that is not there is no error.

    version: as `head` or the event told it. In a bucket with versioning, None would only hide the object.
    """
    originals = settings().originals_bucket
    with _answers(key):
        if version is None:
            _s3().delete_object(Bucket=originals, Key=key)
        else:
            _s3().delete_object(Bucket=originals, Key=key, VersionId=version)


def list_originals(prefix: str) -> Iterator[Listed]:
    """Originals whose keys begin with `prefix`, page by page. Stores do not agree on the order of `/`."""
    return _list(settings().originals_bucket, prefix)


def list_folder(folder: str) -> Iterator[Listed | str]:
    """What lies in a folder of the originals, page by page: objects, and folders within it as prefixes.

    folder: a prefix that ends in `/`, or none for the whole bucket. The folders told end in `/`, too.
    """
    for page in _pages(settings().originals_bucket, folder, delimiter="/"):
        yield from map(_listed, page.get("Contents", []))
        yield from (inner["Prefix"] for inner in page.get("CommonPrefixes", []))


def list_renditions(prefix: str) -> Iterator[Listed]:
    """Renditions whose keys begin with `prefix`, page by page."""
    return _list(settings().renditions_bucket, prefix)


def delete_rendition(key: str) -> None:
    """Remove a rendition; one that is not there is no error."""
    with _answers(key):
        _s3().delete_object(Bucket=settings().renditions_bucket, Key=key)


def put_rendition(key: str, content: bytes, *, content_type: str) -> None:
    """Store a rendition. Its key is never written with other bytes, so it may be cached for good."""
    with _answers(key):
        _s3().put_object(
            Bucket=settings().renditions_bucket,
            Key=key,
            Body=content,
            ContentType=content_type,
            CacheControl="public, max-age=31536000, immutable",
        )


def _list(bucket: str, prefix: str) -> Iterator[Listed]:
    for page in _pages(bucket, prefix):
        yield from map(_listed, page.get("Contents", []))


def _pages(bucket: str, prefix: str, delimiter: str = "") -> "Iterator[ListObjectsV2OutputTypeDef]":
    listing = _s3().get_paginator("list_objects_v2")
    pages = iter(listing.paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter))
    while True:
        with _answers(prefix):
            page = next(pages, None)
        if page is None:
            return
        yield page


def _listed(entry: "ObjectTypeDef") -> Listed:
    return Listed(entry["Key"], entry["Size"], entry["ETag"].strip('"'), entry["LastModified"])


@contextmanager
def _answers(key: str) -> Iterator[None]:
    with aws.answering("object store"):
        try:
            yield
        except ClientError as error:
            if aws.status(error) == 404 and error.response["Error"].get("Code") != "NoSuchBucket":
                raise NotFound(f"The object store has no {key}.", code="object_not_found") from error
            if error.response["Error"].get("Code") == "InvalidPart":
                raise Unavailable("A part was sent again meanwhile.") from error
            if aws.status(error) == 412:
                raise Conflict(f"There is an object at {key} already.", code="object_exists") from error
            raise


def _signer() -> "S3Client":
    """Signs for where clients reach the store, and sends nothing there."""
    url = settings().public_object_store_url
    return _s3(url) if url else _s3()


@cache
def _s3(endpoint_url: str | None = None) -> "S3Client":
    from botocore.config import Config

    # "virtual" signs for the bucket's region, where "auto" would sign for a host that redirects.
    # Checksums only where a call names one: a default would be signed into the URLs of clients.
    own = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if settings().object_store_url else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    s3: S3Client = aws.client("s3", own, endpoint_url)
    return s3
