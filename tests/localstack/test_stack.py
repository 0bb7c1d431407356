"""The deployed stack, driven from outside."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from google.protobuf import json_format
from psycopg import sql

from api import timeline_pb2
from infra.local import cloudformation
from infra.local.function_pool import ROOT
from infra.local.processes import HOST
from tests.fixtures.instance import Instance
from tests.fixtures.pictures import jpeg
from tests.localstack.conftest import DATABASE, Answer, Stack, fetch, until

pytestmark = pytest.mark.timeout(3600)  # the first test waits for installation, build and deployment

PROTOBUF = "application/x-protobuf"
MULTIPART_FROM = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Library:
    """A user of the stack."""

    stack: Stack
    token: str

    def call(self, method: str, path: str, body: object = None, accept: str = "application/json") -> Answer:
        return self.stack.call(method, path, body, self.token, accept)

    def begin(self, content: bytes, filename: str = "IMG_0001.jpg") -> dict[str, Any]:
        """Begin an upload; what the API answered."""
        promise = {
            "filename": filename,
            "sizeBytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "contentType": "image/jpeg",
        }
        answer = self.call("POST", "/uploads", promise)
        assert answer.status == 201, answer.content
        begun: dict[str, Any] = answer.json
        return begun

    def put(self, begun: dict[str, Any], content: bytes) -> None:
        """Send the bytes of a single upload."""
        answer = fetch(begun["url"], "PUT", content, begun["headers"])
        assert answer.status == 200, answer.content

    def state(self, begun: dict[str, Any]) -> str:
        state: str = self.call("GET", f"/uploads/{begun['id']}").json["state"]
        return state

    def ingested(self, begun: dict[str, Any], state: str = "ready") -> dict[str, Any]:
        """Wait until an upload has come to this state; the upload."""
        until(f"upload is {state}", lambda: self.state(begun) == state)
        upload: dict[str, Any] = self.call("GET", f"/uploads/{begun['id']}").json
        return upload


@pytest.fixture(scope="module")
def library(stack: Stack) -> Library:
    """The first user, registered with the set-up token that the stack made."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SetupTokenSecret"])
    account = {"name": "ann", "password": "a quiet morning light"}
    assert stack.call("POST", "/auth/register", account).json["code"] == "setup_token_wrong"
    answer = stack.call("POST", "/auth/register", {**account, "setupToken": secret["SecretString"]})
    assert answer.status == 201, answer.content
    return Library(stack, answer.json["accessToken"])


@pytest.fixture(scope="module")
def item(library: Library) -> dict[str, Any]:
    """A photo of July 2024 that was uploaded by one PUT."""
    content = jpeg(DateTimeOriginal="2024:07:14 12:00:00")
    begun = library.begin(content, "Zoë at the sea.jpg")
    library.put(begun, content)
    answer = library.call("GET", f"/items/{library.ingested(begun)['itemId']}")
    assert answer.status == 200
    item: dict[str, Any] = answer.json
    return item


@pytest.fixture(scope="module", autouse=True)
def expired_ticket(stack: Stack, library: Library) -> bytes:
    """A ticket that a schedule will clean up. Made first, since that takes up to a minute."""
    ticket_hash = hashlib.sha256(b"a ticket").digest()
    stack.conn.execute(
        "INSERT INTO live_ticket SELECT %s, session.id, now() - interval '1 day'"
        " FROM session JOIN users ON users.id = user_id WHERE name = 'ann' LIMIT 1",
        (ticket_hash,),
    )
    return ticket_hash


def test_the_stack_has_every_output_but_those_of_what_is_left_out(stack: Stack) -> None:
    declared = cloudformation.read(ROOT / "template.yaml")["Outputs"]
    assert stack.outputs.keys() == {name for name, output in declared.items() if "Condition" not in output}
    assert [name for name, value in stack.outputs.items() if not value or "unknown" in value] == []


def test_ingest_is_told_by_the_bucket_of_originals_and_by_no_other(stack: Stack) -> None:
    attributes = stack.sqs.get_queue_attributes(QueueUrl=stack.outputs["IngestQueueUrl"], AttributeNames=["Policy"])
    (statement,) = json.loads(attributes["Attributes"]["Policy"])["Statement"]
    bucket = stack.outputs["OriginalsBucket"]
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}


@pytest.mark.parametrize("output", ["OriginalsBucket", "RenditionsBucket"])
def test_each_bucket_denies_what_comes_without_tls(stack: Stack, output: str) -> None:
    (statement,) = json.loads(stack.s3.get_bucket_policy(Bucket=stack.outputs[output])["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_apis_have_a_role_to_write_logs_with(stack: Stack) -> None:
    assert ":role/" in stack.client("apigateway").get_account()["cloudwatchRoleArn"]


def test_ingest_connects_by_its_own_role(stack: Stack, item: dict[str, Any]) -> None:
    roles = stack.conn.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s", (DATABASE,))
    assert ("pinhole_ingest",) in roles.fetchall()


def test_every_part_answers(stack: Stack) -> None:
    answer = stack.call("GET", "/health")
    assert (answer.status, answer.json["status"]) == (200, "ok")


def test_nothing_listens_beyond_this_machine(stack: Stack, item: dict[str, Any]) -> None:
    pid = stack.localstack.pid
    assert pid is not None
    server = psutil.Process(pid)
    functions = server.children(recursive=True)
    listening = [
        connection.laddr
        for process in (server, *functions)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert functions != []
    assert {address.ip for address in listening} == {HOST}
    assert stack.localstack.port in {address.port for address in listening}


def test_a_photo_that_was_put_is_in_the_timeline(library: Library, item: dict[str, Any]) -> None:
    assert item["filename"] == "Zoë at the sea.jpg"
    month = library.call("GET", "/timeline/2024-07").json
    assert item["id"] in month["ids"]
    assert "2024-07-14T12:00:00" in month["takenAtLocal"]


def test_a_photo_is_found_by_its_name_where_search_has_no_models(library: Library, item: dict[str, Any]) -> None:
    answer = library.call("GET", "/search?q=at%20the%20sea")
    assert answer.status == 200, answer.content
    assert (answer.json["ids"], answer.json["textOnly"]) == ([item["id"]], True)


@pytest.mark.parametrize(
    ("path", "message"), [("/timeline", timeline_pb2.Timeline), ("/timeline/2024-07", timeline_pb2.Month)]
)
def test_the_timeline_is_the_same_in_protobuf_byte_by_byte(
    library: Library, item: dict[str, Any], path: str, message: Any
) -> None:
    answer = library.call("GET", path, accept=PROTOBUF)
    assert answer.headers["Content-Type"] == PROTOBUF
    as_json = library.call("GET", path).json
    if "asOf" in as_json:  # each answer is of its own moment
        as_json["asOf"] = message.FromString(answer.content).as_of
    assert any(byte > 127 for byte in answer.content)  # such as text would not survive
    assert answer.content == json_format.ParseDict(as_json, message()).SerializeToString()


def test_a_timeline_that_has_not_moved_is_not_sent_again(library: Library, item: dict[str, Any]) -> None:
    first = library.call("GET", "/timeline")
    url = library.stack.outputs["ApiUrl"].replace("https", "http", 1) + "/timeline"
    headers = {"Accept": "application/json", "Authorization": f"Bearer {library.token}"}
    again = fetch(url, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.content) == (304, b"")


def test_a_rendition_is_handed_out_by_presigned_url(stack: Stack, item: dict[str, Any]) -> None:
    origin = stack.outputs["ApiUrl"].replace("https", "http", 1).removesuffix("/api")
    for rendition in item["renditions"]:
        redirect = fetch(origin + rendition["url"])
        assert redirect.status == 302
        picture = fetch(redirect.headers["Location"])
        assert (picture.status, picture.headers["Content-Type"]) == (200, "image/webp")
        assert (len(picture.content), picture.content[8:12]) == (rendition["sizeBytes"], b"WEBP")
    assert fetch((origin + item["renditions"][0]["url"]).replace("&s=", "&s=x")).status == 403


def test_an_original_comes_back_as_it_was_under_its_name(item: dict[str, Any]) -> None:
    original = fetch(item["original"]["url"])
    assert original.content == jpeg(DateTimeOriginal="2024:07:14 12:00:00")
    assert "filename*=UTF-8''Zo%C3%AB%20at%20the%20sea.jpg" in original.headers["Content-Disposition"]


def test_bytes_that_are_not_those_promised_are_refused(library: Library) -> None:
    content = jpeg(shade=11)
    begun = library.begin(content)
    assert fetch(begun["url"], "PUT", content + b"!", begun["headers"]).status in {400, 403}
    assert fetch(begun["url"].replace("Signature=", "Signature=0"), "PUT", content, begun["headers"]).status == 403
    library.put(begun, content)
    assert fetch(begun["url"], "PUT", content, begun["headers"]).status == 412


def test_a_large_photo_is_uploaded_in_parts(library: Library) -> None:
    content = jpeg(shade=12, DateTimeOriginal="2023:01:02 03:04:05")
    content += bytes(MULTIPART_FROM + 1 - len(content))
    begun = library.begin(content, "large.jpg")
    assert begun["method"] == "multipart"
    size = begun["partSizeBytes"]
    numbers = list(range(1, begun["partCount"] + 1))
    signed = library.call("POST", f"/uploads/{begun['id']}/parts", {"partNumbers": numbers}).json["parts"]
    assert library.call("POST", f"/uploads/{begun['id']}/complete").status == 409
    for part in signed:
        start = (part["partNumber"] - 1) * size
        assert fetch(part["url"], "PUT", content[start : start + size], part["headers"]).status == 200
    assert library.call("POST", f"/uploads/{begun['id']}/complete").status == 202
    assert library.ingested(begun)["itemId"] in library.call("GET", "/timeline/2023-01").json["ids"]


def test_a_photo_that_can_not_be_processed_is_reported_in_the_ledger(library: Library) -> None:
    stack = library.stack
    content = jpeg(shade=13)
    with without_renditions_bucket(stack):
        begun = library.begin(content)
        library.put(begun, content)
        failed = library.ingested(begun, "failed")
    assert failed["error"]["code"] == "processing_failed"
    (report,) = stack.conn.execute("SELECT last_error FROM job WHERE state = 'failed'").fetchall()
    assert "NoSuchBucket" in report[0]
    assert "then given up" in report[0]
    assert messages(stack, "IngestDeadLettersUrl") == 0


def test_a_message_that_died_in_an_outage_is_redriven(library: Library) -> None:
    stack = library.stack
    content = jpeg(shade=14)
    begun = library.begin(content)
    with dead_letters_kept(stack):
        with database_gone(stack):
            library.put(begun, content)
            until("the message is dead", lambda: messages(stack, "IngestDeadLettersUrl") == 1)
        assert library.state(begun) == "waiting"
        (arn,) = stack.sqs.get_queue_attributes(
            QueueUrl=stack.outputs["IngestDeadLettersUrl"], AttributeNames=["QueueArn"]
        )["Attributes"].values()
        stack.sqs.start_message_move_task(SourceArn=arn)
        library.ingested(begun)


def test_what_the_queue_lost_is_sent_again(library: Library) -> None:
    stack = library.stack
    content = jpeg(shade=15)
    with no_events(stack):
        begun = library.begin(content)
        library.put(begun, content)
    function = stack.physical_id("RequeueStaleFunction")
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"staleAfterSeconds": 0}))
    assert json.load(answer["Payload"])["sent"] >= 1
    library.ingested(begun)


def test_the_whole_runs_on_this_machine_with_a_localstack_for_store_and_queue(stack: Stack, directory: Path) -> None:
    with Instance(directory, "--endpoint", stack.localstack.endpoint) as instance:
        instance.register()
        item = instance.item_of(instance.upload(jpeg(shade=16)))
        assert fetch(item["original"]["url"]).content == jpeg(shade=16)
        assert fetch(instance.origin + item["renditions"][0]["url"]).status == 200
        assert not (directory / "store").exists()


def test_a_schedule_fires(stack: Stack, expired_ticket: bytes) -> None:
    def is_gone() -> bool:
        found = stack.conn.execute("SELECT FROM live_ticket WHERE ticket_hash = %s", (expired_ticket,))
        return found.rowcount == 0

    until("the expired ticket is cleaned up", is_gone)


def messages(stack: Stack, output: str) -> int:
    """How many messages a queue holds, seen or not."""
    answer = stack.sqs.get_queue_attributes(
        QueueUrl=stack.outputs[output],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(value) for value in answer["Attributes"].values())


@contextmanager
def without_renditions_bucket(stack: Stack) -> Iterator[None]:
    """The bucket is gone for a while; what was in it comes back with it."""
    bucket = stack.outputs["RenditionsBucket"]
    kept = {
        entry["Key"]: stack.s3.get_object(Bucket=bucket, Key=entry["Key"])
        for entry in stack.s3.list_objects_v2(Bucket=bucket)["Contents"]
    }
    bodies = {key: (answer["Body"].read(), answer["ContentType"]) for key, answer in kept.items()}
    for key in bodies:
        stack.s3.delete_object(Bucket=bucket, Key=key)
    stack.s3.delete_bucket(Bucket=bucket)
    try:
        yield
    finally:
        stack.s3.create_bucket(Bucket=bucket)
        for key, (body, content_type) in bodies.items():
            stack.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


@contextmanager
def database_gone(stack: Stack) -> Iterator[None]:
    """Every connection but this test's is ended, and none is taken."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(stack.postgres.url, autocommit=True) as other:
        other.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        stack.conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (DATABASE,),
        )
        try:
            yield
        finally:
            other.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


@contextmanager
def dead_letters_kept(stack: Stack) -> Iterator[None]:
    """Their consumer is paused, as an operator does who wants to redrive them."""
    functions = stack.client("lambda")
    mapping = functions.get_event_source_mapping(UUID=stack.physical_id("DeadLettersFunctionIngest"))

    def switch(enabled: bool, state: str) -> None:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
        until(
            f"the mapping is {state}",
            lambda: functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == state,
        )

    switch(False, "Disabled")
    try:
        yield
    finally:
        switch(True, "Enabled")


@contextmanager
def no_events(stack: Stack) -> Iterator[None]:
    """The bucket tells nobody what is put into it."""
    bucket = stack.outputs["OriginalsBucket"]
    told = stack.s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    stack.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        stack.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": told}
        )
