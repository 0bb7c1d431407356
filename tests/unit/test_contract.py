"""Routes, openapi.yaml and gateway.yaml say the same, and what is generated is current."""

import inspect

import pytest
import yaml

from api.app import app
from api.endpoint import Endpoint
from api.openapi import document, operations
from infra import generate, openapi

DECLARED = list(operations(app.routes))
ENDPOINTS = pytest.mark.parametrize(
    ("path", "method", "endpoint"), DECLARED, ids=[f"{method} {path}" for path, method, _ in DECLARED]
)


def test_the_generated_files_are_current() -> None:
    stale = [path.name for path, text in generate.files().items() if path.read_text("utf-8") != text]
    assert stale == [], "run: python -m infra generate"


def test_openapi_and_gateway_have_every_route_and_no_other() -> None:
    routes = {(path, method.lower()) for path, methods in app.routes.items() for method in methods}
    for name in ("openapi.yaml", "gateway.yaml"):
        paths = yaml.safe_load((openapi.HERE / name).read_text("utf-8"))["paths"]
        assert {(path, method) for path, methods in paths.items() for method in methods} == routes


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [
        operation["operationId"] for methods in document(app.routes)["paths"].values() for operation in methods.values()
    ]
    assert len(ids) == len(set(ids)) == len(DECLARED)


@ENDPOINTS
def test_every_route_says_what_it_does_and_answers(path: str, method: str, endpoint: Endpoint) -> None:
    assert endpoint.summary.endswith(".")
    answers_nothing = endpoint.answers[endpoint.status] is None and not endpoint.produces
    assert not answers_nothing or endpoint.status in (202, 204, 302)


@ENDPOINTS
def test_every_route_takes_what_it_declares(path: str, method: str, endpoint: Endpoint) -> None:
    taken = set(inspect.signature(app.routes[path][method].view_function).parameters)
    assert set(app.routes[path][method].view_args) == set(endpoint.path)
    assert (endpoint.body is not None) == ("body" in taken)
    assert (endpoint.query is not None) == ("query" in taken)
    assert not (endpoint.public and taken & {"caller", "session"})


def test_the_gateway_sends_every_route_to_the_function_in_long_form() -> None:
    for methods in openapi.gateway()["paths"].values():
        for operation in methods.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            assert uri["Fn::Sub"].endswith("functions/${ApiFunction.Arn}/invocations")
    assert "&id" not in (openapi.HERE / "gateway.yaml").read_text("utf-8")
