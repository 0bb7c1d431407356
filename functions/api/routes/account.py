"""The caller's own account: who they are, their password, and where they are logged in."""

from typing import Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import READ, UPLOAD, endpoint
from api.requests import Request
from api.wire import Id, Timestamp, WireModel
from pinhole import deletion
from pinhole.accounts import Role, Session, User, emails, limits, names, profile, sessions
from pinhole.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from pinhole.errors import Conflict, Forbidden

routes = Blueprint(__name__)


class Account(WireModel):
    id: int
    name: str
    role: Role
    folder: str = Field(description="Prefix of this user's originals in the bucket")
    email: str | None = Field(
        description="It is confirmed: they log in by it too, and may have a new password sent there"
    )
    pending_email: str | None = Field(description="A mail was sent there, whose link has not been followed yet")

    @classmethod
    def of(cls, user: User) -> Self:
        email, pending = emails.read(user)
        return cls(id=user.id, name=user.name, role=user.role, folder=user.folder, email=email, pending_email=pending)


class NewName(WireModel):
    name: str = Field(
        min_length=1,
        description=f"Kept NFC-normalised and trimmed, 1-{names.MAX_CHARACTERS} characters",
    )


class NewPassword(WireModel):
    current_password: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    new_password: str = Field(min_length=MIN_CHARACTERS, max_length=MAX_CHARACTERS)


class DeleteMe(WireModel):
    current_password: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    originals: bool = Field(description="Whether the files that were uploaded go too; else they stay in the bucket")


class OwnSession(WireModel):
    id: str
    user_agent: str | None = Field(description="What its client calls itself")
    address: str | None = Field(description="An IPv6 one as its network")
    created_at: Timestamp
    last_seen_at: Timestamp = Field(description="When its tokens were last renewed")
    is_current: bool = Field(description="Whether it is the one that asks")


class OwnSessions(WireModel):
    sessions: list[OwnSession]


@routes.route("/me", methods=["GET"])
@endpoint(answer=Account, scopes=(*READ, *UPLOAD))
def read_me(caller: User) -> Account:
    """Tell who the caller is."""
    return Account.of(caller)


@routes.route("/me", methods=["PATCH"])
@endpoint(body=NewName, answer=Account, errors=(Conflict,), scopes=())
def rename_me(body: NewName, caller: User) -> Account:
    """Give the caller another name; their folder stays. 409, `name_taken`, where somebody has it."""
    return Account.of(profile.rename(caller, body.name))


@routes.route("/me/delete", methods=["POST"])
@endpoint(body=DeleteMe, status=202, errors=(Conflict, Forbidden), limit=limits.PASSWORD)
def delete_me(body: DeleteMe, session: Session, request: Request) -> None:
    """Delete the caller with all that is theirs.

    They are let in nowhere from then on, and the rest goes by and by. 403, `wrong_credentials`, where
    `currentPassword` is another. 409: `last_administrator`; `originals_are_kept` where `originals` is true and the
    library was set up to keep them.
    """
    deletion.begin_own(session, body.current_password, request.address, originals=body.originals)


@routes.route("/auth/password", methods=["POST"])
@endpoint(body=NewPassword, status=204, errors=(Forbidden,), limit=limits.PASSWORD)
def change_password(body: NewPassword, session: Session, request: Request) -> None:
    """Change the caller's password, and end all their other sessions.

    403, `wrong_credentials`, where `currentPassword` is another.
    """
    profile.change_password(session, body.current_password, body.new_password, request.address)


@routes.route("/auth/sessions", methods=["GET"])
@endpoint(answer=OwnSessions)
def list_sessions(session: Session) -> OwnSessions:
    """List where the caller is logged in, the session that was seen last first.

    Beside the one that asks these are 200 at most.
    """
    return OwnSessions(
        sessions=[
            OwnSession(
                id=login.id,
                user_agent=login.user_agent,
                address=login.address,
                created_at=login.created_at,
                last_seen_at=login.last_seen_at,
                is_current=login.id == session.id,
            )
            for login in sessions.logins(session)
        ]
    )


@routes.route("/auth/sessions/{session_id}", methods=["DELETE"])
@endpoint(status=204, scopes=())
def end_session(session_id: Id, caller: User) -> None:
    """End one of the caller's sessions; its tokens are refused from then on."""
    sessions.end_login(caller, session_id)


@routes.route("/auth/sessions", methods=["DELETE"])
@endpoint(status=204, scopes=())
def end_sessions(caller: User) -> None:
    """End all of the caller's sessions, also the one that asks."""
    sessions.end_logins(caller)
