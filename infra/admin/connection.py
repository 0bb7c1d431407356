"""The way to the admin function: in a stack, in a running local instance, or where none runs, in this process."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.bootstrap import CannotStart, say
from infra.local import aws, data_directory, instance
from infra.local.data_directory import DataDirectory
from infra.local.processes import ServiceFailed
from infra.local.supervisor import Supervisor
from pinhole.settings import Settings

FUNCTION = "AdminFunction"
# As long as the function may take; asked once only, since it may go on when nobody waits any more.
PATIENT = Config(connect_timeout=5, read_timeout=910, retries={"total_max_attempts": 1})

# Runs a command by its name, with its arguments. Raises CannotStart, CommandFailed.
Run = Callable[[str, Mapping[str, Any]], Any]


class CommandFailed(Exception):
    """The command was understood, and could not be carried out."""


def to_stack(stack: str, region: str | None) -> Run:
    """To a deployed stack, with the credentials and the region that AWS's own tools would use."""

    def run(command: str, arguments: Mapping[str, Any]) -> Any:
        try:
            session = boto3.Session(region_name=region)
            described = session.client("cloudformation").describe_stack_resource(
                StackName=stack, LogicalResourceId=FUNCTION
            )
            function = described["StackResourceDetail"]["PhysicalResourceId"]
            return _invoke(session.client("lambda", config=PATIENT), function, command, arguments)
        except (BotoCoreError, ClientError) as error:
            raise CannotStart(f"The stack {stack} can't be asked: {error}") from error

    return run


@contextmanager
def to_data(path: Path) -> Iterator[Run]:
    """To the library in a directory of this machine, whether Pinhole runs on it or not.

    Raises:
        CannotStart: there is none, or Pinhole just starts or stops there.
    """
    if not (path / "version").exists():
        raise CannotStart(f"There is no library in {path}: name its directory with --data, or a stack with --stack")
    try:
        with data_directory.opened(path) as data:
            yield _without_instance(data)
    except data_directory.InUse:
        yield _to_instance(path)


def _to_instance(path: Path) -> Run:
    url = data_directory.published(path)
    if url is None:
        raise CannotStart(f"Pinhole is starting or stopping on {path}: try again in a moment")
    client = aws.client("lambda", url, "local", "local", PATIENT)  # the address is the secret

    def run(command: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return _invoke(client, FUNCTION, command, arguments)
        except (BotoCoreError, ClientError):
            raise CannotStart(f"Pinhole runs on {path}, and does not answer: see what it says") from None

    return run


def _invoke(client: Any, function: str, command: str, arguments: Mapping[str, Any]) -> Any:
    event = json.dumps({"command": command, "arguments": arguments})
    answer = client.invoke(FunctionName=function, Payload=event.encode())
    told = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandFailed(f"The admin function failed: {told['errorMessage']}")
    if "error" in told:
        raise CommandFailed(told["error"]["detail"])
    return told["answer"]


def _without_instance(data: DataDirectory) -> Run:
    def run(command: str, arguments: Mapping[str, Any]) -> Any:
        if command == "switch":
            return _switch(data, **arguments)
        if command in {"queues", "redrive", "run", "condition"}:
            raise CannotStart(
                f"Pinhole does not run on {data.path}, and its queues and functions are only there while it does. "
                "What waits is in the ledger (admin jobs), and is sent when it starts"
            )
        if not data.store.exists():
            raise CannotStart(f"The objects of {data.path} are in a LocalStack: start it first, with up --endpoint")
        try:
            return asyncio.run(_run_here(data, command, arguments))
        except ServiceFailed as error:
            raise CannotStart(str(error)) from error

    return run


def _switch(data: DataDirectory, queue: str, on: bool) -> Mapping[str, str]:
    """What the running instance would do, kept for its next start."""
    template = instance.template_of("", "", data.prepare())
    read = {
        template.queues[source.queue].url: source.uuid
        for function in template.functions.values()
        for source in function.queue_sources
    }
    queues = Settings.model_validate(template.functions[FUNCTION].environment).queues
    sources = {name: read[url] for name, url in queues.items() if url in read}
    if queue not in sources:
        raise CommandFailed(f"No function reads {queue}. These can be paused and resumed: {', '.join(sources)}.")
    paused, source = data.paused, sources[queue]
    data.keep_paused(paused - {source} if on else paused | {source})
    return {"queue": queue, "consumer": "running again from the next start" if on else "paused"}


async def _run_here(data: DataDirectory, command: str, arguments: Mapping[str, Any]) -> Any:
    """Start what holds the data, and nothing that works on it."""
    async with Supervisor(say) as services:
        template, cloud = await instance.provided(None, data, data.prepare(), services)
        environment = instance.environment_of(template, cloud, cloud.s3_endpoint)
        for name in aws.OF_THE_SHELL:
            os.environ.pop(name, None)
        os.environ.update(template.functions[FUNCTION].environment, **environment, POWERTOOLS_LOG_LEVEL="ERROR")
        from admin import commands
        from pinhole.errors import PinholeError

        try:
            return await asyncio.to_thread(commands.run, command, arguments)
        except PinholeError as error:
            raise CommandFailed(error.detail) from error
