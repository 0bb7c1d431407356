"""Mails about accounts: asked for in the transaction that they are about, sent by a function of their own.

The message only says which mail to send. Who gets it, and whether anybody does, is found out when it is sent; only then
is there a token, of which the hash is kept before it goes out. So a mail is sent at least once: whoever is killed
between sending and noting that sends another, whose token is then the good one.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from psycopg import Connection
from pydantic import BaseModel, Field, ValidationError

from pinhole import ids, mailer, queues
from pinhole.accounts import letters
from pinhole.accounts.tokens import hashed
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, NotFound, Unavailable
from pinhole.mailer import Letter
from pinhole.settings import settings
from pinhole.tables import invite, library, mail, user
from pinhole.tables.mail import Kind, Mail
from pinhole.telemetry import logger

RESET_LIFETIME = timedelta(hours=1)
CONFIRM_LIFETIME = timedelta(hours=24)
NOTICE_LIFETIME = timedelta(hours=24)
STALE_AFTER = timedelta(minutes=10)
LEASE = timedelta(minutes=1)  # longer than a call of the function, shorter than until its message comes back
# So that nobody floods somebody's inbox; those that were sent stay good.
MOST_RESETS = 10
_RESETS_WITHIN = timedelta(hours=1)
_SWEEP = 500
_NOTICES: Mapping[Kind, Callable[[str, str | None], Letter]] = {
    "password_changed": letters.password_changed,
    "email_changed": letters.email_changed,
    "factors_changed": letters.factors_changed,
    "key_made": letters.key_made,
}


class _Message(BaseModel):
    mail_id: str = Field(alias="mailId", pattern=ids.PATTERN)


def check_works() -> None:
    """Raises Conflict (`mail_not_set_up`) where no mails can be sent."""
    if not mailer.works():
        raise Conflict("This server sends no mails: ask the administrator.", code=ErrorCode.MAIL_NOT_SET_UP)


def invalid() -> NotFound:
    """What somebody is told whose token from a mail is not good."""
    message = "This link is not good any more: it was used, its time is over, or a newer one was sent."
    return NotFound(message, code=ErrorCode.MAIL_TOKEN_INVALID)


def notice(conn: Connection, kind: Kind, user_id: int) -> list[str]:
    """Have a user told of a change, at the address they have now: ids for `ask`, none where that can't be."""
    if not mailer.works():
        return []
    mail_id = mail.insert_notice(conn, kind, user_id, NOTICE_LIFETIME)
    return [] if mail_id is None else [mail_id]


def ask(mail_ids: Iterable[str]) -> None:
    """Have mails sent, after the commit. What can't be asked now is asked by `send_stale`."""
    try:
        _ask(mail_ids)
    except Unavailable:
        logger.warning("mail_not_asked_for", exc_info=True)


def send_stale(before: datetime) -> int:
    """Ask again for mails that wait, and that no one has touched since then, or for 10 minutes. How many."""
    with transaction() as conn:
        stale = mail.touch_stale(conn, max(before, datetime.now(UTC) - STALE_AFTER), _SWEEP)
    _ask(stale)
    return len(stale)


def read_message(body: str) -> str | None:
    """Which mail a message is about; None for one of another kind."""
    try:
        return _Message.model_validate_json(body).mail_id
    except ValidationError:
        return None


def deliver(mail_id: str) -> None:
    """Send a mail, unless it was sent, or is being sent; nobody is told where there is nobody to send it to.

    Raises Unavailable.
    """
    with transaction() as conn:
        claimed = mail.claim(conn, mail_id, LEASE)
        prepared = None if claimed is None else _prepared(conn, claimed)
        if claimed is not None and prepared is None:
            mail.finish(conn, mail_id, "dropped")
    if claimed is None or prepared is None:
        return
    address, letter = prepared
    try:
        mailer.send(address, letter)
    except Exception:
        with transaction() as conn:
            mail.release(conn, mail_id)
        raise
    with transaction() as conn:
        mail.finish(conn, mail_id, "sent")
    logger.info("mail_sent", extra={"mail_id": mail_id, "kind": claimed.kind})


def give_up(mail_id: str) -> bool:
    """A message is dead: the mail fails, if it was tried as often as may be."""
    with transaction() as conn:
        return mail.fail(conn, mail_id, settings().max_attempts)


def _prepared(conn: Connection, one: Mail) -> tuple[str, Letter] | None:
    """To whom a mail goes, and what it says, its token kept. None where there is nobody to send it to any more."""
    name = library.name(conn)
    if one.kind == "reset":
        return _reset(conn, one, name)
    if one.kind == "invite":
        if one.invite_id is None or not invite.is_open(conn, one.invite_id):
            return None
        url = _link(conn, one, "invite", None)
        return one.address, letters.invite(name, url, f"{one.expires_at:%d %B %Y, %H:%M} UTC")
    if one.user_id is None or (user_name := user.enabled_name(conn, one.user_id)) is None:
        return None
    if one.kind == "confirm":
        url = _link(conn, one, "confirm-email", one.user_id)
        return one.address, letters.confirm(user_name, name, url, CONFIRM_LIFETIME)
    return one.address, _NOTICES[one.kind](user_name, name)


def _reset(conn: Connection, one: Mail, library_name: str | None) -> tuple[str, Letter] | None:
    found = user.lock_of_email(conn, one.address_key)
    if found is None or mail.count_resets(conn, one.address_key, _RESETS_WITHIN) >= MOST_RESETS:
        return None
    user_id, user_name, address, password_hash = found
    mail.end_older_resets(conn, user_id, one.id)
    url = _link(conn, one, "reset", user_id, password_hash)
    return address, letters.reset(user_name, library_name, url, RESET_LIFETIME)


def _link(conn: Connection, one: Mail, page: str, user_id: int | None, password_hash: str | None = None) -> str:
    """The address of a page with a new token for it, behind #: a browser sends that to nobody, so it is in no log."""
    token = secrets.token_urlsafe(32)
    mail.keep_token(conn, one.id, hashed(token), user_id, password_hash)
    return f"{settings().web_origin}/{page}#{token}"


def _ask(mail_ids: Iterable[str]) -> None:
    queues.send_batch(settings().mail_queue_url, [{"mailId": mail_id} for mail_id in mail_ids])
