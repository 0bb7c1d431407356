"""What every answer tells browsers: which scripts run, who may frame it, where its address may go."""

import re
from collections.abc import Mapping

import pytest
from werkzeug.test import Client, TestResponse

from infra import openapi
from infra.bootstrap import REPOSITORY
from pinhole.security_headers import OVER_HTTPS, SECURITY_HEADERS
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.functions.api.doors import DOORS
from tests.functions.api.test_doors import enter

PAGE = (REPOSITORY / "web" / "index.html").read_text("utf-8")


def directives(policy: str) -> Mapping[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def test_the_page_may_run_scripts_of_its_own_files_alone() -> None:
    said = directives(SECURITY_HEADERS["Content-Security-Policy"])
    assert said["default-src"] == ["'none'"]
    assert set(said["script-src"]) == {"'self'", "'wasm-unsafe-eval'"}
    assert said["style-src"] == ["'self'"]
    assert said["base-uri"] == said["frame-ancestors"] == ["'none'"]
    assert set(said["connect-src"] + said["form-action"]) == {"'self'"}


def test_no_directive_lets_anything_in_from_another_site() -> None:
    said = directives(SECURITY_HEADERS["Content-Security-Policy"])
    sources = {source for each in said.values() for source in each}
    assert sources == {"'none'", "'self'", "'wasm-unsafe-eval'", "blob:", "data:"}
    assert [name for name, each in said.items() if "data:" in each] == ["img-src"]


def test_the_page_has_no_script_and_no_style_of_its_own_in_it() -> None:
    assert PAGE.count("<script") == len(re.findall(r"<script [^>]*\bsrc=\"/[^\"]+\"[^>]*></script>", PAGE)) > 0
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", PAGE)


def test_every_answer_has_these_headers_whoever_asks(caller: Caller, cloud: Cloud) -> None:
    def lacking(answer: TestResponse) -> set[str]:
        # The page about the API sets styles by its script.
        own = {"Content-Security-Policy"} if answer.mimetype == "text/html" else set()
        return {name for name, value in SECURITY_HEADERS.items() if answer.headers.get(name) != value} - own

    answers = {route: enter(caller, route, door) for route, door in DOORS.items()}
    answers |= {f"{route}, by nobody": enter(caller, route, door, token="") for route, door in DOORS.items()}
    answers["no route"] = caller.call("GET", "/nothing")
    answers["no method"] = caller.call("DELETE", "/me")
    assert {what: lacking(answer) for what, answer in answers.items() if lacking(answer)} == {}


def test_the_page_about_the_api_is_fenced_too(api: Client) -> None:
    said = directives(api.get("/docs").headers["Content-Security-Policy"])
    assert said["script-src"] == ["'self'"]
    assert said["default-src"] == said["base-uri"] == said["form-action"] == said["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("path", ["/docs", "/me", "/nothing"])
def test_browsers_are_told_to_come_by_https_alone_once_they_did(api: Client, path: str) -> None:
    told = api.get(path, headers={"X-Forwarded-Proto": "https"}).headers
    assert told["Strict-Transport-Security"] == OVER_HTTPS["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in api.get(path).headers
    assert "Strict-Transport-Security" not in api.get(path, headers={"X-Forwarded-Proto": "http"}).headers


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_page_of_another_site_may_read_an_answer(api: Client, method: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = api.open("/openapi.json", method=method, headers=asked)
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)


def test_what_the_gateway_itself_refuses_has_them_too() -> None:
    for response in openapi.gateway()["x-amazon-apigateway-gateway-responses"].values():
        told = response["responseParameters"]
        assert told["gatewayresponse.header.Strict-Transport-Security"] == "'max-age=31536000'"
        assert told["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'"
        assert told["gatewayresponse.header.Referrer-Policy"] == "'same-origin'"
        assert not any("'" in value[1:-1] for value in told.values())
