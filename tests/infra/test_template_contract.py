"""What template.yaml promises, held against the code, the settings and itself."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local import cloudformation
from infra.local.schedules import Rate
from infra.local.template import Function, QueueSource, Template
from pinhole.settings import Settings
from pinhole.stages import CATALOGUE

PATH = Path(__file__).parents[2] / "template.yaml"
DOCUMENT = cloudformation.read(PATH)
PARAMETERS = {
    "DatabaseUrl": "postgresql://all@db/pinhole",
    "IngestDatabaseUrl": "postgresql://ingest@db/pinhole",
    "TokenSecret": "",
    "MediaKeys": "{}",
    "SetupToken": "",
    "WithApiLogRole": "false",
}
QUEUES = "http://127.0.0.1:9324"
LAYERS = sorted(path.name for path in (PATH.parent / "layers").iterdir())
TEMPLATE = Template(PATH, parameters=PARAMETERS, queue_endpoint=QUEUES)
SOURCES = [(function, source) for function in TEMPLATE.functions.values() for source in function.queue_sources]
EVERY_SOURCE = pytest.mark.parametrize(
    ("function", "source"), SOURCES, ids=[f"{function.name} from {source.queue}" for function, source in SOURCES]
)
EVERY_FUNCTION = pytest.mark.parametrize("function", TEMPLATE.functions.values(), ids=TEMPLATE.functions)
LAMBDA_ENVIRONMENT_BYTES = 4096  # all of a function's variables together: AWS Lambda quotas
SECRETS = {
    f"PINHOLE_{name.upper()}" for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
} - {"PINHOLE_CAPTION_KEY", "PINHOLE_SMTP_PASSWORD"}  # of a worker, and of where there is no SES


def properties(kind: str) -> dict[str, dict[str, Any]]:
    """Properties of the resources of a type, by logical name; references in their long form."""
    resources = DOCUMENT["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}


def allowed(function: Function, action: str) -> list[Any]:
    """What a function's own policies let it do this to, a resource each."""
    covered = [
        statement["Resource"]
        for policy in properties("AWS::Serverless::Function")[function.name].get("Policies", [])
        for statement in policy["Statement"]
        if action in statement["Action"]
    ]
    return [each for resource in covered for each in (resource if isinstance(resource, list) else [resource])]


@EVERY_SOURCE
def test_one_message_that_fails_brings_back_no_other(function: Function, source: QueueSource) -> None:
    assert source.partial_failures


@EVERY_SOURCE
def test_a_message_that_keeps_failing_goes_to_a_dead_letter_queue(function: Function, source: QueueSource) -> None:
    assert "deadLetterTargetArn" in TEMPLATE.queues[source.queue].attributes["RedrivePolicy"]


@EVERY_SOURCE
def test_a_function_may_take_messages_of_its_own_queues_and_of_no_other(
    function: Function, source: QueueSource
) -> None:
    own = [{"Fn::GetAtt": [each.queue, "Arn"]} for each in function.queue_sources]
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert allowed(function, action) == own, action


@EVERY_FUNCTION
def test_a_function_that_sends_to_the_queue_which_feeds_it_is_not_stopped_for_that(function: Function) -> None:
    sends = allowed(function, "sqs:SendMessage")
    feeds_itself = any({"Fn::GetAtt": [source.queue, "Arn"]} in sends for source in function.queue_sources)
    own = properties("AWS::Serverless::Function")[function.name]
    assert (own.get("RecursiveLoop") == "Allow") == feeds_itself


@EVERY_SOURCE
def test_a_message_stays_invisible_for_six_times_as_long_as_its_function_may_take(
    function: Function, source: QueueSource
) -> None:
    visibility_timeout = int(TEMPLATE.queues[source.queue].attributes["VisibilityTimeout"])
    assert visibility_timeout >= 6 * function.timeout_seconds


@EVERY_SOURCE
def test_database_connections_are_capped_by_a_maximum_concurrency(function: Function, source: QueueSource) -> None:
    assert 2 <= source.maximum_concurrency <= 10


def test_operators_tune_every_queue_that_has_dead_letters_by_parameters() -> None:
    for name, queue in properties("AWS::SQS::Queue").items():
        if "RedrivePolicy" in queue:
            tuned = [queue["VisibilityTimeout"], queue["RedrivePolicy"]["maxReceiveCount"]]
            assert {value["Ref"] for value in tuned} <= DOCUMENT["Parameters"].keys(), name


def test_each_stage_is_carried_by_the_queues_and_dead_letters_that_the_catalogue_names() -> None:
    own = properties("AWS::Serverless::Function")["AdminFunction"]["Environment"]["Variables"]
    told = json.loads(own["PINHOLE_QUEUES"]["Fn::Sub"])
    urls = DOCUMENT["Globals"]["Function"]["Environment"]["Variables"] | own
    named = {name: urls.get(f"PINHOLE_{name.upper().replace('-', '_')}_QUEUE_URL", {}) for name in told}
    logical = {
        name: reference[2:].partition(".")[0] or named[name].get("Ref") or named[name]["Fn::GetAtt"][0]
        for name, reference in told.items()
    }
    queues = properties("AWS::SQS::Queue")
    for row in CATALOGUE.values():
        for carrier in row.lanes.values():
            redriven_to = queues[logical[carrier.name]]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            assert logical[carrier.dead_letters] == redriven_to


def test_dead_letters_are_kept_longer_than_the_messages_they_were() -> None:
    # Their age counts from when they were first sent.
    queues = properties("AWS::SQS::Queue")
    for name, queue in queues.items():
        if "RedrivePolicy" in queue:
            dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            assert queue["MessageRetentionPeriod"] < queues[dead_letters]["MessageRetentionPeriod"], name


def test_a_job_is_sent_again_only_when_its_message_can_not_come_back_any_more() -> None:
    defaults = {name: parameter.get("Default") for name, parameter in DOCUMENT["Parameters"].items()}
    longest = defaults["IngestVisibilityTimeout"] * defaults["IngestMaxReceiveCount"]
    assert defaults["StaleAfterSeconds"] >= longest
    assert defaults["StaleAfterSeconds"] == Settings.model_fields["stale_after_seconds"].default


def test_a_photo_whose_worker_was_killed_is_sent_again_within_eight_minutes() -> None:
    # Its lease ends with the time-out of the call; the next sweep finds it.
    (sweeps,) = TEMPLATE.functions["RequeueStaleFunction"].schedules
    assert isinstance(sweeps, Rate)
    for name in ("IngestFunction", "IngestBulkFunction"):
        assert TEMPLATE.functions[name].timeout_seconds + sweeps.seconds <= 8 * 60


@pytest.mark.parametrize("name", ["IngestFunction", "IngestBulkFunction"])
def test_a_file_that_may_be_uploaded_fits_onto_the_disk_of_ingest(name: str) -> None:
    ingest = properties("AWS::Serverless::Function")[name]
    largest = int(TEMPLATE.functions["ApiFunction"].environment["PINHOLE_MAX_FILE_BYTES"])
    assert largest <= 0.8 * ingest["EphemeralStorage"]["Size"] * 1024 * 1024


def test_what_comes_by_another_way_than_an_upload_has_a_queue_of_its_own_and_less_room() -> None:
    fresh, bulk = TEMPLATE.functions["IngestFunction"], TEMPLATE.functions["IngestBulkFunction"]
    (of_fresh,), (of_bulk,) = fresh.queue_sources, bulk.queue_sources
    assert fresh.environment["PINHOLE_INGEST_BULK_QUEUE_URL"] == TEMPLATE.queues[of_bulk.queue].url
    assert of_bulk.maximum_concurrency < of_fresh.maximum_concurrency
    assert (bulk.timeout_seconds, bulk.memory_mb) == (fresh.timeout_seconds, fresh.memory_mb)


def test_ingest_deletes_no_original_that_came_by_another_way_than_an_upload() -> None:
    uploads = [{"Fn::Sub": "${OriginalsBucket.Arn}/*/uploads/*"}]
    for name in ("IngestFunction", "IngestBulkFunction"):
        function = TEMPLATE.functions[name]
        assert allowed(function, "s3:DeleteObject") == [*uploads, {"Fn::Sub": "${RenditionsBucket.Arn}/*"}], name
        assert allowed(function, "s3:DeleteObjectVersion") == uploads, name


@pytest.mark.parametrize(
    ("models", "covered"),
    [("s3://models/v1", "arn:aws:s3:::models/v1/*"), ("s3://models", "arn:aws:s3:::models/*"), ("", None)],
)
def test_search_reads_nothing_of_any_bucket_but_its_models(models: str, covered: str | None) -> None:
    assert "Policies" not in properties("AWS::Serverless::Function")["SearchFunction"]
    stack = cloudformation.Stack(
        PATH,
        parameters={**PARAMETERS, "SearchModels": models},
        queue_endpoint=QUEUES,
        region="us-east-1",
        name="pinhole",
    )
    policies = [name for name in stack.of_type("AWS::IAM::RolePolicy") if name == "SearchModelsPolicy"]
    assert (policies == []) == (covered is None)
    for name in policies:
        policy = properties("AWS::IAM::RolePolicy")[name]
        assert policy["RoleName"] == {"Ref": "SearchFunctionRole"}
        assert stack.resolve(policy["PolicyDocument"]["Statement"]) == [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": covered}
        ]


@pytest.mark.parametrize(
    ("model_set", "brings"), [("embedded", ["ModelsLayer"]), ("clip", ["ModelsLayer", "OnnxLayer"])]
)
def test_search_brings_what_its_model_set_runs_on(model_set: str, brings: list[str]) -> None:
    given = {**PARAMETERS, "SearchModelSet": model_set}
    stack = cloudformation.Stack(PATH, parameters=given, queue_endpoint=QUEUES, region="us-east-1", name="pinhole")
    assert stack.resolve(stack.properties("SearchFunction")["Layers"]) == brings
    search = Template(PATH, parameters=given, queue_endpoint=QUEUES).functions["SearchFunction"]
    assert (search.memory_mb > 2000) == ("OnnxLayer" in brings)


def test_only_originals_tell_what_is_put_into_their_bucket() -> None:
    told = {(name, each.queue) for name, bucket in TEMPLATE.buckets.items() for each in bucket.notifications}
    assert told == {("OriginalsBucket", "IngestQueue")}


def test_no_bucket_is_public() -> None:
    for name, bucket in properties("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name


def test_no_bucket_is_reached_without_tls() -> None:
    policies = {policy["Bucket"]["Ref"]: policy for policy in properties("AWS::S3::BucketPolicy").values()}
    assert policies.keys() == properties("AWS::S3::Bucket").keys()
    for bucket, policy in policies.items():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement == {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }


def test_what_outlives_the_stack_keeps_its_policy() -> None:
    for kind in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"):
        for name in properties(kind):
            assert DOCUMENT["Resources"][name]["DeletionPolicy"] == "Retain", name


def test_only_the_bucket_of_originals_may_send_to_ingest() -> None:
    (statement,) = properties("AWS::SQS::QueuePolicy")["IngestQueuePolicy"]["PolicyDocument"]["Statement"]
    name, stack = properties("AWS::S3::Bucket")["OriginalsBucket"]["BucketName"]["Fn::Sub"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": [f"arn:${{AWS::Partition}}:s3:::{name}", stack]}},
    }


def test_pages_of_which_origin_may_upload_is_a_parameter() -> None:
    origin = "https://photos.example.org"
    stack = Template(PATH, parameters={**PARAMETERS, "WebOrigin": origin}, queue_endpoint=QUEUES)
    (rule,) = stack.buckets["OriginalsBucket"].cors_rules
    assert rule["AllowedOrigins"] == [origin]
    assert stack.buckets["RenditionsBucket"].cors_rules == ()


def test_what_only_an_account_needs_stands_under_a_condition() -> None:
    nested = properties("AWS::CloudFormation::Stack")
    files = sorted(
        path.relative_to(PATH.parent).as_posix() for path in (PATH.parent / "infra" / "cloud").glob("*.yaml")
    )
    assert sorted(each["TemplateURL"] for each in nested.values()) == files != []
    for name in nested:
        assert DOCUMENT["Resources"][name]["Condition"] in DOCUMENT["Conditions"], name
    readme = (PATH.parent / "infra" / "cloud" / "README.md").read_text("utf-8")
    assert [file for file in files if f"({Path(file).name})" not in readme] == []


def test_both_apis_are_throttled() -> None:
    (api,) = properties("AWS::Serverless::Api").values()
    (every_method,) = api["MethodSettings"]
    (live,) = properties("AWS::ApiGatewayV2::Stage").values()
    assert (every_method["HttpMethod"], every_method["ResourcePath"]) == ("*", "/*")
    for limits in (every_method, live["DefaultRouteSettings"]):
        assert limits.keys() >= {"ThrottlingRateLimit", "ThrottlingBurstLimit"}


def test_both_apis_log_what_was_asked_of_them_but_no_path_and_no_query() -> None:
    # Paths and queries carry signatures, tickets and tokens of links.
    (api,) = properties("AWS::Serverless::Api").values()
    (live,) = properties("AWS::ApiGatewayV2::Stage").values()
    for settings in (api["AccessLogSetting"], live["AccessLogSettings"]):
        line = json.loads(settings["Format"])
        assert line.keys() >= {"message", "service", "request_id", "route", "status", "address"}
        assert set(re.findall(r"\$[\w.]+", settings["Format"])) <= {
            "$context.requestId",
            "$context.identity.sourceIp",
            "$context.httpMethod",
            "$context.resourcePath",
            "$context.routeKey",
            "$context.status",
            "$context.responseLength",
            "$context.responseLatency",
            "$context.integrationStatus",
            "$context.error.responseType",
        }


def test_what_is_left_of_a_multipart_upload_is_removed_once_it_can_not_be_resumed() -> None:
    (rule,) = properties("AWS::S3::Bucket")["OriginalsBucket"]["LifecycleConfiguration"]["Rules"]
    days: int = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    assert days > Settings.model_fields["upload_expiry_days"].default


def test_sam_builds_for_the_version_that_is_deployed() -> None:
    for makefile in ("functions/Makefile", *(f"layers/{layer}/Makefile" for layer in LAYERS)):
        version = re.search(r"^LAMBDA_PYTHON \?= (\S+)$", (PATH.parent / makefile).read_text("utf-8"), re.MULTILINE)
        assert version is not None, makefile
        assert f"python{version[1]}" == DOCUMENT["Parameters"]["LambdaRuntime"]["Default"], makefile


@EVERY_FUNCTION
def test_every_handler_can_be_imported(function: Function) -> None:
    module, _, name = function.handler.rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_the_environment_of_each_function_has_room_in_lambda() -> None:
    # Names of queues as long as AWS makes them: 80 characters.
    region = "ap-southeast-2"
    stack = "a-stack-with-a-name-that-says-which-family-and-which-stage"
    key = "k" * 64
    database = (
        f"postgresql://pinhole_ingest:{'p' * 64}@{'h' * 90}.{region}.rds.amazonaws.com:5432/pinhole"
        "?sslmode=verify-full&sslrootcert=/etc/pki/tls/certs/ca-bundle.crt"
    )
    given = {
        **PARAMETERS,
        "DatabaseUrl": database,
        "IngestDatabaseUrl": database,
        "TokenSecret": key,
        "MediaKeys": json.dumps({"2026-11": key, "2027-05": key}),
        "MediaKeyId": "2027-05",
        "SetupToken": "s" * 32,
        "FallbackTimezone": "America/Argentina/Buenos_Aires",
        "MediaBaseUrl": "https://media.photos.example.org",
    }
    deployed = Template(
        PATH, parameters=given, queue_endpoint=f"https://sqs.{region}.amazonaws.com", region=region, stack=stack
    )
    sizes = {
        name: sum(len(variable.encode()) + len(value.encode()) for variable, value in function.environment.items())
        for name, function in deployed.functions.items()
    }
    assert max(len(queue.name) for queue in deployed.queues.values()) >= 80
    assert {name: size for name, size in sizes.items() if size > LAMBDA_ENVIRONMENT_BYTES} == {}


@EVERY_FUNCTION
def test_every_variable_is_a_setting(function: Function) -> None:
    settings = {f"PINHOLE_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in function.environment if name.startswith("PINHOLE_")} <= settings


def test_secrets_are_nowhere_but_in_secrets() -> None:
    for function in (DOCUMENT["Globals"]["Function"], *properties("AWS::Serverless::Function").values()):
        for name, value in function.get("Environment", {}).get("Variables", {}).items():
            if name in SECRETS:
                assert value["Fn::Sub"].startswith("{{resolve:secretsmanager:"), name
    for name in ("DatabaseUrl", "IngestDatabaseUrl"):
        assert DOCUMENT["Parameters"][name]["NoEcho"] is True


@EVERY_FUNCTION
def test_a_function_has_the_secrets_that_its_code_reads_and_no_other(function: Function) -> None:
    # Whoever takes over ingest by a picture can forge neither a session nor an address of media.
    # Only the API lets in who is new.
    read = {"ApiFunction": SECRETS, "SearchFunction": SECRETS - {"PINHOLE_SETUP_TOKEN"}}
    assert function.environment.keys() & SECRETS == read.get(function.name, set())


def test_another_revision_of_the_secrets_changes_every_function() -> None:
    # For what a deployment does not change, CloudFormation does not look into secrets.
    other = Template(PATH, parameters={**PARAMETERS, "SecretsRevision": "2"}, queue_endpoint=QUEUES)
    for name, function in TEMPLATE.functions.items():
        assert function.environment != other.functions[name].environment, name


@EVERY_FUNCTION
def test_what_decodes_files_has_a_database_role_of_its_own(function: Function) -> None:
    decodes = {"Ref": "ImagingLayer"} in properties("AWS::Serverless::Function")[function.name].get("Layers", [])
    whose = "IngestDatabaseUrl" if decodes else "DatabaseUrl"
    assert function.environment["PINHOLE_DATABASE_URL"] == PARAMETERS[whose]


def test_functions_have_no_policies_but_their_own_statements() -> None:
    for name, function in properties("AWS::Serverless::Function").items():
        assert all("Statement" in policy for policy in function.get("Policies", [])), name
        assert "Role" not in function, name


def test_no_policy_allows_actions_by_wildcard() -> None:
    allowed = [
        action.value
        for statement in statements()
        if statement["Effect"].value == "Allow"
        for action in leaves(statement["Action"])
    ]
    assert len(allowed) > 20
    assert [action for action in allowed if "*" in action] == []


def test_a_wildcard_in_what_a_policy_covers_has_its_reason_written_next_to_it() -> None:
    lines = PATH.read_text("utf-8").splitlines()
    wildcards = [
        resource for statement in statements() for resource in leaves(statement["Resource"]) if "*" in resource.value
    ]
    assert len(wildcards) > 5
    without = [
        f"line {resource.start_mark.line + 1}: {resource.value}"
        for resource in wildcards
        if not re.search(r"# \*: \w+ \w+", lines[resource.start_mark.line])
        and not re.match(r" *# \*: \w+ \w+", lines[resource.start_mark.line - 1])
    ]
    assert without == [], "write `# *: why` behind it, or on a line of its own before it"


def statements() -> list[dict[str, yaml.Node]]:
    """Every statement of every policy, as nodes that know their line."""
    return list(_statements(yaml.compose(PATH.read_text("utf-8"), yaml.SafeLoader)))


def _statements(node: yaml.Node | None) -> Iterator[dict[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        entries = {key.value: value for key, value in node.value}
        if "Effect" in entries:
            yield entries
        for value in entries.values():
            yield from _statements(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _statements(value)


def leaves(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The scalars of a node: itself, or those of a list."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from leaves(value)
