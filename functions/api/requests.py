"""The request as an endpoint sees it."""

import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from chalice.app import Request as ChaliceRequest

from pinhole.accounts import Client

_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{8,64}")
_MAX_USER_AGENT = 300
_REFUSED = re.compile(r"q=0(\.0*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What an endpoint may ask of the request itself.

    id: names it in the log, the client's own when it sent a sane one; address: the caller's, an IPv6 one as its
    /64; headers: names in lower case.
    """

    id: str
    method: str
    route: str
    address: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: str | bytes | None
    body_is_base64: bool

    @classmethod
    def of(cls, request: ChaliceRequest) -> Self:
        event: dict[str, Any] = request.to_original_event()
        headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
        sent_id = headers.get("x-request-id", "")
        return cls(
            id=sent_id if _REQUEST_ID.fullmatch(sent_id) else uuid.uuid4().hex,
            method=request.method,
            route=request.path,
            address=_limited_address(event["requestContext"].get("identity", {}).get("sourceIp", "")),
            headers=headers,
            query=event["multiValueQueryStringParameters"] or {},
            body=event["body"],
            body_is_base64=event.get("isBase64Encoded", False),
        )

    @property
    def client(self) -> Client:
        """Who sends it, as a session keeps it."""
        shown = "".join(filter(str.isprintable, self.headers.get("user-agent", "")))
        return Client(self.address, shown[:_MAX_USER_AGENT] or None)

    @property
    def is_conditional(self) -> bool:
        """Whether the client has an answer already, and would be content with 304."""
        return "if-none-match" in self.headers

    def holds(self, etag: str) -> bool:
        """Whether If-None-Match names this entity tag (weak comparison: compression weakens tags)."""
        sent = [tag.strip().removeprefix("W/") for tag in self.headers.get("if-none-match", "").split(",")]
        return "*" in sent or etag.removeprefix("W/") in sent

    def prefers(self, media_type: str) -> bool:
        """Whether Accept names this media type first: API Gateway decodes binary answers by the first one alone."""
        first, *parameters = (piece.strip() for piece in self.headers.get("accept", "").partition(",")[0].split(";"))
        return first.lower() == media_type and not any(_REFUSED.fullmatch(piece) for piece in parameters)


def _limited_address(address: str) -> str:
    """The address that limits count by: a household holds a whole IPv6 /64."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
