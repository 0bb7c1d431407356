"""How many answers "nothing is new" the whole system gives: what a client that looks again and again costs."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from infra.bench.client import registered
from infra.bench.rows import Aim, Row, progress
from infra.local.instance_process import InstanceProcess

CONNECTIONS = 64
WARM_UP_SECONDS, SECONDS = 5, 10
LEAST_A_SECOND = 1500  # on two cores that do nothing else


def measure() -> Iterator[Row]:
    """Rows of the timeline of an empty library, asked for with its entity tag over connections that stay open."""
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as name, InstanceProcess(Path(name) / "data") as instance:
        progress(f"Asking over {CONNECTIONS} connections")
        request = _request(instance.origin)
        asyncio.run(_answers(instance.port, request, WARM_UP_SECONDS))
        before, began = _cpu_seconds(instance), time.monotonic()
        answers = asyncio.run(_answers(instance.port, request, SECONDS))
        rate = answers / (time.monotonic() - began)
        cpu_ms = (_cpu_seconds(instance) - before) / answers * 1000
    aim = Aim("ours", float("inf"), LEAST_A_SECOND)
    yield Row(f"304s of the timeline, {CONNECTIONS} connections", "a second", rate, aim=aim)
    yield Row("one of them: CPU of all processes", "ms", cpu_ms)


def _request(origin: str) -> bytes:
    client = registered(origin)
    etag = client.request("GET", "/timeline").headers["ETag"]
    lines = [
        "GET /api/timeline HTTP/1.1",
        f"Host: {urlsplit(origin).netloc}",
        "Accept: application/json",
        f"Authorization: Bearer {client.access_token}",
        f"If-None-Match: {etag}",
    ]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


class _Asking(asyncio.Protocol):
    """Asks again with each answer. A client of HTTP would take as much of the cores as what is measured."""

    def __init__(self, request: bytes) -> None:
        self.answers = 0
        self._request = request
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n"):
            assert self._received.startswith(b"HTTP/1.1 304 "), self._received
            self._received = b""
            self.answers += 1
            self._transport.write(self._request)


async def _answers(port: int, request: bytes, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Asking(request), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds)
    for transport, _ in made:
        transport.close()
    return sum(asking.answers for _, asking in made)


def _cpu_seconds(instance: InstanceProcess) -> float:
    times = [process.cpu_times() for process in instance.processes()]
    return float(sum(each.user + each.system for each in times))
