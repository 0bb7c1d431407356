"""What an answer has to look like before anything is read from it."""

from typing import Any

Shape = Any
"""A type; `{name: shape}` for an object that has these at least, `{str: shape}` for one of any names; `[shape]` for a
list; a tuple for any one of several. Only what is read is asked for: another server may say more, or less."""

OUTCOME: Shape = {"id": str, "state": str, "error": (None, {"code": str, "detail": str})}
EXISTING: Shape = {"existing": {str: str}, "trashed": {str: str}}
SINGLE: Shape = {"id": str, "state": str, "method": "single", "url": str, "headers": {str: str}}
MULTIPART: Shape = {"id": str, "state": str, "method": "multipart", "partSizeBytes": int, "partCount": int}
BEGUN: Shape = ({"state": "duplicate"}, SINGLE, MULTIPART)
PARTS: Shape = {"parts": [{"url": str, "headers": {str: str}}]}
STATUS: Shape = {**OUTCOME, "parts": [{"partNumber": int, "sizeBytes": int}]}
TOKENS: Shape = {"accessToken": str, "refreshToken": str}
ASKED: Shape = {"ticket": str, "factors": [str]}


def has_shape(value: object, shape: Shape) -> bool:
    """Whether parsed JSON is as it has to be."""
    match shape:
        case type():
            return isinstance(value, shape)
        case tuple():
            return any(has_shape(value, one) for one in shape)
        case [each]:
            return isinstance(value, list) and all(has_shape(one, each) for one in value)
        case dict() if str in shape:
            return isinstance(value, dict) and all(has_shape(one, shape[str]) for one in value.values())
        case dict():
            return isinstance(value, dict) and all(
                name in value and has_shape(value[name], shape[name]) for name in shape
            )
        case _:
            return bool(value == shape)
