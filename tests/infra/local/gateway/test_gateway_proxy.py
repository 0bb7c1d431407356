"""The gateway behind a reverse proxy, which takes https off and passes the rest on as Caddy does."""

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import pytest
import urllib3
import yarl
from aiohttp import web

from infra.local import store
from infra.local.processes import HOST, free_ports
from tests.infra.local.gateway.conftest import Background, Site, _client, a_site

PUBLIC = "https://photos.example.org"
NAME = "photos.example.org"
CLIENT = "127.0.0.2"  # the address of who asks the proxy; the proxy itself asks from another


class Proxy:
    """Passes every request on to a site, with its Host, and says who asked and how."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.port = free_ports(1)[0]

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port).start()

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers.copy()
        before = headers.popall("X-Forwarded-For", [])
        told = {"X-Forwarded-For": ", ".join([*before, request.remote or ""]), "X-Forwarded-Proto": "https"}
        headers.update({**told, "X-Forwarded-Host": request.headers["Host"]})
        url = yarl.URL(self._origin + request.raw_path, encoded=True)
        if request.headers.get("Upgrade") == "websocket":
            return await self._pass_socket_on(request, url, headers)
        body = await request.read()
        async with self._session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            passed = {name: value for name, value in answer.headers.items() if name != "Transfer-Encoding"}
            return web.Response(status=answer.status, headers=passed, body=await answer.read())

    async def _pass_socket_on(self, request: web.Request, url: Any, headers: Any) -> web.StreamResponse:
        kept = {name: value for name, value in headers.items() if not name.startswith(("Sec-", "Upgrade"))}
        async with self._session.ws_connect(url, headers=kept) as behind:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in behind:
                await socket.send_str(message.data)
            return socket


@pytest.fixture(scope="module")
def behind(
    objects: store.Store, loop_in_background: Background, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A gateway whose public origin is that of a proxy."""
    with a_site(tmp_path_factory.mktemp("behind-a-proxy"), objects, loop_in_background, PUBLIC) as behind:
        yield behind


@pytest.fixture(scope="module")
def proxy(behind: Site, loop_in_background: Background) -> Iterator[Proxy]:
    proxy = Proxy(behind.origin)
    loop_in_background(proxy.start())
    yield proxy
    loop_in_background(proxy.stop())


def ask(
    proxy: Proxy, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> urllib3.BaseHTTPResponse:
    """A request of a browser that found the proxy by its name."""
    with urllib3.HTTPConnectionPool(HOST, proxy.port, source_address=(CLIENT, 0)) as pool:
        told = {"Host": NAME, **(headers or {})}
        return pool.request(method, path, body=body, headers=told, redirect=False, retries=False)


def test_pages_and_their_writes_have_the_public_origin(proxy: Proxy) -> None:
    assert ask(proxy, "GET", "/").data.startswith(b"<!doctype html>")
    assert ask(proxy, "POST", "/api/auth/register", {"Origin": PUBLIC}, b"{}").status == 200
    for origin in (f"http://{NAME}", "http://localhost", "https://evil.example"):
        assert ask(proxy, "POST", "/api/auth/register", {"Origin": origin}, b"{}").status == 403


@pytest.mark.parametrize("path", ["/", "/assets/app-1a2b.js", "/api/me", "/media/x"])
def test_browsers_are_told_to_come_by_https_alone_where_the_public_origin_is_https(
    proxy: Proxy, site: Site, path: str
) -> None:
    assert ask(proxy, "GET", path).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in site.request("GET", path).headers


@pytest.mark.parametrize("host", [NAME, f"{NAME}:443"])
def test_the_port_that_https_has_anyway_may_be_there(behind: Site, host: str) -> None:
    assert behind.request("GET", "/", headers={"Host": host}).status == 200


def test_the_caller_is_who_asked_the_proxy_whatever_they_claim(proxy: Proxy) -> None:
    for claim in ("X-Other", "X-Forwarded-For"):
        event = json.loads(ask(proxy, "GET", "/api/me", {claim: "198.51.100.7"}).data)
        assert event["requestContext"]["identity"]["sourceIp"] == CLIENT
        assert event["requestContext"]["domainName"] == NAME


@pytest.mark.parametrize("host", ["localhost", HOST])
def test_who_comes_past_the_proxy_has_their_own_address(behind: Site, host: str) -> None:
    port = behind.origin.rpartition(":")[2]
    headers = {"Host": f"{host}:{port}", "X-Forwarded-For": "198.51.100.7"}
    event = json.loads(behind.request("GET", "/api/me", headers=headers).data)
    assert event["requestContext"]["identity"]["sourceIp"] != "198.51.100.7"


def test_without_a_public_origin_no_one_is_believed_to_be_a_proxy(site: Site) -> None:
    event = json.loads(site.request("GET", "/api/me", headers={"X-Forwarded-For": "198.51.100.7"}).data)
    assert event["requestContext"]["identity"]["sourceIp"] != "198.51.100.7"


@pytest.mark.parametrize("told", ["", "unknown", "unix:", "203.0.113.5, nobody"])
def test_an_address_that_is_none_is_not_believed(behind: Site, told: str) -> None:
    event = json.loads(behind.request("GET", "/api/me", headers={"Host": NAME, "X-Forwarded-For": told}).data)
    assert event["requestContext"]["identity"]["sourceIp"] in {HOST, "::1"}


def test_an_upload_to_a_url_that_was_signed_for_the_public_origin_arrives(
    behind: Site, proxy: Proxy, objects: store.Store
) -> None:
    key = "ann/uploads/through-a-proxy.jpg"
    bucket = {"Bucket": behind.originals, "Key": key}
    signed = _client("s3", PUBLIC, objects).generate_presigned_url("put_object", Params=bucket)
    assert ask(proxy, "PUT", signed.removeprefix(PUBLIC), {"Origin": PUBLIC}, b"a photo").status == 200
    assert behind.event_of(key)["requestParameters"]["sourceIPAddress"] == CLIENT


def test_a_websocket_is_opened_through_the_proxy(behind: Site, proxy: Proxy) -> None:
    lines = [
        "GET /live?ticket=good HTTP/1.1",
        f"Host: {NAME}",
        f"Origin: {PUBLIC}",
        *["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"],
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with socket.create_connection((HOST, proxy.port), timeout=120, source_address=(CLIENT, 0)) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        assert b"101 Switching Protocols" in connection.recv(4096)
    (opened,) = [
        note for note in behind.notes() if isinstance(note, dict) and note["requestContext"]["eventType"] == "CONNECT"
    ]
    assert opened["requestContext"]["identity"]["sourceIp"] == CLIENT


def test_a_proxy_that_hides_the_name_is_told_so_instead_of_sent_in_circles(behind: Site) -> None:
    answer = behind.request("GET", "/")
    assert answer.status == 421
    assert "Host" in json.loads(answer.data)["detail"]
