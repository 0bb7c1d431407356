"""One table of addresses that the rule in Python and the one at the CDN's edge open and refuse alike."""

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.bootstrap import REPOSITORY
from pinhole import media_url
from pinhole.settings import settings

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "media_vectors.json").read_text("utf-8"))
VECTORS = pytest.mark.parametrize("vector", TABLE["vectors"], ids=[one["about"] for one in TABLE["vectors"]])
FUNCTION = REPOSITORY / "infra" / "edge" / "media.js"
# Quotas of CloudFront, "Quotas on CloudFront Functions".
MAX_BYTES = 10 * 1024
# "JavaScript runtime 2.0 features for CloudFront Functions": ES 5.1, of ES 6 const, let, arrow functions and template
# literals, of ES 8 async and await. By the names of ESTree, and of the first only what is used here.
KNOWN_SYNTAX = {
    *("Program", "Identifier", "Literal", "RegExp /", "BlockStatement", "ExpressionStatement", "ReturnStatement"),
    *("IfStatement", "ForStatement", "TryStatement", "CatchClause", "VariableDeclaration", "VariableDeclarator"),
    *("FunctionDeclaration", "CallExpression", "MemberExpression", "ObjectExpression", "Property", "UnaryExpression"),
    *(
        "ArrayExpression",
        "BinaryExpression",
        "LogicalExpression",
        "ConditionalExpression",
        "AssignmentExpression",
        "UpdateExpression",
    ),
    *("TemplateLiteral", "TemplateElement", "AwaitExpression", "ImportDeclaration", "ImportDefaultSpecifier"),
}


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PINHOLE_DATABASE_URL", "postgresql:///unused")
        environment.setenv("PINHOLE_ORIGINALS_BUCKET", "originals")
        environment.setenv("PINHOLE_RENDITIONS_BUCKET", "renditions")
        environment.setenv("PINHOLE_MEDIA_KEYS", json.dumps(TABLE["keys"]))
        environment.setenv("PINHOLE_MEDIA_KEY_ID", "k2")
        settings.cache_clear()
        yield
    settings.cache_clear()


def node(script: str, sent: str) -> str:
    ended = subprocess.run(["node", HERE / script], input=sent, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@cache
def answers() -> dict[str, Any]:
    """What the function at the edge answers to each vector, by what the vector is about."""
    order = {
        "source": FUNCTION.read_text("utf-8"),
        "now": TABLE["now"],
        "keys": TABLE["keys"],
        "requests": [{"method": "GET", **one} for one in TABLE["vectors"]],
    }
    told = json.loads(node("cloudfront.mjs", json.dumps(order)))
    return {one["about"]: answer for one, answer in zip(TABLE["vectors"], told, strict=True)}


def test_no_two_vectors_are_about_the_same() -> None:
    assert len({one["about"] for one in TABLE["vectors"]}) == len(TABLE["vectors"]) > 100


@VECTORS
def test_the_rule_in_python_opens_what_the_table_says(vector: dict[str, str | None]) -> None:
    path, query = vector["path"], vector["query"]
    assert path is not None
    assert query is not None
    opened = media_url.verify(path, query, TABLE["now"])
    assert (None if opened is None else opened.object_key) == vector["opens"]


@VECTORS
def test_the_function_at_the_edge_opens_what_the_table_says(vector: dict[str, str]) -> None:
    answer = answers()[vector["about"]]
    if vector["opens"] is None:
        assert answer["statusCode"] == 403
        assert answer["headers"]["cache-control"] == {"value": "no-store"}
        assert json.loads(answer["body"]["data"])["code"] == "bad_signature"
    else:
        # To the origin, which is the bucket of renditions. A range goes on as it came.
        assert answer["uri"] == f"/{vector['opens']}"
        assert answer["querystring"] == {}
        assert answer["headers"] == {"range": {"value": "bytes=0-9"}}


def test_the_function_is_no_larger_than_cloudfront_takes() -> None:
    assert len(FUNCTION.read_bytes()) <= MAX_BYTES


def test_the_function_has_no_syntax_that_its_runtime_lacks() -> None:
    assert set(node("syntax.mjs", FUNCTION.read_text("utf-8")).splitlines()) - KNOWN_SYNTAX == set()


@pytest.mark.parametrize(
    "newer", ["a?.b", "const { a } = b", "f(...a)", "for (const a of b) c()", "class A {}", "/a/u"]
)
def test_syntax_that_the_runtime_lacks_is_found(newer: str) -> None:
    assert set(node("syntax.mjs", newer).splitlines()) - KNOWN_SYNTAX
