"""Who asks the store, and until when they may: AWS Signature Version 4, judged by a request's head alone.

The store judges it too, after us: what is decided here is whether it gets a body to read at all.
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, unquote_to_bytes

from aiohttp import web
from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
# Begins what a request says in place of its body's hash when it sends the body in chunks with a signature or checksum.
CHUNKED = "STREAMING-"
DATE = "%Y%m%dT%H%M%SZ"
CLOCKS_DIFFER = timedelta(minutes=15)
LONGEST = timedelta(days=7)


class Refused(Exception):
    """A request that S3 would not answer. `code` is S3's own for the reason."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a request says of its own signature. `late` is the code of the refusal after `lifetime`."""

    access_key: str
    scope: tuple[str, str, str, str]
    signed_headers: str
    value: str
    date: str
    payload: str
    lifetime: timedelta
    late: str

    @classmethod
    def of_header(cls, authorization: str, headers: Mapping[str, str]) -> Self:
        fields = dict(field.strip().partition("=")[::2] for field in authorization.split(","))
        return cls(
            *_named(fields["Credential"]),
            fields["SignedHeaders"],
            fields["Signature"],
            headers["x-amz-date"],
            headers["x-amz-content-sha256"],
            CLOCKS_DIFFER,
            "RequestTimeTooSkewed",
        )

    @classmethod
    def of_query(cls, query: Mapping[str, str], headers: Mapping[str, str]) -> Self:
        payload = query.get("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
        if any(told.startswith(CHUNKED) for told in (payload, headers.get("x-amz-content-sha256", ""))):
            # The store would take a photo for chunks, and call it a defect of its own that it is none.
            raise Refused(HTTPStatus.BAD_REQUEST, "InvalidRequest", "The body of a presigned request comes as it is.")
        lifetime = timedelta(seconds=int(query["X-Amz-Expires"]))
        if query["X-Amz-Algorithm"] != ALGORITHM or lifetime > LONGEST:
            raise ValueError
        return cls(
            *_named(query["X-Amz-Credential"]),
            query["X-Amz-SignedHeaders"],
            query["X-Amz-Signature"],
            query["X-Amz-Date"],
            payload,
            lifetime,
            "AccessDenied",
        )


def check(request: web.BaseRequest, credentials: Credentials) -> None:
    """Raise Refused unless these credentials signed the request, for now."""
    raw_path, _, raw_query = request.raw_path.encode(errors="surrogateescape").partition(b"?")
    pieces = (piece.replace(b"+", b"%20").partition(b"=")[::2] for piece in raw_query.split(b"&") if piece)
    query = sorted((_encoded(name), _encoded(value)) for name, value in pieces)
    signature = _signature(request, {name: unquote_to_bytes(value).decode(errors="replace") for name, value in query})
    if signature.access_key != credentials.access_key:
        raise Refused(HTTPStatus.FORBIDDEN, "InvalidAccessKeyId", "There is no such access key.")
    _check_date(signature)
    headers = signature.signed_headers.split(";")
    canonical = "\n".join(
        [
            request.method,
            _encoded(raw_path, safe="/"),
            "&".join(f"{name}={value}" for name, value in query if name != "X-Amz-Signature"),
            *(f"{name}:{_header(request, name)}" for name in headers),
            "",
            signature.signed_headers,
            signature.payload,
        ]
    )
    digest = hashlib.sha256(canonical.encode(errors="surrogateescape")).hexdigest()
    signed = "\n".join([ALGORITHM, signature.date, "/".join(signature.scope), digest])
    key = f"AWS4{credentials.secret_key}".encode()
    for step in (*signature.scope, signed):
        key = hmac.digest(key, step.encode(errors="surrogateescape"), "sha256")
    if not hmac.compare_digest(key.hex().encode(), signature.value.encode(errors="surrogateescape")):
        raise Refused(HTTPStatus.FORBIDDEN, "SignatureDoesNotMatch", "The request is not the one that was signed.")


def _signature(request: web.BaseRequest, query: Mapping[str, str]) -> _Signature:
    """What the request brings. Raises Refused where it brings none, or none that can be read."""
    scheme, _, authorization = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme == ALGORITHM:
            return _Signature.of_header(authorization, request.headers)
        if "X-Amz-Signature" in query:
            return _Signature.of_query(query, request.headers)
    except (KeyError, ValueError, OverflowError):
        code = "AuthorizationHeaderMalformed" if scheme == ALGORITHM else "AuthorizationQueryParametersError"
        raise Refused(
            HTTPStatus.BAD_REQUEST, code, "The signature lacks a part, or one is not as it has to be."
        ) from None
    raise Refused(HTTPStatus.FORBIDDEN, "AccessDenied", "The request is not signed.")


def _named(credential: str) -> tuple[str, tuple[str, str, str, str]]:
    """Access key, and scope: date, region, service and a constant. Raises ValueError."""
    access_key, date, region, service, constant = credential.rsplit("/", 4)
    return access_key, (date, region, service, constant)


def _check_date(signature: _Signature) -> None:
    try:
        age = datetime.now(UTC) - datetime.strptime(signature.date, DATE).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(HTTPStatus.FORBIDDEN, "AccessDenied", "The date of the signature is none.") from None
    if not -CLOCKS_DIFFER <= age <= signature.lifetime:
        raise Refused(HTTPStatus.FORBIDDEN, signature.late, "The request has expired, or is of a time to come.")


def _header(request: web.BaseRequest, name: str) -> str:
    return ",".join(" ".join(value.split()) for value in request.headers.getall(name, []))


def _encoded(raw: bytes, safe: str = "") -> str:
    return quote(unquote_to_bytes(raw), safe=f"{safe}-_.~")
