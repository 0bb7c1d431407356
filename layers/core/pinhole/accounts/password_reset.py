"""A forgotten password, replaced by whoever reads the mails of its user."""

from pinhole import live
from pinhole.accounts import limits, mails, names, passwords
from pinhole.accounts.tokens import hashed
from pinhole.db import transaction
from pinhole.tables import mail, session, user
from pinhole.telemetry import logger


def ask(email: str, address: str) -> None:
    """Have a link sent by which a new password is chosen, if somebody has this e-mail address.

    Nothing here depends on whether that is so: it is found out by who sends the mail. address: of the client.
    Raises Conflict (`mail_not_set_up`), Invalid, TooManyRequests.
    """
    mails.check_works()
    kept = names.email(email)
    key = user.name_key(kept)
    limits.RESET.count_account(key, address)
    with transaction() as conn:
        asked = mail.insert(conn, "reset", kept, key, mails.RESET_LIFETIME)
    mails.ask([asked])


def confirm(token: str, new_password: str) -> None:
    """Choose a new password by the token of a mail: all sessions of its user end, second factors stay.

    Raises NotFound (`mail_token_invalid`), Invalid.
    """
    token_hash = hashed(token)
    with transaction() as conn:
        if not mail.is_open(conn, "reset", token_hash):  # before a hash is computed for nothing
            raise mails.invalid()
    after = passwords.hash_password(new_password, "newPassword")
    with transaction() as conn:
        used = mail.use(conn, "reset", token_hash)
        if used is None or used.user_id is None or used.password_hash is None:
            raise mails.invalid()
        if not user.change_password_hash(conn, used.user_id, used.password_hash, after):
            raise mails.invalid()
        session.end_all(conn, used.user_id)
        mail.end_tokens(conn, used.user_id, ["confirm"])  # asked for by whoever knew the password before
        asked = mails.notice(conn, "password_changed", used.user_id)
    live.sessions_ended(used.user_id)
    mails.ask(asked)
    logger.info("password_reset", extra={"user_id": used.user_id})
