"""Registration, login, refresh and logout."""

from typing import Any, Self

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.requests import Request
from api.responses import Answer
from api.wire import Timestamp, WireModel
from pinhole import accounts
from pinhole.accounts import Role, Session, Tokens, limits, names
from pinhole.accounts.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from pinhole.accounts.second_factors import Asked, Factor
from pinhole.errors import Conflict, Forbidden, Unauthenticated

routes = Blueprint(__name__)


class Registration(WireModel):
    name: str = Field(
        min_length=1,
        description=f"Kept NFC-normalised and trimmed, 1-{names.MAX_CHARACTERS} characters",
    )
    password: str = Field(min_length=MIN_CHARACTERS, max_length=MAX_CHARACTERS)
    setup_token: str | None = Field(None, max_length=256, description="Where GET /onboarding says that it is required")
    invite_token: str | None = Field(None, max_length=256, description="Of an open invite, once there is a user")


class Credentials(WireModel):
    name: str = Field(min_length=1, max_length=256, description="Or the e-mail address that its user has confirmed")
    password: str = Field(min_length=1, max_length=MAX_CHARACTERS)


class RefreshRequest(WireModel):
    refresh_token: str = Field(min_length=1, max_length=256)


class AccountSummary(WireModel):
    id: int
    name: str
    role: Role


class SessionTokens(WireModel):
    """`expiresAt` is the access token's; the refresh token lasts 30 days and can be used once."""

    access_token: str
    refresh_token: str
    expires_at: Timestamp
    user: AccountSummary

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        user = AccountSummary(id=tokens.user.id, name=tokens.user.name, role=tokens.user.role)
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_at=tokens.expires_at,
            user=user,
        )


class SecondFactorAsked(WireModel):
    """The ticket opens nothing by itself. It is good for 5 minutes and 5 attempts."""

    ticket: str
    expires_at: Timestamp
    factors: list[Factor] = Field(description="What can be shown. Empty: an administrator has to remove what is lost")
    passkey_options: dict[str, Any] | None = Field(
        description="For `PublicKeyCredential.parseRequestOptionsFromJSON`, where passkeys can"
    )

    @classmethod
    def of(cls, asked: Asked) -> Self:
        return cls(
            ticket=asked.ticket,
            expires_at=asked.expires_at,
            factors=asked.factors,
            passkey_options=asked.passkey_options,
        )


@routes.route("/auth/register", methods=["POST"])
@endpoint(
    body=Registration,
    answer=SessionTokens,
    status=201,
    errors=(Forbidden, Conflict),
    public=True,
    limit=limits.REGISTER,
)
def register(body: Registration, request: Request) -> SessionTokens:
    """Register the first user, who becomes administrator, or a member who was invited, and log them in.

    An invite is used up by it. 403: `setup_token_wrong` for the first user; after them `registration_closed` without an
    invite and `invite_invalid` with one that is not open. 409: `name_taken`.
    """
    begun = accounts.register(body.name, body.password, body.setup_token or "", body.invite_token, request.client)
    return SessionTokens.of(begun)


@routes.route("/auth/login", methods=["POST"])
@endpoint(
    body=Credentials,
    answer=SessionTokens,
    also={202: SecondFactorAsked},
    errors=(Unauthenticated,),
    public=True,
    limit=limits.LOGIN,
)
def login(body: Credentials, request: Request) -> SessionTokens | Answer:
    """Begin a session with name, or e-mail address, and password.

    202: a second factor is asked for, to be shown at POST /auth/second-factor. There is no session before.
    """
    begun = accounts.login(body.name, body.password, request.client)
    if isinstance(begun, Asked):
        return Answer(SecondFactorAsked.of(begun), status=202)
    return SessionTokens.of(begun)


@routes.route("/auth/refresh", methods=["POST"])
@endpoint(body=RefreshRequest, answer=SessionTokens, errors=(Unauthenticated,), public=True, limit=limits.REFRESH)
def refresh(body: RefreshRequest, request: Request) -> SessionTokens:
    """Exchange a refresh token for new tokens.

    A refresh token can be used once; the one that a session used last stays good for 10 seconds, for a client whose
    answer was lost. Using one again after that, while its session is open, ends all sessions of its user, since one of
    the two who used it has stolen it: a client with several windows refreshes in one of them.
    """
    return SessionTokens.of(accounts.refresh(body.refresh_token, request.client))


@routes.route("/auth/logout", methods=["POST"])
@endpoint(status=204)
def logout(session: Session) -> None:
    """End the caller's session; its tokens are refused from then on."""
    accounts.logout(session)
