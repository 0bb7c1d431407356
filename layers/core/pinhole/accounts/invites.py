"""Invites: links by which administrators let others in, each once."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import Connection

from pinhole.accounts import mails, names
from pinhole.accounts.tokens import hashed
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, FieldError, Forbidden, Invalid, NotFound
from pinhole.settings import settings
from pinhole.tables import invite, library, mail, user
from pinhole.tables.invite import Invite, InviteState, Terms
from pinhole.tables.user import User

__all__ = ["Invite", "InviteState", "MadeInvite", "Welcome", "check", "listed", "make", "revoke", "use", "welcome"]

LIFETIME = timedelta(days=7)
MAX_LIFETIME = timedelta(days=90)
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class MadeInvite:
    """A new invite, and what is told of it this once. url: begins with / where PINHOLE_WEB_ORIGIN is empty."""

    invite: Invite
    token: str
    url: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """What somebody who follows an open invite is told."""

    library_name: str | None
    expires_at: datetime


def make(
    maker: User, folder: str | None, quota_bytes: int | None, expires_at: datetime | None, email: str | None = None
) -> MadeInvite:
    """Make an invite of these terms.

    folder: of its user, as a path; None: made from the name that they choose. quota_bytes: None: what the setting says.
    email: where a link of its own is sent, by which its user has this address confirmed.
    Raises Invalid, Conflict: `mail_not_set_up`, and `folder_taken` where the folder equals, holds or lies in that of a
    user or of another open invite.
    """
    now = datetime.now(UTC)
    ends = expires_at or now + LIFETIME
    if not now < ends <= now + MAX_LIFETIME:
        wrong = FieldError("expiresAt", f"is not within the next {MAX_LIFETIME.days} days")
        raise Invalid("An invite can't end then.", wrong)
    kept_folder = None if folder is None else names.folder_path(folder)
    address = None if email is None else names.email(email)
    if address is not None:
        mails.check_works()
    token = secrets.token_urlsafe(32)
    asked = []
    with transaction() as conn:
        user.lock(conn)
        if kept_folder is not None and not user.folder_is_free(conn, kept_folder):
            raise Conflict("This folder is, holds or lies in the folder of another.", code=ErrorCode.FOLDER_TAKEN)
        invite_id, made_at = invite.insert(conn, hashed(token), kept_folder, quota_bytes, maker.id, ends)
        if address is not None:
            asked = [mail.insert(conn, "invite", address, user.name_key(address), ends - now, invite_id=invite_id)]
    mails.ask(asked)
    made = Invite(
        id=invite_id,
        state="open",
        folder=kept_folder,
        quota_bytes=quota_bytes,
        made_by=maker.name,
        used_by=None,
        created_at=made_at,
        expires_at=ends,
        used_at=None,
    )
    # After #: a browser sends that to nobody, so it is in no log.
    return MadeInvite(made, token, f"{settings().web_origin}/invite#{token}")


def listed() -> list[Invite]:
    """The newest invites, ended ones too."""
    with transaction() as conn:
        return invite.list_newest(conn, MAX_LISTED)


def revoke(invite_id: str) -> None:
    """End an invite that was not used; again does no harm. Raises NotFound, Conflict (`invite_used`)."""
    with transaction() as conn:
        state = invite.revoke(conn, invite_id)
    if state is None:
        raise NotFound("There is no such invite.")
    if state == "used":
        raise Conflict("Somebody has come in by this invite already.", code=ErrorCode.INVITE_USED)


def welcome(token: str) -> Welcome:
    """What an open invite tells. Raises NotFound."""
    with transaction() as conn:
        expires_at, name = invite.end_of_open(conn, hashed(token)), library.name(conn)
    if expires_at is None:
        raise NotFound("This invite is not open: it is unknown, used, revoked or expired.")
    return Welcome(name, expires_at)


def check(token: str) -> None:
    """Raises Forbidden (`invite_invalid`) when it is of no open invite."""
    with transaction() as conn:
        if invite.end_of_open(conn, hashed(token)) is None:
            raise _invalid()


def use(conn: Connection, token: str) -> Terms:
    """Use up an open invite. Raises Forbidden (`invite_invalid`)."""
    terms = invite.use(conn, hashed(token))
    if terms is None:
        raise _invalid()
    return terms


def _invalid() -> Forbidden:
    message = "This invite is not open any more: ask the administrator for another."
    return Forbidden(message, code=ErrorCode.INVITE_INVALID)
