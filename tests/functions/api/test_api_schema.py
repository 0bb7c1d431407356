"""The whole API, driven by what openapi.yaml says of it and by what it does not say."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.openapi import document
from infra import openapi
from pinhole import accounts
from pinhole.accounts import passwords
from pinhole.db import transaction
from pinhole.tables import user
from pinhole.tables.user import User
from tests.fixtures.api import wsgi
from tests.fixtures.cloud import Cloud

SCHEMA = schemathesis.openapi.from_dict({**document(openapi.ROUTES), "servers": []})
SCHEMA.app = wsgi


@pytest.fixture
def who(cloud: Cloud, admin_function: None) -> User:
    """A user, in a system whose parts all answer."""
    with transaction() as conn:
        return user.insert(conn, "ann", passwords.nobody(), "administrator", "ann")


@SCHEMA.parametrize()
@settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
def test_the_api_does_what_it_says(case: schemathesis.Case[Any], who: User) -> None:
    with transaction() as conn:
        # One for each call: some end their session.
        token = accounts.begin_session(conn, who).access_token
    headers = {"Authorization": f"Bearer {token}"}
    answer = case.call(headers=headers)
    case.validate_response(
        answer,
        headers=headers,
        excluded_checks=[positive_data_acceptance] if _refused_for_what_no_schema_says(answer) else [],
        transport_kwargs={"headers": headers},
    )


def _refused_for_what_no_schema_says(answer: schemathesis.Response) -> bool:
    """Whether a setting forbids it (the largest file), it names a page by a cursor that no answer gave, or a path where
    the list takes none, or none where it takes one: OpenAPI can't make one parameter hang on another. Or it is an edit
    that contradicts itself, or has a local time with a zone, or a search for days that no calendar has, or a login that
    shows not exactly one second factor, or it has a name, a folder, a zone or an end that can be none.
    """
    if answer.status_code not in (413, 422):
        return False
    problem = answer.json()
    if problem["code"] == "file_too_large":
        return True
    match problem["errors"]:
        case [{"field": "", "message": "has exactly one of code, recoveryCode and passkey"}]:
            return True
        case [{"field": "cursor"}] | [{"field": "path", "message": "is missing" | "is only of a folder"}]:
            return True
    if {wrong["field"] for wrong in problem["errors"]} & {
        "name",
        "libraryName",
        "fallbackTimezone",
        "folder",
        "expiresAt",
    }:
        return True
    if any(wrong["field"].lower().removeprefix("not") in ("from", "to", "on", "today") for wrong in problem["errors"]):
        return True
    contradicts = "PATCH" in str(answer.request.method) and not problem["detail"].startswith("The body")
    return contradicts or any(wrong["field"] == "set.takenAtLocal" for wrong in problem["errors"])
