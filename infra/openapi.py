"""`infra/openapi.yaml`, the same as JSON for who asks the API, and `infra/gateway.yaml`: written from the routes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from chalice.app import Chalice

from api import app, search_app
from api.openapi import document, operations
from infra.bootstrap import REPOSITORY
from infra.local.template import MAX_BODY_BYTES
from pinhole.security_headers import OVER_HTTPS

HERE = Path(__file__).parent
_DO_NOT_EDIT = "# Written by `python -m infra generate` from functions/api/routes. Do not edit.\n"

# What every answer has, but for the one with quotes in it, which a mapping of API Gateway has no way to write.
_FENCES = {name: value for name, value in OVER_HTTPS.items() if "'" not in value}
# By the logical names of their functions.
APPS = {"ApiFunction": app.app, "SearchFunction": search_app.app}
ROUTES = {path: methods for each in APPS.values() for path, methods in each.routes.items()}
_FUNCTIONS = {path: function for function, each in APPS.items() for path in each.routes}


def app_of(route: str) -> Chalice:
    """The app that a pattern of a path leads to: for what is no route, that which answers so."""
    return APPS[_FUNCTIONS.get(route, "ApiFunction")]


def gateway() -> dict[str, Any]:
    """The same routes for API Gateway, which takes no OpenAPI 3.1: 3.0.1, each sent to its function."""
    paths: dict[str, Any] = {}
    for path, method, endpoint in operations(ROUTES):
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in endpoint.path
        ]
        paths.setdefault(path, {})[method.lower()] = {
            **({"parameters": parameters} if parameters else {}),
            "responses": {},
            "x-amazon-apigateway-integration": _integration(_FUNCTIONS[path]),
            MAX_BODY_BYTES: endpoint.max_body_bytes,  # for the local gateway: API Gateway has one limit for all
        }
    return {
        "openapi": "3.0.1",
        "info": {"title": "pinhole", "version": "1"},
        "paths": paths,
        "x-amazon-apigateway-binary-media-types": app.app.api.binary_types,
        "x-amazon-apigateway-gateway-responses": {
            # What API Gateway itself refuses looks like what the function refuses. It says of an unknown
            # route that a token is missing.
            "MISSING_AUTHENTICATION_TOKEN": _gateway_response(
                404, "Not Found", "not_found", "There is nothing at this address."
            ),
            "REQUEST_TOO_LARGE": _gateway_response(
                413, "Request Entity Too Large", "too_large", "A request has at most 10 MB."
            ),
            "THROTTLED": _gateway_response(
                429, "Too Many Requests", "too_many_requests", "Too many requests. Wait a moment.", {"Retry-After": "1"}
            ),
            "INTEGRATION_FAILURE": _gateway_response(
                502, "Bad Gateway", "unavailable", "Pinhole does not answer. Try again in a moment."
            ),
            "INTEGRATION_TIMEOUT": _gateway_response(
                504,
                "Gateway Timeout",
                "unavailable",
                "Pinhole took too long. Try again in a moment.",
            ),
        },
    }


def _integration(function: str) -> dict[str, Any]:
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",
        # Long form: AWS::Include takes no short intrinsics.
        "uri": {
            "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
            f"${{{function}.Arn}}/invocations"
        },
    }


def _gateway_response(
    status: int, title: str, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    problem = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [],
        "limit": None,
        "requestId": "$context.requestId",
    }
    return {
        "statusCode": str(status),
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'"
            for name, value in {"Content-Type": "application/problem+json", **_FENCES, **(headers or {})}.items()
        },
        "responseTemplates": {"application/json": json.dumps(problem)},
    }


class _PlainDumper(yaml.SafeDumper):
    """YAML without anchors: API Gateway resolves none."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _yaml(value: dict[str, Any]) -> str:
    return _DO_NOT_EDIT + yaml.dump(value, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=110)


def generate() -> dict[Path, str]:
    """What each file should hold now."""
    description = document(ROUTES)
    return {
        HERE / "openapi.yaml": _yaml(description),
        REPOSITORY / "functions" / "api" / "openapi.json": json.dumps(description, ensure_ascii=False) + "\n",
        HERE / "gateway.yaml": _yaml(gateway()),
    }
