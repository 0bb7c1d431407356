"""What SAM makes of the template before CloudFormation sees it: roles and stages that are nowhere written."""

import json
import os
import re
import subprocess
from typing import Any

import pytest

from infra import bootstrap
from infra.local import cloudformation
from infra.local.function_pool import ROOT
from infra.localstack import sam

pytestmark = pytest.mark.timeout(3600)  # the first test waits for installation

PATH = ROOT / "template.yaml"
TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
json.dump(transform(json.load(sys.stdin), {}, None), sys.stdout)
"""


@pytest.fixture(scope="module")
def resources(tools: None) -> dict[str, dict[str, Any]]:
    """The resources that are deployed, by logical name."""
    document = cloudformation.read(PATH)
    # SAM translates what is built and uploaded.
    document["Globals"]["Function"]["CodeUri"] = "s3://artifacts/code"
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://artifacts/layer"
    translated = subprocess.run(
        [bootstrap.make_environment(sam.ENVIRONMENT, sam.REQUIREMENTS), "-c", TRANSLATE],
        input=json.dumps(document),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert translated.returncode == 0, translated.stderr
    found: dict[str, dict[str, Any]] = json.loads(translated.stdout)["Resources"]
    return found


def properties(resources: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Properties of the resources of a type."""
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def test_no_role_has_a_policy_that_the_template_gives_no_reason_for(resources: dict[str, dict[str, Any]]) -> None:
    roles = properties(resources, "AWS::IAM::Role")
    assert len(roles) == len(properties(resources, "AWS::Lambda::Function"))
    managed = {arn.rpartition("/")[2] for role in roles for arn in role["ManagedPolicyArns"]}
    assert managed == set(re.findall(r"# \*: (AWS\w+), \w+", PATH.read_text("utf-8"))) != set()


def test_what_the_template_says_of_the_stage_is_said_of_the_one_that_is_made(
    resources: dict[str, dict[str, Any]],
) -> None:
    (stage,) = properties(resources, "AWS::ApiGateway::Stage")
    assert [limits["ResourcePath"] for limits in stage["MethodSettings"]] == ["/*"]
    assert "$context.resourcePath" in stage["AccessLogSetting"]["Format"]


def test_the_api_is_made_after_the_role_that_it_logs_with(resources: dict[str, dict[str, Any]]) -> None:
    (api,) = (resource for resource in resources.values() if resource["Type"] == "AWS::ApiGateway::RestApi")
    (stage,) = properties(resources, "AWS::ApiGateway::Stage")
    assert api["DependsOn"] == "ApiLogRole"
    assert stage["RestApiId"] == {"Ref": "Api"}


def test_the_api_has_one_stage(resources: dict[str, dict[str, Any]]) -> None:
    assert [stage["StageName"] for stage in properties(resources, "AWS::ApiGateway::Stage")] == ["api"]
    assert [deployment.get("StageName") for deployment in properties(resources, "AWS::ApiGateway::Deployment")] == [
        None
    ]
