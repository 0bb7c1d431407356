"""What `template.yaml` says, as the local system needs it: buckets, queues, functions and what invokes them.

Names are the template's logical names, values are resolved to local ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from infra.local import schedules
from infra.local.cloudformation import Stack, TemplateError, checked
from infra.local.schedules import Schedule

# Extension of an operation: the most that its function takes, which refuses more by itself.
MAX_BODY_BYTES = "x-pinhole-max-body-bytes"
HTTP_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


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

    uuid: str
    queue: str
    batch_size: int
    window_seconds: int
    partial_failures: bool
    maximum_concurrency: int


@dataclass(frozen=True, slots=True)
class RestRoute:
    """What a method of a path of the REST API leads to. `function` is a logical name."""

    function: str
    max_body_bytes: int


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
    schedules: tuple[Schedule, ...]


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
        self._stack = Stack(path, parameters=parameters, queue_endpoint=queue_endpoint, region=region, name=stack)
        self.region = region
        self.queues = {name: self._queue(name) for name in self._stack.of_type("AWS::SQS::Queue")}
        self.buckets = {name: self._bucket(name) for name in self._stack.of_type("AWS::S3::Bucket")}
        self.functions = {name: self._function(name) for name in self._stack.of_type("AWS::Serverless::Function")}

    @cached_property
    def rest_routes(self) -> dict[str, dict[str, RestRoute]]:
        """Routes of the REST API, from the definition it includes: `{"/items/{id}": {"GET": RestRoute}}`."""
        (api,) = self._stack.of_type("AWS::Serverless::Api")
        match self._stack.properties(api)["DefinitionBody"]:
            case {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": str(location)}}}:
                definition = yaml.safe_load((self._stack.path.parent / location).read_text("utf-8"))
            case other:
                raise TemplateError(f"{api}.DefinitionBody: {other} is not known locally")
        return {
            path: {
                method.upper(): RestRoute(
                    self._invoked_by(operation["x-amazon-apigateway-integration"]["uri"]), operation[MAX_BODY_BYTES]
                )
                for method, operation in operations.items()
                if method in HTTP_METHODS
            }
            for path, operations in definition["paths"].items()
        }

    @cached_property
    def websocket_routes(self) -> dict[str, str]:
        """Routes of the WebSocket API: `{"$connect": function name}`."""
        routes = {}
        for name in self._stack.of_type("AWS::ApiGatewayV2::Route"):
            properties = self._stack.properties(name)
            integration = self._stack.resolve(properties["Target"]).removeprefix("integrations/")
            routes[properties["RouteKey"]] = self._invoked_by(self._stack.properties(integration)["IntegrationUri"])
        return routes

    def _bucket(self, name: str) -> Bucket:
        properties = self._stack.resolve(self._stack.properties(name))
        configuration = checked(
            f"{name}.NotificationConfiguration",
            properties.get("NotificationConfiguration", {}),
            {"QueueConfigurations"},
        )
        notifications = [
            checked(f"{name}.QueueConfigurations", entry, {"Event", "Queue"})
            for entry in configuration.get("QueueConfigurations", [])
        ]
        for entry in notifications:
            if not entry["Event"].startswith("s3:ObjectCreated:"):
                raise TemplateError(f"{name}: the event {entry['Event']} is not known locally")
        return Bucket(
            logical_name=name,
            name=self._stack.bucket_name(name),
            versioned=properties.get("VersioningConfiguration", {}).get("Status") == "Enabled",
            cors_rules=tuple(
                _cors_rule(name, rule) for rule in properties.get("CorsConfiguration", {}).get("CorsRules", [])
            ),
            notifications=tuple(
                Notification(entry["Event"], self._queue_with(entry["Queue"])) for entry in notifications
            ),
        )

    def _queue(self, name: str) -> Queue:
        attributes = self._stack.resolve(self._stack.properties(name))
        for policy in self._stack.of_type("AWS::SQS::QueuePolicy"):
            properties = self._stack.resolve(self._stack.properties(policy))
            if self._stack.reference(name) in properties["Queues"]:
                attributes["Policy"] = properties["PolicyDocument"]
        return Queue(
            logical_name=name,
            name=self._stack.queue_name(name),
            url=self._stack.reference(name),
            arn=self._stack.attribute(name, "Arn"),
            attributes={
                key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in attributes.items()
            },
        )

    def _function(self, name: str) -> Function:
        common = self._stack.function_defaults
        own = self._stack.properties(name)
        properties = {**common, **own}
        variables = {
            key: value
            for environment in (common.get("Environment", {}), own.get("Environment", {}))
            for key, value in self._stack.resolve(environment.get("Variables", {})).items()
        }
        sources = [
            source
            for source in self._stack.of_type("AWS::Lambda::EventSourceMapping")
            if self._stack.resolve(self._stack.properties(source)["FunctionName"]) == name
        ]
        timetable: list[Schedule] = []
        for event_name, event in properties.get("Events", {}).items():
            where = f"{name}.Events.{event_name}"
            if event["Type"] != "Schedule":
                raise TemplateError(f"{where}: the event type {event['Type']} is not known locally")
            schedule = checked(where, event["Properties"], {"Schedule"})["Schedule"]
            timetable.append(schedules.parse(where, self._stack.resolve(schedule)))
        return Function(
            name=name,
            arn=self._stack.attribute(name, "Arn"),
            handler=properties["Handler"],
            timeout_seconds=int(self._stack.resolve(properties["Timeout"])),
            memory_mb=int(self._stack.resolve(properties["MemorySize"])),
            environment={key: str(value) for key, value in variables.items()},
            queue_sources=tuple(map(self._queue_source, sources)),
            schedules=tuple(timetable),
        )

    def _queue_source(self, name: str) -> QueueSource:
        properties = self._stack.resolve(self._stack.properties(name))
        return QueueSource(
            uuid=self._stack.reference(name),
            queue=self._queue_with(properties["EventSourceArn"]),
            batch_size=int(properties["BatchSize"]),
            window_seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures=properties.get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
            maximum_concurrency=int(properties["ScalingConfig"]["MaximumConcurrency"]),
        )

    def _queue_with(self, arn: str) -> str:
        for name, queue in self.queues.items():
            if queue.arn == arn:
                return name
        raise TemplateError(f"{arn} is no queue of {self._stack.path.name}")

    def _invoked_by(self, uri: Any) -> str:
        resolved = self._stack.resolve(uri)
        for name, function in self.functions.items():
            if f"/functions/{function.arn}/invocations" in resolved:
                return name
        raise TemplateError(f"{uri} invokes no function of {self._stack.path.name}")


def _cors_rule(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    known = {"AllowedMethods", "AllowedOrigins", "AllowedHeaders", *renamed}
    return {renamed.get(key, key): value for key, value in checked(f"{name}.CorsRules", rule, known).items()}
