"""The first user comes in and becomes administrator; nobody after them, until there are invites."""

import hmac
from dataclasses import dataclass

from pinhole.accounts import limits, names, passwords
from pinhole.accounts.sessions import Tokens, begin_session
from pinhole.db import transaction
from pinhole.errors import ErrorCode, Forbidden
from pinhole.settings import settings
from pinhole.tables import user


@dataclass(frozen=True, slots=True)
class Setup:
    """What a client needs to know before anybody is logged in."""

    registration_open: bool
    setup_token_required: bool


def setup() -> Setup:
    """Whether the first user may still register, and whether that takes the set-up token."""
    with transaction() as conn:
        is_open = not user.exists_any(conn)
    return Setup(is_open, is_open and bool(settings().setup_token.get_secret_value()))


def register(name: str, password: str, setup_token: str, address: str) -> Tokens:
    """Make the first user, an administrator, and log them in.

    Raises Forbidden (`registration_closed` once there is a user, `setup_token_wrong`), Invalid,
    TooManyRequests.
    """
    kept_name = names.user_name(name)  # before anything is looked up by it: it may be of any length
    limits.REGISTER.count_account(user.name_key(kept_name), address)
    if not setup().registration_open:
        raise _closed()
    required = settings().setup_token.get_secret_value()
    if required and not hmac.compare_digest(required.encode(), setup_token.encode()):
        raise Forbidden("The first user needs the deployment's set-up token.", code=ErrorCode.SETUP_TOKEN_WRONG)
    password_hash = passwords.hash_password(password)
    with transaction() as conn:
        user.lock(conn)
        if user.exists_any(conn):
            raise _closed()
        administrator = user.insert(conn, kept_name, password_hash, "administrator", names.folder(kept_name))
        return begin_session(conn, administrator)


def _closed() -> Forbidden:
    return Forbidden("Registration is closed: ask the administrator.", code=ErrorCode.REGISTRATION_CLOSED)
