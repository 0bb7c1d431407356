"""What the bench does as the one user of an instance that is measured."""

import hashlib
from dataclasses import dataclass

from pinhole_client import Client
from pinhole_client.wire import BeginUpload


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that is to be uploaded, hashed beforehand: that is work of the client's machine."""

    filename: str
    content: bytes

    @property
    def promise(self) -> BeginUpload:
        return {
            "filename": self.filename,
            "sizeBytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "contentType": "image/jpeg",
        }


def registered(origin: str) -> Client:
    """A client of a fresh instance, whose user it makes. The page will ask them nothing about the library."""
    client = Client(origin)
    client.register("bench", "a password of the bench")
    client.call(
        "POST", "/onboarding", {"libraryName": "Bench", "fallbackTimezone": "UTC", "originalsMayBeDeleted": False}
    )
    return client


def upload(client: Client, photo: Photo, promise: BeginUpload) -> str:
    """Upload a photo that is new until the store has acknowledged it. The upload's id."""
    begun = client.begin(promise)
    assert begun["state"] == "waiting", begun
    assert begun["method"] == "single", begun
    client.put(begun, photo.content, len(photo.content))
    return begun["id"]


def visible(client: Client) -> int:
    """How many items the timeline has."""
    return sum(month["count"] for month in client.timeline()["months"])
