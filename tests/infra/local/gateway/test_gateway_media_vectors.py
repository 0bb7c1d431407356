"""The table of `tests/infra/edge/` through the gateway, byte for byte, and ranges that ask for more than there is."""

import json
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from pinhole import media_url
from pinhole.settings import settings
from tests.infra.edge.test_media_at_the_edge import TABLE, VECTORS
from tests.infra.local.gateway.conftest import Site

ITEM_KEY = "abcdefghijklmnopqrstuvwx"
CONTENT = b"what only a signature opens, " * 40


@pytest.fixture(scope="module")
def stored(site: Site) -> None:
    """A rendition under every key that an address of the table might lead to."""
    keys = {f"{key}/{version}/{size}.webp" for key, version, size in _places()}
    for key in keys:
        site.s3.put_object(Bucket=site.renditions, Key=key, Body=CONTENT)


def _places() -> Iterator[tuple[str, int, int]]:
    own = TABLE["vectors"][0]["opens"].partition("/")[0]
    for key in (own, own.swapcase(), "0123456789abcdefghijABCD", ITEM_KEY):
        yield from ((key, version, size) for version in (3, 4) for size in (240, 480, 1440))


@pytest.fixture
def at_the_tables_time(media_keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and clock of the table."""
    monkeypatch.setenv("PINHOLE_MEDIA_KEYS", json.dumps(TABLE["keys"]))
    settings.cache_clear()
    monkeypatch.setattr("infra.local.media.time", SimpleNamespace(time=lambda: TABLE["now"]))


@pytest.mark.usefixtures("at_the_tables_time", "stored")
@VECTORS
def test_the_gateway_opens_what_the_table_says(site: Site, vector: dict[str, str]) -> None:
    host = urlsplit(site.origin)
    target = vector["path"] + (f"?{vector['query']}" if vector["query"] else "")
    sent = f"GET {target} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host.hostname, host.port), timeout=120) as connection:
        connection.sendall(sent.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ") == (CONTENT in answer) or not vector["path"].startswith("/media/")
    assert (CONTENT in answer) == (vector["opens"] is not None)


@pytest.mark.usefixtures("media_keys", "stored")
@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-,0-,0-,0-,0-,0-,0-,0-",
        "bytes=" + ",".join(f"{begin}-" for begin in range(600)),
        "bytes=0-0,-1",
        "bytes=-0",
        "bytes=5-1",
        "bytes=-99999999999999999999",
        "bytes=0-99999999999999999999999",
        "bytes=99999999999999999999-",
        "bytes=--1",
        "bytes=0x0-0x9",
        "bytes=a-b",
        "bytes=",
        "lines=0-1",
        "bytes 0-1",
        "BYTES=0-1",
    ],
)
def test_no_range_brings_more_than_the_file_or_anything_else(site: Site, asked: str) -> None:
    url = media_url.rendition_url(ITEM_KEY, 3, "240.webp", int(time.time()) + 60)
    answer = site.request("GET", url, headers={"Range": asked})
    if answer.status == 206:
        assert answer.data in CONTENT
        assert answer.headers["Content-Range"].endswith(f"/{len(CONTENT)}")
    elif answer.status == 200:
        assert answer.data == CONTENT
    else:
        assert (answer.status, json.loads(answer.data)["code"]) == (416, "bad_range")
