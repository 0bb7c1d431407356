"""Codes that change with time (RFC 6238), as apps on telephones show them: SHA-1, 6 digits, 30 seconds."""

import base64
import hmac
import secrets
import time
from urllib.parse import quote

SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # RFC 4226, section 4, R6: as long as the hash
_WINDOW = 1  # RFC 6238, section 5.2: one step either way, for clocks that differ and people who type


def new_secret() -> bytes:
    """A secret to be shared with an app."""
    return secrets.token_bytes(SECRET_BYTES)


def base32(secret: bytes) -> str:
    """A secret as people type it in."""
    return base64.b32encode(secret).decode()


def uri(secret: bytes, account: str, issuer: str) -> str:
    """What the picture that an app scans says, by the form that Google Authenticator brought and others read."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    query = f"secret={base32(secret)}&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={DIGITS}&period={SECONDS}"
    return f"otpauth://totp/{label}?{query}"


def current_step() -> int:
    """How many steps of time there were since 1970."""
    return int(time.time() // SECONDS)


def code(secret: bytes, step: int) -> str:
    """The code of a step of time (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: bytes, shown: str) -> int | None:
    """Which step a code is of, among that of now, the one before and the one after.

    None: it is of none of them.
    """
    now = current_step()
    steps = range(now - _WINDOW, now + _WINDOW + 1)
    right = [step for step in steps if hmac.compare_digest(code(secret, step).encode(), shown.encode())]
    return right[0] if right else None
