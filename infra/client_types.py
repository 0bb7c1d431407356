"""The types of the Python client, made from what the API says of itself."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

_SHADOWED = {"list", "dict", *_SIMPLE.values()}  # names of types, which would be the field's in a class that has it


def module(schemas: Mapping[str, Any]) -> str:
    """A module with a TypedDict for each object of these schemas of OpenAPI, and an alias for each other one."""
    return "\n".join(_lines(schemas))


def _lines(schemas: Mapping[str, Any]) -> Iterator[str]:
    yield '"""What the API takes and answers. Written by `python -m infra generate`. Do not edit."""'
    yield ""
    yield "from __future__ import annotations"
    yield ""
    yield "from typing import Any, Literal, NotRequired, TypedDict"
    for name, schema in schemas.items():
        yield ""
        yield ""
        if "properties" not in schema:
            yield f"{name} = {_type(schema)}"
            continue
        required = schema.get("required", ())
        types = {field: _type(of) for field, of in schema["properties"].items()}
        told = {field: text if field in required else f"NotRequired[{text}]" for field, text in types.items()}
        if any(keyword.iskeyword(field) or field in _SHADOWED for field in told):  # a class can't have it
            yield f"{name} = TypedDict({name!r}, {told!r})"
            continue
        yield f"class {name}(TypedDict):"
        yield from (f"    {field}: {text}" for field, text in told.items())
    yield ""


def _type(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": str(name)}:
            return name.rpartition("/")[2]
        case {"const": value}:
            return f"Literal[{value!r}]"
        case {"enum": [*values]}:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"anyOf": [*ways]}:
            return " | ".join(map(_type, ways))
        case {"type": "array", "items": of}:
            return f"list[{_type(of)}]"
        case {"type": "object", "additionalProperties": Mapping() as of}:
            return f"dict[str, {_type(of)}]"
        case {"type": "object"}:
            return "dict[str, Any]"
    return _SIMPLE[schema["type"]]
