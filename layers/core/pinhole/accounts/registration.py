"""The first user comes in and becomes administrator; after them come members, each by an invite."""

import hmac

from psycopg import Connection
from psycopg.errors import UniqueViolation

from pinhole.accounts import invites, limits, names, passwords
from pinhole.accounts.tokens import Tokens, begin_session
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, Forbidden
from pinhole.settings import settings
from pinhole.tables import invite, user
from pinhole.tables.session import Client
from pinhole.tables.user import User


def register(name: str, password: str, setup_token: str, invite_token: str | None, client: Client) -> Tokens:
    """Make a user, and log them in: the first one, an administrator, or a member by an open invite, which is used up.

    Raises Forbidden (`setup_token_wrong`; once there is a user, `registration_closed` without an invite,
    `invite_invalid` with one that is not open), Conflict (`name_taken`), Invalid, TooManyRequests.
    """
    kept_name = names.user_name(name)  # before anything is looked up by it: it may be of any length
    limits.REGISTER.count_account(user.name_key(kept_name), client.address or "")
    with transaction() as conn:
        is_first = not user.exists_any(conn)
    if is_first:
        _check_setup_token(setup_token)
    elif invite_token is None:
        raise _closed()
    else:
        invites.check(invite_token)  # before a hash is computed for nothing
    password_hash = passwords.hash_password(password)
    try:
        with transaction() as conn:
            user.lock(conn)
            if is_first:
                made = _first(conn, kept_name, password_hash)
            else:
                assert invite_token is not None
                made = _invited(conn, kept_name, password_hash, invite_token)
            return begin_session(conn, made, client)
    except UniqueViolation as error:
        raise name_taken() from error


def name_taken() -> Conflict:
    """What somebody is told who wants a name that another has."""
    return Conflict("Somebody here has this name already.", code=ErrorCode.NAME_TAKEN)


def _check_setup_token(setup_token: str) -> None:
    required = settings().setup_token.get_secret_value()
    if required and not hmac.compare_digest(required.encode(), setup_token.encode()):
        raise Forbidden("The first user needs the deployment's set-up token.", code=ErrorCode.SETUP_TOKEN_WRONG)


def _first(conn: Connection, name: str, password_hash: str) -> User:
    if user.exists_any(conn):
        raise _closed()
    return user.insert(conn, name, password_hash, "administrator", names.folder(name))


def _invited(conn: Connection, name: str, password_hash: str, invite_token: str) -> User:
    terms = invites.use(conn, invite_token)
    made = user.insert(conn, name, password_hash, "member", terms.folder or names.folder(name), terms.quota_bytes)
    invite.keep_user(conn, terms.invite_id, made.id)
    # Whoever came by a link that was sent there has shown that they read it.
    if terms.email is not None and not user.email_is_taken(conn, user.name_key(terms.email)):
        user.change_email(conn, made.id, terms.email, user.name_key(terms.email))
    return made


def _closed() -> Forbidden:
    return Forbidden("Registration is closed: ask the administrator.", code=ErrorCode.REGISTRATION_CLOSED)
