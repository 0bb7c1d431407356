"""Originals that are sent in parts."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinhole.errors import NotFound
from pinhole.objects import client
from pinhole.objects.client import SignedRequest
from pinhole.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload as the store has it. `number` counts from 1."""

    number: int
    size_bytes: int
    etag: str


def open_multipart(key: str, *, content_type: str) -> str:
    """Id of the multipart upload to `key`: the one already open, else a new one.

    Asking the store first makes a repeated call harmless when the answer to an earlier one was lost. No
    checksum algorithm is named for the whole, so that the store takes parts with a hash, which it checks, and
    parts without.
    """
    open_already = multiparts(key)
    if open_already:
        return open_already[0]
    with client.answers(key):
        created = client.s3().create_multipart_upload(
            Bucket=settings().originals_bucket, Key=key, ContentType=content_type
        )
    return created["UploadId"]


def multiparts(key: str) -> list[str]:
    """Ids of the multipart uploads open for exactly `key`."""
    with client.answers(key):
        listed = client.s3().list_multipart_uploads(Bucket=settings().originals_bucket, Prefix=key)
    return [upload["UploadId"] for upload in listed.get("Uploads", []) if upload["Key"] == key]


def abort_some_multiparts(folder: str) -> int:
    """Drop multipart uploads to a folder and their parts, at most 1,000. How many. Raises Unavailable."""
    with client.answers(folder):
        listed = client.s3().list_multipart_uploads(Bucket=settings().originals_bucket, Prefix=f"{folder}/")
    there = listed.get("Uploads", [])
    for upload in there:
        with suppress(NotFound):
            abort_multipart(upload["Key"], upload["UploadId"])
    return len(there)


def has_multipart(key: str, multipart_id: str) -> bool:
    """Whether this multipart upload is still open."""
    try:
        with client.answers(key):
            client.s3().list_parts(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id, MaxParts=1)
    except NotFound:
        return False
    return True


def presign_part(
    key: str, multipart_id: str, number: int, *, size_bytes: int, sha256: bytes | None, expires_seconds: int
) -> SignedRequest:
    """Sign the PUT of one part, bound to its length and, where given, its SHA-256."""
    checksum = None if sha256 is None else b64encode(sha256).decode()
    url = client.signer().generate_presigned_url(
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
    listing = client.s3().get_paginator("list_parts")
    pages = listing.paginate(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id)
    with client.answers(key):
        return [
            Part(part["PartNumber"], part["Size"], part["ETag"]) for page in pages for part in page.get("Parts", [])
        ]


def complete_multipart(key: str, multipart_id: str, parts: Sequence[Part]) -> None:
    """Make one object of the parts, where no object is yet.

    Raises NotFound when the multipart upload is gone, Conflict when there is an object at `key`: after a lost
    answer, either may mean that it was completed.
    """
    listed: list[CompletedPartTypeDef] = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    with client.answers(key):
        client.s3().complete_multipart_upload(
            Bucket=settings().originals_bucket,
            Key=key,
            UploadId=multipart_id,
            MultipartUpload={"Parts": listed},
            IfNoneMatch="*",
        )


def abort_multipart(key: str, multipart_id: str) -> None:
    """Drop a multipart upload and its parts. Raises NotFound when it is not there."""
    with client.answers(key):
        client.s3().abort_multipart_upload(Bucket=settings().originals_bucket, Key=key, UploadId=multipart_id)
