"""Originals: the one PUT that brings one, what is there, and reading it."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pinhole.errors import NotFound
from pinhole.objects import client
from pinhole.objects.client import Listed, SignedRequest
from pinhole.settings import settings

CHUNK_BYTES = 1024 * 1024
ORIGINAL_URL_SECONDS = 15 * 60
HEADS_AT_ONCE = 10  # as many connections as a client keeps


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An original as the store has it. `version` is None in a bucket without versioning."""

    size_bytes: int
    etag: str
    version: str | None


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
    url = client.signer().generate_presigned_url(
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
    return client.signer().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().originals_bucket,
            "Key": key,
            "ResponseContentDisposition": attachment(filename),
        },
        ExpiresIn=expires_seconds,
    )


def presign_inline_get(key: str, *, content_type: str) -> str:
    """Sign a GET of an original that a browser plays, as what it was found to be."""
    return client.signer().generate_presigned_url(
        "get_object",
        Params={"Bucket": settings().originals_bucket, "Key": key, "ResponseContentType": content_type},
        ExpiresIn=ORIGINAL_URL_SECONDS,
    )


def attachment(filename: str) -> str:
    """Content-Disposition for any file name: an ASCII fallback, and the whole name (RFC 6266, RFC 8187)."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def head(key: str) -> StoredObject:
    """Size and identity of an original. Raises NotFound."""
    with client.answers(key):
        answer = client.s3().head_object(Bucket=settings().originals_bucket, Key=key)
    return StoredObject(answer["ContentLength"], answer["ETag"].strip('"'), answer.get("VersionId"))


def heads(keys: Sequence[str]) -> list[StoredObject | None]:
    """Size and identity of each of these originals, None where there is none: as `head`, a few at a time."""
    client.s3()  # made here: making a client is not for several threads at once
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
    with client.answers(key), path.open("wb") as file:
        if version is None:
            answer = client.s3().get_object(Bucket=originals, Key=key)
        else:
            answer = client.s3().get_object(Bucket=originals, Key=key, VersionId=version)
        with closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                sha256.update(chunk)
                sha1.update(chunk)
                file.write(chunk)
        size = file.tell()
    return Download(size, sha256.digest(), sha1.digest(), answer["ETag"].strip('"'))


def read_part(key: str, start: int, length: int, *, version: str | None) -> bytes:
    """At most so many bytes of an original from `start`, which lies within it. Raises NotFound, Unavailable."""
    originals, part = settings().originals_bucket, f"bytes={start}-{start + length - 1}"
    with client.answers(key):
        if version is None:
            answer = client.s3().get_object(Bucket=originals, Key=key, Range=part)
        else:
            answer = client.s3().get_object(Bucket=originals, Key=key, Range=part, VersionId=version)
        with closing(answer["Body"]) as body:
            content: bytes = body.read()
    return content


def delete(key: str, *, version: str | None) -> None:
    """Remove an original for good; one that is not there is no error.

    version: as `head` or the event told it. In a bucket with versioning, None would only hide the object.
    """
    originals = settings().originals_bucket
    with client.answers(key):
        if version is None:
            client.s3().delete_object(Bucket=originals, Key=key)
        else:
            client.s3().delete_object(Bucket=originals, Key=key, VersionId=version)


def delete_some_originals(folder: str) -> int:
    """Remove for good what lies in a folder, in every version: at most 1,000. How many.

    Also what only stands for a folder, and what only says that an object was removed. Raises Unavailable.
    """
    originals = settings().originals_bucket
    with client.answers(folder):
        page = client.s3().list_object_versions(Bucket=originals, Prefix=f"{folder}/")
    there = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    client.delete_all(originals, [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in there])
    return len(there)


def list_originals(prefix: str) -> Iterator[Listed]:
    """Originals whose keys begin with `prefix`, page by page. Stores do not agree on the order of `/`."""
    return client.listed(settings().originals_bucket, prefix)


def list_folder(folder: str) -> Iterator[Listed | str]:
    """What lies in a folder of the originals, page by page: objects, and folders within it as prefixes.

    folder: a prefix that ends in `/`, or none for the whole bucket. The folders told end in `/`, too.
    """
    for page in client.pages(settings().originals_bucket, folder, delimiter="/"):
        yield from client.entries(page)
        yield from (inner["Prefix"] for inner in page.get("CommonPrefixes", []))
