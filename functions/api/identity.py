"""Who calls: the bearer token of the request, read again from the database each time."""

from dataclasses import dataclass

from api.requests import Request
from pinhole import accounts
from pinhole.accounts import Session, User, api_keys
from pinhole.accounts.api_keys import Scope
from pinhole.db import statement
from pinhole.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, as they are now: by a session, or by a key that opens what `scopes` say."""

    caller: User
    session: Session | None = None
    scopes: frozenset[Scope] = frozenset()


def identify(request: Request) -> Identity:
    """Who calls, and by what. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Log in, and send the access token as Authorization: Bearer.")
    if token.startswith(api_keys.PREFIX):
        return Identity(*_by_key(token))
    session = statement(lambda conn: accounts.authenticate(conn, token))
    return Identity(session.user, session)


def _by_key(token: str) -> tuple[User, None, frozenset[Scope]]:
    caller, scopes = statement(lambda conn: api_keys.authenticate(conn, token))
    return caller, None, scopes
