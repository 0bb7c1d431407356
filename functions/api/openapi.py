"""The API's description (OpenAPI 3.1), made from what the routes declare."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from chalice.app import RouteEntry
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import core_schema

from api.endpoint import Endpoint
from api.problems import STATUS, Problem, Unexpected, status_of
from api.wire import camel_case
from pinhole.errors import PinholeError, PreconditionRequired, TooManyRequests

Schema = dict[str, Any]
Routes = Mapping[str, Mapping[str, RouteEntry]]
Parts = dict[tuple[str, str | int], Schema]

_REF = "#/components/schemas/"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": f"{_REF}{Problem.__name__}"}}}

_WHOSE = "For administrators alone; others are answered 403, `not_administrator`."
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The revision that is to be changed, in quotes",
    "required": True,
    "schema": {"type": "string", "examples": ['"7"']},
}


class _AsOnTheWire(GenerateJsonSchema):
    """Leaves out what pydantic would add to each field: a title made from its name, and `default: null`.

    It adds what `api.validation` refuses in every string that comes in: NUL.
    """

    def str_schema(self, schema: core_schema.StringSchema) -> Schema:
        made = super().str_schema(schema)
        return made if self.mode == "serialization" else {"pattern": r"^[^\x00]*$", **made}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value is not None}


def operations(routes: Routes) -> Iterator[tuple[str, str, Endpoint]]:
    """Every route as (path, method in capitals, what it declares), in order."""
    for path, methods in sorted(routes.items()):
        for method, entry in sorted(methods.items()):
            yield path, method, entry.view_function.endpoint  # type: ignore[attr-defined]


def document(routes: Routes) -> Schema:
    """The whole description, as JSON values."""
    declared = list(operations(routes))
    parts, definitions = _schemas(endpoint for _, _, endpoint in declared)
    paths: dict[str, Schema] = {}
    for path, method, endpoint in declared:
        paths.setdefault(path, {})[method.lower()] = _operation(endpoint, parts, definitions)
    refusals = {error for _, _, endpoint in declared for error in _refusals(endpoint)}
    queries = {schema["$ref"].removeprefix(_REF) for (_, part), schema in parts.items() if part == "query"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pinhole",
            "version": "1",
            "summary": "A photo library of your own",
            "description": "Errors are problem details (RFC 9457). Times are ISO 8601, in UTC.",
        },
        "servers": [{"url": "/api"}],
        "security": [{"accessToken": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `accessToken` of login, register or refresh: for 30 minutes; or an API key",
                }
            },
            "responses": {error.__name__: _problem_response(error) for error in STATUS if error in refusals},
            "schemas": {name: schema for name, schema in sorted(definitions.items()) if name not in queries},
        },
    }


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[Parts, dict[str, Schema]]:
    """Schemas by (operation, "body" or "query" or a status), and the definitions they refer to."""
    inputs: list[tuple[tuple[str, str | int], JsonSchemaMode, TypeAdapter[Any]]] = []
    inputs.append((("", "problem"), "serialization", TypeAdapter(Problem)))
    for endpoint in endpoints:
        for part, model in (("body", endpoint.body), ("query", endpoint.query)):
            if model is not None:
                inputs.append(((endpoint.name, part), "validation", TypeAdapter(model)))
        for status, answer in endpoint.answers.items():
            if answer is not None:
                inputs.append(((endpoint.name, status), "serialization", TypeAdapter(answer)))
    parts, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF + "{model}", schema_generator=_AsOnTheWire)
    return {key: schema for (key, _), schema in parts.items()}, definitions["$defs"]


def _operation(endpoint: Endpoint, parts: Parts, definitions: Mapping[str, Schema]) -> Schema:
    made: Schema = {
        "operationId": camel_case(endpoint.name),
        "tags": [endpoint.resource],
        "summary": endpoint.summary,
    }
    whose = _WHOSE if endpoint.administrator else _by_key(endpoint)
    description = "\n\n".join(filter(None, [endpoint.description, whose]))
    if description:
        made["description"] = description
    if endpoint.public:
        made["security"] = []
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint, parts, definitions)]
    if PreconditionRequired in endpoint.errors:
        parameters.append(_IF_MATCH)
    if parameters:
        made["parameters"] = parameters
    if endpoint.body is not None:
        content = {"application/json": {"schema": parts[endpoint.name, "body"]}}
        made["requestBody"] = {"required": True, "content": content}
    made["responses"] = dict(sorted(_responses(endpoint, parts).items()))
    return made


def _by_key(endpoint: Endpoint) -> str:
    """Which API keys may call it; nothing of what anyone may call."""
    if endpoint.public:
        return ""
    if not endpoint.scopes:
        return "By a session alone: no API key opens it."
    return f"An API key needs the scope {' or '.join(f'`{scope}`' for scope in endpoint.scopes)}."


def _responses(endpoint: Endpoint, parts: Parts) -> dict[str, Schema]:
    made = {str(status): _answer(endpoint, status, parts) for status in endpoint.answers}
    if endpoint.conditional:
        made["304"] = {"description": "What If-None-Match names is still current"}
    for error in _refusals(endpoint):
        status = str(status_of(error).value)
        if status not in made:
            made[status] = {"$ref": f"#/components/responses/{error.__name__}"}
        elif "content" in made[status]:
            made[status]["content"] |= _PROBLEM
    return made


def _refusals(endpoint: Endpoint) -> list[type[PinholeError]]:
    """The errors of an endpoint, each as the one that has a status of its own."""
    raised = [*endpoint.errors, Unexpected]
    return [next(base for base in error.__mro__ if base in STATUS) for error in raised]


def _path_parameters(endpoint: Endpoint) -> Iterator[Schema]:
    for name, adapter in endpoint.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}


def _query_parameters(endpoint: Endpoint, parts: Parts, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    if endpoint.query is None:
        return
    model = definitions[parts[endpoint.name, "query"]["$ref"].removeprefix(_REF)]
    for name, schema in model["properties"].items():
        described = {"description": schema["description"]} if "description" in schema else {}
        bare = {key: value for key, value in schema.items() if key != "description"}
        yield {
            "name": name,
            "in": "query",
            **described,
            "required": name in model.get("required", []),
            "schema": bare,
        }


def _answer(endpoint: Endpoint, status: int, parts: Parts) -> Schema:
    content: Schema = {}
    if endpoint.answers[status] is not None:
        content["application/json"] = {"schema": parts[endpoint.name, status]}
    if status == endpoint.status:
        for media_type in endpoint.produces:
            content.setdefault(media_type, {"schema": _raw_schema(media_type)})
    made: Schema = {"description": HTTPStatus(status).phrase}
    if endpoint.conditional and status == endpoint.status:
        made["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return made | ({"content": content} if content else {})


def _raw_schema(media_type: str) -> Schema:
    match media_type:
        case "application/json":
            return {"type": "object"}
        case "text/html":
            return {"type": "string"}
    return {"type": "string", "contentMediaType": media_type}


def _problem_response(error: type[PinholeError]) -> Schema:
    made: Schema = {
        "description": (error.__doc__ or "").partition("\n")[0],
        "content": _PROBLEM,
    }
    if error is TooManyRequests:
        made["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return made
