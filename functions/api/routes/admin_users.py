"""Users as administrators see them: who they are and how much they store, and nothing of what it is."""

from dataclasses import asdict
from typing import Annotated, Any, Self, cast

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import WHOLE, Timestamp, WireModel
from pinhole.accounts import Role
from pinhole.errors import Conflict
from pinhole.operations import users
from pinhole.operations.users import UserChange, UserState

routes = Blueprint(__name__)

_ABSENT: Any = None
"""Of a field that may be left out but can't be null. What was sent is told by `model_fields_set`."""


class UserSummary(WireModel):
    id: int
    name: str
    role: Role
    folder: str = Field(description="Prefix of this user's originals in the bucket")
    created_at: Timestamp
    disabled_at: Timestamp | None = Field(description="Since when they are let in nowhere; null: they are")
    last_seen_at: Timestamp | None = Field(description="null: not within the last 30 days")
    originals_bytes: int = Field(description="Up to a minute ago, as all of what is stored")
    renditions_bytes: int
    items: int = Field(description="Photos and videos, without those in the trash")
    quota_bytes: int | None = Field(description="Set for this user; null: as for all")
    second_factors: bool = Field(description="Whether more than a password is asked of them at login")
    effective_quota_bytes: int | None = Field(description="How many bytes of originals they may have; null: no limit")

    @classmethod
    def of(cls, state: UserState) -> Self:
        return cls(**asdict(state))


class Users(WireModel):
    users: list[UserSummary]


class UserEdit(WireModel):
    """What is left out stays as it is."""

    role: Role = _ABSENT
    quota_bytes: Annotated[int, Field(ge=0, le=users.MAX_QUOTA_BYTES), WHOLE] | None = Field(
        None, description="Bytes of originals; null: as for all"
    )
    disabled: bool = Field(_ABSENT, description="true ends all sessions of the user at once")


@routes.route("/admin/users", methods=["GET"])
@endpoint(answer=Users, administrator=True)
def list_users() -> Users:
    """List all users by name, with what each stores.

    These are counts and bytes: administrators see no photos but their own.
    """
    return Users(users=[UserSummary.of(state) for state in users.states()])


@routes.route("/admin/users/{user_id}", methods=["PATCH"])
@endpoint(body=UserEdit, answer=UserSummary, administrator=True, errors=(Conflict,))
def change_user(user_id: users.UserId, body: UserEdit) -> UserSummary:
    """Change a user's role or quota, disable or enable them.

    Their photos stay as they are. One administrator who is not disabled is always left: 409 `last_administrator`.
    """
    return UserSummary.of(users.change(user_id, cast(UserChange, body.model_dump(exclude_unset=True))))


@routes.route("/admin/users/{user_id}/remove-factors", methods=["POST"])
@endpoint(status=204, administrator=True)
def remove_factors(user_id: users.UserId) -> None:
    """Forget app, passkeys and recovery codes of somebody who has lost them, and end their sessions.

    From then on their password is enough.
    """
    users.change(user_id, {"remove_factors": True})
