"""What the wire looks like: camelCase JSON, nothing unknown, nothing guessed."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)


def camel_case(name: str) -> str:
    """`size_bytes` → `sizeBytes`. pydantic's own also raises letters after digits: `sha256s` → `sha256S`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class WireModel(BaseModel):
    """Base of every request body, query and answer.

    Python code uses the snake_case names; the wire knows the camelCase ones alone. Types are strict (no "12"
    for 12), unknown fields are errors, and every field of an answer is present, null when it has no value.
    """

    model_config = ConfigDict(
        alias_generator=camel_case,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
        hide_input_in_errors=True,  # of an answer that can't be made the log has the fields, not what is in them
        defer_build=True,  # a cold start answers one request, by two or three of them
    )


def _in_utc(moment: datetime) -> datetime:
    # PostgreSQL tells a moment in the time zone of its session, where the year must be between 1 and 9999 too.
    if not 2 <= moment.year <= 9998:
        raise ValueError("is not between the years 2 and 9998")
    return moment.astimezone(UTC)


Timestamp = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": "^(?!000[01]|9999)"}, mode="validation"),
]
"""A moment: ISO 8601 with a zone in, with Z out."""


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_whole)
"""Stands last in the annotation of a number that comes in: JSON doesn't tell 1630.0 from 1630."""

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{12}$")]
"""Id of an item, an upload, an album, a person."""
