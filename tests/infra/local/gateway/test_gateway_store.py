"""The object store through the gateway: S3's protocol untouched, events sent, memory bounded."""

import asyncio
import base64
import gzip
import hashlib
import http.client
import os
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3.type_defs import CompletedPartTypeDef

from infra.local import s3_proxy
from tests.infra.local.gateway.conftest import Background, Site, eventually

MIB = 1024 * 1024
# Every character that a file name may have and a URL may not.
KEY = "anna/uploads/x1/Über + 100% (1)&?=#~é.jpg"


def test_a_put_is_stored_and_announced(site: Site) -> None:
    put = site.s3.put_object(Bucket=site.originals, Key=KEY, Body=b"photo", ContentType="image/jpeg")
    event = site.event_of(KEY)
    assert event["eventName"] == "ObjectCreated:Put"
    assert event["s3"]["bucket"]["name"] == site.originals
    stored = event["s3"]["object"]
    assert stored["key"] == "anna/uploads/x1/%C3%9Cber+%2B+100%25+%281%29%26%3F%3D%23~%C3%A9.jpg"
    assert stored["size"] == 5
    assert stored["eTag"] == put["ETag"].strip('"') == hashlib.md5(b"photo").hexdigest()
    assert stored["versionId"] == put["VersionId"]
    got = site.s3.get_object(Bucket=site.originals, Key=KEY)
    assert (got["Body"].read(), got["ContentType"]) == (b"photo", "image/jpeg")


def test_of_two_events_of_a_key_the_later_has_the_greater_sequencer(site: Site) -> None:
    for body in (b"1", b"22"):
        site.s3.put_object(Bucket=site.originals, Key="twice", Body=body)
        time.sleep(0.001)
    eventually(lambda: len(site.events_of("twice")) >= 2)
    announced = (event["s3"]["object"] for event in site.events_of("twice"))
    objects = sorted(announced, key=lambda stored: int(stored["sequencer"], 16))
    assert [stored["size"] for stored in objects] == [1, 2]


def test_a_rendition_is_not_announced(site: Site) -> None:
    site.s3.put_object(Bucket=site.renditions, Key="rendition", Body=b"x")
    site.s3.put_object(Bucket=site.originals, Key="after-rendition", Body=b"x")
    site.event_of("after-rendition")
    assert site.events_of("rendition") == []


def test_a_copy_is_announced_with_the_size_of_what_was_copied(site: Site) -> None:
    site.s3.put_object(Bucket=site.renditions, Key="source", Body=b"12345")
    site.s3.copy_object(Bucket=site.originals, Key="copy", CopySource={"Bucket": site.renditions, "Key": "source"})
    event = site.event_of("copy")
    assert event["eventName"] == "ObjectCreated:Copy"
    assert event["s3"]["object"]["size"] == 5


def test_a_multipart_upload_is_announced_once_when_it_is_complete(site: Site) -> None:
    parts = [os.urandom(5 * MIB), b"the end"]
    upload = site.s3.create_multipart_upload(Bucket=site.originals, Key="large.mov", ChecksumAlgorithm="SHA256")
    done: list[CompletedPartTypeDef] = []
    for number, part in enumerate(parts, 1):
        checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
        url = site.s3.generate_presigned_url(
            "upload_part",
            {
                "Bucket": site.originals,
                "Key": "large.mov",
                "UploadId": upload["UploadId"],
                "PartNumber": number,
                "ChecksumSHA256": checksum,
            },
        )
        path = url.removeprefix(site.origin)
        answer = site.request("PUT", path, body=part, headers={"x-amz-checksum-sha256": checksum})
        assert answer.status == 200
        done.append({"PartNumber": number, "ETag": answer.headers["ETag"], "ChecksumSHA256": checksum})
    assert site.events_of("large.mov") == []
    site.s3.complete_multipart_upload(
        Bucket=site.originals, Key="large.mov", UploadId=upload["UploadId"], MultipartUpload={"Parts": done}
    )
    event = site.event_of("large.mov")
    assert event["eventName"] == "ObjectCreated:CompleteMultipartUpload"
    assert event["s3"]["object"]["size"] == sum(map(len, parts))
    assert event["s3"]["object"]["eTag"].endswith("-2")
    body = site.s3.get_object(Bucket=site.originals, Key="large.mov")["Body"].read()
    assert body == b"".join(parts)


def test_a_completion_that_fails_is_not_announced(site: Site) -> None:
    upload = site.s3.create_multipart_upload(Bucket=site.originals, Key="failed.mov")
    with pytest.raises(ClientError):
        site.s3.complete_multipart_upload(
            Bucket=site.originals,
            Key="failed.mov",
            UploadId=upload["UploadId"],
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]},
        )
    site.s3.put_object(Bucket=site.originals, Key="after-failed", Body=b"x")
    site.event_of("after-failed")
    assert site.events_of("failed.mov") == []


def presigned_put(site: Site, key: str, body: bytes) -> tuple[str, dict[str, str]]:
    """Path and headers of a PUT bound to a body, its type and to being the first, as a browser sends it."""
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    url = site.s3.generate_presigned_url(
        "put_object",
        {
            "Bucket": site.originals,
            "Key": key,
            "ContentLength": len(body),
            "ContentType": "image/jpeg",
            "IfNoneMatch": "*",
            "ChecksumSHA256": checksum,
        },
    )
    headers = {"Content-Type": "image/jpeg", "If-None-Match": "*", "x-amz-checksum-sha256": checksum}
    return url.removeprefix(site.origin), {**headers, "Origin": site.origin}


def test_a_presigned_put_is_taken_once(site: Site) -> None:
    path, headers = presigned_put(site, "presigned.jpg", b"photo")
    assert site.request("PUT", path, body=b"photo", headers=headers).status == 200
    assert site.request("PUT", path, body=b"photo", headers=headers).status == 412
    assert site.event_of("presigned.jpg")["s3"]["object"]["size"] == 5


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [(b"other", {}, 400), (b"longer than said", {}, 403), (b"photo", {"Content-Type": "text/html"}, 403)],
)
def test_a_presigned_put_of_something_else_is_refused_and_not_announced(
    site: Site, body: bytes, headers: dict[str, str], status: int
) -> None:
    key = f"refused-{status}-{len(body)}-{len(headers)}"
    path, own = presigned_put(site, key, b"photo")
    assert site.request("PUT", path, body=body, headers={**own, **headers}).status == status
    site.s3.put_object(Bucket=site.originals, Key=f"after-{key}", Body=b"x")
    site.event_of(f"after-{key}")
    assert site.events_of(key) == []


def test_a_photo_that_a_client_packs_on_its_way_is_not_the_one_that_was_promised(site: Site) -> None:
    path, headers = presigned_put(site, "packed.jpg", b"photo")
    packed = gzip.compress(b"photo")
    for bent in ({"Content-Encoding": "gzip"}, {"Content-Encoding": "gzip", "Content-Length": "5"}):
        answer = site.request("PUT", path, body=packed[: int(bent.get("Content-Length", 1000))], headers=headers | bent)
        assert answer.status in {400, 403}
    with pytest.raises(ClientError, match="404"):
        site.s3.head_object(Bucket=site.originals, Key="packed.jpg")


def test_an_upload_is_refused_before_the_disk_is_full(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.s3.put_object(Bucket=site.originals, Key="stored-before", Body=b"photo")
    path, headers = presigned_put(site, "too-much.jpg", b"photo")
    with monkeypatch.context() as patch:
        patch.setattr(s3_proxy, "RESERVE_BYTES", 1 << 60)
        refused = site.request("PUT", path, body=b"photo", headers=headers)
        assert (refused.status, b"InsufficientStorage" in refused.data) == (507, True)
        assert site.s3.get_object(Bucket=site.originals, Key="stored-before")["Body"].read() == b"photo"
    assert site.request("PUT", path, body=b"photo", headers=headers).status == 200


def test_nobody_reads_or_writes_without_a_signature(site: Site) -> None:
    site.s3.put_object(Bucket=site.originals, Key="private", Body=b"x")
    assert site.request("GET", f"/{site.originals}/private").status == 403
    assert site.request("PUT", f"/{site.originals}/private", body=b"y").status == 403
    assert site.request("GET", f"/{site.originals}?list-type=2").status == 403
    assert site.request("DELETE", f"/{site.originals}/private").status == 403


@pytest.mark.parametrize("name", ["status", "healthz"])
def test_a_name_that_the_store_keeps_for_itself_is_no_list_and_no_defect(site: Site, name: str) -> None:
    assert site.request("GET", f"/{name}?X-Amz-Signature=1").status < 500


@pytest.mark.parametrize("path", ["/pinhole-originals/../pinhole-renditions/x", "/pinhole-originals/%2e%2e/x"])
def test_a_path_with_dot_segments_is_refused(site: Site, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(site.origin).netloc)
    connection.request("GET", path)
    assert connection.getresponse().status == 400
    connection.close()


def test_a_range_is_read_alone(site: Site) -> None:
    site.s3.put_object(Bucket=site.originals, Key="ranged", Body=bytes(range(200)))
    got = site.s3.get_object(Bucket=site.originals, Key="ranged", Range="bytes=10-19")
    assert got["Body"].read() == bytes(range(10, 20))
    assert got["ContentRange"] == "bytes 10-19/200"


def test_head_list_and_delete_work(site: Site) -> None:
    site.s3.put_object(Bucket=site.renditions, Key="listed/one", Body=b"12345")
    assert site.s3.head_object(Bucket=site.renditions, Key="listed/one")["ContentLength"] == 5
    listed = site.s3.list_objects_v2(Bucket=site.renditions, Prefix="listed/")
    assert [entry["Key"] for entry in listed["Contents"]] == ["listed/one"]
    site.s3.delete_object(Bucket=site.renditions, Key="listed/one")
    assert "Contents" not in site.s3.list_objects_v2(Bucket=site.renditions, Prefix="listed/")


def test_what_users_stored_cannot_run_as_a_page(site: Site) -> None:
    site.s3.put_object(Bucket=site.originals, Key="page.html", Body=b"<script>", ContentType="text/html")
    url = site.s3.generate_presigned_url("get_object", {"Bucket": site.originals, "Key": "page.html"})
    headers = site.request("GET", url.removeprefix(site.origin)).headers
    assert headers.getlist("Content-Security-Policy") == ["default-src 'none'; sandbox"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_client_that_waits_for_100_continue_gets_it(site: Site) -> None:
    path, headers = presigned_put(site, "continued.jpg", b"photo")
    host = urlsplit(site.origin)
    with socket.create_connection((host.hostname, host.port), timeout=120) as connection:
        lines = [f"PUT {path} HTTP/1.1", f"Host: {host.netloc}", "Content-Length: 5", "Expect: 100-continue"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(b"photo")
        assert connection.recv(10000).startswith(b"HTTP/1.1 200")


def test_an_object_of_many_parts_of_memory_passes_in_a_small_part_of_it(site: Site) -> None:
    size = 256 * MIB
    url = site.s3.generate_presigned_url("put_object", {"Bucket": site.renditions, "Key": "huge"})
    with Peak() as peak:
        headers = {"Content-Length": str(size)}
        answer = site.request("PUT", url.removeprefix(site.origin), body=Zeros(size), headers=headers)
        assert answer.status == 200
        url = site.s3.generate_presigned_url("get_object", {"Bucket": site.renditions, "Key": "huge"})
        got = site.http.request("GET", url, preload_content=False)
        assert sum(map(len, got.stream(MIB))) == size
    assert peak.grown_bytes < size // 4


class Peak:
    """How much this process, in which the gateway runs, grew at most inside the block."""

    grown_bytes = 0

    def __enter__(self) -> "Peak":
        self._before = psutil.Process().memory_info().rss
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.grown_bytes = max(self.grown_bytes, psutil.Process().memory_info().rss - self._before)


def put_and_leave(site: Site, key: str, sent: int, background: Background) -> None:
    """Send so many bytes of a PUT of 1 MiB and close; return when the gateway has done with the request."""
    path, headers = presigned_put(site, key, b"x" * MIB)
    host = urlsplit(site.origin)
    before = background(requests_under_way())
    with socket.create_connection((host.hostname, host.port), timeout=120) as connection:
        lines = [f"PUT {path} HTTP/1.1", f"Host: {host.netloc}", f"Content-Length: {MIB}", "Expect: 100-continue"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        (its_own,) = background(requests_under_way()) - before
        connection.sendall(b"x" * sent)
    eventually(lambda: its_own not in background(requests_under_way()))


async def requests_under_way() -> set[asyncio.Task[Any]]:
    """The tasks in which aiohttp answers, one for each connection."""
    return {task for task in asyncio.all_tasks() if "RequestHandler.start" in repr(task.get_coro())}


def test_a_client_that_leaves_half_way_leaves_nothing(
    site: Site, loop_in_background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    put_and_leave(site, "half.jpg", MIB // 2, loop_in_background)
    eventually(site.delivered_events)
    assert site.events_of("half.jpg") == []
    with pytest.raises(ClientError, match="404"):
        site.s3.head_object(Bucket=site.originals, Key="half.jpg")
    assert [record.getMessage() for record in caplog.records] == []


def test_an_object_that_came_whole_is_announced_though_its_client_left(
    site: Site, loop_in_background: Background
) -> None:
    put_and_leave(site, "left.jpg", MIB, loop_in_background)
    assert site.event_of("left.jpg")["s3"]["object"]["size"] == MIB
    assert site.s3.head_object(Bucket=site.originals, Key="left.jpg")["ContentLength"] == MIB


def test_many_puts_at_once_are_all_announced(site: Site) -> None:
    keys = [f"many/{number}" for number in range(60)]
    threads = [
        threading.Thread(target=site.s3.put_object, kwargs={"Bucket": site.originals, "Key": key, "Body": b"x"})
        for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [site.event_of(key)["s3"]["object"]["size"] for key in keys] == [1] * 60


class Zeros:
    """A file of zeros that takes no memory."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        size = self._left if size < 0 else min(size, self._left)
        self._left -= size
        return bytes(size)
