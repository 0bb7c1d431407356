"""A CloudFormation template with values for what it refers to, as far as `template.yaml` goes.

A construct that is not known here is an error that names it, so that nothing the cloud would do is quietly left
out locally.
"""

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = "000000000000"

NOTHING_TO_DO = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
    "AWS::Serverless::LayerVersion",
}
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
SECTIONS = {
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Parameters",
    "Conditions",
    "Globals",
    "Resources",
    "Outputs",
}
RESOURCE_KEYS = {"Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"}


class TemplateError(ValueError):
    """The template holds something that this reader does not know, or lacks something it needs."""


class Stack:
    """The resources whose condition holds, and what references in them come to.

    parameters: values of the template's parameters and secrets; those with a default may be left out.
    queue_endpoint: where SQS answers; queue URLs begin with it.
    name: first part of the names of buckets and queues.

    Raises:
        TemplateError: naming what is unknown or missing.
    """

    def __init__(
        self, path: Path, *, parameters: Mapping[str, str], queue_endpoint: str, region: str, name: str
    ) -> None:
        self.path = path
        self._document = read(path)
        self._queue_endpoint = queue_endpoint.rstrip("/")
        self._name = name
        self.region = region
        checked(path.name, self._document, SECTIONS)
        self._conditions: dict[str, Any] = self._document.get("Conditions", {})
        self._resources: dict[str, dict[str, Any]] = self._document["Resources"]
        self._parameters = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/local",
            "AWS::StackName": name,
            "AWS::URLSuffix": "amazonaws.com",
            **self._given(self._document.get("Parameters", {}), parameters),
        }
        self._types: dict[str, str] = {}
        self._types = {
            name: checked(name, resource, RESOURCE_KEYS)["Type"]
            for name, resource in self._resources.items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        self._check_given(self._document.get("Parameters", {}))
        known = NOTHING_TO_DO | set(PROPERTIES)
        for name, kind in self._types.items():
            if kind not in known:
                raise TemplateError(f"{name}: {kind} is not known locally")
            if kind in PROPERTIES:
                self.properties(name)

    def resolve(self, value: Any) -> Any:
        """The value with every reference in it replaced by what it refers to."""
        match value:
            case {"Ref": str(name)}:
                return self.reference(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self.attribute(name, attribute)
            case {"Fn::Sub": str(text)}:
                return self.resolve(re.sub(r"\$\{([^}]+)\}", lambda found: str(self._substitute(found[1])), text))
            case {"Fn::Sub": [str(text), dict(given)]}:
                for name, inner in given.items():
                    text = text.replace(f"${{{name}}}", self.resolve(inner))
                return self.resolve({"Fn::Sub": text})
            case {"Fn::Select": [index, values]}:
                return self.resolve(values)[int(index)]
            case {"Fn::Split": [str(separator), text]}:
                return self.resolve(text).split(separator)
            case {"Fn::If": [str(condition), then, otherwise]}:
                return self.resolve(then if self._holds(condition) else otherwise)
            case dict():
                for key in value:
                    if isinstance(key, str) and key.startswith("Fn::"):
                        raise TemplateError(f"{key} {value[key]} is not known locally")
                return {key: self.resolve(inner) for key, inner in value.items() if not self._is_left_out(inner)}
            case list():
                return [self.resolve(inner) for inner in value if not self._is_left_out(inner)]
            case str():
                return re.sub(r"\{\{resolve:(.+?)\}\}", lambda found: self._secret(found[1]), value)
        return value

    def _is_left_out(self, value: Any) -> bool:
        """Whether a property or element comes to AWS::NoValue, so that it is as if it were not there."""
        while isinstance(value, dict) and (branches := value.get("Fn::If")):
            condition, then, otherwise = branches
            value = then if self._holds(condition) else otherwise
        return bool(value == {"Ref": "AWS::NoValue"})

    def _holds(self, condition: str) -> bool:
        if condition not in self._conditions:
            raise TemplateError(f"Condition {condition}: not known locally")
        return self._is_true(self._conditions[condition])

    def _is_true(self, expression: Any) -> bool:
        match expression:
            case {"Condition": str(condition)}:
                return self._holds(condition)
            case {"Fn::Equals": [one, other]}:
                return bool(self.resolve(one) == self.resolve(other))
            case {"Fn::Not": [inner]}:
                return not self._is_true(inner)
            case {"Fn::And": [*inner]}:
                return all(map(self._is_true, inner))
            case {"Fn::Or": [*inner]}:
                return any(map(self._is_true, inner))
        raise TemplateError(f"The condition {expression} is not known locally")

    def _given(self, parameters: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> dict[str, str]:
        """Values of what may be given: parameters, and secrets, which a condition may leave out."""
        of_secrets = {name for name, resource in self._resources.items() if resource["Type"] == SECRET}
        if unknown := values.keys() - parameters.keys() - of_secrets:
            raise TemplateError(f"{self.path.name} has no parameter {', '.join(sorted(unknown))}")
        defaults = {name: entry["Default"] for name, entry in parameters.items() if "Default" in entry}
        return {**defaults, **values}

    def _check_given(self, parameters: Collection[str]) -> None:
        needed = {*parameters, *self.of_type(SECRET)}
        if missing := needed - self._parameters.keys():
            raise TemplateError(f"{self.path.name}: no value for parameter {', '.join(sorted(missing))}")

    @property
    def function_defaults(self) -> dict[str, Any]:
        """Properties that every function has unless it says otherwise."""
        common = checked("Globals", self._document.get("Globals", {}), {"Function"}).get("Function", {})
        common = self._there(common)
        return checked("Globals.Function", common, PROPERTIES["AWS::Serverless::Function"])

    def of_type(self, kind: str) -> Iterator[str]:
        """Logical names of the resources of a type."""
        return (name for name, its_kind in self._types.items() if its_kind == kind)

    def properties(self, name: str) -> dict[str, Any]:
        """Properties of a resource, not resolved."""
        properties = self._there(self._resources[name].get("Properties", {}))
        return checked(f"{name}.Properties", properties, PROPERTIES[self._types[name]])

    def _there(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in properties.items() if not self._is_left_out(value)}

    def reference(self, name: str) -> str:
        """What `!Ref` comes to."""
        if name in self._parameters and name not in self._resources:
            return self._parameters[name]
        match self._types.get(name):
            case "AWS::S3::Bucket":
                return self.bucket_name(name)
            case "AWS::SQS::Queue":
                return f"{self._queue_endpoint}/{ACCOUNT}/{self.queue_name(name)}"
            case "AWS::Lambda::EventSourceMapping":
                return str(uuid.uuid5(uuid.NAMESPACE_OID, name))
            case None:
                raise TemplateError(f"!Ref {name}: not known locally")
        return name

    def attribute(self, name: str, attribute: str) -> str:
        """What `!GetAtt` comes to."""
        match self._types.get(name), attribute:
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{self.bucket_name(name)}"
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self.queue_name(name)}"
            case "AWS::SQS::Queue", "QueueName":
                return self.queue_name(name)
            case "AWS::Serverless::Function", "Arn":
                return f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{name}"
        raise TemplateError(f"!GetAtt {name}.{attribute}: not known locally")

    def _secret(self, reference: str) -> str:
        service, _, name = reference.partition(":")
        if service != "secretsmanager" or self._types.get(name) != SECRET:
            raise TemplateError(f"{{{{resolve:{reference}}}}}: not known locally")
        return self._parameters[name]

    def _substitute(self, expression: str) -> str:
        name, dot, attribute = expression.partition(".")
        return self.attribute(name, attribute) if dot else self.reference(name)

    def queue_name(self, name: str) -> str:
        return f"{self._name}-{name}"

    def bucket_name(self, name: str) -> str:
        return f"{self._name}-{name.removesuffix('Bucket')}".lower()


def read(path: Path) -> dict[str, Any]:
    """A template as it stands, short tags in their long form."""
    document: dict[str, Any] = yaml.load(path.read_text("utf-8"), _CloudFormationLoader)  # noqa: S506
    return document


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, which come out in their long form."""


def _long_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_CloudFormationLoader.add_multi_constructor("!", _long_form)

# Properties that are read here, or that say nothing about a local run.
PROPERTIES = {
    "AWS::S3::Bucket": {
        "BucketName",
        "CorsConfiguration",
        "LifecycleConfiguration",
        "NotificationConfiguration",
        "PublicAccessBlockConfiguration",
        "VersioningConfiguration",
    },
    "AWS::SQS::Queue": {"VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy"},
    "AWS::SQS::QueuePolicy": {"Queues", "PolicyDocument"},
    SECRET: {"Description", "GenerateSecretString"},
    "AWS::Lambda::EventSourceMapping": {
        "BatchSize",
        "EventSourceArn",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig",
    },
    "AWS::Serverless::Function": {
        "CodeUri",
        "Environment",
        "EphemeralStorage",
        "Events",
        "Handler",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "Policies",
        "RecursiveLoop",
        "Runtime",
        "Timeout",
    },
    "AWS::Serverless::Api": {
        "AccessLogSetting",
        "DefinitionBody",
        "EndpointConfiguration",
        "MethodSettings",
        "MinimumCompressionSize",
        "OpenApiVersion",
        "StageName",
    },
    "AWS::ApiGatewayV2::Api": {"Name", "ProtocolType", "RouteSelectionExpression"},
    "AWS::ApiGatewayV2::Route": {"ApiId", "RouteKey", "Target"},
    "AWS::ApiGatewayV2::Integration": {"ApiId", "IntegrationType", "IntegrationUri"},
}


def checked(where: str, mapping: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """The mapping, when it has no other keys than those known. Raises TemplateError."""
    if unknown := mapping.keys() - known:
        raise TemplateError(f"{where}: {', '.join(sorted(unknown))} is not known locally")
    return dict(mapping)
