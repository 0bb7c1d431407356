"""Who may have a user deleted, and what that ends at once: from the commit on they are let in nowhere."""

from psycopg.sql import SQL

from pinhole import live
from pinhole.accounts import Session, profile
from pinhole.db import statement, transaction
from pinhole.deletion import job
from pinhole.errors import Conflict, ErrorCode, NotFound
from pinhole.settings import settings
from pinhole.tables import deletion, invite, library, media_item, session, upload, user
from pinhole.telemetry import logger

# Beyond the life of an address: what was begun to be sent by it has arrived by then.
_ARRIVES_SECONDS = 3600
_OWN = SQL("owner_id = %(owner_id)s")


def begin_own(of: Session, password: str, address: str, *, originals: bool) -> None:
    """Have a session's user deleted, who knows their password, as `begin` does.

    Raises Forbidden (`wrong_credentials`), Conflict, TooManyRequests.
    """
    profile.confirm_password(of.user, password, address)
    begin(of.user.id, originals=originals)
    job.ask(of.user.id)


def begin(user_id: int, *, originals: bool) -> None:
    """Let a user in nowhere any more, and note that they are to be deleted; then `ask` for it.

    originals: whether the files that they uploaded go too. Of a user who is being deleted nothing changes.
    Raises NotFound; Conflict (`last_administrator`) where nobody would be left who may administer,
    (`originals_are_kept`) where originals are to go and it was not said of the library that they may.
    """
    items = statement(lambda conn: media_item.count(conn, _OWN, {"owner_id": user_id}))
    with transaction() as conn:
        user.lock(conn)  # of two administrators who delete each other, the second finds what the first did
        if not user.exists(conn, user_id):
            raise NotFound("There is no such user.")
        if originals and not library.originals_may_be_deleted(conn):
            raise Conflict(
                "Of this library it was said that originals are kept. Delete the user without them.",
                code=ErrorCode.ORIGINALS_ARE_KEPT,
            )
        user.set_disabled(conn, user_id, disabled=True)  # before uploads are looked at: whoever begins one waits
        waits = originals and upload.may_land(conn, user_id)
        seconds = settings().url_expiry_seconds + _ARRIVES_SECONDS if waits else 0
        if not deletion.insert(conn, user_id, items, originals=originals, seconds=seconds):
            return
        session.end_all(conn, user_id)
        invite.revoke_of(conn, user_id)
        if not user.has_administrator(conn):
            raise Conflict(
                "Nobody would be left to administer: make somebody else an administrator first.",
                code=ErrorCode.LAST_ADMINISTRATOR,
            )
    logger.info("deletion_begun", extra={"user_id": user_id, "originals": originals, "items": items})
    live.sessions_ended(user_id)
