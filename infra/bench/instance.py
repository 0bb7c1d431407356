"""A Pinhole of its own, as `python -m infra up` starts it, and a client of its API."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import psutil

from infra.bootstrap import REPOSITORY
from infra.local.processes import HOST, ServiceFailed, free_ports

PATIENCE_SECONDS = 120
ACCOUNT = {"name": "bench", "password": "a password of the bench"}


class Instance:
    """`with Instance(directory) as instance: instance.origin`. Raises ServiceFailed when it does not start."""

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self._output = directory / "output"
        port = free_ports(1)[0]
        self.origin = f"http://{HOST}:{port}"
        self._command = [sys.executable, "-m", "infra", "up", "--data", str(self._data), "--port", str(port)]

    def memory_mb(self) -> float:
        """What all its processes hold together; what several share counts once (PSS; Linux tells it)."""
        whole = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        return float(sum(process.memory_full_info().pss for process in whole)) / 1e6

    def __enter__(self) -> Self:
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                self._command, cwd=REPOSITORY, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b"answers at" not in self._output.read_bytes():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._end()
                raise ServiceFailed(f"It does not start:\n{self._output.read_text()}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that is to be uploaded, hashed beforehand: that is work of the client's machine."""

    filename: str
    content: bytes

    @property
    def promise(self) -> dict[str, Any]:
        return {
            "filename": self.filename,
            "sizeBytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "contentType": "image/jpeg",
        }


class Client:
    """The one user of an instance: `async with Client(origin) as client`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    async def upload(self, photo: Photo, promise: dict[str, Any]) -> str:
        """Upload until the store has acknowledged it. The upload's id."""
        upload = await self._call("POST", "uploads", promise)
        async with self._store.put(upload["url"], data=photo.content, headers=upload["headers"]) as stored:
            stored.raise_for_status()
        return str(upload["id"])

    async def state(self, upload_id: str) -> str:
        """`ready` when the item is visible."""
        return str((await self._call("GET", f"uploads/{upload_id}"))["state"])

    async def visible(self) -> int:
        """How many items the timeline has."""
        return sum(month["count"] for month in (await self._call("GET", "timeline"))["months"])

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        async with self._api.request(method, path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def __aenter__(self) -> Self:
        self._api = aiohttp.ClientSession(f"{self._origin}/api/", headers={"Accept": "application/json"})
        # A session of its own: the token is for the API, not for the store.
        self._store = aiohttp.ClientSession()
        tokens = await self._call("POST", "auth/register", ACCOUNT)
        self._api.headers["Authorization"] = f"Bearer {tokens['accessToken']}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(self._api.close(), self._store.close())
