"""The two tokens of a session: a short signed one that names it, and a long random one that renews it."""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from psycopg import Connection

from pinhole.errors import ErrorCode, Unauthenticated
from pinhole.settings import settings
from pinhole.tables import refresh_token, session
from pinhole.tables.session import UNKNOWN, Client, Session
from pinhole.tables.user import User

ACCESS_LIFETIME = timedelta(minutes=30)
REFRESH_LIFETIME = timedelta(days=30)

_ISSUER = "pinhole"
_AUDIENCE = "pinhole-api"
_LEEWAY = timedelta(seconds=30)  # clocks of two machines differ
_SESSION_ID = re.compile(r"[0-9A-Za-z]{12}")
_MIN_SECRET = 32  # RFC 7518, section 3.2: as long as the hash


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets for a session. expires_at: of the access token; the refresh token lasts 30 days."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    user: User


def _secret() -> str:
    secret = settings().token_secret.get_secret_value()
    if len(secret) < _MIN_SECRET:
        raise RuntimeError(f"PINHOLE_TOKEN_SECRET has fewer than {_MIN_SECRET} characters")
    return secret


def access_token(session_id: str, user_id: int) -> tuple[str, datetime]:
    """A JWT (HS256) for this session, and when it runs out."""
    import jwt  # only here: it loads a client of HTTP, and what works without requests needs neither

    issued = datetime.now(UTC).replace(microsecond=0)
    expires = issued + ACCESS_LIFETIME
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(user_id),
        "sid": session_id,
        "iat": issued,
        "exp": expires,
    }
    return jwt.encode(claims, _secret(), algorithm="HS256"), expires


def session_id_of(token: str) -> str:
    """The session that an access token names. Raises Unauthenticated when it is not ours or has run out."""
    session_id, expires = _verified(token, _secret())
    if expires + _LEEWAY.total_seconds() <= time.time():
        raise Unauthenticated("The access token has expired.", code=ErrorCode.TOKEN_EXPIRED)
    return session_id


@lru_cache(maxsize=512)
def _verified(token: str, secret: str) -> tuple[str, float]:
    """Session, and the end of a token in Unix seconds. A client shows the same one for half an hour."""
    import jwt

    try:
        if not token.isascii():
            raise jwt.DecodeError("a token is ASCII")
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "sub", "sid"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Unauthenticated("The access token has expired.", code=ErrorCode.TOKEN_EXPIRED) from error
    except jwt.InvalidTokenError as error:
        raise Unauthenticated("The access token is not valid.", code=ErrorCode.TOKEN_INVALID) from error
    session_id = str(claims["sid"])
    if not _SESSION_ID.fullmatch(session_id):
        raise Unauthenticated("The access token is not valid.", code=ErrorCode.TOKEN_INVALID)
    return session_id, int(claims["exp"])


def new_refresh_token() -> tuple[str, str, bytes]:
    """A refresh token, and its two halves as they are kept: selector, and hash of the verifier."""
    selector, verifier = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
    return f"{selector}.{verifier}", selector, hashed(verifier)


def halves(refresh_token: str) -> tuple[str, bytes]:
    """Selector and hash of the verifier of what a client sent, whatever it is."""
    selector, _, verifier = refresh_token.partition(".")
    return selector, hashed(verifier)


def hashed(verifier: str) -> bytes:
    """What is kept of a secret that is long and random enough for no one to guess: its SHA-256."""
    return hashlib.sha256(verifier.encode()).digest()


def begin_session(conn: Connection, who: User, client: Client = UNKNOWN) -> Tokens:
    """A new session for a user who has shown who they are."""
    return issue(conn, Session(session.insert(conn, who.id, client), who))


def issue(conn: Connection, of: Session) -> Tokens:
    """New tokens for a session."""
    renewing, selector, verifier_hash = new_refresh_token()
    refresh_token.insert(conn, selector, verifier_hash, of.id, REFRESH_LIFETIME)
    access, expires_at = access_token(of.id, of.user.id)
    return Tokens(access, renewing, expires_at, of.user)
