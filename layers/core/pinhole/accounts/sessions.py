"""Login, refresh, the sessions of a user and their ends, and who an access token stands for."""

from psycopg import Connection

from pinhole import live
from pinhole.accounts import limits, passwords, second_factors, tokens
from pinhole.accounts.second_factors import Asked
from pinhole.accounts.tokens import Tokens
from pinhole.db import transaction
from pinhole.errors import ErrorCode, NotFound, Unauthenticated
from pinhole.tables import refresh_token, session, user
from pinhole.tables.session import Client, Login, Session
from pinhole.tables.user import User
from pinhole.telemetry import logger

_MOST_LOGINS = 200  # in a list: scripts may begin a session each minute


def authenticate(conn: Connection, access_token: str) -> Session:
    """The open session that an access token names, its user read now. Raises Unauthenticated."""
    found = session.read_open(conn, tokens.session_id_of(access_token))
    if found is None:
        raise Unauthenticated("This session has ended. Log in again.", code=ErrorCode.SESSION_ENDED)
    return found


def login(name: str, password: str, client: Client) -> Tokens | Asked:
    """Tokens for the right name, or e-mail address, and password, or a ticket to show a second factor with.

    Raises Unauthenticated, in words and time the same for an unknown name, a user who is disabled and a wrong password;
    TooManyRequests. Opens its own transactions: an attempt counts although it fails, and none is open while
    the hash is computed.
    """
    key, address = user.name_key(name), client.address or ""
    limits.LOGIN.count_account(key, address)
    with transaction() as conn:
        found = user.read_credentials(conn, key)
    who, password_hash = found or (None, passwords.nobody())
    if not passwords.matches(password_hash, password) or who is None:
        logger.warning("login_refused", extra={"user_id": who and who.id, "address": address})
        raise _wrong_credentials()
    renewed_hash = passwords.hash_password(password) if passwords.is_outdated(password_hash) else None
    with transaction() as conn:
        # Else a session might begin that a change of the password, or an administrator, has just ended.
        if renewed_hash is None:
            is_still_so = user.keep_password_hash(conn, who.id, password_hash)
        else:
            is_still_so = user.change_password_hash(conn, who.id, password_hash, renewed_hash)
        if not is_still_so:
            raise _wrong_credentials()
        begun = second_factors.continue_login(conn, who, client)
    limits.LOGIN.take_back(key, address)
    return begun


def refresh(token: str, client: Client) -> Tokens:
    """New tokens for a refresh token, which is used up by it; the one used last stays good for 10 s.

    A known token of an open session that was used before that, or whose second half is wrong, is in wrong hands: all
    sessions of its user end. Raises Unauthenticated, TooManyRequests.
    """
    selector, verifier_hash = tokens.halves(token)
    address = client.address or ""
    with transaction() as conn:
        known = refresh_token.trace(conn, selector, verifier_hash)
    limits.REFRESH.count_account("" if known is None else str(known.user_id), address)
    with transaction() as conn:
        renewed = refresh_token.use(conn, selector, verifier_hash)
        if renewed is not None:
            session.see(conn, renewed.id, client)
            return tokens.issue(conn, renewed)
        known = refresh_token.trace(conn, selector, verifier_hash)
        misused = known is not None and known.session_open and (known.used or not known.verified)
        if known is not None and misused:
            session.end_all(conn, known.user_id)
    if known is not None and misused:
        live.sessions_ended(known.user_id)
        logger.warning("refresh_token_misused", extra={"user_id": known.user_id, "address": address})
    raise Unauthenticated("The refresh token is not valid. Log in again.", code=ErrorCode.REFRESH_TOKEN_INVALID)


def logins(of: Session) -> list[Login]:
    """This session and the others of its user that have not ended, 200 at most, the one seen last first."""
    with transaction() as conn:
        return session.list_open(conn, of, _MOST_LOGINS)


def logout(ending: Session) -> None:
    """End the session: its access token is refused from now on. Another request may have ended it before."""
    with transaction() as conn:
        session.end(conn, ending.user.id, ending.id)
    live.sessions_ended(ending.user.id)


def end_login(who: User, session_id: str) -> None:
    """End one session of a user: its access token is refused from now on. Raises NotFound."""
    with transaction() as conn:
        ended = session.end(conn, who.id, session_id)
    if not ended:
        raise NotFound("There is no such session, or it has ended.")
    live.sessions_ended(who.id)


def end_logins(who: User) -> None:
    """End all sessions of a user."""
    with transaction() as conn:
        session.end_all(conn, who.id)
    live.sessions_ended(who.id)


def _wrong_credentials() -> Unauthenticated:
    return Unauthenticated("The name or the password is wrong.", code=ErrorCode.WRONG_CREDENTIALS)
