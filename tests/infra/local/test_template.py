"""What the local system reads from the template."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import instance, schedules
from infra.local.cloudformation import TemplateError
from infra.local.data_directory import Secrets
from infra.local.schedules import Rate
from infra.local.template import Notification, QueueSource, RestRoute, Template
from pinhole.settings import Settings

ROOT = Path(__file__).parents[3]
PARAMETERS = {
    "DatabaseUrl": "postgresql:///pinhole",
    "IngestDatabaseUrl": "postgresql://pinhole_ingest@/pinhole",
    "TokenSecret": "t" * 32,
    "MediaKeys": "{}",
    "SetupToken": "",
    "WithApiLogRole": "false",
}
QUEUES = "http://127.0.0.1:9324"

FUNCTION = """
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties: {Handler: work.handle, Timeout: 3, MemorySize: 128%s}
"""


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(ROOT / "template.yaml", parameters=PARAMETERS, queue_endpoint=QUEUES)


def read(directory: Path, text: str, **parameters: str) -> Template:
    path = directory / "template.yaml"
    path.write_text(text)
    return Template(path, parameters=parameters, queue_endpoint=QUEUES)


def test_an_upload_is_announced_to_the_ingest_queue_and_a_rendition_to_none(template: Template) -> None:
    assert template.buckets["OriginalsBucket"].notifications == (Notification("s3:ObjectCreated:*", "IngestQueue"),)
    assert template.buckets["RenditionsBucket"].notifications == ()


def test_originals_are_versioned(template: Template) -> None:
    assert [bucket.versioned for bucket in template.buckets.values()] == [True, False]


def test_a_queue_hands_messages_that_fail_too_often_to_its_dead_letter_queue(template: Template) -> None:
    queue, dead = template.queues["IngestQueue"], template.queues["IngestDeadLetters"]
    assert dead.arn in queue.attributes["RedrivePolicy"]
    assert queue.attributes["VisibilityTimeout"] == "1080"


def test_ingest_takes_one_message_at_a_time_as_often_as_the_parameter_says() -> None:
    template = Template(
        ROOT / "template.yaml",
        parameters={**PARAMETERS, "IngestConcurrency": "5"},
        queue_endpoint=QUEUES,
    )
    (source,) = template.functions["IngestFunction"].queue_sources
    assert source == QueueSource(source.uuid, "IngestQueue", 1, 0, partial_failures=True, maximum_concurrency=5)


def test_operators_know_every_queue(template: Template) -> None:
    queues = Settings.model_validate(template.functions["AdminFunction"].environment).queues
    assert sorted(queues.values()) == sorted(queue.url for queue in template.queues.values())


def test_operators_know_every_function_that_runs_by_itself_and_how_often(template: Template) -> None:
    told = Settings.model_validate(template.functions["AdminFunction"].environment).schedules
    assert {one.function: [schedules.parse(name, one.every)] for name, one in told.items()} == {
        name: list(function.schedules) for name, function in template.functions.items() if function.schedules
    }


def test_every_function_has_a_name_of_its_own_in_logs_and_metrics(template: Template) -> None:
    services = [function.environment["POWERTOOLS_SERVICE_NAME"] for function in template.functions.values()]
    assert len(set(services)) == len(services)


def test_a_function_gets_the_variables_of_all_functions_and_its_own(template: Template) -> None:
    variables = template.functions["ApiFunction"].environment
    assert variables["PINHOLE_DATABASE_URL"] == PARAMETERS["DatabaseUrl"]
    assert variables["PINHOLE_ORIGINALS_BUCKET"] == "pinhole-originals"
    assert variables["PINHOLE_INGEST_QUEUE_URL"] == f"{QUEUES}/000000000000/pinhole-IngestQueue"
    assert variables["PINHOLE_SETUP_TOKEN"] == ""
    assert "PINHOLE_SETUP_TOKEN" not in template.functions["IngestFunction"].environment


def test_on_one_machine_a_file_may_be_larger_than_in_the_cloud(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    def largest() -> int:
        here = instance.template_of("", QUEUES, Secrets("", {}, "", "", ""))
        return int(here.functions["ApiFunction"].environment["PINHOLE_MAX_FILE_BYTES"])

    monkeypatch.delenv("PINHOLE_MAX_FILE_BYTES", raising=False)
    assert largest() == 10 * 1024**3 > int(template.functions["ApiFunction"].environment["PINHOLE_MAX_FILE_BYTES"])
    monkeypatch.setenv("PINHOLE_MAX_FILE_BYTES", "1000")
    assert largest() == 1000


def test_on_one_machine_two_endless_files_leave_room_in_ingest_however_few_its_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    here = instance.template_of("", QUEUES, Secrets("", {}, "", "", ""))
    (source,) = here.functions["IngestFunction"].queue_sources
    assert source.maximum_concurrency == 4


def test_schedules_are_those_of_the_parameters(template: Template) -> None:
    assert template.functions["RequeueStaleFunction"].schedules == (Rate(300),)
    nightly = {**PARAMETERS, "CleanTokensSchedule": "cron(30 3 * * ? *)"}
    other = Template(ROOT / "template.yaml", parameters=nightly, queue_endpoint=QUEUES)
    (schedule,) = other.functions["CleanTokensFunction"].schedules
    assert schedule.after(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1, 3, 30, tzinfo=UTC)


def test_connecting_and_disconnecting_invoke_the_live_function(template: Template) -> None:
    assert template.websocket_routes == {"$connect": "LiveFunction", "$disconnect": "LiveFunction"}


def test_a_secret_is_given_like_a_parameter_and_put_where_it_is_resolved(template: Template) -> None:
    variables = template.functions["ApiFunction"].environment
    assert (variables["PINHOLE_TOKEN_SECRET"], variables["PINHOLE_MEDIA_KEYS"]) == ("t" * 32, "{}")


def test_what_has_a_condition_is_there_only_where_the_condition_holds(template: Template) -> None:
    without = Template(ROOT / "template.yaml", parameters={**PARAMETERS, "WithLive": "false"}, queue_endpoint=QUEUES)
    assert template.functions.keys() - without.functions.keys() == {"LiveFunction"}
    assert template.functions["ApiFunction"].environment["PINHOLE_LIVE_CONNECTIONS_URL"]
    assert without.functions["ApiFunction"].environment["PINHOLE_LIVE_CONNECTIONS_URL"] == ""


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(TemplateError, match="DatabaseUrl, IngestDatabaseUrl, MediaKeys"):
        Template(
            ROOT / "template.yaml",
            parameters={"TokenSecret": "t", "SetupToken": ""},
            queue_endpoint=QUEUES,
        )


def test_a_parameter_that_the_template_lacks_is_named() -> None:
    with pytest.raises(TemplateError, match="no parameter DatabaseURL"):
        Template(ROOT / "template.yaml", parameters={"DatabaseURL": ""}, queue_endpoint=QUEUES)


CONDITIONS = """
Parameters: {Cdn: {Type: String, Default: "no"}, Live: {Type: String, Default: "yes"}}
Conditions:
  HasCdn: !Equals [!Ref Cdn, "yes"]
  HasLive: !Equals [!Ref Live, "yes"]
  HasNone: !Not [!Or [!Condition HasCdn, !Condition HasLive]]
  HasBoth: !And [!Condition HasCdn, !Condition HasLive]
Resources:
  Network:
    Type: AWS::CloudFormation::Stack
    Condition: HasCdn
    Properties: {TemplateURL: infra/cloud/network.yaml}
  CdnKey: {Type: AWS::SecretsManager::Secret, Condition: HasCdn}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: work.handle
      Timeout: 3
      MemorySize: 128
      VpcConfig: !If [HasCdn, {SubnetIds: !GetAtt Network.Outputs.Subnets}, !Ref AWS::NoValue]
      Environment:
        Variables:
          A: !If [HasCdn, !GetAtt Network.Outputs.Domain, plain]
          B: !If [HasLive, !Ref AWS::NoValue, b]
          C: !If [HasNone, none, !If [HasBoth, both, one]]
"""


def test_what_is_under_a_condition_that_does_not_hold_is_not_looked_at(tmp_path: Path) -> None:
    assert read(tmp_path, CONDITIONS).functions["Work"].environment == {"A": "plain", "C": "one"}
    without = read(tmp_path, CONDITIONS, Live="no").functions["Work"].environment
    assert without == {"A": "plain", "B": "b", "C": "none"}


def test_a_nested_stack_under_a_condition_that_holds_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="Network: AWS::CloudFormation::Stack is not known locally"):
        read(tmp_path, CONDITIONS, Cdn="yes", CdnKey="a secret")


def test_a_secret_under_a_condition_that_holds_needs_a_value(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no value for parameter CdnKey"):
        read(tmp_path, CONDITIONS, Cdn="yes")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Resources:\n  Table: {Type: AWS::DynamoDB::Table}", "Table: AWS::DynamoDB::Table"),
        ("Resources: {}\nMappings: {}", "Mappings"),
        (
            "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}",
            "Q.Properties: FifoQueue",
        ),
        ("Resources:\n  Q: {Type: AWS::SQS::Queue, Condition: InCloud}", "Condition InCloud"),
        ("Conditions: {C: !Contains [a, b]}\nResources:\n  Q: {Type: AWS::SQS::Queue, Condition: C}", "Fn::Contains"),
        (FUNCTION % ", VpcConfig: {}", "VpcConfig"),
        (FUNCTION % ", Environment: {Variables: {A: !If [b, c, d]}}", "Condition b"),
        (FUNCTION % ", Environment: {Variables: {A: !Join [b, [c, d]]}}", "Fn::Join"),
        (FUNCTION % ", Environment: {Variables: {A: '{{resolve:ssm:b}}'}}", "{{resolve:ssm:b}}"),
        (FUNCTION % ", Environment: {Variables: {A: !Ref Nothing}}", "!Ref Nothing"),
        (FUNCTION % ", Environment: {Variables: {A: !Sub '${Work.Version}'}}", "Work.Version"),
        (FUNCTION % ", Events: {E: {Type: SNS, Properties: {}}}", "Work.Events.E: the event type SNS"),
        (FUNCTION % ", Events: {E: {Type: Schedule, Properties: {Schedule: cron(0 1)}}}", "cron"),
    ],
)
def test_a_construct_that_is_not_known_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(TemplateError) as raised:
        read(tmp_path, text)
    assert named in str(raised.value)


def test_routes_come_from_the_included_definition(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(
        """
        paths:
          /items/{id}:
            parameters: []
            get:
              x-pinhole-max-body-bytes: 5
              x-amazon-apigateway-integration:
                uri: {"Fn::Sub": "arn:aws:apigateway:r:lambda:path/functions/${Work.Arn}/invocations"}
        """
    )
    included = "{'Fn::Transform': {Name: AWS::Include, Parameters: {Location: gateway.yaml}}}"
    api = f"  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: api, DefinitionBody: {included}}}}}\n"
    assert read(tmp_path, FUNCTION % "" + api).rest_routes == {"/items/{id}": {"GET": RestRoute("Work", 5)}}
