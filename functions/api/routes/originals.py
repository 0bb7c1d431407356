"""Originals of many items, to be taken home."""

import time
from datetime import UTC, datetime
from typing import Self

from chalice.app import Blueprint
from pydantic import Field, NaiveDatetime, field_validator

from api.endpoint import READ, endpoint
from api.wire import Id, Timestamp, WireModel
from pinhole import objects, originals
from pinhole.accounts import User
from pinhole.db import statement
from pinhole.originals import MAX_ITEMS, OriginalFile

routes = Blueprint(__name__)


class WantedOriginals(WireModel):
    ids: list[Id] = Field(min_length=1, max_length=MAX_ITEMS, json_schema_extra={"uniqueItems": True})

    @field_validator("ids")
    @classmethod
    def _no_two_alike(cls, ids: list[str]) -> list[str]:
        if len(set(ids)) < len(ids):
            raise ValueError("names an item twice")
        return ids


class OriginalDownload(WireModel):
    item_id: Id
    url: str
    filename: str = Field(description="As it was uploaded; two of a library may have the same")
    size_bytes: int
    taken_at_local: NaiveDatetime = Field(description="Of the item")

    @classmethod
    def of(cls, file: OriginalFile) -> Self:
        return cls(
            item_id=file.item_id,
            url=objects.presign_get(file.object_key, filename=file.filename),
            filename=file.filename,
            size_bytes=file.size_bytes,
            taken_at_local=file.taken_at_local,
        )


class OriginalDownloads(WireModel):
    files: list[OriginalDownload] = Field(
        description="In the order of the ids, the picture of a live photo before its clip; what is gone has none"
    )
    expires_at: Timestamp = Field(description="When the URLs run out")


@routes.route("/originals", methods=["POST"])
@endpoint(scopes=READ, body=WantedOriginals, answer=OriginalDownloads)
def sign_originals(body: WantedOriginals, caller: User) -> OriginalDownloads:
    """Sign URLs of the files of many items, for 15 minutes. Ask for the next as they are needed."""
    now = int(time.time())
    files = statement(lambda conn: originals.list_files(conn, caller.id, body.ids))
    return OriginalDownloads(
        files=[OriginalDownload.of(file) for file in files],
        expires_at=datetime.fromtimestamp(now + objects.ORIGINAL_URL_SECONDS, UTC),
    )
