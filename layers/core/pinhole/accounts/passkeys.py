"""Passkeys (WebAuthn, level 3): what browsers are asked for, and whether what they answer is right.

py_webauthn is imported by the first call that needs it: it takes half a second, and few requests do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pinhole.errors import Conflict, ErrorCode
from pinhole.settings import settings
from pinhole.tables.passkey import NewCredential, Passkey
from pinhole.tables.user import User

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

Answer = Mapping[str, Any]
"""A PublicKeyCredential as its toJSON() writes it."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom passkeys are shown to. id: the host of the page; origin: where the page is."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A right answer. sign_count: how often the authenticator says that the passkey was used."""

    sign_count: int
    backed_up: bool


def relying_party() -> RelyingParty | None:
    """Whom passkeys are for here. None where browsers have none: they want a name, and https but for localhost."""
    origin = settings().web_origin
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if not host or _is_address(host) or not (parts.scheme == "https" or host == "localhost"):
        return None
    return RelyingParty(host, origin)


def required_party() -> RelyingParty:
    """The same. Raises Conflict (`passkeys_unavailable`)."""
    party = relying_party()
    if party is None:
        message = "Passkeys need a page at a name, by https or at localhost. The setting is PINHOLE_WEB_ORIGIN."
        raise Conflict(message, code=ErrorCode.PASSKEYS_UNAVAILABLE)
    return party


def handle(user_id: int) -> bytes:
    """What a passkey keeps of its user, and tells when it is shown: an id that says nothing of them."""
    return user_id.to_bytes(8, "big")


def enrolment_options(
    party: RelyingParty, who: User, library: str, challenge: bytes, known: Sequence[Passkey], seconds: int
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptions as JSON. known: what the user has, of which no second one is made."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=party.id,
        rp_name=library,
        user_name=who.name,
        user_id=handle(who.id),
        challenge=challenge,
        timeout=seconds * 1000,
        exclude_credentials=_descriptors(known),
        # What can do neither is still good beside a password.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json_dict(options)


def options(
    party: RelyingParty, challenge: bytes, allowed: Sequence[Passkey], seconds: int, *, alone: bool
) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptions as JSON. allowed: which may answer, none: any. alone: there is no password."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    asked = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=seconds * 1000,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )
    return options_to_json_dict(asked)


def made(party: RelyingParty, answer: Answer, challenge: bytes) -> NewCredential | None:
    """The passkey that an authenticator made for this challenge; None where the answer is not right."""
    from webauthn import verify_registration_response

    try:
        verified = verify_registration_response(
            credential=_without_attestation(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except _refusals():
        return None
    told = answer["response"].get("transports")
    return NewCredential(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        rp_id=party.id,
        transports=[name for name in _transports() if isinstance(told, list) and name in told],
        backed_up=verified.credential_backed_up,
    )


def credential_id(answer: Answer) -> bytes | None:
    """Which passkey an answer says that it is of."""
    from webauthn.helpers import parse_authentication_credential_json

    try:
        return parse_authentication_credential_json(dict(answer)).raw_id
    except _refusals():
        return None


def shown(
    party: RelyingParty, answer: Answer, challenge: bytes, passkey: Passkey, owner_id: int, *, alone: bool
) -> Shown | None:
    """What an answer by this passkey tells; None where it is not right.

    alone: there is no password, so that the authenticator must have verified its user, and say who that is.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json

    try:
        credential = parse_authentication_credential_json(dict(answer))
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # the table compares it, so that two at once are told apart
            require_user_verification=alone,
        )
    except _refusals():
        return None
    said = credential.response.user_handle
    if passkey.rp_id != party.id or (said != handle(owner_id) and (alone or said)):
        return None
    return Shown(verified.new_sign_count, verified.credential_backed_up)


def _descriptors(passkeys: Sequence[Passkey]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id, transports=[AuthenticatorTransport(name) for name in passkey.transports]
        )
        for passkey in passkeys
    ]


def _transports() -> list[str]:
    from webauthn.helpers.structs import AuthenticatorTransport

    return [transport.value for transport in AuthenticatorTransport]


def _without_attestation(answer: Answer) -> dict[str, Any]:
    """An answer without what its authenticator's maker says of it: nobody asked, and it would have to be read."""
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor, parse_cbor

    response = answer["response"]
    data = parse_cbor(base64url_to_bytes(response["attestationObject"]))["authData"]
    bare = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
    return {**answer, "response": {**response, "attestationObject": bytes_to_base64url(bare)}}


def _refusals() -> tuple[type[Exception], ...]:
    """What is raised of an answer that is not right: py_webauthn lets errors of what it parses through."""
    from webauthn.helpers.exceptions import WebAuthnException

    return WebAuthnException, LookupError, TypeError, ValueError


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
