"""What `template.yaml` says, as the local system needs it: buckets, queues, functions and what invokes them.

It reads the constructs that the template uses and no others. One that it does not know is an error that names
it, so that nothing the cloud would do is quietly left out here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ACCOUNT = "000000000000"

NOTHING_TO_DO = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::IAM::RolePolicy",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
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
SECONDS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}
HTTP_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


class TemplateError(ValueError):
    """The template holds something that this reader does not know, or lacks something it needs."""


@dataclass(frozen=True, slots=True)
class Notification:
    """Events of a bucket that go to a queue, whose logical name `queue` is."""

    event: str
    queue: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket. `cors_rules` are as S3's own API takes them."""

    logical_name: str
    name: str
    versioned: bool
    cors_rules: tuple[Mapping[str, Any], ...]
    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue. `attributes` are as SQS's own API takes them: all values are strings."""

    logical_name: str
    name: str
    url: str
    arn: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QueueSource:
    """An SQS event source: what the poller of one queue does. `queue` is a logical name."""

    queue: str
    batch_size: int
    window_seconds: int
    partial_failures: bool
    maximum_concurrency: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `name` is its logical name; `environment` is resolved to local values."""

    name: str
    arn: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    queue_sources: tuple[QueueSource, ...]
    schedule_seconds: tuple[int, ...]


class Template:
    """The template with local values for its parameters.

    parameters: values of the template's parameters and secrets; those with a default may be left out.
    queue_endpoint: where SQS answers, such as `http://127.0.0.1:9324`; queue URLs begin with it.
    stack: first part of the names of buckets and queues.

    Raises:
        TemplateError: naming what is unknown or missing.
    """

    def __init__(
        self,
        path: Path,
        *,
        parameters: Mapping[str, str],
        queue_endpoint: str,
        region: str = "us-east-1",
        stack: str = "pinhole",
    ) -> None:
        self._path = path
        self._document: dict[str, Any] = yaml.load(path.read_text("utf-8"), _CloudFormationLoader)  # noqa: S506
        self._queue_endpoint = queue_endpoint.rstrip("/")
        self._stack = stack
        self.region = region
        _checked(path.name, self._document, SECTIONS)
        self._conditions: dict[str, Any] = self._document.get("Conditions", {})
        self._resources: dict[str, dict[str, Any]] = self._document["Resources"]
        self._parameters = {
            **self._given(parameters),
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._types = {
            name: _checked(name, resource, RESOURCE_KEYS)["Type"]
            for name, resource in self._resources.items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        self.queues = {name: self._queue(name) for name in self._of_type("AWS::SQS::Queue")}
        self.buckets = {name: self._bucket(name) for name in self._of_type("AWS::S3::Bucket")}
        self.functions = {name: self._function(name) for name in self._of_type("AWS::Serverless::Function")}
        known = NOTHING_TO_DO | set(_PROPERTIES)
        for name, kind in self._types.items():
            if kind not in known:
                raise TemplateError(f"{name}: {kind} is not known locally")
            if kind in _PROPERTIES:
                self._properties(name)

    @cached_property
    def rest_routes(self) -> dict[str, dict[str, str]]:
        """Routes of the REST API, from the definition it includes: `{"/items/{id}": {"GET": function}}`."""
        (api,) = self._of_type("AWS::Serverless::Api")
        match self._properties(api)["DefinitionBody"]:
            case {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": str(location)}}}:
                definition = yaml.safe_load((self._path.parent / location).read_text("utf-8"))
            case other:
                raise TemplateError(f"{api}.DefinitionBody: {other} is not known locally")
        return {
            path: {
                method.upper(): self._invoked_by(operation["x-amazon-apigateway-integration"]["uri"])
                for method, operation in operations.items()
                if method in HTTP_METHODS
            }
            for path, operations in definition["paths"].items()
        }

    @cached_property
    def websocket_routes(self) -> dict[str, str]:
        """Routes of the WebSocket API: `{"$connect": function name}`."""
        routes = {}
        for name in self._of_type("AWS::ApiGatewayV2::Route"):
            properties = self._properties(name)
            integration = self.resolve(properties["Target"]).removeprefix("integrations/")
            routes[properties["RouteKey"]] = self._invoked_by(self._properties(integration)["IntegrationUri"])
        return routes

    def resolve(self, value: Any) -> Any:
        """The value with every reference in it replaced by what it refers to."""
        match value:
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute)
            case {"Fn::Sub": str(text)}:
                return self.resolve(re.sub(r"\$\{([^}]+)\}", lambda found: str(self._substitute(found[1])), text))
            case {"Fn::If": [str(condition), then, otherwise]}:
                return self.resolve(then if self._holds(condition) else otherwise)
            case {"Fn::Equals": [one, other]}:
                return self.resolve(one) == self.resolve(other)
            case dict():
                for key in value:
                    if isinstance(key, str) and key.startswith("Fn::"):
                        raise TemplateError(f"{key} {value[key]} is not known locally")
                return {key: self.resolve(inner) for key, inner in value.items()}
            case list():
                return [self.resolve(inner) for inner in value]
            case str():
                return re.sub(r"\{\{resolve:(.+?)\}\}", lambda found: self._secret(found[1]), value)
        return value

    def _holds(self, condition: str) -> bool:
        if condition not in self._conditions:
            raise TemplateError(f"Condition {condition}: not known locally")
        holds: bool = self.resolve(self._conditions[condition])
        return holds

    def _given(self, values: Mapping[str, str]) -> dict[str, str]:
        secrets: dict[str, dict[str, Any]] = {
            name: {} for name, resource in self._resources.items() if resource["Type"] == SECRET
        }
        declared = {**self._document.get("Parameters", {}), **secrets}
        if unknown := values.keys() - declared.keys():
            raise TemplateError(f"{self._path.name} has no parameter {', '.join(sorted(unknown))}")
        defaults = {name: entry["Default"] for name, entry in declared.items() if "Default" in entry}
        given = {**defaults, **values}
        if missing := declared.keys() - given.keys():
            raise TemplateError(f"{self._path.name}: no value for parameter {', '.join(sorted(missing))}")
        return given

    def _of_type(self, kind: str) -> Iterator[str]:
        return (name for name, its_kind in self._types.items() if its_kind == kind)

    def _properties(self, name: str) -> dict[str, Any]:
        properties = self._resources[name].get("Properties", {})
        return _checked(f"{name}.Properties", properties, _PROPERTIES[self._types[name]])

    def _reference(self, name: str) -> str:
        if name in self._parameters and name not in self._resources:
            return self._parameters[name]
        match self._types.get(name):
            case "AWS::S3::Bucket":
                return self._bucket_name(name)
            case "AWS::SQS::Queue":
                return f"{self._queue_endpoint}/{ACCOUNT}/{self._stack}-{name}"
            case None:
                raise TemplateError(f"!Ref {name}: not known locally")
        return name

    def _attribute(self, name: str, attribute: str) -> str:
        match self._types.get(name), attribute:
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{self._bucket_name(name)}"
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self._stack}-{name}"
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
        return self._attribute(name, attribute) if dot else self._reference(name)

    def _bucket_name(self, name: str) -> str:
        return f"{self._stack}-{name.removesuffix('Bucket')}".lower()

    def _bucket(self, name: str) -> Bucket:
        properties = self.resolve(self._properties(name))
        configuration = _checked(
            f"{name}.NotificationConfiguration",
            properties.get("NotificationConfiguration", {}),
            {"QueueConfigurations"},
        )
        notifications = [
            _checked(f"{name}.QueueConfigurations", entry, {"Event", "Queue"})
            for entry in configuration.get("QueueConfigurations", [])
        ]
        for entry in notifications:
            if not entry["Event"].startswith("s3:ObjectCreated:"):
                raise TemplateError(f"{name}: the event {entry['Event']} is not known locally")
        return Bucket(
            logical_name=name,
            name=self._bucket_name(name),
            versioned=properties.get("VersioningConfiguration", {}).get("Status") == "Enabled",
            cors_rules=tuple(
                _cors_rule(name, rule) for rule in properties.get("CorsConfiguration", {}).get("CorsRules", [])
            ),
            notifications=tuple(
                Notification(entry["Event"], self._queue_with(entry["Queue"])) for entry in notifications
            ),
        )

    def _queue(self, name: str) -> Queue:
        attributes = self.resolve(self._properties(name))
        for policy in self._of_type("AWS::SQS::QueuePolicy"):
            properties = self.resolve(self._properties(policy))
            if self._reference(name) in properties["Queues"]:
                attributes["Policy"] = properties["PolicyDocument"]
        return Queue(
            logical_name=name,
            name=f"{self._stack}-{name}",
            url=self._reference(name),
            arn=self._attribute(name, "Arn"),
            attributes={
                key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in attributes.items()
            },
        )

    def _function(self, name: str) -> Function:
        common = _checked("Globals", self._document.get("Globals", {}), {"Function"}).get("Function", {})
        common = _checked("Globals.Function", common, _PROPERTIES["AWS::Serverless::Function"])
        own = self._properties(name)
        properties = {**common, **own}
        variables = {
            key: self.resolve(value)
            for environment in (common.get("Environment", {}), own.get("Environment", {}))
            for key, value in environment.get("Variables", {}).items()
        }
        sources: list[QueueSource] = []
        schedules: list[int] = []
        for event_name, event in properties.get("Events", {}).items():
            where = f"{name}.Events.{event_name}"
            match event["Type"]:
                case "SQS":
                    sources.append(self._queue_source(where, event["Properties"]))
                case "Schedule":
                    schedule = _checked(where, event["Properties"], {"Schedule"})["Schedule"]
                    schedules.append(_rate(where, self.resolve(schedule)))
                case kind:
                    raise TemplateError(f"{where}: the event type {kind} is not known locally")
        return Function(
            name=name,
            arn=self._attribute(name, "Arn"),
            handler=properties["Handler"],
            timeout_seconds=int(self.resolve(properties["Timeout"])),
            memory_mb=int(self.resolve(properties["MemorySize"])),
            environment={key: str(value) for key, value in variables.items()},
            queue_sources=tuple(sources),
            schedule_seconds=tuple(schedules),
        )

    def _queue_source(self, where: str, properties: Mapping[str, Any]) -> QueueSource:
        known = {
            "Queue",
            "BatchSize",
            "MaximumBatchingWindowInSeconds",
            "FunctionResponseTypes",
            "ScalingConfig",
        }
        properties = self.resolve(_checked(where, properties, known))
        return QueueSource(
            queue=self._queue_with(properties["Queue"]),
            batch_size=int(properties["BatchSize"]),
            window_seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures=properties.get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
            maximum_concurrency=int(properties["ScalingConfig"]["MaximumConcurrency"]),
        )

    def _queue_with(self, arn: str) -> str:
        for name, queue in self.queues.items():
            if queue.arn == arn:
                return name
        raise TemplateError(f"{arn} is no queue of {self._path.name}")

    def _invoked_by(self, uri: Any) -> str:
        resolved = self.resolve(uri)
        for name, function in self.functions.items():
            if f"/functions/{function.arn}/invocations" in resolved:
                return name
        raise TemplateError(f"{uri} invokes no function of {self._path.name}")


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
_PROPERTIES = {
    "AWS::S3::Bucket": {
        "CorsConfiguration",
        "LifecycleConfiguration",
        "NotificationConfiguration",
        "PublicAccessBlockConfiguration",
        "VersioningConfiguration",
    },
    "AWS::SQS::Queue": {"VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy"},
    "AWS::SQS::QueuePolicy": {"Queues", "PolicyDocument"},
    SECRET: {"Description", "GenerateSecretString"},
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
        "Runtime",
        "Timeout",
    },
    "AWS::Serverless::Api": {"StageName", "EndpointConfiguration", "MinimumCompressionSize", "DefinitionBody"},
    "AWS::ApiGatewayV2::Api": {"Name", "ProtocolType", "RouteSelectionExpression"},
    "AWS::ApiGatewayV2::Route": {"ApiId", "RouteKey", "Target"},
    "AWS::ApiGatewayV2::Integration": {"ApiId", "IntegrationType", "IntegrationUri"},
}


def _checked(where: str, mapping: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    if unknown := mapping.keys() - known:
        raise TemplateError(f"{where}: {', '.join(sorted(unknown))} is not known locally")
    return dict(mapping)


def _cors_rule(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    known = {"AllowedMethods", "AllowedOrigins", "AllowedHeaders", *renamed}
    return {renamed.get(key, key): value for key, value in _checked(f"{name}.CorsRules", rule, known).items()}


def _rate(where: str, expression: str) -> int:
    found = re.fullmatch(r"rate\(([1-9][0-9]*) (\w+)\)", expression)
    if found is None or found[2] not in SECONDS:
        raise TemplateError(f"{where}: the schedule {expression} is not known locally")
    return int(found[1]) * SECONDS[found[2]]
