"""One tree of errors. `functions/api/problems.py` maps it to HTTP; queue handlers look at `retryable`."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field, under the name it has on the wire."""

    field: str
    message: str


class PinholeError(Exception):
    """Base of all expected errors.

    detail: a sentence for the person who caused it; fields: where exactly; code: stable, for programs.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *fields: FieldError, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields
        if code is not None:
            self.code = code  # type: ignore[misc]  # an instance may be more precise than its class


class Invalid(PinholeError):
    """The request is wrong; `fields` say where."""

    code = "invalid"


class Unauthenticated(PinholeError):
    """Nobody, or nobody we still know, is calling."""

    code = "unauthenticated"


class Forbidden(PinholeError):
    """The caller is known and may not do this, and may know that it exists."""

    code = "forbidden"


class NotFound(PinholeError):
    """It does not exist, or the caller may not know that it does."""

    code = "not_found"


class Conflict(PinholeError):
    """The state of things does not allow this now."""

    code = "conflict"


class Gone(PinholeError):
    """It existed, and its time is over."""

    code = "gone"


class TooLarge(PinholeError):
    """More bytes than a limit allows."""

    code = "too_large"


class TooManyRequests(PinholeError):
    """A limit on attempts; try again after `retry_after_seconds`."""

    code = "too_many_requests"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PinholeError):
    """A part we depend on does not answer; the same call may succeed later."""

    code = "unavailable"
    retryable = True


class FileRejected(PinholeError):
    """The file itself is at fault: trying again would end the same way. `detail` is what its owner reads."""

    code = "file_rejected"


class Busy(PinholeError):
    """Somebody else holds it for now; try again after `retry_after_seconds`."""

    code = "busy"
    retryable = True

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
