"""Errors on the wire: problem details (RFC 9457), made here and nowhere else."""

from http import HTTPStatus

from chalice.app import Response
from pydantic import Field

from api.wire import WireModel
from pinhole.errors import (
    Conflict,
    ErrorCode,
    FileRejected,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    PinholeError,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    TooManyRequests,
    TooManyUploads,
    Unauthenticated,
    Unavailable,
)

Headers = dict[str, str | list[str]]

_UNAVAILABLE = "A part of Pinhole does not answer. Try again in a moment."


class MethodNotAllowed(PinholeError):
    """The resource exists and doesn't know this method; `allow` are those it knows."""

    code = ErrorCode.METHOD_NOT_ALLOWED

    def __init__(self, detail: str, allow: list[str]) -> None:
        super().__init__(detail)
        self.allow = allow


class Malformed(PinholeError):
    """The body can't be read: it is not JSON, or not UTF-8."""

    code = ErrorCode.MALFORMED_BODY


class UnsupportedMediaType(PinholeError):
    """The body isn't plain JSON in UTF-8 by its Content-Type and Content-Encoding."""

    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class Unexpected(PinholeError):
    """A defect of ours; the log has the traceback under the same request id."""

    code = ErrorCode.INTERNAL_ERROR


STATUS: dict[type[PinholeError], HTTPStatus] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    Conflict: HTTPStatus.CONFLICT,
    Gone: HTTPStatus.GONE,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    FileRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Unexpected: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class ProblemField(WireModel):
    """One wrong field: its name on the wire, dotted where it lies deeper."""

    field: str
    message: str
    limit: int | None = Field(description="How many characters or elements it may have, where that is what is wrong")


class Problem(WireModel):
    """Problem details (RFC 9457): `code` is for programs, `detail` for people."""

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    code: ErrorCode
    detail: str
    errors: list[ProblemField] = Field(default_factory=list)
    limit: int | None = Field(
        description="What there may be at most: bytes of a body, of a file (`file_too_large`), of a library "
        "(`storage_full`), or open uploads (`too_many_uploads`)"
    )
    request_id: str = Field(description="Names the request in the server's log")


def status_of(error: type[PinholeError]) -> HTTPStatus:
    """The status of an error or of its nearest mapped ancestor; 500 for one that nobody mapped."""
    mapped = (STATUS[base] for base in error.__mro__ if base in STATUS)
    return next(mapped, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(error: PinholeError, request_id: str) -> Response:
    """The response that tells a client of this error."""
    status = status_of(type(error))
    # Which part of ours it is, and where, is for the log.
    detail = _UNAVAILABLE if isinstance(error, Unavailable) else error.detail
    body = Problem(
        title=status.phrase,
        status=status.value,
        code=error.code,
        detail=detail,
        errors=[ProblemField(field=wrong.field, message=wrong.message, limit=wrong.limit) for wrong in error.fields],
        limit=error.limit,
        request_id=request_id,
    )
    headers: Headers = {
        "Content-Type": "application/problem+json",
        "Cache-Control": "no-store",
        "X-Request-Id": request_id,
    }
    match error:
        case Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case TooManyRequests() | TooManyUploads():
            headers["Retry-After"] = str(error.retry_after_seconds)
        case MethodNotAllowed():
            headers["Allow"] = ", ".join(error.allow)
    return Response(body.model_dump_json(by_alias=True), headers, status.value)
