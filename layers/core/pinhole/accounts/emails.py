"""E-mail addresses of users: kept once somebody has shown by a mail that they read what is sent there."""

from psycopg.errors import UniqueViolation

from pinhole.accounts import limits, mails, names
from pinhole.accounts.profile import confirm_password
from pinhole.accounts.tokens import hashed
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode
from pinhole.tables import mail, user
from pinhole.tables.user import User


def read(who: User) -> tuple[str | None, str | None]:
    """The address of a user, and the one that they have still to confirm."""
    with transaction() as conn:
        return user.read_email(conn, who.id), mail.pending_address(conn, who.id)


def change(who: User, email: str, current_password: str, address: str) -> None:
    """Send a mail to an address, by which its reader makes it this user's; one asked for before is good no more.

    Whether another has it is told to nobody but its reader. address: of the client.
    Raises Conflict (`mail_not_set_up`), Forbidden (`wrong_credentials`), Invalid, TooManyRequests.
    """
    mails.check_works()
    kept = names.email(email)
    confirm_password(who, current_password, address)
    limits.EMAIL.count_account(str(who.id), address)
    with transaction() as conn:
        user.hold(conn, who.id)  # of two at once the later one is pending
        mail.end_tokens(conn, who.id, ["confirm"])
        asked = mail.insert(conn, "confirm", kept, user.name_key(kept), mails.CONFIRM_LIFETIME, user_id=who.id)
    mails.ask([asked])


def confirm(token: str) -> None:
    """Make the address that a token was sent to its user's; the one they had before is told.

    Raises NotFound (`mail_token_invalid`), Conflict (`email_taken`) where another user has it.
    """
    try:
        with transaction() as conn:
            used = mail.use(conn, "confirm", hashed(token))
            if used is None or used.user_id is None:
                raise mails.invalid()
            asked = mails.notice(conn, "email_changed", used.user_id)
            if not user.change_email(conn, used.user_id, used.address, used.address_key):
                raise mails.invalid()
            mail.end_tokens(conn, used.user_id, ["reset"])  # what was sent to the address before
    except UniqueViolation as error:
        raise Conflict("Somebody here has this e-mail address already.", code=ErrorCode.EMAIL_TAKEN) from error
    mails.ask(asked)


def remove(who: User, current_password: str, address: str) -> None:
    """Have a user have no address, nor one to confirm; the one they had is told. address: of the client.

    Raises Forbidden (`wrong_credentials`), TooManyRequests.
    """
    confirm_password(who, current_password, address)
    with transaction() as conn:
        asked = mails.notice(conn, "email_changed", who.id)
        user.change_email(conn, who.id, None, None)
        mail.end_tokens(conn, who.id, ["confirm", "reset"])
    mails.ask(asked)
