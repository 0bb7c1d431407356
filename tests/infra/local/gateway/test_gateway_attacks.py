"""The gateway against who sends it what is no request, half of one, or too much."""

import gzip
import json
import logging
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from pinhole import media_url
from tests.infra.local.gateway.conftest import Site, eventually

TOKEN = "Bearer a-token-of-somebody"
DOORS = ("/api/me", "/media/x", "/live", "/pinhole-originals/x", "/assets/x", "/")


def connect(site: Site) -> socket.socket:
    host = urlsplit(site.origin)
    return socket.create_connection((host.hostname, host.port), timeout=120)


def lines(site: Site, request: str, *headers: str) -> bytes:
    head = (request, f"Host: {urlsplit(site.origin).netloc}", f"Authorization: {TOKEN}", *headers)
    return "".join(f"{line}\r\n" for line in (*head, "")).encode()


def answer_to(site: Site, sent: bytes) -> bytes:
    """All that comes until the gateway closes; it does so where what was sent leaves it no other way."""
    with connect(site) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def signed(site: Site, method: str, door: str) -> str:
    """The path of a door, signed where it leads to the store."""
    if not door.startswith("/pinhole-originals/"):
        return door
    params = {"Bucket": site.originals, "Key": door.rpartition("/")[2]}
    return site.s3.generate_presigned_url("put_object", params, HttpMethod=method).removeprefix(site.origin)


MALFORMED = {
    "no method": ("/api/me HTTP/1.1", ()),
    "a header without a colon": ("GET /api/me HTTP/1.1", ("Nonsense",)),
    "a space in a header's name": ("GET /api/me HTTP/1.1", ("X Y: z",)),
    "two lengths": ("POST /api/me HTTP/1.1", ("Content-Length: 1", "Content-Length: 2")),
    "a length and chunks": ("POST /api/me HTTP/1.1", ("Content-Length: 1", "Transfer-Encoding: chunked")),
    "a line that is too long": (f"GET /{'x' * 9000} HTTP/1.1", ()),
    "a header that is too long": ("GET /api/me HTTP/1.1", (f"X: {'x' * 9000}",)),
    "an encoding that nobody knows": ("POST /api/me HTTP/1.1", ("Transfer-Encoding: nonsense",)),
}


@pytest.mark.parametrize("malformed", MALFORMED)
def test_what_is_no_request_is_a_problem_and_in_no_log(
    site: Site, malformed: str, caplog: pytest.LogCaptureFixture
) -> None:
    request, headers = MALFORMED[malformed]
    answer = answer_to(site, lines(site, request, *headers))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert json.loads(body)["code"] == "bad_request"
    assert b"\r\nServer: Pinhole\r\n" in head
    assert TOKEN.encode() not in answer
    assert caplog.records == []


@pytest.mark.parametrize("door", ["/api/uploads", "/pinhole-originals/x"])
def test_a_body_whose_chunks_are_none_is_a_bad_request(site: Site, door: str, caplog: pytest.LogCaptureFixture) -> None:
    path = signed(site, "PUT", door)
    head = lines(site, f"PUT {path} HTTP/1.1", "Transfer-Encoding: chunked", "Connection: close")
    answer = answer_to(site, head + b"nonsense\r\n\r\n")
    assert answer.split()[1] == b"400"
    assert caplog.records == []


@pytest.mark.parametrize("door", ["/api/uploads", "/pinhole-originals/x", "/live/x/@connections/y"])
def test_a_body_that_ends_half_way_leaves_no_trace(site: Site, door: str, caplog: pytest.LogCaptureFixture) -> None:
    with connect(site) as connection:
        path = signed(site, "POST", door)
        connection.sendall(lines(site, f"POST {path} HTTP/1.1", "Content-Length: 1000") + b"half of it")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert site.request("GET", "/").status == 200  # by now the gateway knows that the client left
    assert caplog.records == []


def test_a_defect_of_ours_is_logged_without_anything_of_the_request(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(TOKEN)

    monkeypatch.setattr("infra.local.web_client.WebClient.answer", broken)
    answer = site.request("GET", "/", headers={"Authorization": TOKEN})
    assert (answer.status, json.loads(answer.data)["code"]) == (500, "internal_error")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "RuntimeError" in record.getMessage()
    assert "web_client" in record.getMessage() or "gateway.py" in record.getMessage()
    assert TOKEN not in caplog.text


def test_headers_have_their_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.http_server.HEADERS_SECONDS", 0.2)
    with connect(site) as silent, connect(site) as halting:
        halting.sendall(b"GET /api/me HTTP/1.1\r\nHost:")
        assert silent.recv(1) == b""
        assert halting.recv(1) == b""
    monkeypatch.undo()
    with connect(site) as prompt:
        prompt.sendall(lines(site, "GET / HTTP/1.1"))
        assert prompt.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("door", "module", "status", "code"),
    [
        ("/api/uploads", "rest_api", b"408", b"too_slow"),
        ("/pinhole-originals/x", "streams", b"400", b"RequestTimeout"),
    ],
)
def test_a_body_has_its_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, door: str, module: str, status: bytes, code: bytes
) -> None:
    monkeypatch.setattr(f"infra.local.{module}.BODY_SECONDS", 0.2)
    head = lines(site, f"PUT {signed(site, 'PUT', door)} HTTP/1.1", "Content-Length: 1000", "Connection: close")
    answer = answer_to(site, head + b"half of it")
    assert answer.split()[1] == status
    assert code in answer


def test_a_body_that_is_said_to_be_too_large_is_refused_unread(site: Site) -> None:
    head = lines(site, "POST /api/uploads HTTP/1.1", f"Content-Length: {1 << 40}", "Connection: close")
    with connect(site) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense", "gzip, gzip"])
def test_the_api_unpacks_nothing(site: Site, encoding: str) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    answer = site.request("POST", "/api/uploads", body=bomb, headers={"Content-Encoding": encoding})
    assert (answer.status, json.loads(answer.data)["code"]) == (415, "unsupported_encoding")


@pytest.mark.parametrize("body", [gzip.compress(b"a photo", mtime=0), b"no gzip at all"])
def test_the_store_keeps_packed_bytes_as_they_came(site: Site, body: bytes) -> None:
    site.s3.put_object(Bucket=site.originals, Key="packed", Body=body, ContentEncoding="gzip")
    stored = site.s3.get_object(Bucket=site.originals, Key="packed")
    assert (stored["Body"].read(), stored["ContentEncoding"]) == (body, "gzip")


@pytest.mark.parametrize("character", ["%0A", "%0d", "%00", "%1f", "%7F", "%C2%80", "%C2%9B"])
@pytest.mark.parametrize("door", DOORS)
def test_a_control_character_in_a_path_is_a_problem_at_every_door(site: Site, door: str, character: str) -> None:
    answer = answer_to(site, lines(site, f"GET {door}{character} HTTP/1.1", "Connection: close"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert json.loads(body)["code"] == "bad_path"


@pytest.mark.usefixtures("media_keys")
def test_no_door_tells_what_it_is_made_of(site: Site) -> None:
    media = media_url.rendition_url("abcdefghijklmnopqrstuvwx", 1, "240.webp", int(time.time()) + 60)
    for door in (*DOORS, media, "/nothing.txt"):
        assert site.request("GET", door).headers.getlist("Server") == ["Pinhole"]


def test_who_signs_for_s3_and_names_no_bucket_gets_the_list_of_them(site: Site) -> None:
    listed = site.s3.list_buckets()["Buckets"]
    assert {bucket["Name"] for bucket in listed} >= {site.originals, site.renditions}
    answer = site.request("GET", "/", headers={"Authorization": "AWS4-HMAC-SHA256 nonsense"})
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/xml")
    assert site.request("GET", "/").headers["Content-Type"] == "text/html"


def test_many_half_open_connections_keep_nobody_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.http_server.HEADERS_SECONDS", 1)
    half_open = [connect(site) for _ in range(200)]
    for connection in half_open:
        with suppress(ConnectionError):
            connection.sendall(b"POST /api/me HTTP/1.1\r\n")
    assert site.request("GET", "/").status == 200
    assert eventually(lambda: all_closed(half_open))
    for connection in half_open:
        connection.close()


def all_closed(connections: Sequence[socket.socket]) -> bool:
    return all(map(is_closed, connections))


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:  # its time was over before all of it was sent
        return True
