"""Invites, as administrators make them and as somebody who follows one sees it."""

from typing import Annotated, Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import WHOLE, Id, Timestamp, WireModel
from pinhole.accounts import User, invites, limits, names
from pinhole.accounts.invites import Invite, InviteState, MadeInvite
from pinhole.errors import Conflict, NotFound

routes = Blueprint(__name__)


class InviteToken(WireModel):
    token: str = Field(min_length=1, max_length=256)


class InviteWelcome(WireModel):
    library_name: str | None
    expires_at: Timestamp


class NewInvite(WireModel):
    folder: str | None = Field(
        None,
        min_length=1,
        max_length=names.MAX_FOLDER_BYTES,
        description="Prefix of the originals of whoever comes by it; null: made from the name that they choose",
        examples=["family/ann"],
    )
    quota_bytes: Annotated[int, Field(ge=0, lt=2**53), WHOLE] | None = Field(
        None, description="How many bytes of originals they may have; null: as many as anybody"
    )
    expires_at: Timestamp | None = Field(
        None,
        description=f"At most {invites.MAX_LIFETIME.days} days ahead; null: in {invites.LIFETIME.days} days",
    )
    email: str | None = Field(
        None,
        min_length=1,
        max_length=names.MAX_EMAIL_CHARACTERS,
        description="Where a link of its own is sent; who comes by that has this address confirmed",
        examples=["ann@example.org"],
    )


class InviteSummary(WireModel):
    id: str
    state: InviteState
    folder: str | None
    quota_bytes: int | None
    made_by: str | None = Field(description="Name of the administrator; null: they are gone")
    used_by: str | None = Field(description="Name of who came by it")
    created_at: Timestamp
    expires_at: Timestamp
    used_at: Timestamp | None

    @classmethod
    def of(cls, invite: Invite) -> Self:
        return cls(
            id=invite.id,
            state=invite.state,
            folder=invite.folder,
            quota_bytes=invite.quota_bytes,
            made_by=invite.made_by,
            used_by=invite.used_by,
            created_at=invite.created_at,
            expires_at=invite.expires_at,
            used_at=invite.used_at,
        )


class InviteList(WireModel):
    invites: list[InviteSummary]


class InviteLink(WireModel):
    invite: InviteSummary
    token: str = Field(description="Told this once: only its hash is kept")
    url: str = Field(description="The page that takes it; begins with / where PINHOLE_WEB_ORIGIN is not set")

    @classmethod
    def of(cls, made: MadeInvite) -> Self:
        return cls(invite=InviteSummary.of(made.invite), token=made.token, url=made.url)


@routes.route("/auth/invite", methods=["POST"])
@endpoint(body=InviteToken, answer=InviteWelcome, errors=(NotFound,), public=True, limit=limits.INVITE)
def read_invite(body: InviteToken) -> InviteWelcome:
    """Tell what library an open invite leads into."""
    welcome = invites.welcome(body.token)
    return InviteWelcome(library_name=welcome.library_name, expires_at=welcome.expires_at)


@routes.route("/admin/invites", methods=["GET"])
@endpoint(answer=InviteList, administrator=True)
def list_invites() -> InviteList:
    """List the newest 500 invites, ended ones too, the newest first."""
    return InviteList(invites=[InviteSummary.of(invite) for invite in invites.listed()])


@routes.route("/admin/invites", methods=["POST"])
@endpoint(body=NewInvite, answer=InviteLink, status=201, errors=(Conflict,), administrator=True)
def make_invite(body: NewInvite, caller: User) -> InviteLink:
    """Make an invite, by which one member may register.

    409, `folder_taken`, where the folder equals, holds or lies in that of a user or of another open invite;
    `mail_not_set_up`, where there is an `email` and no mails are sent.
    """
    return InviteLink.of(invites.make(caller, body.folder, body.quota_bytes, body.expires_at, body.email))


@routes.route("/admin/invites/{invite_id}", methods=["DELETE"])
@endpoint(status=204, errors=(Conflict,), administrator=True)
def revoke_invite(invite_id: Id) -> None:
    """End an invite before anybody uses it: 409, `invite_used`, when somebody has."""
    invites.revoke(invite_id)
