"""A client of the API of an instance that is measured."""

import asyncio
import hashlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

ACCOUNT = {"name": "bench", "password": "a password of the bench"}


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

    async def timeline_held(self) -> tuple[str, str]:
        """The access token, and the entity tag of the timeline: what it takes to be told that nothing is new."""
        async with self._api.get("timeline") as answer:
            answer.raise_for_status()
            return self._api.headers["Authorization"].removeprefix("Bearer "), answer.headers["ETag"]

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
