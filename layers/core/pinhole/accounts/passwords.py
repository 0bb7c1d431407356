"""Passwords: Argon2id with argon2-cffi's parameters (RFC 9106, low memory)."""

import base64
import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from pinhole.errors import FieldError, Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_CHARACTERS = 10
MAX_CHARACTERS = 256


@cache
def nobody() -> str:
    """An encoded hash that no password has: checking against it takes as long as against a real one."""
    salt = base64.b64encode(secrets.token_bytes(_hasher().salt_len)).decode().rstrip("=")
    digest = base64.b64encode(secrets.token_bytes(_hasher().hash_len)).decode().rstrip("=")
    cost = f"m={_hasher().memory_cost},t={_hasher().time_cost},p={_hasher().parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


def hash_password(password: str, field: str = "password") -> str:
    """The encoded hash to keep. Raises Invalid, naming the field, for fewer than 10 or more than 256 characters."""
    normal = unicodedata.normalize("NFC", password)
    if not MIN_CHARACTERS <= len(normal) <= MAX_CHARACTERS:
        message = f"has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters"
        raise Invalid("This can't be a password.", FieldError(field, message))
    return _hasher().hash(normal)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password."""
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(password_hash, unicodedata.normalize("NFC", password))
    except VerifyMismatchError:
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(password_hash)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # only here: few calls see a password

    return PasswordHasher()
