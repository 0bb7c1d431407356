"""What an endpoint may return besides a plain model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.wire import WireModel


@dataclass(frozen=True, slots=True)
class Answer:
    """A model with a status other than the endpoint's own, an entity tag, or headers.

    etag: quoted, as in the header. A request whose If-None-Match holds it is answered 304 without a body.
    """

    body: WireModel | None
    status: int | None = None
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Content that is not a model: bytes for binary types, text for HTML and JSON that is made elsewhere."""

    content: bytes | str
    content_type: str
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: for an endpoint that knows the entity tag before it does the work."""

    etag: str
