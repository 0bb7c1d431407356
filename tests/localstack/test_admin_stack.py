"""`python -m infra admin --stack` against the deployed stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import sql

from infra.bootstrap import REPOSITORY
from pinhole.ids import new_id
from tests.fixtures.library import Library, new_library
from tests.localstack.conftest import STACK, Stack, until

pytestmark = pytest.mark.timeout(3600)  # the first test waits for installation, build and deployment

NOTHING = '{"Event": "s3:TestEvent"}'  # a message that ingest takes and has nothing to do for

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(stack: Stack) -> Run:
    """Runs a command as an operator does whose AWS configuration leads to this stack."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": stack.localstack.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def run_command(*arguments: str, name: str = STACK) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra", "admin", *arguments, "--stack", name, "--region", "us-east-1"]
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

    return run_command


@pytest.fixture
def ask(run: Run) -> Callable[..., Any]:
    """What a command answers that does all that it is asked for."""

    def answer(*arguments: str) -> Any:
        ran = run(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return answer


@pytest.fixture
def queue(ask: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda name: next(queue for queue in ask("queues") if queue["name"] == name)


@pytest.fixture
def paused(ask: Callable[..., Any], queue: Callable[[str], Any]) -> Callable[[str], Any]:
    @contextmanager
    def pause(name: str) -> Iterator[None]:
        ask("pause", name)
        until(f"{name} is paused", lambda: queue(name)["consumer"] == "paused")
        yield
        ask("resume", name)
        until(f"{name} is consumed", lambda: queue(name)["consumer"] == "running")

    return pause


@pytest.fixture
def library(stack: Stack) -> Iterator[Library]:
    """The library of a user who leaves nothing behind: other tests begin with an empty one."""
    library = new_library(stack.conn, "zoe")
    yield library
    for table, whose in (
        ("upload", "owner_id"),
        ("job", "owner_id"),
        ("outbox", "owner_id"),
        ("media_item", "owner_id"),
        ("timeline_month", "viewer_id"),
    ):
        stack.conn.execute(
            sql.SQL("DELETE FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(whose)),
            (library.owner_id,),
        )
    stack.conn.execute("DELETE FROM users WHERE id = %s", (library.owner_id,))


def test_every_queue_is_told_with_what_the_stack_was_deployed_with(run: Run, ask: Callable[..., Any]) -> None:
    told = {queue["name"]: queue for queue in ask("queues")}
    assert len(told) == 23
    ingest = told["ingest"]
    assert (ingest["consumer"], ingest["visibilityTimeoutSeconds"], ingest["maxReceiveCount"]) == ("running", 1080, 1)
    assert ingest["deadLetters"] == "ingest-dead-letters"
    assert [told[name]["consumer"] for name in ("ml", "ml-bulk", "video-short", "video")] == ["worker"] * 4
    assert "ingest-dead-letters" in run("queues").stdout


def test_a_paused_queue_keeps_its_messages_until_it_is_resumed(stack: Stack, queue: Any, paused: Any) -> None:
    with paused("ingest"):
        stack.sqs.send_message(QueueUrl=stack.outputs["IngestQueueUrl"], MessageBody=NOTHING)
        assert (queue("ingest")["visible"], queue("ingest")["inFlight"]) == (1, 0)
    until("the message is taken", lambda: queue("ingest")["visible"] + queue("ingest")["inFlight"] == 0)


def test_dead_letters_are_moved_back_by_the_queue_service_itself(
    stack: Stack, ask: Callable[..., Any], queue: Any, paused: Any
) -> None:
    with paused("ingest"), paused("ingest-dead-letters"):
        stack.sqs.send_message(QueueUrl=stack.outputs["IngestDeadLettersUrl"], MessageBody=NOTHING)
        assert queue("ingest")["deadLettersDepth"] == 1
        assert ask("redrive", "ingest") == {
            "deadLetters": "ingest-dead-letters",
            "queue": "ingest",
            "messages": 1,
            "done": False,
        }
        until("the message is back", lambda: queue("ingest")["visible"] == 1)
        assert queue("ingest")["deadLettersDepth"] == 0


def test_a_failure_is_read_and_tried_again(stack: Stack, library: Library, ask: Callable[..., Any], run: Run) -> None:
    upload_id = new_id()
    key = f"zoe/uploads/{upload_id}/lost.jpg"
    item_id = library.add(
        object_key=key,
        filename="lost.jpg",
        renditions_at=None,
        metadata_at=None,
        sha256=None,
        failed_at=datetime.now(UTC),
    )
    stack.conn.execute(
        "INSERT INTO upload (id, owner_id, object_key, filename, size_bytes, sha256, content_type, method, state,"
        " item_id, error_code, error_detail, expires_at)"
        " VALUES (%s, %s, %s, 'lost.jpg', 1, %s, 'image/jpeg', 'single', 'failed', %s, 'processing_failed', '', now())",
        (upload_id, library.owner_id, key, bytes(32), item_id),
    )
    stack.conn.execute(
        "INSERT INTO job (owner_id, subject_kind, subject_id, stage, state, attempts, last_error, error_code,"
        " finished_at) VALUES (%s, 'item', %s, 'metadata', 'failed', 5, 'NoSuchKey: it was not there',"
        " 'processing_failed', now() - interval '1 day')",
        (library.owner_id, item_id),
    )

    failure = next(job for job in ask("jobs", "--failed") if job["itemId"] == item_id)
    assert (failure["code"], failure["owner"], failure["uploadId"]) == ("processing_failed", "zoe", upload_id)
    assert "NoSuchKey: it was not there" in run("jobs", item_id).stdout

    assert ask("retry", item_id) == [{"itemId": item_id, "outcome": "retried", "stage": "metadata", "winner": None}]

    # It still is not there.
    until("it failed again", lambda: ask("jobs", item_id)[0]["state"] == "failed")
    (again,) = ask("jobs", item_id)
    assert (again["attempts"], again["code"]) == (1, "processing_failed")
    assert "object_not_found" in again["report"] or "has no zoe/" in again["report"]


def test_tables_and_buckets_are_compared(run: Run) -> None:
    ran = run("verify")
    assert (ran.returncode, ran.stdout) == (0, "Tables and buckets agree.\n"), ran.stderr


def test_what_can_not_be_is_said_in_one_line(run: Run) -> None:
    for arguments, name, code, words in [
        (["pause", "lvie"], STACK, 1, "There is no queue lvie"),
        (["redrive", "unrecorded"], STACK, 1, "has no dead-letter queue"),
        (["queues"], "nowhere", 2, "The stack nowhere can't be asked"),
    ]:
        ran = run(*arguments, name=name)
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (code, "", 1), ran.stderr
        assert words in ran.stderr
