"""The types of the Python client, made from what the API says of itself."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


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
        yield f"class {name}(TypedDict):"
        for field, of in schema["properties"].items():
            assert not keyword.iskeyword(field), f"{name}.{field} needs another way to be written"
            text = _type(of)
            yield f"    {field}: {text if field in schema.get('required', ()) else f'NotRequired[{text}]'}"
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
