"""The client of the store, how it answers, and what a listing tells: what the other modules stand on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pinhole import aws, keys
from pinhole.errors import Conflict, NotFound, Unavailable
from pinhole.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectIdentifierTypeDef

_MOST_DELETED = 1000  # by one call, as S3 has it


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A URL, and the headers that must be sent with it exactly as they are here."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells of it."""

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime


def listed(bucket: str, prefix: str) -> Iterator[Listed]:
    """The objects of a bucket whose keys begin with `prefix`, page by page. Raises Unavailable."""
    for page in pages(bucket, prefix):
        yield from entries(page)


def pages(bucket: str, prefix: str, delimiter: str = "") -> "Iterator[ListObjectsV2OutputTypeDef]":
    """The pages of a listing. Raises Unavailable."""
    listing = s3().get_paginator("list_objects_v2")
    pages = iter(listing.paginate(Bucket=bucket, Prefix=prefix, Delimiter=delimiter))
    while True:
        with answers(prefix):
            page = next(pages, None)
        if page is None:
            return
        yield page


def entries(page: "ListObjectsV2OutputTypeDef") -> Iterator[Listed]:
    """The objects that a page tells of, but for those that only stand for a folder."""
    for told in page.get("Contents", []):
        if not keys.is_folder_mark(told["Key"], told["Size"]):
            yield Listed(told["Key"], told["Size"], told["ETag"].strip('"'), told["LastModified"])


def delete_all(bucket: str, these: "Sequence[ObjectIdentifierTypeDef]") -> None:
    """Remove objects, or versions of them, 1,000 a call; what is not there is no error. Raises Unavailable."""
    for start in range(0, len(these), _MOST_DELETED):
        some = these[start : start + _MOST_DELETED]
        with answers(some[0]["Key"]):
            answer = s3().delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        if failed := answer.get("Errors", []):
            raise Unavailable(f"The object store did not delete {len(failed)} objects: {failed[0].get('Code')}.")


@contextmanager
def answers(key: str) -> Iterator[None]:
    """Turns what the store answers about `key` into NotFound, Conflict or Unavailable."""
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


def signer() -> "S3Client":
    """Signs for where clients reach the store, and sends nothing there."""
    url = settings().public_object_store_url
    return s3(url) if url else s3()


@cache
def s3(endpoint_url: str | None = None) -> "S3Client":
    """The client of this process; of another address where one is given."""
    from botocore.config import Config

    # "virtual" signs for the bucket's region, where "auto" would sign for a host that redirects.
    # Checksums only where a call names one: a default would be signed into the URLs of clients.
    own = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if settings().object_store_url else "virtual"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    made: S3Client = aws.client("s3", own, endpoint_url)
    return made
