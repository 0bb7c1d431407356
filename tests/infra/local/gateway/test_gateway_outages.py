"""What the gateway does when a part behind it is away."""

import json
import logging
import socket
import struct
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from infra.local import store
from infra.local.processes import HOST, free_ports
from pinhole import media_url
from tests.infra.local.gateway.conftest import Background, Site, serving, template_for


def nowhere() -> str:
    """An endpoint that nothing listens on."""
    return f"http://127.0.0.1:{free_ports(1)[0]}"


def test_an_object_is_stored_though_the_queue_is_away(
    site: Site,
    objects: store.Store,
    tmp_path: Path,
    loop_in_background: Background,
    caplog: pytest.LogCaptureFixture,
) -> None:
    without_queue = template_for(nowhere())
    with serving(tmp_path, without_queue, objects, objects.endpoint, loop_in_background) as cut_off:
        cut_off.s3.put_object(Bucket=cut_off.originals, Key="unannounced", Body=b"x")
        assert cut_off.s3.get_object(Bucket=cut_off.originals, Key="unannounced")["Body"].read() == b"x"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].startswith("no event was sent for pinhole-originals/'unannounced': ")


@pytest.mark.usefixtures("media_keys")
def test_without_the_store_its_requests_fail_plainly_and_others_do_not(
    objects: store.Store, tmp_path: Path, loop_in_background: Background
) -> None:
    with serving(tmp_path, template_for(nowhere()), objects, nowhere(), loop_in_background) as cut_off:
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            cut_off.s3.put_object(Bucket=cut_off.originals, Key="x", Body=b"x")
        media = media_url.rendition_url("abcdefghijklmnopqrstuvwx", 1, "240.webp", int(time.time()) + 60)
        answer = cut_off.request("GET", media)
        assert answer.status == 503
        assert json.loads(answer.data)["code"] == "unavailable"
        assert cut_off.request("GET", "/").status == 200
        assert cut_off.request("GET", "/api/me").status == 200


@pytest.mark.usefixtures("media_keys")
def test_a_client_that_leaves_while_the_store_thinks_is_nobodys_fault(
    objects: store.Store, tmp_path: Path, loop_in_background: Background, caplog: pytest.LogCaptureFixture
) -> None:
    media = media_url.rendition_url("abcdefghijklmnopqrstuvwx", 1, "240.webp", int(time.time()) + 60)
    with (
        socket.create_server((HOST, 0)) as listener,
        serving(tmp_path, template_for(nowhere()), objects, address(listener), loop_in_background) as cut_off,
    ):
        netloc = urlsplit(cut_off.origin).netloc
        client = socket.create_connection((HOST, urlsplit(cut_off.origin).port or 0))
        client.sendall(f"GET {media} HTTP/1.1\r\nHost: {netloc}\r\n\r\n".encode())
        store_side, _ = listener.accept()
        store_side.recv(10_000)
        reset(client)
        assert cut_off.request("GET", "/").status == 200  # by now the gateway knows that the client left
        store_side.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nphoto")
        store_side.shutdown(socket.SHUT_WR)
        assert store_side.recv(1) == b""  # the gateway is done with it
        store_side.close()
    assert [record.getMessage() for record in caplog.records if record.name.startswith("aiohttp")] == []


def address(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other side knows at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
