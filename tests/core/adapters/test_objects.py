"""The object store behind its adapter."""

import hashlib
import tracemalloc
from pathlib import Path

import pytest
import urllib3

from pinhole import objects
from pinhole.errors import Conflict, NotFound, Unavailable
from pinhole.ids import new_id
from pinhole.settings import MEBIBYTE
from tests.fixtures.cloud import Cloud


@pytest.fixture
def key() -> str:
    return f"ann/uploads/{new_id()}/Zürich 写 +%41&=.jpg"


def put(cloud: Cloud, key: str, content: bytes) -> str:
    return cloud.s3.put_object(Bucket="originals", Key=key, Body=content)["VersionId"]


def test_a_download_is_whole_hashed_and_never_in_memory(cloud: Cloud, key: str, tmp_path: Path) -> None:
    content = bytes(40 * MEBIBYTE)
    put(cloud, key, content)
    tracemalloc.start()
    try:
        downloaded = objects.download(key, tmp_path / "original")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    digests = hashlib.sha256(content).digest(), hashlib.sha1(content).digest()
    assert downloaded == objects.Download(len(content), *digests, objects.head(key).etag)
    assert (tmp_path / "original").read_bytes() == content
    assert peak < 10 * MEBIBYTE


def test_an_earlier_version_can_be_downloaded(cloud: Cloud, key: str, tmp_path: Path) -> None:
    first = put(cloud, key, b"first")
    put(cloud, key, b"second")
    objects.download(key, tmp_path / "original", version=first)
    assert (tmp_path / "original").read_bytes() == b"first"


def test_what_is_not_there_is_not_found(cloud: Cloud, key: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        objects.head(key)
    with pytest.raises(NotFound):
        objects.download(key, tmp_path / "original")
    with pytest.raises(NotFound):
        objects.list_parts(key, "0" * 40)
    assert not objects.has_multipart(key, "0" * 40)
    objects.delete(key, version=None)


def test_a_deleted_version_does_not_come_back(cloud: Cloud, key: str) -> None:
    put(cloud, key, b"content")
    objects.delete(key, version=objects.head(key).version)
    assert "Versions" not in cloud.s3.list_object_versions(Bucket="originals", Prefix=key)


def test_parts_are_never_completed_over_an_object(cloud: Cloud, key: str) -> None:
    multipart_id = objects.open_multipart(key, content_type="image/jpeg")
    signed = objects.presign_part(key, multipart_id, 1, size_bytes=4, sha256=None, expires_seconds=60)
    with urllib3.PoolManager() as http:
        assert http.request("PUT", signed.url, body=b"part").status == 200
    put(cloud, key, b"content")
    with pytest.raises(Conflict):
        objects.complete_multipart(key, multipart_id, objects.list_parts(key, multipart_id))
    assert objects.head(key).size_bytes == len(b"content")


def test_opening_a_multipart_upload_again_finds_the_first(cloud: Cloud, key: str) -> None:
    longer = objects.open_multipart(key + "x", content_type="image/jpeg")
    first = objects.open_multipart(key, content_type="image/jpeg")
    assert objects.open_multipart(key, content_type="image/jpeg") == first != longer


def test_an_original_is_downloaded_under_its_name(cloud: Cloud, key: str) -> None:
    put(cloud, key, b"content")
    with urllib3.PoolManager() as http:
        answer = http.request("GET", objects.presign_get(key, filename='"Zürich", 写.jpg'))
    assert answer.data == b"content"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"_Z_rich_, _.jpg\"; filename*=UTF-8''%22Z%C3%BCrich%22%2C%20%E5%86%99.jpg"
    )


def test_a_signed_url_leads_to_no_other_object(cloud: Cloud, key: str) -> None:
    put(cloud, key, b"content")
    put(cloud, key.replace("ann/", "ben/"), b"secret")
    url = objects.presign_get(key, filename="a.jpg").replace("/ann/", "/ben/")
    with urllib3.PoolManager() as http:
        assert http.request("GET", url).status == 403


def test_a_rendition_may_be_cached_for_good(cloud: Cloud) -> None:
    name = f"{new_id()}/1/240.webp"
    objects.put_rendition(name, b"RIFF", content_type="image/webp")
    stored = cloud.s3.get_object(Bucket="renditions", Key=name)
    assert stored["Body"].read() == b"RIFF"
    assert stored["ContentType"] == "image/webp"
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"


def test_a_store_that_is_down_is_unavailable(
    cloud: Cloud, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    objects.client.s3.cache_clear()
    with pytest.raises(Unavailable):
        objects.head(key)
    with pytest.raises(Unavailable):
        objects.download(key, tmp_path / "original")
