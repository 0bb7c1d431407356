"""A library that is damaged and checked, and what a client finds of it after that."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from pinhole import items, objects, uploads, verify
from pinhole.db import transaction
from pinhole.errors import NotFound
from pinhole.lists import TIMELINE
from pinhole.timeline import month, months
from pinhole.verify import Finding, Kind
from tests.fixtures.cloud import Cloud
from tests.fixtures.ingest import Inbox, Landed
from tests.fixtures.pictures import jpeg

EXPIRES = 1_900_000_000


def empty(cloud: Cloud, bucket: str) -> None:
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: cloud.s3.delete_object(Bucket=bucket, Key=key), keys))


def photo(library: Inbox, shade: int = 1) -> Landed:
    landed = library.landed(jpeg(shade=shade, DateTimeOriginal="2021:06:05 13:14:15"))
    library.deliver(landed)
    return landed


def check(*, repair: bool = False) -> list[Finding]:
    return list(verify.check(verify.Tally(), repair=repair))


def kinds(findings: Iterable[Finding]) -> list[Kind]:
    return [finding.kind for finding in findings]


def lose_original(library: Inbox, landed: Landed) -> bytes:
    """Delete an original from outside. Its bytes."""
    content = library.cloud.s3.get_object(Bucket="originals", Key=landed.key)["Body"].read()
    objects.delete(landed.key, version=objects.head(landed.key).version)
    return content


def whole(library: Inbox, item_id: str) -> bool:
    """Whether a client finds a photo: in its month, with its data, its renditions and its original, and as known."""
    with transaction() as conn:
        try:
            item = items.read(conn, library.owner.id, item_id)
        except NotFound:
            return False
        page = month.read(conn, library.owner.id, TIMELINE, item.taken_at_local.date().replace(day=1), None, EXPIRES)
        counted = {one.month: len(one.ratios) for one in months.read(conn, library.owner.id).months}
        original = library.cloud.s3.get_object(Bucket="originals", Key=item.object_key)["Body"].read()
        sha256 = hashlib.sha256(original).digest()
        known = uploads.existing(conn, library.owner, [sha256])
    shown = {f"{item.item_key}/{item.rendition_version}/{one['name']}" for one in item.renditions}
    stored = set(library.cloud.keys("renditions", f"{item.item_key}/{item.rendition_version}/"))
    return (
        item_id in page.columns.ids
        and counted[page.month] == len(page.columns.ids)
        and known.shown == {sha256: item_id}
        and bool(item.mime_type and item.exif and item.colours and item.said_time)
        and stored == shown != set()
    )
