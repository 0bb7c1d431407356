"""One tree of errors, and the codes by which programs tell them apart. `functions/api/problems.py` maps it to HTTP."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, stable and for programs: of every problem on the wire, and of an upload that failed."""

    INVALID = "invalid"
    MALFORMED_BODY = "malformed_body"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    TOO_MANY_REQUESTS = "too_many_requests"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    DATABASE_UNAVAILABLE = "database_unavailable"
    DISK_FULL = "disk_full"
    INTERNAL_ERROR = "internal_error"

    UNAUTHENTICATED = "unauthenticated"
    WRONG_CREDENTIALS = "wrong_credentials"
    TOKEN_INVALID = "token_invalid"  # noqa: S105
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_INVALID = "refresh_token_invalid"  # noqa: S105
    REGISTRATION_CLOSED = "registration_closed"
    SETUP_TOKEN_WRONG = "setup_token_wrong"  # noqa: S105
    INVITE_INVALID = "invite_invalid"
    NAME_TAKEN = "name_taken"
    NOT_ADMINISTRATOR = "not_administrator"
    ALREADY_ONBOARDED = "already_onboarded"
    FOLDER_TAKEN = "folder_taken"
    INVITE_USED = "invite_used"
    EMAIL_TAKEN = "email_taken"
    MAIL_NOT_SET_UP = "mail_not_set_up"
    MAIL_TOKEN_INVALID = "mail_token_invalid"  # noqa: S105
    OWN_ACCOUNT = "own_account"
    LAST_ADMINISTRATOR = "last_administrator"
    BEING_DELETED = "being_deleted"
    ORIGINALS_ARE_KEPT = "originals_are_kept"
    KEY_INVALID = "key_invalid"
    NOT_BY_THIS_KEY = "not_by_this_key"
    TOO_MANY_KEYS = "too_many_keys"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    LOGIN_TICKET_INVALID = "login_ticket_invalid"
    PASSKEY_WRONG = "passkey_wrong"
    PASSKEYS_UNAVAILABLE = "passkeys_unavailable"
    PASSKEY_KNOWN = "passkey_known"
    TOO_MANY_PASSKEYS = "too_many_passkeys"
    TOTP_ENROLLED = "totp_enrolled"
    TOTP_NOT_PENDING = "totp_not_pending"
    NO_SECOND_FACTOR = "no_second_factor"

    FILE_TOO_LARGE = "file_too_large"
    STORAGE_FULL = "storage_full"
    TOO_MANY_UPLOADS = "too_many_uploads"
    UPLOAD_ABORTED = "upload_aborted"
    UPLOAD_EXPIRED = "upload_expired"
    UPLOAD_NOT_WAITING = "upload_not_waiting"
    SINGLE_UPLOAD = "single_upload"
    MULTIPART_UPLOAD = "multipart_upload"
    WRONG_PARTS = "wrong_parts"
    OBJECT_NOT_FOUND = "object_not_found"
    OBJECT_EXISTS = "object_exists"

    FILE_REJECTED = "file_rejected"
    EMPTY_FILE = "empty_file"
    UNSUPPORTED_TYPE = "unsupported_type"
    CORRUPT = "corrupt"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COSTLY = "too_costly"
    EXCEEDS_DISK = "exceeds_disk"
    SIZE_MISMATCH = "size_mismatch"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    PROCESSING_FAILED = "processing_failed"

    IF_MATCH_REQUIRED = "if_match_required"
    ITEM_CHANGED = "item_changed"

    NOT_WITH_THIS_SET = "not_with_this_set"

    BAD_SIGNATURE = "bad_signature"

    NO_SUCH_ITEM = "no_such_item"
    NO_SUCH_QUEUE = "no_such_queue"
    NO_SUCH_SCHEDULE = "no_such_schedule"
    NO_CONSUMER = "no_consumer"
    NO_DEAD_LETTERS = "no_dead_letters"
    MOVE_UNDER_WAY = "move_under_way"

    BAD_PATH = "bad_path"
    BAD_REQUEST = "bad_request"
    TOO_SLOW = "too_slow"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    BAD_RANGE = "bad_range"
    WRONG_HOST = "wrong_host"
    FOREIGN_ORIGIN = "foreign_origin"
    NOT_BUILT = "not_built"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field, under the name it has on the wire. limit: how many characters or elements it may have."""

    field: str
    message: str
    limit: int | None = None


class PinholeError(Exception):
    """Base of all expected errors.

    detail: a sentence for the person who caused it; fields: where exactly; code: where it is more precise than that of
    the class. Raises ValueError for a code that ErrorCode does not have.
    """

    code: ErrorCode = ErrorCode.INTERNAL_ERROR
    # What there may be at most, in what the code counts: bytes, uploads.
    limit: int | None = None

    def __init__(self, detail: str, *fields: FieldError, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields
        if code is not None:
            self.code = ErrorCode(code)


class Invalid(PinholeError):
    """The request is wrong; `fields` say where."""

    code = ErrorCode.INVALID


class Unauthenticated(PinholeError):
    """Nobody, or nobody we still know, is calling."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(PinholeError):
    """The caller is known and may not do this, and may know that it exists."""

    code = ErrorCode.FORBIDDEN


class NotFound(PinholeError):
    """It does not exist, or the caller may not know that it does."""

    code = ErrorCode.NOT_FOUND


class Conflict(PinholeError):
    """The state of things does not allow this now."""

    code = ErrorCode.CONFLICT


class PreconditionRequired(PinholeError):
    """The request does not say in If-Match which revision it is about."""

    code = ErrorCode.IF_MATCH_REQUIRED


class PreconditionFailed(PinholeError):
    """What If-Match names is not current any more."""

    code = ErrorCode.ITEM_CHANGED


class TooManyUploads(Conflict):
    """The uploads that a user has open are as many as may be; try again after `retry_after_seconds`."""

    code = ErrorCode.TOO_MANY_UPLOADS

    def __init__(self, detail: str, retry_after_seconds: int, limit: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
        self.limit = limit


class NotWithThisSet(Conflict):
    """The models that are configured have none for it."""

    code = ErrorCode.NOT_WITH_THIS_SET


class Gone(PinholeError):
    """It existed, and its time is over."""

    code = ErrorCode.GONE


class TooLarge(PinholeError):
    """More bytes than `limit` allows."""

    code = ErrorCode.TOO_LARGE

    def __init__(self, detail: str, limit: int, *, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.limit = limit


class TooManyRequests(PinholeError):
    """A limit on attempts; try again after `retry_after_seconds`."""

    code = ErrorCode.TOO_MANY_REQUESTS

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PinholeError):
    """A part we depend on does not answer; the same call may succeed later."""

    code = ErrorCode.UNAVAILABLE


class FileRejected(PinholeError):
    """The file itself is at fault: trying again would end the same way. `detail` is what its owner reads."""

    code = ErrorCode.FILE_REJECTED


class Busy(PinholeError):
    """Somebody else holds it for now; try again after `retry_after_seconds`."""

    code = ErrorCode.BUSY

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
