"""S3 events, as they lie in the ingest queue."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pinhole.telemetry import follow, logger


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """An object that appeared in the originals bucket. Key decoded; `version` is None without versioning."""

    key: str
    size_bytes: int
    etag: str
    version: str | None
    sequencer: str | None


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class _Object(_Model):
    key: str
    size: int = Field(ge=0)
    e_tag: str
    version_id: str | None = None
    sequencer: str | None = None


class _S3(_Model):
    object: _Object


class _Record(_Model):
    event_name: str
    s3: _S3


class _Notification(BaseModel):
    # The test event that each new notification configuration sends has no records.
    records: list[_Record] = Field(default_factory=list, alias="Records")


def read(body: str) -> list[ObjectCreated]:
    """The objects that a message of the ingest queue tells of; none for S3's test event.

    None, too, for what is no S3 notification: it would be none the next time either, and what S3 may have meant by it
    `requeue_stale` finds.
    """
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError as error:
        follow(None)
        reasons = error.errors(include_url=False, include_context=False, include_input=False)
        logger.error("message_unreadable", extra={"reasons": reasons})  # not the message itself: it may hold anything
        return []
    return [
        ObjectCreated(
            key=unquote_plus(record.s3.object.key),
            size_bytes=record.s3.object.size,
            etag=record.s3.object.e_tag,
            version=record.s3.object.version_id,
            sequencer=record.s3.object.sequencer,
        )
        for record in notification.records
        if "ObjectCreated" in record.event_name
    ]


def message(created: ObjectCreated) -> dict[str, Any]:
    """The same event as S3 would send it, so that a message sent again is like the first."""
    stored = {
        "key": quote_plus(created.key, safe="/"),
        "size": created.size_bytes,
        "eTag": created.etag,
        "versionId": created.version,
        "sequencer": created.sequencer,
    }
    return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": stored}}]}
