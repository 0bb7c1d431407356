"""What users show beside their password, or instead of it: codes of an app, passkeys, recovery codes.

Whatever shows first who somebody is, `continue_login` comes after it: no session begins past an enrolled factor.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from psycopg import Connection

from pinhole.accounts import limits, mails, names, passkeys, timed_codes
from pinhole.accounts.passkeys import Answer
from pinhole.accounts.profile import confirm_password
from pinhole.accounts.tokens import Tokens, begin_session, hashed
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, Forbidden, NotFound, Unauthenticated
from pinhole.tables import library, login_ticket, passkey, recovery_code, totp, user
from pinhole.tables.login_ticket import Kind
from pinhole.tables.passkey import Passkey
from pinhole.tables.session import Client
from pinhole.tables.user import User
from pinhole.telemetry import logger

__all__ = [
    "Asked",
    "Challenge",
    "Factor",
    "NewTotp",
    "OwnFactors",
    "Passkey",
    "ask_for_passkey",
    "begin_passkey",
    "begin_totp",
    "confirm_totp",
    "continue_login",
    "finish_login",
    "finish_passkey",
    "forget_all",
    "login_by_passkey",
    "new_recovery_codes",
    "of_user",
    "remove_passkey",
    "remove_totp",
]

TICKET_LIFETIME = timedelta(minutes=5)
PENDING_LIFETIME = timedelta(minutes=10)
MAX_PASSKEYS = 20
RECOVERY_CODES = 10

_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks like another
_CODE_CHARACTERS = 16  # 79 bits: nobody guesses one, and its hash needs no salt
_GROUP = 4
_PRODUCT = "Pinhole"  # until the library has a name

Factor = Literal["totp", "passkey", "recovery_code"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A login that waits for a second factor, by a ticket that opens nothing without one.

    factors: what can be shown; passkey_options: PublicKeyCredentialRequestOptions as JSON, where passkeys can.
    """

    ticket: str
    expires_at: datetime
    factors: list[Factor]
    passkey_options: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser is to have a passkey made or shown for, and the ticket that its answer comes back with."""

    ticket: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OwnFactors:
    """What a user has. totp_since: None: no app; recovery_codes_left: of the last ten."""

    totp_since: datetime | None
    passkeys: list[Passkey]
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class NewTotp:
    """A secret for an app: as people type it, and as the picture that apps scan has it."""

    secret: str
    uri: str


def continue_login(conn: Connection, who: User, client: Client) -> Tokens | Asked:
    """A session for a user who has shown a first factor, or what they have to show besides."""
    known = passkey.list_of(conn, who.id)
    has_totp = totp.confirmed_at(conn, who.id) is not None
    if not known and not has_totp:
        return begin_session(conn, who, client)
    party = passkeys.relying_party()
    shown = [] if party is None else [each for each in known if each.rp_id == party.id]
    factors: list[Factor] = ["totp"] if has_totp else []
    factors += ["passkey"] if shown else []
    factors += ["recovery_code"] if recovery_code.count_left(conn, who.id) else []
    ticket, challenge, expires_at = _issue(conn, "second_factor", who.id)
    options = None
    if party is not None and shown:
        options = passkeys.options(party, challenge, shown, _seconds(TICKET_LIFETIME), alone=False)
    return Asked(ticket, expires_at, factors, options)


def finish_login(
    ticket: str,
    client: Client,
    *,
    code: str | None = None,
    recovery: str | None = None,
    passkey_answer: Answer | None = None,
) -> Tokens:
    """A session for the one factor that is given, which is used up by it as the ticket is.

    Raises Unauthenticated: `login_ticket_invalid` where the ticket is unknown, used, expired or out of attempts, or its
    user is disabled or has another password since; `second_factor_wrong`. TooManyRequests.
    """
    token_hash, address = hashed(ticket), client.address or ""
    with transaction() as conn:
        waiting = login_ticket.attempt(conn, "second_factor", token_hash)
    if waiting is None or waiting.user is None:
        raise _ticket_invalid()
    who = waiting.user
    if code is not None:  # nothing else can be guessed
        limits.SECOND_FACTOR.count_account(str(who.id), address)
    with transaction() as conn:
        if code is not None:
            right = _use_code(conn, who, code)
        elif recovery is not None:
            right = recovery_code.use(conn, who.id, _code_hash(recovery))
        else:
            right = _use_passkey(conn, passkey_answer or {}, waiting.challenge, who) is not None
        if right:
            if not login_ticket.use(conn, "second_factor", token_hash):
                raise _ticket_invalid()  # and the factor is not used up
            begun = begin_session(conn, who, client)
    if not right:
        logger.warning("second_factor_refused", extra={"user_id": who.id, "address": address})
        raise Unauthenticated("This is not right, or was used already.", code=ErrorCode.SECOND_FACTOR_WRONG)
    if code is not None:
        limits.SECOND_FACTOR.take_back(str(who.id), address)
    return begun


def ask_for_passkey() -> Challenge:
    """What any passkey of this library is to be shown for. Raises Conflict (`passkeys_unavailable`)."""
    party = passkeys.required_party()
    with transaction() as conn:
        ticket, challenge, _ = _issue(conn, "passkey", None)
    return Challenge(ticket, passkeys.options(party, challenge, [], _seconds(TICKET_LIFETIME), alone=True))


def login_by_passkey(ticket: str, answer: Answer, client: Client) -> Tokens:
    """A session by a passkey alone, whose authenticator has verified its user.

    Raises Unauthenticated: `login_ticket_invalid` where the ticket is unknown, used, expired or out of attempts;
    `passkey_wrong`, also where its user is disabled. Conflict (`passkeys_unavailable`).
    """
    passkeys.required_party()
    token_hash = hashed(ticket)
    with transaction() as conn:
        waiting = login_ticket.attempt(conn, "passkey", token_hash)
    if waiting is None:
        raise _ticket_invalid()
    with transaction() as conn:
        who = _use_passkey(conn, answer, waiting.challenge)
        if who is not None:
            if not login_ticket.use(conn, "passkey", token_hash):
                raise _ticket_invalid()
            return begin_session(conn, who, client)
    logger.warning("passkey_refused", extra={"address": client.address})
    raise Unauthenticated("This passkey is not right, or not known here.", code=ErrorCode.PASSKEY_WRONG)


def of_user(who: User) -> OwnFactors:
    """What a user has enrolled."""
    with transaction() as conn:
        return OwnFactors(
            totp.confirmed_at(conn, who.id), passkey.list_of(conn, who.id), recovery_code.count_left(conn, who.id)
        )


def begin_totp(who: User, password: str, address: str) -> NewTotp:
    """A secret for an app, which is asked for once a code of it was shown within 10 minutes.

    Raises Conflict (`totp_enrolled`) where there is such an app already; Forbidden and TooManyRequests as
    `confirm_password`.
    """
    confirm_password(who, password, address)
    secret = timed_codes.new_secret()
    with transaction() as conn:
        user.hold(conn, who.id)  # whoever confirms an earlier one has done so, or finds this one
        if not totp.begin(conn, who.id, secret):
            message = "There is an app already: remove it first."
            raise Conflict(message, code=ErrorCode.TOTP_ENROLLED)
        issuer = library.name(conn) or _PRODUCT
    return NewTotp(timed_codes.base32(secret), timed_codes.uri(secret, who.name, issuer))


def confirm_totp(who: User, code: str) -> list[str] | None:
    """Have codes of the app be asked for from now on; recovery codes where the user had none.

    Raises Conflict (`totp_not_pending`), Forbidden (`second_factor_wrong`).
    """
    with transaction() as conn:
        user.hold(conn, who.id)
        secret = totp.read_pending(conn, who.id, PENDING_LIFETIME)
        if secret is None:
            message = "There is no app that waits for its first code, or it has waited too long: begin anew."
            raise Conflict(message, code=ErrorCode.TOTP_NOT_PENDING)
        step = timed_codes.step_of(secret, code)
        if step is None:
            raise Forbidden("This is not the code of now.", code=ErrorCode.SECOND_FACTOR_WRONG)
        totp.confirm(conn, who.id, secret, step)
        codes = _first_codes(conn, who.id)
        asked = mails.notice(conn, "factors_changed", who.id)
    mails.ask(asked)
    return codes


def remove_totp(who: User, password: str, address: str) -> None:
    """Ask for no codes of an app any more. Again does no harm. Raises Forbidden, TooManyRequests."""
    confirm_password(who, password, address)
    with transaction() as conn:
        user.hold(conn, who.id)
        totp.delete(conn, who.id)
        _forget_codes_of_nothing(conn, who.id)
        asked = mails.notice(conn, "factors_changed", who.id)
    mails.ask(asked)


def begin_passkey(who: User, password: str, address: str) -> Challenge:
    """What a passkey is to be made for.

    Raises Conflict (`passkeys_unavailable`, `too_many_passkeys`); Forbidden and TooManyRequests as `confirm_password`.
    """
    party = passkeys.required_party()
    confirm_password(who, password, address)
    with transaction() as conn:
        known = passkey.list_of(conn, who.id)
        _check_room(known)
        ticket, challenge, _ = _issue(conn, "enrolment", who.id)
        called = library.name(conn) or _PRODUCT
    seconds = _seconds(TICKET_LIFETIME)
    return Challenge(ticket, passkeys.enrolment_options(party, who, called, challenge, known, seconds))


def finish_passkey(who: User, ticket: str, name: str, answer: Answer) -> tuple[Passkey, list[str] | None]:
    """Keep a passkey that was made; recovery codes where the user had none.

    Raises Forbidden (`login_ticket_invalid`, `passkey_wrong`), Conflict (`passkeys_unavailable`, `too_many_passkeys`,
    `passkey_known`), Invalid.
    """
    party = passkeys.required_party()
    kept_name = names.passkey_name(name)
    token_hash = hashed(ticket)
    with transaction() as conn:
        waiting = login_ticket.attempt(conn, "enrolment", token_hash)
    if waiting is None or waiting.user is None or waiting.user.id != who.id:
        raise _enrolment_over()
    made = passkeys.made(party, answer, waiting.challenge)
    if made is None:
        raise Forbidden("What the browser answered is not right.", code=ErrorCode.PASSKEY_WRONG)
    with transaction() as conn:
        user.hold(conn, who.id)
        if not login_ticket.use(conn, "enrolment", token_hash):
            raise _enrolment_over()
        _check_room(passkey.list_of(conn, who.id))
        kept = passkey.insert(conn, who.id, kept_name, made)
        if kept is None:
            raise Conflict("This passkey is known here already.", code=ErrorCode.PASSKEY_KNOWN)
        codes = _first_codes(conn, who.id)
        asked = mails.notice(conn, "factors_changed", who.id)
    mails.ask(asked)
    return kept, codes


def remove_passkey(who: User, passkey_id: str, password: str, address: str) -> None:
    """Forget a passkey. Raises NotFound; Forbidden and TooManyRequests as `confirm_password`."""
    confirm_password(who, password, address)
    with transaction() as conn:
        user.hold(conn, who.id)
        if not passkey.delete(conn, who.id, passkey_id):
            raise NotFound("There is no such passkey.")
        _forget_codes_of_nothing(conn, who.id)
        asked = mails.notice(conn, "factors_changed", who.id)
    mails.ask(asked)


def new_recovery_codes(who: User, password: str, address: str) -> list[str]:
    """Ten recovery codes in place of those before.

    Raises Conflict (`no_second_factor`); Forbidden and TooManyRequests as `confirm_password`.
    """
    confirm_password(who, password, address)
    with transaction() as conn:
        user.hold(conn, who.id)
        if not _has_factor(conn, who.id):
            message = "Recovery codes stand for a second factor, and there is none."
            raise Conflict(message, code=ErrorCode.NO_SECOND_FACTOR)
        return _new_codes(conn, who.id)


def forget_all(conn: Connection, user_id: int) -> None:
    """Have a user's password be enough again, and end logins that wait."""
    totp.delete(conn, user_id)
    passkey.delete_all(conn, user_id)
    recovery_code.delete(conn, user_id)
    login_ticket.delete_of_user(conn, user_id)


def _issue(conn: Connection, kind: Kind, user_id: int | None) -> tuple[str, bytes, datetime]:
    """A new ticket, its challenge, and its end."""
    ticket, challenge = secrets.token_urlsafe(32), secrets.token_bytes(32)
    expires_at = datetime.now(UTC) + TICKET_LIFETIME
    login_ticket.insert(conn, kind, hashed(ticket), user_id, challenge, expires_at)
    return ticket, challenge, expires_at


def _use_code(conn: Connection, who: User, code: str) -> bool:
    secret = totp.read_secret(conn, who.id)
    step = None if secret is None else timed_codes.step_of(secret, code)
    return secret is not None and step is not None and totp.use(conn, who.id, secret, step)


def _use_passkey(conn: Connection, answer: Answer, challenge: bytes, of: User | None = None) -> User | None:
    """Whose passkey was rightly shown; None where it was not. of: whose it must be; None: it is all that is shown."""
    party, credential_id = passkeys.relying_party(), passkeys.credential_id(answer)
    found = None if credential_id is None else passkey.find(conn, credential_id)
    if party is None or found is None:
        return None
    owner, known = found
    shown = passkeys.shown(party, answer, challenge, known, owner.id, alone=of is None)
    if shown is None or (of is not None and of.id != owner.id):
        return None
    if not passkey.use(conn, owner.id, known.credential_id, shown.sign_count, backed_up=shown.backed_up):
        logger.warning("passkey_counter_went_back", extra={"user_id": owner.id, "passkey_id": known.id})
        return None
    return owner


def _check_room(known: Sequence[Passkey]) -> None:
    if len(known) >= MAX_PASSKEYS:
        message = f"You have {MAX_PASSKEYS} passkeys: remove one first."
        raise Conflict(message, code=ErrorCode.TOO_MANY_PASSKEYS)


def _has_factor(conn: Connection, user_id: int) -> bool:
    return totp.confirmed_at(conn, user_id) is not None or bool(passkey.list_of(conn, user_id))


def _first_codes(conn: Connection, user_id: int) -> list[str] | None:
    return None if recovery_code.count_left(conn, user_id) else _new_codes(conn, user_id)


def _forget_codes_of_nothing(conn: Connection, user_id: int) -> None:
    if not _has_factor(conn, user_id):
        recovery_code.delete(conn, user_id)


def _new_codes(conn: Connection, user_id: int) -> list[str]:
    made = ["".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_CHARACTERS)) for _ in range(RECOVERY_CODES)]
    recovery_code.replace(conn, user_id, map(_code_hash, made))
    return ["-".join(code[at : at + _GROUP] for at in range(0, _CODE_CHARACTERS, _GROUP)) for code in made]


def _code_hash(typed: str) -> bytes:
    """Of a code as somebody types it: in capitals, with other signs between, or none."""
    return hashed("".join(filter(str.isalnum, typed.lower())))


def _seconds(lifetime: timedelta) -> int:
    return int(lifetime.total_seconds())


def _ticket_invalid() -> Unauthenticated:
    return Unauthenticated("This took too long or too many attempts: begin anew.", code=ErrorCode.LOGIN_TICKET_INVALID)


def _enrolment_over() -> Forbidden:
    # Not as Unauthenticated: the session is good.
    return Forbidden("This took too long or too many attempts: begin anew.", code=ErrorCode.LOGIN_TICKET_INVALID)
