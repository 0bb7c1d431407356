"""What users change of their own accounts: password and name."""

from dataclasses import replace

from psycopg.errors import UniqueViolation

from pinhole import live
from pinhole.accounts import limits, mails, names, passwords
from pinhole.accounts.registration import name_taken
from pinhole.db import transaction
from pinhole.errors import ErrorCode, Forbidden
from pinhole.tables import mail, session, user
from pinhole.tables.session import Session
from pinhole.tables.user import User


def confirm_password(who: User, current: str, address: str) -> str:
    """The hash of a user's password, which they have shown to know.

    Raises Forbidden (`wrong_credentials`) when it is another, TooManyRequests.
    """
    account = str(who.id)
    limits.PASSWORD.count_account(account, address)
    with transaction() as conn:
        password_hash = user.read_password_hash(conn, who.id) or passwords.nobody()
    if not passwords.matches(password_hash, current):
        raise _wrong()
    limits.PASSWORD.take_back(account, address)
    return password_hash


def change_password(of: Session, current: str, new: str, address: str) -> None:
    """Change the password of a session's user, and end their other sessions, and an address that waits to be theirs.

    Raises Forbidden (`wrong_credentials`) when it is not the current one, Invalid, TooManyRequests.
    """
    before = confirm_password(of.user, current, address)
    after = passwords.hash_password(new, "newPassword")
    with transaction() as conn:
        if not user.change_password_hash(conn, of.user.id, before, after):
            raise _wrong()
        session.end_others(conn, of.user.id, of.id)
        mail.end_tokens(conn, of.user.id, ["confirm"])  # asked for by whoever knew the password before
        asked = mails.notice(conn, "password_changed", of.user.id)
    live.sessions_ended(of.user.id)
    mails.ask(asked)


def rename(who: User, name: str) -> User:
    """Give a user another name; their folder stays. Raises Invalid, Conflict (`name_taken`)."""
    kept_name = names.user_name(name)
    try:
        with transaction() as conn:
            user.rename(conn, who.id, kept_name)
    except UniqueViolation as error:
        raise name_taken() from error
    return replace(who, name=kept_name)


def _wrong() -> Forbidden:
    return Forbidden("This is not the current password.", code=ErrorCode.WRONG_CREDENTIALS)
