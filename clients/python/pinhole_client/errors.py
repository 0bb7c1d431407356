"""What can go wrong between a client and Pinhole. None of it carries a token or a signed URL."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    HTTPError,
    NameResolutionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

_TOO_MANY_REQUESTS, _UNAVAILABLE, _CONFLICT = 429, 503, 409
_ACCEPTED = 202
_REQUEST_TIMEOUT, _FORBIDDEN, _SERVER_FAULTS = 408, 403, 500
_NO_ANSWER: tuple[tuple[type[HTTPError], str], ...] = (
    (NameResolutionError, "is not found by its name"),
    (SSLError, "has no certificate that is trusted here, or answers without https"),
    (ReadTimeoutError, "does not answer in time"),
    (ProtocolError, "broke the connection off"),
)
_LONGEST_WAIT_SECONDS, _MOST_DIGITS = 300, 18


class ClientError(Exception):
    """Base of all expected errors. The text is a sentence for people, without a word that only programs know.

    status: of HTTP, 0 where no answer came. code: for programs. retry_after_seconds: None where the server named none.
    """

    def __init__(self, sentence: str, status: int, code: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds

    @property
    def is_wait(self) -> bool:
        """Whether the server only asks for patience: there is a limit, or too much to do."""
        wait = self.status == _CONFLICT and self.retry_after_seconds is not None
        return wait or self.status in {_TOO_MANY_REQUESTS, _UNAVAILABLE}

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed a little later."""
        return self.is_wait or self.status in {0, _REQUEST_TIMEOUT} or self.status >= _SERVER_FAULTS


class Unreachable(ClientError):
    """No answer came: nothing listens there, or the connection broke. `why`: the name of what urllib3 raised."""

    def __init__(self, what: str, why: HTTPError) -> None:
        sentence = next((known for kind, known in _NO_ANSWER if isinstance(why, kind)), "does not answer")
        super().__init__(f"{what} {sentence}.", 0, "unreachable")
        self.why = type(why).__name__


class BrokenAnswer(ClientError):
    """An answer that is none of Pinhole's: of a page to log in to a network, or of something else at this address."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} does not answer as Pinhole does: {why}.", 0, "broken_answer")

    @property
    def passing(self) -> bool:
        return False


class SecondFactorAsked(ClientError):
    """Name and password are right, and more is asked of whoever logs in, which no program has."""

    def __init__(self) -> None:
        sentence = "A second factor is asked for. Make a key on the page of the account, and use it as PINHOLE_TOKEN."
        super().__init__(sentence, _ACCEPTED, "second_factor_asked")


@dataclass(frozen=True, slots=True)
class WrongField:
    """One wrong field, under the name it has on the wire."""

    field: str
    message: str


class Problem(ClientError):
    """An answer of the API other than success (RFC 9457). `fields` say where exactly."""

    def __init__(
        self, status: int, code: str, detail: str, fields: tuple[WrongField, ...], retry_after_seconds: int | None
    ) -> None:
        wrong = "".join(f" {one.field}: {one.message}." for one in fields)
        super().__init__(f"{detail}{wrong}", status, code, retry_after_seconds)
        self.detail = detail
        self.fields = fields

    @classmethod
    def of(cls, answer: BaseHTTPResponse) -> "Problem":
        """What an answer tells; what is no problem of the API's, such as a proxy's page, is told by its status."""
        told = _object(answer.data)
        elsewhere = answer.headers.get("Location")
        unknown = f"The server answers {answer.status}" + (f" and points to {elsewhere}." if elsewhere else ".")
        return cls(
            answer.status,
            str(told.get("code", f"http_{answer.status}")),
            str(told.get("detail", unknown)),
            tuple(_wrong_fields(told.get("errors"))),
            _seconds(answer.headers.get("Retry-After")),
        )


class StoreRefused(ClientError):
    """The object store did not take what was sent."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        found = re.search(rb"<Code>(\w+)</Code>", answer.data)
        code = found[1].decode() if found else f"http_{answer.status}"
        is_busy = answer.status >= _SERVER_FAULTS
        sentence = "The store can't take the file now." if is_busy else "The store refuses the file."
        super().__init__(sentence, answer.status, code, _seconds(answer.headers.get("Retry-After")))

    @property
    def passing(self) -> bool:
        """403 too: the URL ran out, and another will do."""
        return super().passing or self.status == _FORBIDDEN


def _object(content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _wrong_fields(told: object) -> Iterator[WrongField]:
    for one in told if isinstance(told, list) else []:
        if isinstance(one, dict) and {"field", "message"} <= one.keys():
            yield WrongField(str(one["field"]), str(one["message"]))


def _seconds(header: str | None) -> int | None:
    """Of a Retry-After: as long as one may be, whatever the server says."""
    if header is None or not header.isdecimal():
        return None
    return min(int(header[:_MOST_DIGITS]), _LONGEST_WAIT_SECONDS)
