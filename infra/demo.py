"""`--demo`: a library with photos to look at, uploaded through the public API as any client would.

The photos are samples of scikit-image and scikit-learn: in the public domain, CC0 or without known restrictions, but
for china.jpg (by danielbuechele) and flower.jpg (by vultilion), which are CC BY 2.0. Two tell when they were taken,
hubble_deep_field.jpg and chelsea.png; the others get a time that fills their months' rows in a window 1440 pixels wide.
"""

import asyncio
import hashlib
import json
import secrets
import sysconfig
import time
from pathlib import Path

from infra.bootstrap import CannotStart, say
from infra.local.data_directory import DataDirectory
from infra.local.files import write_whole
from infra.local.origin import Origin
from infra.local.processes import ServiceFailed
from pinhole_client import Client, ClientError
from pinhole_client.wire import Credentials

PHOTOS = {
    "skimage/data/clock_motion.png": "2009-02-01T15:20:00Z",
    "skimage/data/grass.png": "2009-02-07T09:31:00Z",
    "skimage/data/brick.png": "2009-02-07T09:48:00Z",
    "skimage/data/coins.png": "2009-02-08T10:03:00Z",
    "skimage/data/chelsea.png": "2009-02-09T09:11:30Z",
    "skimage/data/moon.png": "2012-06-03T21:30:00Z",
    "skimage/data/ihc.png": "2012-06-12T14:20:00Z",
    "skimage/data/coffee.png": "2012-06-16T08:58:00Z",
    "sklearn/datasets/images/china.jpg": "2012-06-24T14:05:00Z",
    "skimage/data/hubble_deep_field.jpg": "2012-06-29T09:29:00Z",
    "skimage/data/retina.jpg": "2014-09-02T10:40:00Z",
    "skimage/data/camera.png": "2014-09-06T17:45:00Z",
    "skimage/data/rocket.jpg": "2014-09-21T05:52:00Z",
    "skimage/data/astronaut.png": "2014-09-27T10:00:00Z",
    "sklearn/datasets/images/flower.jpg": "2014-09-28T11:20:00Z",
}
TYPES = {".jpg": "image/jpeg", ".png": "image/png"}
NAME = "demo"
FINAL = {"ready", "duplicate", "failed", "aborted"}
PATIENCE_SECONDS = 300


def check(data: DataDirectory) -> None:
    """Raise CannotStart for a library that `--demo` did not make."""
    if data.postgres.exists() and not _account(data).exists():
        raise CannotStart(f"{data.path} holds a library already: leave --demo out, or choose another with --data")


def claim(data: DataDirectory) -> None:
    """Make an account for a new library."""
    account = _account(data)
    if not account.exists():
        write_whole(account, json.dumps({"name": NAME, "password": secrets.token_urlsafe(12)}))


async def fill(origin: Origin, data: DataDirectory) -> None:
    """Register the demo's user and upload what is not there yet, then print the credentials.

    Raises:
        ServiceFailed: the API refuses, or a photo is not ready after minutes.
    """
    try:
        await asyncio.to_thread(_fill, origin, json.loads(_account(data).read_text()))
    except ClientError as error:
        raise ServiceFailed(f"The demo's photos can't be uploaded: {error}") from error


def _fill(origin: Origin, credentials: Credentials) -> None:
    # Not by way of a proxy, which may not run yet.
    client = Client(origin.local, public_origin=origin.url)
    state = client.onboarding()
    begin_session = client.register if state["registrationOpen"] else client.log_in
    begin_session(credentials["name"], credentials["password"])
    if not state["onboarded"]:
        # Whoever looks at the demo wants to see photos first.
        library = {"libraryName": "Demo", "fallbackTimezone": "UTC", "originalsMayBeDeleted": False}
        client.call("POST", "/onboarding", library)
    for number, (path, modified_at) in enumerate(PHOTOS.items(), start=1):
        photo = Path(sysconfig.get_path("platlib")) / path
        say(f"Demo photo {number} of {len(PHOTOS)}: {photo.name}")
        _upload(client, photo, modified_at)
    say(f"Log in as {credentials['name']} with the password {credentials['password']}")


def _upload(client: Client, photo: Path, modified_at: str) -> None:
    content = photo.read_bytes()
    begun = client.begin(
        {
            "filename": photo.name,
            "sizeBytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "contentType": TYPES[photo.suffix],
            "modifiedAt": modified_at,
        }
    )
    if begun["state"] == "duplicate":
        return
    assert begun["method"] == "single", f"{photo.name} is too large for one PUT"
    client.put(begun, content, len(content))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := client.upload_status(begun["id"]))["state"] not in FINAL:
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{photo.name} is still {status['state']} after {PATIENCE_SECONDS} s")
        time.sleep(0.2)
    if status["state"] not in {"ready", "duplicate"}:
        raise ServiceFailed(f"{photo.name} was not taken in: {status['error']}")


def _account(data: DataDirectory) -> Path:
    return data.path / "demo.json"
