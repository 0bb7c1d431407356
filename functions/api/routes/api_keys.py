"""Keys by which the caller's scripts act for them."""

from typing import Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.requests import Request
from api.wire import Id, Timestamp, WireModel
from pinhole.accounts import User, api_keys, limits, names
from pinhole.accounts.api_keys import ApiKey, MadeKey, Scope
from pinhole.accounts.passwords import MAX_CHARACTERS
from pinhole.errors import Conflict

routes = Blueprint(__name__)


class NewApiKey(WireModel):
    name: str = Field(
        min_length=1,
        description=f"Kept NFC-normalised and trimmed, 1-{names.MAX_CHARACTERS} characters",
        examples=["Backup of the server"],
    )
    current_password: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=3,
        description="`upload`: send files. `read`: see all that its user sees, and download it. `all`: both, and change"
        " photos. None changes accounts, makes keys or administers",
    )


class ApiKeySummary(WireModel):
    id: str
    name: str
    scopes: list[Scope]
    created_at: Timestamp
    last_used_at: Timestamp | None = Field(description="To the minute; null: never")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls(
            id=key.id, name=key.name, scopes=key.scopes, created_at=key.created_at, last_used_at=key.last_used_at
        )


class ApiKeys(WireModel):
    keys: list[ApiKeySummary]


class ApiKeyToken(WireModel):
    key: ApiKeySummary
    token: str = Field(description="To be sent as `Authorization: Bearer`. Told this once: only its hash is kept")

    @classmethod
    def of(cls, made: MadeKey) -> Self:
        return cls(key=ApiKeySummary.of(made.key), token=made.token)


@routes.route("/auth/keys", methods=["GET"])
@endpoint(answer=ApiKeys, scopes=())
def list_keys(caller: User) -> ApiKeys:
    """List the caller's keys, the newest first."""
    return ApiKeys(keys=[ApiKeySummary.of(key) for key in api_keys.listed(caller)])


@routes.route("/auth/keys", methods=["POST"])
@endpoint(body=NewApiKey, answer=ApiKeyToken, status=201, errors=(Conflict,), scopes=(), limit=limits.PASSWORD)
def make_key(body: NewApiKey, caller: User, request: Request) -> ApiKeyToken:
    """Make a key. 403: `wrong_credentials`. 409: `too_many_keys`, where there are 100 of them."""
    made = api_keys.make(caller, body.name, body.scopes, body.current_password, request.address)
    return ApiKeyToken.of(made)


@routes.route("/auth/keys/{key_id}", methods=["DELETE"])
@endpoint(status=204, scopes=())
def revoke_key(key_id: Id, caller: User) -> None:
    """Revoke a key; it is refused from the next request on."""
    api_keys.revoke(caller, key_id)
