"""Signed renditions through the gateway."""

import json
import time

import pytest

from pinhole import media_url
from tests.infra.local.gateway.conftest import Site

ITEM_KEY = "abcdefghijklmnopqrstuvwx"
CONTENT = bytes(range(256)) * 40

pytestmark = pytest.mark.usefixtures("media_keys")


@pytest.fixture
def path(site: Site) -> str:
    """The signed path of a rendition that is there."""
    site.s3.put_object(Bucket=site.renditions, Key=f"{ITEM_KEY}/1/240.webp", Body=CONTENT, ContentType="image/webp")
    return signed("240.webp")


def signed(name: str, expires: int | None = None) -> str:
    return media_url.rendition_url(ITEM_KEY, 1, name, expires or int(time.time()) + 60)


def test_a_signed_rendition_is_sent_and_may_be_kept_for_good(site: Site, path: str) -> None:
    answer = site.request("GET", path)
    assert answer.status == 200
    assert answer.data == CONTENT
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_a_range_is_sent_alone(site: Site, path: str) -> None:
    answer = site.request("GET", path, headers={"Range": "bytes=100-199"})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(CONTENT)}"
    assert answer.data == CONTENT[100:200]


def test_a_range_beyond_the_end_is_refused(site: Site, path: str) -> None:
    answer = site.request("GET", path, headers={"Range": "bytes=99999-"})
    assert answer.status == 416
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.data)["code"] == "bad_range"


def test_a_range_of_another_version_gets_the_whole(site: Site, path: str) -> None:
    answer = site.request("GET", path, headers={"Range": "bytes=100-199", "If-Range": '"other"'})
    assert (answer.status, answer.data) == (200, CONTENT)


def test_a_range_of_the_version_that_a_client_has_is_sent_alone(site: Site, path: str) -> None:
    etag = site.request("GET", path).headers["ETag"]
    answer = site.request("GET", path, headers={"Range": "bytes=100-199", "If-Range": etag})
    assert (answer.status, answer.data) == (206, CONTENT[100:200])


def test_what_a_client_has_is_not_sent_again(site: Site, path: str) -> None:
    etag = site.request("GET", path).headers["ETag"]
    answer = site.request("GET", path, headers={"If-None-Match": etag})
    assert (answer.status, answer.data) == (304, b"")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_head_tells_the_size(site: Site, path: str) -> None:
    answer = site.request("HEAD", path)
    assert (answer.status, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))


def test_nothing_is_sent_without_a_valid_signature(site: Site, path: str) -> None:
    for wrong in (path.partition("?")[0], path + "x", path + "&x=1", path.replace("240", "480").replace("e=", "e=1")):
        answer = site.request("GET", wrong)
        assert answer.status == 403
        assert json.loads(answer.data)["code"] == "bad_signature"


def test_a_signature_runs_out(site: Site, path: str) -> None:
    assert site.request("GET", signed("240.webp", int(time.time()) - 1)).status == 403


def test_a_rendition_that_is_not_there_is_not_found_and_not_kept(site: Site) -> None:
    answer = site.request("GET", signed("1440.webp"))
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_media_can_only_be_read(site: Site, path: str) -> None:
    assert site.request("DELETE", path).status == 405
