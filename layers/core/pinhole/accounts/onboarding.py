"""What strangers are told of a library, and what its first administrator says of it, once."""

from dataclasses import dataclass
from zoneinfo import available_timezones

from psycopg import Connection

from pinhole import mailer
from pinhole.accounts import names, passkeys
from pinhole.db import transaction
from pinhole.errors import Conflict, ErrorCode, FieldError, Invalid
from pinhole.settings import settings
from pinhole.tables import library, user
from pinhole.tables.library import Library

# Files beside the zones, which are another zone, or none, on another machine.
_OF_THE_MACHINE = {"Factory", "localtime", "posixrules"}


@dataclass(frozen=True, slots=True)
class Onboarding:
    """What a client needs to know before anybody is logged in. onboarded: whether `onboard` was called;
    mail_works: whether mails can be sent; passkeys_work: whether there can be passkeys.
    """

    registration_open: bool
    setup_token_required: bool
    onboarded: bool
    mail_works: bool
    passkeys_work: bool


def read() -> Onboarding:
    """Who may register, and whether the library was set up."""
    with transaction() as conn:
        is_open, name = not user.exists_any(conn), library.name(conn)
    return Onboarding(
        registration_open=is_open,
        setup_token_required=is_open and bool(settings().setup_token.get_secret_value()),
        onboarded=name is not None,
        mail_works=mailer.works(),
        passkeys_work=passkeys.relying_party() is not None,
    )


def onboard(library_name: str, fallback_timezone: str, *, originals_may_be_deleted: bool) -> Library:
    """Keep what the first administrator says of the library.

    Raises Invalid, and Conflict (`already_onboarded`) when somebody has said it.
    """
    kept_name = names.library_name(library_name)
    if fallback_timezone not in available_timezones() - _OF_THE_MACHINE:
        raise Invalid("There is no such time zone.", FieldError("fallbackTimezone", "is no IANA name of a time zone"))
    with transaction() as conn:
        kept = library.insert(conn, kept_name, fallback_timezone, originals_may_be_deleted)
    if kept is None:
        raise Conflict("This library has been set up already.", code=ErrorCode.ALREADY_ONBOARDED)
    return kept


def fallback_timezone(conn: Connection) -> str:
    """The zone that orders items whose UTC time is unknown: as the administrator said, else as the setting says."""
    return library.fallback_timezone(conn) or settings().fallback_timezone


def originals_may_be_deleted(conn: Connection) -> bool:
    """Whether the administrator said that originals may go with what they are of; not until they have said so."""
    return library.originals_may_be_deleted(conn)
