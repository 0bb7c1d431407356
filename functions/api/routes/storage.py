"""What a library takes."""

from typing import Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import READ, endpoint
from api.wire import WireModel
from pinhole import accounts, storage
from pinhole.accounts import User, onboarding
from pinhole.db import statement
from pinhole.storage import Stored

routes = Blueprint(__name__)


class Storage(WireModel):
    originals_bytes: int = Field(description="Of all files that are stored, also of what lies in the trash")
    renditions_bytes: int = Field(description="Of what was made of them, which counts against no quota")
    items: int = Field(description="Photos and videos, without those in the trash")
    quota_bytes: int | None = Field(description="How many bytes of originals there may be; null: no limit")
    originals_may_be_deleted: bool = Field(
        description="Whether, as the library was set up, originals may go with what they are of"
    )

    @classmethod
    def of(cls, stored: Stored, quota_bytes: int | None, *, originals_may_be_deleted: bool) -> Self:
        return cls(
            originals_bytes=stored.originals_bytes,
            renditions_bytes=stored.renditions_bytes,
            items=stored.items,
            quota_bytes=quota_bytes,
            originals_may_be_deleted=originals_may_be_deleted,
        )


@routes.route("/storage", methods=["GET"])
@endpoint(scopes=READ, answer=Storage)
def read_storage(caller: User) -> Storage:
    """Tell what your library takes: of one of 20,000 items or more as it was some seconds ago."""
    quota = statement(lambda conn: accounts.quota_of(conn, caller.id))
    may_be_deleted = statement(onboarding.originals_may_be_deleted)
    return Storage.of(storage.read(caller.id), quota, originals_may_be_deleted=may_be_deleted)
