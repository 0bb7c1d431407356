"""User names, and the folders made from them."""

import re
import unicodedata

from pinhole.errors import FieldError, Invalid

MAX_CHARACTERS = 64
_FOLDER_CHARACTERS = 32  # at most 128 bytes: a component of an object key has 255

_JOINERS = "\u200c\u200d"  # Persian and Indic names need them, emoji too
# Control, format (which reorder or hide text), private use, surrogates, line and paragraph separators.
_REFUSED = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def user_name(raw: str) -> str:
    """The name as it is kept: NFC, trimmed, 1 to 64 characters, none of them invisible. Raises Invalid."""
    name = unicodedata.normalize("NFC", raw).strip()
    if not 1 <= len(name) <= MAX_CHARACTERS:
        raise _invalid(f"has 1 to {MAX_CHARACTERS} characters", MAX_CHARACTERS if name else None)
    if any(unicodedata.category(c) in _REFUSED and c not in _JOINERS for c in name):
        raise _invalid("contains a control character")
    if not any(unicodedata.category(c)[0] in "LNPS" for c in name):
        raise _invalid("contains nothing that can be seen")
    return name


def folder(name: str) -> str:
    """One component of an object key, made from a user name, which may be anything but a path.

    "Ann O'Neil" → "ann-o-neil", "../.." → "user".
    """
    words = re.sub(r"\W+", "-", unicodedata.normalize("NFC", name.lower()))
    return words.strip("-_")[:_FOLDER_CHARACTERS].rstrip("-_") or "user"


def _invalid(message: str, limit: int | None = None) -> Invalid:
    return Invalid("This can't be a user name.", FieldError("name", message, limit))
