"""Routes, openapi.yaml and gateway.yaml say the same, and what is generated is current."""

import ast
import inspect
import json
from collections.abc import Iterator

import pytest
import yaml

from api.endpoint import Endpoint
from api.openapi import document, operations
from infra import generate, openapi
from infra.bootstrap import REPOSITORY
from infra.local.template import MAX_BODY_BYTES
from pinhole.errors import ErrorCode

DECLARED = list(operations(openapi.ROUTES))
ENDPOINTS = pytest.mark.parametrize(
    ("path", "method", "endpoint"), DECLARED, ids=[f"{method} {path}" for path, method, _ in DECLARED]
)


def test_the_generated_files_are_current() -> None:
    stale = [path.name for path, text in generate.files().items() if path.read_text("utf-8") != text]
    assert stale == [], "run: python -m infra generate"


def test_openapi_and_gateway_have_every_route_and_no_other() -> None:
    routes = {(path, method.lower()) for path, methods in openapi.ROUTES.items() for method in methods}
    for name in ("openapi.yaml", "gateway.yaml"):
        paths = yaml.safe_load((openapi.HERE / name).read_text("utf-8"))["paths"]
        assert {(path, method) for path, methods in paths.items() for method in methods} == routes


def test_no_two_functions_have_the_same_path() -> None:
    assert len(openapi.ROUTES) == sum(len(app.routes) for app in openapi.APPS.values())


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [
        operation["operationId"]
        for methods in document(openapi.ROUTES)["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids)) == len(DECLARED)


@ENDPOINTS
def test_every_route_says_what_it_does_and_answers(path: str, method: str, endpoint: Endpoint) -> None:
    assert endpoint.summary.endswith(".")
    answers_nothing = endpoint.answers[endpoint.status] is None and not endpoint.produces
    assert not answers_nothing or endpoint.status in (202, 204, 302)


@ENDPOINTS
def test_every_route_takes_what_it_declares(path: str, method: str, endpoint: Endpoint) -> None:
    taken = set(inspect.signature(openapi.ROUTES[path][method].view_function).parameters)
    assert set(openapi.ROUTES[path][method].view_args) == set(endpoint.path)
    assert (endpoint.body is not None) == ("body" in taken)
    assert (endpoint.query is not None) == ("query" in taken)
    assert not (endpoint.public and taken & {"caller", "session"})


def test_the_gateway_sends_searches_to_a_function_of_their_own_in_long_form() -> None:
    for path, methods in openapi.gateway()["paths"].items():
        function = "SearchFunction" if path.partition("/")[2].split("/")[0] == "search" else "ApiFunction"
        for operation in methods.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            assert uri["Fn::Sub"].endswith(f"functions/${{{function}.Arn}}/invocations"), path
    assert "&id" not in (openapi.HERE / "gateway.yaml").read_text("utf-8")


def test_a_picture_to_search_by_has_as_much_room_as_it_may_have_characters() -> None:
    longest = document(openapi.ROUTES)["components"]["schemas"]["SearchedPicture"]["properties"]["picture"]["maxLength"]
    room = openapi.gateway()["paths"]["/search/image"]["post"][MAX_BODY_BYTES]
    assert longest < room < 2 * longest


def _codes_used() -> Iterator[str]:
    """Every code that a class has, or that is given where an error is raised or a problem is made."""
    for root in ("layers/core/pinhole", "functions", "infra/local"):
        for source in (REPOSITORY / root).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text("utf-8"))):
                match node:
                    case ast.Attribute(value=ast.Name(id="ErrorCode"), attr=name):
                        yield ErrorCode[name]
                    case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                        yield code
                    case ast.Call(func=ast.Name(id="problem"), args=[_, ast.Constant(value=str(code)), *_]):
                        yield code
    for response in openapi.gateway()["x-amazon-apigateway-gateway-responses"].values():
        yield json.loads(response["responseTemplates"]["application/json"])["code"]


def test_every_code_that_a_problem_may_have_is_known_and_none_is_known_that_nothing_has() -> None:
    used = set(_codes_used())
    assert used == {code.value for code in ErrorCode}


def test_the_codes_of_problems_are_named_in_the_description() -> None:
    schemas = document(openapi.ROUTES)["components"]["schemas"]
    assert schemas["Problem"]["properties"]["code"] == {"$ref": "#/components/schemas/ErrorCode"}
    assert schemas["ErrorCode"]["enum"] == list(ErrorCode)
