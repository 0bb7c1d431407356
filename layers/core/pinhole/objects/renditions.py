"""Renditions, in a bucket of their own: writing one must never trigger ingest."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from pinhole.objects import client
from pinhole.objects.client import Listed
from pinhole.settings import settings

LISTED_AT_ONCE = 10  # as many connections as a client keeps
_FOR_GOOD = "public, max-age=31536000, immutable"


def presign_rendition(key: str, *, expires_seconds: int) -> str:
    """Sign a GET of a rendition."""
    return client.signer().generate_presigned_url(
        "get_object",
        Params={"Bucket": settings().renditions_bucket, "Key": key},
        ExpiresIn=expires_seconds,
    )


def list_renditions(prefix: str) -> Iterator[Listed]:
    """Renditions whose keys begin with `prefix`, page by page."""
    return client.listed(settings().renditions_bucket, prefix)


def delete_rendition(key: str) -> None:
    """Remove a rendition; one that is not there is no error."""
    with client.answers(key):
        client.s3().delete_object(Bucket=settings().renditions_bucket, Key=key)


def delete_renditions_of(item_keys: Sequence[str]) -> None:
    """Remove all renditions of items, of every version, whether a row tells of them or not. Raises Unavailable."""
    client.s3()  # made here: making a client is not for several threads at once
    with ThreadPoolExecutor(LISTED_AT_ONCE) as threads:
        listed = threads.map(lambda item_key: list(list_renditions(f"{item_key}/")), item_keys)
        client.delete_all(settings().renditions_bucket, [{"Key": one.key} for ones in listed for one in ones])


def put_rendition(key: str, content: bytes | BinaryIO, *, content_type: str) -> None:
    """Store a rendition. Its key is never written with other bytes, so it may be cached for good."""
    with client.answers(key):
        client.s3().put_object(
            Bucket=settings().renditions_bucket,
            Key=key,
            Body=content,
            ContentType=content_type,
            CacheControl=_FOR_GOOD,
        )


def upload_rendition(key: str, path: Path, *, content_type: str) -> None:
    """Store a large one, part by part. Raises Unavailable."""
    # Here, for the api's cold start does without boto3's machinery of transfers.
    from boto3.exceptions import S3UploadFailedError

    described = {"ContentType": content_type, "CacheControl": _FOR_GOOD}
    with client.answers(key):
        try:
            client.s3().upload_file(str(path), settings().renditions_bucket, key, ExtraArgs=described)
        except S3UploadFailedError as error:
            # It hides what the store answered.
            raise (error.__context__ or error) from None


def read_rendition(key: str) -> bytes:
    """The bytes of a rendition. Raises NotFound, Unavailable."""
    with (
        client.answers(key),
        closing(client.s3().get_object(Bucket=settings().renditions_bucket, Key=key)["Body"]) as body,
    ):
        content: bytes = body.read()
    return content
