"""Names of users and of the library, their e-mail addresses, and their folders."""

import re
import unicodedata

from pinhole import filenames
from pinhole.errors import FieldError, Invalid

MAX_CHARACTERS = 64
MAX_FOLDER_BYTES = 400  # of an object key's 1,024, of which an upload's own part takes 180
_FOLDER_CHARACTERS = 32  # at most 128 bytes: a component of an object key has 255

MAX_EMAIL_CHARACTERS = 254  # RFC 5321, section 4.5.3.1.3, without its angle brackets
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")

_JOINERS = "\u200c\u200d"  # Persian and Indic names need them, emoji too
# Control, format (which reorder or hide text), private use, surrogates, line and paragraph separators.
_REFUSED = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def user_name(raw: str) -> str:
    """The name as it is kept: NFC, trimmed, 1 to 64 characters, none of them invisible or an @. Raises Invalid."""
    name = _name(raw, "name", "This can't be a user name.")
    if "@" in name:  # who logs in by an e-mail address must not be taken for somebody who is called so
        raise Invalid("This can't be a user name.", FieldError("name", "contains an @"))
    return name


def key_name(raw: str) -> str:
    """The name of an API key as it is kept: as that of a user. Raises Invalid."""
    return _name(raw, "name", "This can't be the name of a key.")


def passkey_name(raw: str) -> str:
    """The name of a passkey as it is kept: as that of a user. Raises Invalid."""
    return _name(raw, "name", "This can't be the name of a passkey.")


def library_name(raw: str) -> str:
    """What the library is called, kept as `user_name` keeps a name. Raises Invalid."""
    return _name(raw, "libraryName", "This can't be the name of a library.")


def email(raw: str) -> str:
    """An e-mail address as it is kept: as it was typed, trimmed, and of ASCII alone. Raises Invalid.

    The rule is that of `<input type=email>` (HTML Standard, valid e-mail address), with the lengths of RFC 5321, and
    with dots between other characters alone (RFC 5322, dot-atom): mail servers take no others.
    """
    address = raw.strip()
    if len(address) > MAX_EMAIL_CHARACTERS or not _EMAIL.fullmatch(address):
        wrong = FieldError("email", "is not an e-mail address of ASCII characters, such as ann@example.org")
        raise Invalid("This can't be an e-mail address.", wrong)
    return address


def _name(raw: str, field: str, detail: str) -> str:
    name = unicodedata.normalize("NFC", raw).strip()
    if not 1 <= len(name) <= MAX_CHARACTERS:
        wrong = FieldError(field, f"has 1 to {MAX_CHARACTERS} characters", MAX_CHARACTERS if name else None)
        raise Invalid(detail, wrong)
    if any(unicodedata.category(c) in _REFUSED and c not in _JOINERS for c in name):
        raise Invalid(detail, FieldError(field, "contains a control character"))
    if not any(unicodedata.category(c)[0] in "LNPS" for c in name):
        raise Invalid(detail, FieldError(field, "contains nothing that can be seen"))
    return name


def folder(name: str) -> str:
    """One component of an object key, made from a user name, which may be anything but a path.

    "Ann O'Neil" → "ann-o-neil", "../.." → "user".
    """
    words = re.sub(r"\W+", "-", unicodedata.normalize("NFC", name.lower()))
    return words.strip("-_")[:_FOLDER_CHARACTERS].rstrip("-_") or "user"


def folder_path(raw: str) -> str:
    """A user's folder as an administrator writes it, in NFC: names with a slash between them. Raises Invalid."""
    path = unicodedata.normalize("NFC", raw)
    detail = "This can't be the folder of a user."
    if len(path.encode(errors="replace")) > MAX_FOLDER_BYTES:
        raise Invalid(detail, FieldError("folder", f"has more than {MAX_FOLDER_BYTES} bytes in UTF-8"))
    # Each name such as any system can have, so that the bucket may become folders somewhere.
    if any(filenames.key_name(name) != name for name in path.split("/")):
        message = "is not made of names of folders with a single slash between them, such as family/ann"
        raise Invalid(detail, FieldError("folder", message))
    return path
