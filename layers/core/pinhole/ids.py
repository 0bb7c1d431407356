"""Random identifiers."""

import secrets
import string

PATTERN = "^[0-9A-Za-z]{12}$"  # of `new_id`, in pydantic's words, where $ is the end and nothing else

_ALPHABET = string.digits + string.ascii_letters


def new_id() -> str:
    """12 characters of [0-9A-Za-z], about 71 bits: the id of an item, an upload, an album, a person."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def new_key() -> str:
    """24 characters of [0-9A-Za-z], about 143 bits: what must not be guessed, such as an item's media prefix."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(24))


def new_user_id() -> int:
    """A number from 1 to 2^53 - 1: exact in JSON, and nobody can tell from it how many there are."""
    return 1 + secrets.randbelow(2**53 - 1)
