"""Who calls: the bearer token of the request, read again from the database each time."""

from api.requests import Request
from pinhole import accounts
from pinhole.accounts import Session
from pinhole.db import statement
from pinhole.errors import Unauthenticated


def session_of(request: Request) -> Session:
    """The caller's session with its user as they are now. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Log in, and send the access token as Authorization: Bearer.")
    return statement(lambda conn: accounts.authenticate(conn, token.strip()))
