"""Body, query and path of a request into models. What is wrong is told by field, as named on the wire."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from api.problems import Malformed, UnsupportedMediaType
from api.requests import Request
from pinhole.errors import FieldError, Invalid, NotFound, PinholeError, TooLarge

MAX_BODY_BYTES = 2 * 1024 * 1024  # ten thousand parts with their hashes, and room
MAX_PUBLIC_BODY_BYTES = 16 * 1024  # name, password and set-up token, each character escaped
# To tell each field of a body of 2 MB would take seconds, and more bytes than came.
MAX_ERRORS, MAX_ERRORS_READ, MAX_FIELD_CHARACTERS = 20, 1000, 200

_BODY = "The body is not as it has to be."
_QUERY = "The query is not as it has to be."

Model = TypeVar("Model", bound=BaseModel)


def body_of(request: Request, model: type[Model], max_bytes: int) -> Model:
    """The JSON body. Raises UnsupportedMediaType, TooLarge, Malformed, or Invalid naming the first wrong fields."""
    _check_media_type(request)
    raw = _raw(request, max_bytes)
    try:
        body = model.model_validate_json(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refusal(_BODY, error) from error
    if b"\\u0000" in raw:
        _refuse(_BODY, _nul_in(from_json(raw), ()))
    return body


def query_of(request: Request, model: type[Model] | None) -> Model | None:
    """The query, each parameter given once, but those that are lists. Raises Invalid naming the first wrong ones."""
    fields = {} if model is None else model.model_fields
    lists = {field.alias for field in fields.values() if get_origin(field.annotation) is list}
    _refuse(_QUERY, _wrong_in(request.query, lists, known=model is not None))
    if model is None:
        return None
    values = {name: sent if name in lists else sent[0] for name, sent in request.query.items()}
    try:
        return model.model_validate(values, strict=False, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refusal(_QUERY, error) from error


def path_of(values: Mapping[str, str], types: Mapping[str, TypeAdapter[Any]]) -> dict[str, Any]:
    """The path parameters. What is not of their form names nothing: NotFound."""
    try:
        if any(_nul_in(dict(values), ())):
            raise NotFound("There is nothing at this address.")
        return {name: types[name].validate_strings(value) for name, value in values.items()}
    except ValidationError as error:
        raise NotFound("There is nothing at this address.") from error


def _check_media_type(request: Request) -> None:
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    if media_type.strip() != "application/json":
        raise UnsupportedMediaType("The body has to be JSON: Content-Type: application/json.")
    given = (parameter.partition("=")[::2] for parameter in parameters)
    if any(name.strip() == "charset" and value.strip(' "') != "utf-8" for name, value in given):
        raise UnsupportedMediaType("The body has to be UTF-8.")
    if request.headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("The body has to be sent as it is, without Content-Encoding.")


def _raw(request: Request, max_bytes: int) -> bytes:
    sent = request.body or b""
    too_large = TooLarge(f"A request body has at most {max_bytes} bytes here.", max_bytes)
    if len(sent) > (max_bytes + 2) // 3 * 4:  # what so many bytes have as Base64
        raise too_large
    try:
        raw = base64.b64decode(sent, validate=True) if request.body_is_base64 else sent
        raw = raw.encode() if isinstance(raw, str) else raw
    except ValueError as error:
        raise Malformed("The body is not UTF-8.") from error
    if len(raw) > max_bytes:
        raise too_large
    return raw


def _wrong_in(query: Mapping[str, list[str]], lists: Set[str | None], *, known: bool) -> Iterator[FieldError]:
    for name, sent in query.items():
        if not known:
            yield FieldError(name, "is not known here")
        elif len(sent) > 1 and name not in lists:
            yield FieldError(name, "is given more than once")
        for value in sent:
            yield from _nul_in(value, (name,))


def _refuse(detail: str, wrong: Iterable[FieldError]) -> None:
    """Raises Invalid where a field is wrong, naming the first of them."""
    first = [replace(each, field=each.field[:MAX_FIELD_CHARACTERS]) for each in islice(wrong, MAX_ERRORS)]
    if first:
        raise Invalid(detail, *first)


def _refusal(detail: str, error: ValidationError) -> PinholeError:
    """The first wrong fields with their reasons; never the input itself, which may be a password."""
    if error.error_count() > MAX_ERRORS_READ:
        return Invalid(f"{detail} More than {MAX_ERRORS_READ} fields are wrong.")
    errors = error.errors(include_url=False, include_input=False)
    if any(wrong["type"] == "json_invalid" for wrong in errors):
        return Malformed(f"The body is not JSON: {errors[0]['ctx']['error']}.")
    return Invalid(detail, *map(_field_error, errors[:MAX_ERRORS]))


def _field_error(wrong: ErrorDetails) -> FieldError:
    field = ".".join(str(step) for step in wrong["loc"])
    limit = wrong.get("ctx", {}).get("max_length")
    return FieldError(field[:MAX_FIELD_CHARACTERS], wrong["msg"].removeprefix("Value error, "), limit)


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
