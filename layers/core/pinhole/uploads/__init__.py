"""Uploads: a client says what it has, and gets URLs to send it to the object store, which tells ingest."""

from pinhole.tables.upload import State, Upload
from pinhole.uploads.landing import notice
from pinhole.uploads.opening import Duplicate, Promise, begin, existing, list_unended
from pinhole.uploads.transfer import (
    SignedPut,
    WantedPart,
    abort,
    complete,
    get,
    sign_parts,
    sign_put,
    stored_parts,
)

__all__ = [
    "Duplicate",
    "Promise",
    "SignedPut",
    "State",
    "Upload",
    "WantedPart",
    "abort",
    "begin",
    "complete",
    "existing",
    "get",
    "list_unended",
    "notice",
    "sign_parts",
    "sign_put",
    "stored_parts",
]
