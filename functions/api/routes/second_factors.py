"""Second factors, and passkeys instead of a password: logging in by them, and what the caller has of them."""

from typing import Annotated, Any, Self

from chalice.app import Blueprint
from pydantic import Field, StringConstraints, model_validator

from api.endpoint import endpoint
from api.requests import Request
from api.routes.auth import SessionTokens
from api.wire import Id, Timestamp, WireModel
from pinhole.accounts import Session, limits, names, passkeys, second_factors
from pinhole.accounts.passwords import MAX_CHARACTERS
from pinhole.accounts.second_factors import Challenge, Passkey
from pinhole.errors import Conflict, Forbidden, Unauthenticated

routes = Blueprint(__name__)

MAX_CREDENTIAL_BYTES = 64 * 1024
"""Of a body with a passkey that was made, which may bring certificates of its maker."""

_Ticket = Annotated[str, Field(min_length=1, max_length=256)]
_Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
_Credential = Annotated[
    dict[str, Any], Field(description="The browser's PublicKeyCredential, as its toJSON() writes it")
]


class SecondFactor(WireModel):
    """Exactly one of `code`, `recoveryCode` and `passkey`."""

    ticket: _Ticket
    code: _Code | None = Field(None, description="Of the app")
    recovery_code: str | None = Field(
        None, min_length=1, max_length=64, description="With or without what stands between its parts"
    )
    passkey: _Credential | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(shown is not None for shown in (self.code, self.recovery_code, self.passkey)) != 1:
            raise ValueError("has exactly one of code, recoveryCode and passkey")
        return self


class PasskeyLogin(WireModel):
    ticket: _Ticket
    passkey: _Credential


class PasskeyChallenge(WireModel):
    ticket: str = Field(description="To be sent back with the answer, within 5 minutes")
    options: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`"
    )

    @classmethod
    def of(cls, asked: Challenge) -> Self:
        return cls(ticket=asked.ticket, options=asked.options)


class CurrentPassword(WireModel):
    current_password: str = Field(min_length=1, max_length=MAX_CHARACTERS)


class TotpSummary(WireModel):
    created_at: Timestamp


class PasskeySummary(WireModel):
    id: str
    name: str
    created_at: Timestamp
    last_used_at: Timestamp | None = Field(description="null: never")
    backed_up: bool = Field(description="Whether it is kept elsewhere too, such as in an account of its maker")
    works: bool = Field(description="false: it was made for another address than where the page is now")

    @classmethod
    def of(cls, passkey: Passkey) -> Self:
        party = passkeys.relying_party()
        return cls(
            id=passkey.id,
            name=passkey.name,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
            backed_up=passkey.backed_up,
            works=party is not None and party.id == passkey.rp_id,
        )


class Factors(WireModel):
    password_is_enough: bool = Field(description="Whether nothing else is asked for at login")
    totp: TotpSummary | None
    passkeys: list[PasskeySummary]
    recovery_codes_left: int
    relying_party: str | None = Field(description="The host that passkeys are made for; null: there can be none here")


class TotpSecret(WireModel):
    secret: str = Field(description="Base32, to be typed into the app")
    uri: str = Field(description="otpauth://…, to be shown as a QR code")


class TotpCode(WireModel):
    code: _Code


class RecoveryCodes(WireModel):
    recovery_codes: list[str] = Field(description="Each is good once. Told this once: only hashes are kept")


class FirstRecoveryCodes(WireModel):
    recovery_codes: list[str] | None = Field(description="null: the user has some that are left")


class NewPasskey(WireModel):
    ticket: _Ticket
    name: str = Field(
        min_length=1,
        description=f"Kept NFC-normalised and trimmed, 1-{names.MAX_CHARACTERS} characters",
        examples=["My telephone"],
    )
    passkey: _Credential


class MadePasskey(WireModel):
    passkey: PasskeySummary
    recovery_codes: list[str] | None = Field(description="null: the user has some that are left")


@routes.route("/auth/second-factor", methods=["POST"])
@endpoint(body=SecondFactor, answer=SessionTokens, errors=(Unauthenticated,), public=True, limit=limits.SECOND_FACTOR)
def show_second_factor(body: SecondFactor, request: Request) -> SessionTokens:
    """Begin a session with a second factor, by the ticket that POST /auth/login answered.

    A code of the app is good once, as are a recovery code and the ticket. 401: `second_factor_wrong`, and
    `login_ticket_invalid` where the ticket is used, 5 minutes old, was tried 5 times, or the password has changed: log
    in anew.
    """
    return SessionTokens.of(
        second_factors.finish_login(
            body.ticket,
            request.client,
            code=body.code,
            recovery=body.recovery_code,
            passkey_answer=body.passkey,
        )
    )


@routes.route("/auth/passkey/options", methods=["POST"])
@endpoint(answer=PasskeyChallenge, errors=(Conflict,), public=True, limit=limits.PASSKEY)
def ask_for_passkey() -> PasskeyChallenge:
    """Begin to log in by a passkey alone. 409, `passkeys_unavailable`, where there can be none."""
    return PasskeyChallenge.of(second_factors.ask_for_passkey())


@routes.route("/auth/passkey", methods=["POST"])
@endpoint(
    body=PasskeyLogin, answer=SessionTokens, errors=(Unauthenticated, Conflict), public=True, limit=limits.PASSKEY
)
def show_passkey(body: PasskeyLogin, request: Request) -> SessionTokens:
    """Begin a session with a passkey alone, whose authenticator has verified its user.

    401: `passkey_wrong`, and `login_ticket_invalid` where the ticket is used, 5 minutes old or was tried 5 times. 409:
    `passkeys_unavailable`.
    """
    return SessionTokens.of(second_factors.login_by_passkey(body.ticket, body.passkey, request.client))


@routes.route("/me/factors", methods=["GET"])
@endpoint(answer=Factors)
def read_factors(session: Session) -> Factors:
    """Tell what the caller shows beside their password, or instead of it."""
    own, party = second_factors.of_user(session.user), passkeys.relying_party()
    return Factors(
        password_is_enough=own.totp_since is None and not own.passkeys,
        totp=None if own.totp_since is None else TotpSummary(created_at=own.totp_since),
        passkeys=[PasskeySummary.of(passkey) for passkey in own.passkeys],
        recovery_codes_left=own.recovery_codes_left,
        relying_party=None if party is None else party.id,
    )


@routes.route("/me/totp", methods=["POST"])
@endpoint(body=CurrentPassword, answer=TotpSecret, status=201, errors=(Conflict, Forbidden), limit=limits.PASSWORD)
def begin_totp(body: CurrentPassword, session: Session, request: Request) -> TotpSecret:
    """Make a secret for an app that shows codes. It is asked for once a code of it was shown, within 10 minutes.

    403: `wrong_credentials`. 409: `totp_enrolled` where there is such an app already.
    """
    made = second_factors.begin_totp(session.user, body.current_password, request.address)
    return TotpSecret(secret=made.secret, uri=made.uri)


@routes.route("/me/totp/confirm", methods=["POST"])
@endpoint(body=TotpCode, answer=FirstRecoveryCodes, errors=(Conflict, Forbidden))
def confirm_totp(body: TotpCode, session: Session) -> FirstRecoveryCodes:
    """Have codes of the app be asked for at login from now on.

    403: `second_factor_wrong`. 409: `totp_not_pending` where no app waits, or it has waited for 10 minutes.
    """
    return FirstRecoveryCodes(recovery_codes=second_factors.confirm_totp(session.user, body.code))


@routes.route("/me/totp/remove", methods=["POST"])
@endpoint(body=CurrentPassword, status=204, errors=(Forbidden,), limit=limits.PASSWORD)
def remove_totp(body: CurrentPassword, session: Session, request: Request) -> None:
    """Ask for no codes of an app any more; recovery codes go with the last factor. 403: `wrong_credentials`."""
    second_factors.remove_totp(session.user, body.current_password, request.address)


@routes.route("/me/passkeys/options", methods=["POST"])
@endpoint(body=CurrentPassword, answer=PasskeyChallenge, errors=(Conflict, Forbidden), limit=limits.PASSWORD)
def begin_passkey(body: CurrentPassword, session: Session, request: Request) -> PasskeyChallenge:
    """Begin to make a passkey.

    403: `wrong_credentials`. 409: `passkeys_unavailable` where there can be none, `too_many_passkeys` where there
    are 20.
    """
    return PasskeyChallenge.of(second_factors.begin_passkey(session.user, body.current_password, request.address))


@routes.route("/me/passkeys", methods=["POST"])
@endpoint(
    body=NewPasskey,
    answer=MadePasskey,
    status=201,
    errors=(Conflict, Forbidden),
    max_body_bytes=MAX_CREDENTIAL_BYTES,
)
def make_passkey(body: NewPasskey, session: Session) -> MadePasskey:
    """Keep a passkey that the browser has made.

    403: `passkey_wrong`, and `login_ticket_invalid` where the ticket is used, 5 minutes old, was tried 5 times, or the
    password has changed. 409: `passkeys_unavailable`, `too_many_passkeys`, `passkey_known`.
    """
    made, codes = second_factors.finish_passkey(session.user, body.ticket, body.name, body.passkey)
    return MadePasskey(passkey=PasskeySummary.of(made), recovery_codes=codes)


@routes.route("/me/passkeys/{passkey_id}/remove", methods=["POST"])
@endpoint(body=CurrentPassword, status=204, errors=(Forbidden,), limit=limits.PASSWORD)
def remove_passkey(passkey_id: Id, body: CurrentPassword, session: Session, request: Request) -> None:
    """Forget a passkey; recovery codes go with the last factor. 403: `wrong_credentials`."""
    second_factors.remove_passkey(session.user, passkey_id, body.current_password, request.address)


@routes.route("/me/recovery-codes", methods=["POST"])
@endpoint(body=CurrentPassword, answer=RecoveryCodes, errors=(Conflict, Forbidden), limit=limits.PASSWORD)
def make_recovery_codes(body: CurrentPassword, session: Session, request: Request) -> RecoveryCodes:
    """Make ten recovery codes in place of those before.

    403: `wrong_credentials`. 409: `no_second_factor` where there is nothing that they could stand for.
    """
    codes = second_factors.new_recovery_codes(session.user, body.current_password, request.address)
    return RecoveryCodes(recovery_codes=codes)
