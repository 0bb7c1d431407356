"""The WebSocket API through the gateway."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import boto3
import pytest

from infra.local import store
from infra.local.processes import loopback
from tests.infra.local.gateway.conftest import (
    LIVE_SECRET,
    Background,
    Site,
    eventually,
    serving,
    template_for,
)

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


def connections(site: Site, secret: str = LIVE_SECRET) -> "ApiGatewayManagementApiClient":
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{site.origin}/live/{secret}",
        region_name="us-east-1",
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
    )


def with_socket(
    site: Site, use: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[Any]], query: str, **headers: str
) -> Any:
    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{site.origin}/live?{query}", headers=headers) as socket,
        ):
            return await use(socket)

    return asyncio.run(run())


def events(site: Site, user_agent: str) -> list[dict[str, Any]]:
    """Events of the connection of the client with this name."""
    return [note for note in site.notes() if isinstance(note, dict) and note["headers"]["User-Agent"] == user_agent]


def connection_id(site: Site, user_agent: str) -> str:
    found: str = events(site, user_agent)[0]["requestContext"]["connectionId"]
    return found


def refused(site: Site, query: str, **headers: str) -> int:
    async def nothing(_: aiohttp.ClientWebSocketResponse) -> None:
        pass

    with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
        with_socket(site, nothing, query, **headers)
    return raised.value.status


def test_connecting_and_disconnecting_invoke_the_function(site: Site) -> None:
    async def leave(_: aiohttp.ClientWebSocketResponse) -> None:
        pass

    with_socket(site, leave, "ticket=good&n=1&n=2", **{"User-Agent": "visitor", "Origin": site.origin})
    eventually(lambda: len(events(site, "visitor")) == 2)
    connected, disconnected = events(site, "visitor")
    assert connected["queryStringParameters"] == {"ticket": "good", "n": "2"}
    assert connected["multiValueQueryStringParameters"]["n"] == ["1", "2"]
    assert connected["requestContext"]["routeKey"] == "$connect"
    assert connected["requestContext"]["eventType"] == "CONNECT"
    assert connected["requestContext"]["identity"]["sourceIp"] in loopback()
    assert disconnected["requestContext"]["routeKey"] == "$disconnect"
    assert disconnected["requestContext"]["disconnectStatusCode"] == 1000
    assert disconnected["requestContext"]["connectionId"] == connected["requestContext"]["connectionId"]


def test_a_function_can_send_to_a_connection(site: Site) -> None:
    async def listen(socket: aiohttp.ClientWebSocketResponse) -> list[Any]:
        client, id_ = connections(site), connection_id(site, "listener")
        for text in ('{"type": "libraryChanged"}', "é" * 60_000):
            await asyncio.to_thread(client.post_to_connection, ConnectionId=id_, Data=text.encode())
        return [await socket.receive_json(timeout=120), await socket.receive_str(timeout=120)]

    received = with_socket(site, listen, "ticket=good", **{"User-Agent": "listener"})
    assert received == [{"type": "libraryChanged"}, "é" * 60_000]


def test_a_connection_can_be_looked_at_and_ended(site: Site) -> None:
    async def listen(socket: aiohttp.ClientWebSocketResponse) -> Any:
        client, id_ = connections(site), connection_id(site, "ended")
        seen = await asyncio.to_thread(client.get_connection, ConnectionId=id_)
        ending = asyncio.create_task(asyncio.to_thread(client.delete_connection, ConnectionId=id_))
        message = await socket.receive(timeout=120)
        await ending
        return seen, message.type

    seen, last = with_socket(site, listen, "ticket=good", **{"User-Agent": "ended"})
    assert seen["Identity"]["SourceIp"] in loopback()
    assert last == aiohttp.WSMsgType.CLOSE


def test_a_connection_that_is_closed_or_unknown_is_gone(site: Site) -> None:
    async def leave(_: aiohttp.ClientWebSocketResponse) -> None:
        pass

    with_socket(site, leave, "ticket=good", **{"User-Agent": "leaver"})
    eventually(lambda: len(events(site, "leaver")) == 2)
    client = connections(site)
    for id_ in (connection_id(site, "leaver"), "no-such-connection="):
        with pytest.raises(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId=id_, Data=b"x")


def test_a_message_that_is_too_long_is_refused(site: Site) -> None:
    async def listen(_: aiohttp.ClientWebSocketResponse) -> None:
        client, id_ = connections(site), connection_id(site, "too-long")
        with pytest.raises(client.exceptions.PayloadTooLargeException):
            await asyncio.to_thread(client.post_to_connection, ConnectionId=id_, Data=b"x" * 131_073)

    with_socket(site, listen, "ticket=good", **{"User-Agent": "too-long"})


def test_nobody_sends_without_the_secret(site: Site) -> None:
    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        id_ = connection_id(site, "guarded")
        for secret in ("wrong", ""):
            answer = await asyncio.to_thread(site.request, "POST", f"/live/{secret}/@connections/{id_}", body=b"x")
            assert answer.status == 404
        await socket.send_str("what a client says goes nowhere")

    with_socket(site, listen, "ticket=good", **{"User-Agent": "guarded"})


def test_a_connection_that_the_function_refuses_is_refused_with_its_status(site: Site) -> None:
    assert refused(site, "ticket=bad") == 401
    assert refused(site, "") == 401


def test_a_function_that_fails_opens_no_connection(site: Site) -> None:
    assert refused(site, "ticket=crash") == 502


def test_a_page_of_another_site_cannot_listen(site: Site) -> None:
    assert refused(site, "ticket=good", Origin="http://evil.example") == 403


def test_connections_end_with_the_gateway(objects: store.Store, tmp_path: Path, loop_in_background: Background) -> None:
    codes: list[int | None] = []
    listening = threading.Event()

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        listening.set()
        async for _ in socket:
            pass
        codes.append(socket.close_code)

    template = template_for("http://127.0.0.1:1")
    with serving(tmp_path, template, objects, objects.endpoint, loop_in_background) as site:
        client = threading.Thread(target=with_socket, args=(site, listen, "ticket=good"))
        client.start()
        assert listening.wait(240)
    client.join(240)
    assert codes == [1001]
    assert [note["requestContext"]["routeKey"] for note in site.notes()] == ["$connect", "$disconnect"]


def test_an_ordinary_request_is_told_to_upgrade(site: Site) -> None:
    assert site.request("GET", "/live?ticket=good").status == 426
