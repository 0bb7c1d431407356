"""Users as administrators see them: who they are and how much they store, and nothing of what it is."""

from dataclasses import asdict, replace
from typing import Annotated, Any, Self, cast

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import WHOLE, Timestamp, WireModel
from pinhole.accounts import Role, User
from pinhole.deletion import Progress
from pinhole.errors import Conflict
from pinhole.operations import users
from pinhole.operations.users import UserChange, UserState

routes = Blueprint(__name__)

_ABSENT: Any = None
"""Of a field that may be left out but can't be null. What was sent is told by `model_fields_set`."""


class UserDeletion(WireModel):
    """How far it is. The user is listed until all is gone, and their name and folder are taken until then."""

    started_at: Timestamp
    originals: bool = Field(description="Whether the files that they uploaded go too")
    items: int = Field(description="Photos and videos that there were, those in the trash too")
    items_left: int
    lasts_until: Timestamp | None = Field(
        description="Until when a file may still arrive that was being sent: the last go then; null: none may"
    )
    is_stuck: bool = Field(description="Whether it came no further lately; it is tried again all the same")

    @classmethod
    def of(cls, progress: Progress) -> Self:
        return cls(
            started_at=progress.started_at,
            originals=progress.originals,
            items=progress.items,
            items_left=progress.items_left,
            lasts_until=progress.lasts_until,
            is_stuck=progress.is_stuck,
        )


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
    deletion: UserDeletion | None = Field(description="null: they are not being deleted")

    @classmethod
    def of(cls, state: UserState) -> Self:
        going = None if state.deletion is None else UserDeletion.of(state.deletion)
        return cls(**asdict(replace(state, deletion=None)) | {"deletion": going})


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
    409 `being_deleted` of a user who is.
    """
    return UserSummary.of(users.change(user_id, cast(UserChange, body.model_dump(exclude_unset=True))))


@routes.route("/admin/users/{user_id}/remove-factors", methods=["POST"])
@endpoint(status=204, administrator=True, errors=(Conflict,))
def remove_factors(user_id: users.UserId, caller: User) -> None:
    """Forget app, passkeys and recovery codes of somebody who has lost them, and end their sessions.

    From then on their password is enough. 409, `own_account`, of the caller's own: that takes their password.
    """
    users.remove_factors(user_id, caller)


class DeleteUser(WireModel):
    originals: bool = Field(description="Whether the files that they uploaded go too; else they stay in the bucket")


@routes.route("/admin/users/{user_id}/delete", methods=["POST"])
@endpoint(body=DeleteUser, answer=UserSummary, status=202, administrator=True, errors=(Conflict,))
def delete_user(user_id: users.UserId, body: DeleteUser, caller: User) -> UserSummary:
    """Delete a user with all that is theirs.

    They are let in nowhere from then on. The rest goes by and by, and how far that is stands in `deletion`, until they
    are listed no more. 409: `originals_are_kept` where `originals` is true and the library was set up to keep them;
    `own_account` of the caller's own: that takes their password. Once more changes nothing.
    """
    return UserSummary.of(users.delete_other(user_id, caller, originals=body.originals))
