"""Body, query and path of a request into models. What is wrong is told by field, as named on the wire."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from api.problems import UnsupportedMediaType
from api.requests import Request
from pinhole.errors import FieldError, Invalid, NotFound, TooLarge

MAX_BODY_BYTES = 2 * 1024 * 1024  # ten thousand parts with their hashes, and room

Model = TypeVar("Model", bound=BaseModel)


def body_of(request: Request, model: type[Model]) -> Model:
    """The JSON body. Raises UnsupportedMediaType, TooLarge, or Invalid naming the fields."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("The body has to be JSON: Content-Type: application/json.")
    raw = _raw(request)
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge(f"A request body has at most {MAX_BODY_BYTES} bytes.")
    try:
        body = model.model_validate_json(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _invalid("The body is not as it has to be.", error) from error
    if b"\\u0000" in raw and (wrong := list(_nul_in(from_json(raw), ()))):
        raise Invalid("The body is not as it has to be.", *wrong)
    return body


def query_of(request: Request, model: type[Model] | None) -> Model | None:
    """The query, each parameter given once. Raises Invalid naming the parameters."""
    wrong = [FieldError(name, "is given more than once") for name, sent in request.query.items() if len(sent) > 1]
    values = {name: values[0] for name, values in request.query.items()}
    if model is None:
        wrong += [FieldError(name, "is not known here") for name in values]
    wrong += _nul_in(values, ())
    if wrong:
        raise Invalid("The query is not as it has to be.", *wrong)
    if model is None:
        return None
    try:
        return model.model_validate_strings(values, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _invalid("The query is not as it has to be.", error) from error


def path_of(values: Mapping[str, str], types: Mapping[str, TypeAdapter[Any]]) -> dict[str, Any]:
    """The path parameters. What is not of their form names nothing: NotFound."""
    try:
        if any(_nul_in(dict(values), ())):
            raise NotFound("There is nothing at this address.")
        return {name: types[name].validate_strings(value) for name, value in values.items()}
    except ValidationError as error:
        raise NotFound("There is nothing at this address.") from error


def _raw(request: Request) -> bytes:
    body = request.body or b""
    try:
        if request.body_is_base64:
            return base64.b64decode(body, validate=True)
        return body if isinstance(body, bytes) else body.encode()
    except ValueError as error:
        raise Invalid("The body is not UTF-8.", code="malformed_body") from error


def _invalid(detail: str, error: ValidationError) -> Invalid:
    """Every wrong field with its reason; never the input itself, which may be a password."""
    errors = error.errors(include_url=False, include_input=False)
    if any(wrong["type"] == "json_invalid" for wrong in errors):
        return Invalid(f"The body is not JSON: {errors[0]['ctx']['error']}.", code="malformed_body")
    return Invalid(detail, *(_field_error(wrong) for wrong in errors))


def _field_error(wrong: ErrorDetails) -> FieldError:
    field = ".".join(str(step) for step in wrong["loc"])
    return FieldError(field, wrong["msg"].removeprefix("Value error, "))


def _nul_in(value: Any, path: tuple[str, ...]) -> Iterator[FieldError]:
    """Strings with a NUL, which PostgreSQL can't hold."""
    match value:
        case str() if "\0" in value:
            yield FieldError(".".join(path), "contains a NUL character")
        case dict():
            for name, inner in value.items():
                yield from _nul_in(inner, (*path, name))
        case list():
            for index, inner in enumerate(value):
                yield from _nul_in(inner, (*path, str(index)))
