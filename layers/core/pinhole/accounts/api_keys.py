"""Keys by which scripts act for a user, each for what its scopes say."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection

from pinhole.accounts import mails, names
from pinhole.accounts.profile import confirm_password
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, NotFound, Unauthenticated
from pinhole.tables import api_key, user
from pinhole.tables.api_key import ApiKey, Scope
from pinhole.tables.user import User

__all__ = ["PREFIX", "ApiKey", "MadeKey", "Scope", "authenticate", "listed", "make", "revoke"]

PREFIX = "pinhole_"
"""What every key begins with: it tells a key from an access token, and whoever searches for leaked ones finds it."""
MAX_KEYS = 100


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and its token, which is told this once."""

    key: ApiKey
    token: str


def make(owner: User, name: str, scopes: Sequence[Scope], password: str, address: str) -> MadeKey:
    """Make a key, which outlives the session that it is made by: it takes the password. address: of the client.

    Raises Invalid, Forbidden (`wrong_credentials`), TooManyRequests, and Conflict (`too_many_keys`) where the user has
    100 of them.
    """
    kept_name = names.key_name(name)
    confirm_password(owner, password, address)
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction() as conn:
        user.hold(conn, owner.id)  # of two at once the second counts the first
        made = api_key.insert(conn, owner.id, kept_name, sorted(set(scopes)), _hash(token), MAX_KEYS)
        asked = [] if made is None else mails.notice(conn, "key_made", owner.id)
    mails.ask(asked)
    if made is None:
        message = f"You have {MAX_KEYS} keys: revoke one first."
        raise Conflict(message, code=ErrorCode.TOO_MANY_KEYS)
    return MadeKey(made, token)


def listed(owner: User) -> list[ApiKey]:
    """A user's keys, the newest first."""
    with transaction() as conn:
        return api_key.list_of(conn, owner.id)


def revoke(owner: User, key_id: str) -> None:
    """Revoke a key; it opens nothing from the next request on. Raises NotFound."""
    with transaction() as conn:
        if not api_key.delete(conn, owner.id, key_id):
            raise NotFound("There is no such key.")


def authenticate(conn: Connection, token: str) -> tuple[User, frozenset[Scope]]:
    """Whose key this is, as they are now, and what it opens. Raises Unauthenticated (`key_invalid`)."""
    found = api_key.use(conn, _hash(token))
    if found is None:
        raise Unauthenticated("This key is not known, or was revoked.", code=ErrorCode.KEY_INVALID)
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
