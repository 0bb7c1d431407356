"""The local runtime: functions as processes, fed by a real queue."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import boto3
import psutil
import pytest

from infra.local import provision, queue, store
from infra.local.function_pool import IMPORT_ROOTS, FunctionError, FunctionPool, TimedOut
from infra.local.runtime import Runtime
from infra.local.template import Function, Template

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_REGION": "us-east-1",
}
CREDENTIALS = store.Credentials(ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
TEMPLATE = """
Globals:
  Function: {Timeout: %(seconds)s, MemorySize: 256}
Resources:
  WorkQueue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: %(visibility)s
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 3}
  DeadLetters: {Type: AWS::SQS::Queue}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      DefinitionBody: {"Fn::Transform": {Name: AWS::Include, Parameters: {Location: gateway.yaml}}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: work.handle
      Environment: {Variables: {NOTES: "%(notes)s"}}
  Messages:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Work
      EventSourceArn: !GetAtt WorkQueue.Arn
      BatchSize: %(batch)s
      MaximumBatchingWindowInSeconds: %(window)s
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig: {MaximumConcurrency: 2}
  Chore:
    Type: AWS::Serverless::Function
    Properties:
      Handler: chore.handle
      Environment: {Variables: {NOTES: "%(notes)s"}}
      Events: {Every: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}}
"""
# Seconds that a process has to start and to work in: what comes back before it has ended is worked on twice.
COMES_BACK_AFTER = 12
MOST_SECONDS = 6
NOTE = """
import json, os, pathlib, time
def note(value):
    with pathlib.Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(json.dumps(value) + "\\n")
"""
CHORE = NOTE + "def handle(event, context):\n    note(event['detail-type'])\n"


@pytest.fixture(scope="module")
def queue_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[queue.Queue]:
    with queue.start(tmp_path_factory.mktemp("queue"), CREDENTIALS) as server:
        yield server


@pytest.fixture
def sqs(queue_server: queue.Queue) -> "SQSClient":
    return _client(queue_server.endpoint)


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, at most four minutes."""
    deadline = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


class Scene:
    """A template whose function `Work` runs what the test writes, and the notes that it takes."""

    def __init__(self, directory: Path, sqs: "SQSClient", endpoint: str) -> None:
        self.directory = directory
        self.sqs = sqs
        self.notes_file = directory / "notes"
        self._endpoint = endpoint

    def template(
        self, work: str, *, visibility: int = 30, batch: int = 1, window: int = 0, seconds: int = MOST_SECONDS
    ) -> Template:
        (self.directory / "gateway.yaml").write_text("paths: {}")
        (self.directory / "work.py").write_text(NOTE + dedent(work))
        (self.directory / "chore.py").write_text(CHORE)
        values = {
            "notes": self.notes_file,
            "visibility": visibility,
            "batch": batch,
            "window": window,
            "seconds": seconds,
        }
        path = self.directory / "template.yaml"
        path.write_text(TEMPLATE % values)
        template = Template(path, parameters={}, queue_endpoint=self._endpoint, stack=self.directory.name)
        provision.create_queues(template, self.sqs)
        return template

    def run(self, template: Template, until: Callable[[], bool]) -> None:
        """Run the template's functions until something is so."""
        asyncio.run(self._run(template, until))

    async def _run(self, template: Template, until: Callable[[], bool]) -> None:
        runtime = Runtime(template, ENVIRONMENT, import_roots=(*IMPORT_ROOTS, self.directory))
        await runtime.start()
        try:
            await asyncio.to_thread(eventually, until)
        finally:
            await runtime.stop()

    @property
    def notes(self) -> list[Any]:
        if not self.notes_file.exists():
            return []
        return [json.loads(line) for line in self.notes_file.read_text().splitlines()]

    def bodies(self, queue_url: str) -> list[str]:
        """Bodies of the messages that a queue gives out now."""
        received = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def counts(self, queue_url: str) -> tuple[int, int]:
        """How many messages a queue holds that can be taken, and how many that were."""
        found = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])

    def is_empty(self, queue_url: str) -> bool:
        return self.counts(queue_url) == (0, 0)


@pytest.fixture
def scene(tmp_path: Path, sqs: "SQSClient", queue_server: queue.Queue) -> Scene:
    return Scene(tmp_path, sqs, queue_server.endpoint)


def test_a_message_reaches_its_function_and_leaves_the_queue(scene: Scene) -> None:
    template = scene.template("def handle(event, context): note(event)")
    url = template.queues["WorkQueue"].url
    scene.sqs.send_message(
        QueueUrl=url,
        MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "greeting"}},
    )
    scene.run(template, lambda: scene.is_empty(url) and "Scheduled Event" in scene.notes)
    (record,) = next(note for note in scene.notes if note != "Scheduled Event")["Records"]
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == template.queues["WorkQueue"].arn
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["kind"]["stringValue"] == "greeting"


def test_only_the_reported_messages_of_a_batch_come_back(scene: Scene) -> None:
    template = scene.template(
        """
        def handle(event, context):
            note([record["body"] for record in event["Records"]])
            bad = [record for record in event["Records"] if record["body"] == "bad"]
            return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}
        """,
        visibility=COMES_BACK_AFTER,
        batch=10,
        window=1,
    )
    url = template.queues["WorkQueue"].url
    for body in ("good", "bad", "fine"):
        scene.sqs.send_message(QueueUrl=url, MessageBody=body)
    dead = template.queues["DeadLetters"].url
    scene.run(template, lambda: not scene.is_empty(dead))
    batches = [note for note in scene.notes if isinstance(note, list)]
    assert sorted(batches[0]) == ["bad", "fine", "good"]
    assert batches[1:] == [["bad"], ["bad"]]
    assert scene.bodies(dead) == ["bad"]


@pytest.mark.parametrize(
    "failure",
    [
        "raise ValueError('no')",
        "time.sleep(60)",
        "os._exit(3)",
        "return {'batchItemFailures': [{'itemIdentifier': 'nobody'}]}",
        "return {'batchItemFailures': [{'wrong': 'name'}]}",
        "return 'nonsense'",
    ],
)
def test_a_batch_that_fails_comes_back_whole_and_holds_up_nothing(scene: Scene, failure: str) -> None:
    template = scene.template(
        f"""
        def handle(event, context):
            record = event["Records"][0]
            note(record["body"])
            if record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1":
                {failure}
        """,
        visibility=COMES_BACK_AFTER,
    )
    url = template.queues["WorkQueue"].url
    for body in ("bad", "good"):
        scene.sqs.send_message(QueueUrl=url, MessageBody=body)
    scene.run(template, lambda: scene.is_empty(url))
    worked_on = [note for note in scene.notes if note != "Scheduled Event"]
    assert sorted(worked_on[:2]) == ["bad", "good"]
    assert worked_on[2:] == ["bad"]


def test_an_answer_that_makes_no_sense_is_told_once_a_batch(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    work = """
    def handle(event, context):
        note([record["body"] for record in event["Records"]])
        return "nonsense"
    """
    template = scene.template(work, batch=10, window=1)
    scene.sqs.send_message_batch(
        QueueUrl=template.queues["WorkQueue"].url,
        Entries=[{"Id": str(number), "MessageBody": str(number)} for number in range(10)],
    )

    def batches() -> list[Any]:
        return [note for note in scene.notes if isinstance(note, list)]

    scene.run(template, lambda: sum(map(len, batches())) == 10)
    assert caplog.text.count("is not understood") == len(batches()) < 10


def test_no_more_messages_are_taken_at_once_than_the_source_allows(scene: Scene) -> None:
    template = scene.template(
        """
        def handle(event, context):
            note("begin")
            # The other process takes as long to start as it takes.
            while pathlib.Path(os.environ["NOTES"]).read_text().count("begin") < 2:
                time.sleep(0.01)
            time.sleep(0.3)
            note("end")
        """,
        visibility=600,
        seconds=300,
    )
    url = template.queues["WorkQueue"].url
    for number in range(6):
        scene.sqs.send_message(QueueUrl=url, MessageBody=str(number))
    taken: list[int] = []

    def all_done() -> bool:
        taken.append(scene.counts(url)[1])
        return scene.notes.count("end") == 6

    scene.run(template, all_done)
    steps = [{"begin": 1, "end": -1}.get(note, 0) for note in scene.notes]
    assert max(sum(steps[: n + 1]) for n in range(len(steps))) == 2
    assert max(taken) == 2


def test_polling_goes_on_when_the_queue_was_away(tmp_path: Path) -> None:
    with queue.start(tmp_path / "another-queue", CREDENTIALS) as server:
        elsewhere = Scene(tmp_path, _client(server.endpoint), server.endpoint)
        template = elsewhere.template("def handle(event, context): note('done')")

        async def interrupted() -> None:
            runtime = Runtime(template, ENVIRONMENT, import_roots=(*IMPORT_ROOTS, tmp_path))
            await runtime.start()
            try:
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(1)
                await asyncio.to_thread(server.start)
                provision.create_queues(template, elsewhere.sqs)
                elsewhere.sqs.send_message(QueueUrl=template.queues["WorkQueue"].url, MessageBody="x")
                await asyncio.to_thread(eventually, lambda: "done" in elsewhere.notes)
            finally:
                await runtime.stop()

        asyncio.run(interrupted())


def test_a_call_that_does_not_end_is_waited_for_once_when_it_stops(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its poller would wait until the queue is gone.
    monkeypatch.setattr("infra.local.pollers.STOP_SECONDS", 10_000)
    monkeypatch.setattr("infra.local.function_pool.STOP_SECONDS", 0.1)
    template = scene.template(
        """
        def handle(event, context):
            note("begun")
            time.sleep(10_000)
        """,
        visibility=3600,
        seconds=10_000,
    )
    scene.sqs.send_message(QueueUrl=template.queues["WorkQueue"].url, MessageBody="x")

    async def stopped() -> None:
        runtime = Runtime(template, ENVIRONMENT, import_roots=(*IMPORT_ROOTS, scene.directory))
        await runtime.start()
        await asyncio.to_thread(eventually, lambda: "begun" in scene.notes)
        async with asyncio.timeout(240):
            await runtime.stop()

    asyncio.run(stopped())


def _client(endpoint: str) -> "SQSClient":
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="tests",
        aws_secret_access_key="tests",
    )


def with_pool(
    directory: Path,
    work: str,
    use: Callable[[FunctionPool], Awaitable[Any]],
    *,
    size: int = 1,
    timeout: int = 10,
) -> Any:
    """What `use` answers, given a pool of a function whose module is `work`."""
    (directory / "work.py").write_text(dedent(work))
    function = Function("Work", "arn:aws:lambda:us-east-1:0:function:Work", "work.handle", timeout, 256, {}, (), ())

    async def run() -> Any:
        pool = FunctionPool(function, {}, size=size, import_roots=(*IMPORT_ROOTS, directory))
        try:
            return await use(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


def test_a_handler_is_told_about_its_call(tmp_path: Path) -> None:
    work = """
    def handle(event, context):
        in_time = 0 < context.get_remaining_time_in_millis() <= 10000
        return [event, context.function_name, context.memory_limit_in_mb, in_time, context.aws_request_id]
    """
    answer = with_pool(tmp_path, work, lambda pool: pool.invoke({"a": "é"}))
    assert answer[:4] == [{"a": "é"}, "Work", 256, True]
    assert len(answer[4]) == 36


def test_what_a_handler_prints_is_not_taken_for_its_answer(tmp_path: Path) -> None:
    work = """
    import os, subprocess
    print("while importing")
    def handle(event, context):
        print("while running")
        os.write(1, b"straight to the descriptor")
        subprocess.run(["echo", "a child"])
        return os.read(0, 10).decode()
    """
    assert with_pool(tmp_path, work, lambda pool: pool.invoke({})) == ""


@pytest.mark.parametrize(
    ("work", "error_type", "text"),
    [
        ("def handle(event, context): raise KeyError('name')", "KeyError", "'name'"),
        ("import os\ndef handle(event, context): os._exit(7)", "Runtime.ExitError", "exit status 7"),
        ("def handle(event, context): raise SystemExit(4)", "Runtime.ExitError", "exit status 4"),
        ("import no_such_module", "ModuleNotFoundError", "no_such_module"),
        ("def handle(event, context): return object()", "Runtime.MarshalError", "object"),
        ("def handle(event, context): return 'x' * 7_000_000", "Function.ResponseSizeTooLarge", "size"),
    ],
)
def test_a_failure_is_told_to_the_caller(tmp_path: Path, work: str, error_type: str, text: str) -> None:
    with pytest.raises(FunctionError, match=text) as raised:
        with_pool(tmp_path, work, lambda pool: pool.invoke({}))
    assert raised.value.error_type == error_type


def test_a_process_that_could_not_be_started_fails_its_call_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(pool: FunctionPool) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/no/such/program")
            for _ in range(2):
                with pytest.raises(FunctionError, match=r"Sandbox\.NotStarted"):
                    await asyncio.wait_for(pool.invoke(1), timeout=240)
        return await asyncio.wait_for(pool.invoke(2), timeout=240)

    assert with_pool(tmp_path, "def handle(event, context): return event", use) == 2


def test_a_process_that_ended_is_replaced(tmp_path: Path) -> None:
    work = """
    import os
    def handle(event, context):
        if event == "end":
            os._exit(1)
        return os.getpid()
    """

    async def use(pool: FunctionPool) -> list[int]:
        pids = [await pool.invoke(1), await pool.invoke(1)]
        with pytest.raises(FunctionError):
            await pool.invoke("end")
        return [*pids, await pool.invoke(1)]

    first, second, third = with_pool(tmp_path, work, use)
    assert first == second != third


def test_a_process_that_ended_unnoticed_is_ended_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def has_ended(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    async def use(pool: FunctionPool) -> None:
        pid = await pool.invoke({})
        os.kill(pid, signal.SIGKILL)  # as a signal to the whole group does, just before the pool is closed
        eventually(lambda: has_ended(pid))  # holds the event loop up, which so learns nothing of it

    with_pool(tmp_path, "import os\ndef handle(event, context): return os.getpid()", use)
    assert not caplog.records


def test_a_call_that_takes_too_long_is_killed_and_the_next_one_runs(tmp_path: Path) -> None:
    work = """
    import pathlib, time
    def handle(event, context):
        if event is None:
            return "next"
        time.sleep(2)
        pathlib.Path(event).touch()
    """

    async def use(pool: FunctionPool) -> Any:
        with pytest.raises(TimedOut, match="after 1 seconds"):
            await pool.invoke(str(tmp_path / "survived"))
        return await pool.invoke(None)

    assert with_pool(tmp_path, work, use, timeout=1) == "next"
    time.sleep(1.5)
    assert not (tmp_path / "survived").exists()


def test_a_process_that_has_had_no_work_for_a_while_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.function_pool.IDLE_SECONDS", 0.5)

    async def use(pool: FunctionPool) -> bool:
        first = await pool.invoke({})
        await asyncio.to_thread(eventually, lambda: not psutil.pid_exists(first))
        return bool(first != await pool.invoke({}))

    work = """
        import os
        def handle(event, context): return os.getpid()
        """
    assert with_pool(tmp_path, work, use)


def test_calls_beyond_the_size_wait_in_order(tmp_path: Path) -> None:
    work = """
    order = []
    def handle(event, context):
        order.append(event)
        return list(order)
    """

    async def use(pool: FunctionPool) -> Any:
        return (await asyncio.gather(*(pool.invoke(n) for n in range(20))))[-1]

    assert with_pool(tmp_path, work, use) == list(range(20))


def test_a_caller_that_gives_up_does_not_get_its_answer_to_another(tmp_path: Path) -> None:
    work = """
    import time
    def handle(event, context):
        time.sleep(0.2)
        return event
    """

    async def use(pool: FunctionPool) -> Any:
        await pool.invoke("warm")
        impatient = asyncio.create_task(pool.invoke("impatient"))
        waiting = asyncio.create_task(pool.invoke("waiting"))
        patient = asyncio.create_task(pool.invoke("patient"))
        await asyncio.sleep(0.05)
        impatient.cancel()
        waiting.cancel()
        return await patient

    assert with_pool(tmp_path, work, use) == "patient"


def test_a_call_that_has_begun_goes_on_when_its_caller_gives_up(tmp_path: Path) -> None:
    work = """
    import pathlib, time
    def handle(event, context):
        time.sleep(0.3 if event else 0)
        pathlib.Path(__file__).with_name(f"ran-{event}").touch()
    """

    async def use(pool: FunctionPool) -> None:
        await pool.invoke("")
        impatient = asyncio.create_task(pool.invoke("on"))
        await asyncio.sleep(0.1)
        impatient.cancel()
        await pool.invoke("")

    with_pool(tmp_path, work, use)
    assert (tmp_path / "ran-on").exists()


def test_large_events_and_answers_pass(tmp_path: Path) -> None:
    work = "def handle(event, context): return event[:1_000_000]"
    assert len(with_pool(tmp_path, work, lambda pool: pool.invoke("é" * 12_000_000), timeout=240)) == 1_000_000


def test_a_process_ends_by_itself_when_its_parent_is_gone(tmp_path: Path) -> None:
    work = """
    import os, time
    def handle(event, context):
        time.sleep(60 if event else 0)
        return os.getpid()
    """
    script = """
    import asyncio, os, sys
    from pathlib import Path
    from infra.local.function_pool import IMPORT_ROOTS, FunctionPool
    from infra.local.template import Function
    async def main():
        function = Function("Work", "arn", "work.handle", 100, 256, {}, (), ())
        pool = FunctionPool(function, {}, size=1, import_roots=(*IMPORT_ROOTS, Path(sys.argv[1])))
        print(await pool.invoke(0), flush=True)
        asyncio.create_task(pool.invoke(1))
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), 9)
    asyncio.run(main())
    """
    (tmp_path / "work.py").write_text(dedent(work))
    ran = subprocess.run(
        [sys.executable, "-c", dedent(script), str(tmp_path)],
        cwd=IMPORT_ROOTS[0],
        capture_output=True,
        check=False,
    )
    pid = int(ran.stdout)
    eventually(lambda: not psutil.pid_exists(pid))
