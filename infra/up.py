"""`python -m infra up`: the whole system on this machine, until Ctrl-C.

PostgreSQL, queue and object store are child processes. Functions and gateway run in and below this process. What
a hard kill loses is the queue's messages: the ledger sends them again at the next start.
"""

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from infra import demo, migrate, places
from infra.bootstrap import REPOSITORY, WEB, CannotStart, say
from infra.local import aws, data_directory, postgres, provision, queue, store
from infra.local.cloudformation import TemplateError
from infra.local.data_directory import DataDirectory, Secrets
from infra.local.function_pool import FunctionError
from infra.local.gateway import Gateway, authority
from infra.local.lambda_api import LambdaApi
from infra.local.processes import ServiceFailed, check_port
from infra.local.runtime import Runtime
from infra.local.supervisor import Supervisor
from infra.local.template import Template
from pinhole.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEALTHY_SECONDS = 30
LOG_BYTES = 10_000_000
LOCALSTACK = store.Credentials("test", "test")
# What the operator may set by the environment: parameters of the template, and what it leaves to the settings.
PARAMETERS = {
    "PINHOLE_FALLBACK_TIMEZONE": "FallbackTimezone",
    "PINHOLE_MAX_ATTEMPTS": "IngestMaxReceiveCount",
    "PINHOLE_MAX_FILE_BYTES": "MaxFileBytes",
    "PINHOLE_STALE_AFTER_SECONDS": "StaleAfterSeconds",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `endpoint`: a LocalStack instead of a queue and a store of our own."""

    data: Path
    port: int
    endpoint: str | None
    demo: bool
    reset: bool
    yes: bool
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where S3 and SQS answer, and who asks. `queue`: the one of our own, whose messages end with it."""

    s3_endpoint: str
    sqs_endpoint: str
    credentials: store.Credentials
    administrator: "S3Client"
    queue: queue.Queue | None

    def provision(self, template: Template) -> None:
        """Create what the template says, where it is missing. Raises ServiceFailed."""
        sqs = aws.client("sqs", self.sqs_endpoint, self.credentials.access_key, self.credentials.secret_key)
        try:
            provision.create_queues(template, sqs)
            provision.create_buckets(template, self.administrator, notifications=self.queue is None)
        except (BotoCoreError, ClientError) as error:
            raise ServiceFailed(f"The queues and buckets can't be created: {error}") from error


def run(options: Options) -> int:
    """Run until Ctrl-C or SIGTERM. Returns the exit code.

    Raises:
        CannotStart: the person at the keyboard has to do something first.
    """
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING)
    with data_directory.opened(options.data) as data:
        _check(options, data)
        if options.reset and not data.is_empty:
            _reset(data, options.yes)
        made = data.prepare()
        if options.demo:
            demo.claim(data)
        _keep_log(data)
        try:
            asyncio.run(_until_stopped(options, data, made))
        except (KeyboardInterrupt, asyncio.CancelledError):
            say("Stopped")
        except (ServiceFailed, FunctionError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


async def _until_stopped(options: Options, data: DataDirectory, made: Secrets) -> None:
    main = asyncio.current_task()
    if main is not None and os.name == "posix":
        for number in (signal.SIGTERM, signal.SIGHUP):  # asyncio.run does the same at Ctrl-C
            asyncio.get_running_loop().add_signal_handler(number, main.cancel)
    began = time.monotonic()
    async with Supervisor(say) as services, _running(options, data, made, services) as origin:
        say(f"Pinhole answers at {origin} (after {time.monotonic() - began:.1f} s; Ctrl-C stops it)")
        if options.demo:
            await demo.fill(origin, data)
        try:
            await services.run()
        finally:
            say("Stopping")


@asynccontextmanager
async def _running(options: Options, data: DataDirectory, made: Secrets, services: Supervisor) -> AsyncIterator[str]:
    """The whole system, everything of it answering. Gives its origin."""
    origin = f"http://{authority(options.port)}"
    template, cloud = await provided(options.endpoint, data, made, services, options.parameters)
    say("Starting the functions and the gateway")
    live_secret = secrets.token_urlsafe(24)
    lambda_api = LambdaApi(data)
    environment = environment_of(template, cloud, origin) | {
        "PINHOLE_LIVE_CONNECTIONS_URL": f"{origin}/live/{live_secret}",
        "AWS_ENDPOINT_URL_LAMBDA": lambda_api.url,
    }
    # The gateway checks signatures of media by the same settings as the functions make them.
    os.environ.update(template.functions["ApiFunction"].environment, **environment)
    runtime = Runtime(template, environment, paused=data.paused)
    gateway = Gateway(
        template,
        runtime,
        port=options.port,
        store_endpoint=cloud.s3_endpoint,
        publishes_events=cloud.queue is not None,
        live_secret=live_secret,
        web_root=WEB / "dist",
        disk=data.store if cloud.queue is not None else None,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runtime.stop)
        await runtime.start()
        stack.push_async_callback(gateway.stop)
        await gateway.start()
        stack.push_async_callback(lambda_api.stop)
        await lambda_api.start(runtime)

        async def refill_queue() -> None:
            await asyncio.to_thread(cloud.provision, template)
            await _send_again(runtime)

        sending = asyncio.create_task(_send_again(runtime))
        stack.callback(sending.cancel)
        if cloud.queue is not None:
            services.watch(cloud.queue, after_restart=refill_queue)
        await _healthy(origin)
        if data.paused:
            say("Some queues are paused: python -m infra admin queues tells which")
        yield origin


async def provided(
    endpoint: str | None,
    data: DataDirectory,
    made: Secrets,
    services: Supervisor,
    parameters: Mapping[str, str] | None = None,
) -> tuple[Template, Cloud]:
    """The database, the store and the queues, running, and with all that the template says. Raises ServiceFailed."""
    if endpoint:
        say("Starting PostgreSQL")
        database = await services.start(postgres.start, data.postgres)
        template = template_of(database.url, endpoint, made, parameters)
        cloud = Cloud(endpoint, endpoint, LOCALSTACK, store.client(endpoint, LOCALSTACK), None)
    else:
        say("Starting PostgreSQL, the queue and the object store")
        database, messages = await asyncio.gather(
            services.start(postgres.start, data.postgres),
            services.start(queue.start, data.queue, made.store_access_key),
        )
        template = template_of(database.url, messages.endpoint, made, parameters)
        buckets = [bucket.name for bucket in template.buckets.values()]
        objects = await services.start(store.start, data.store, buckets, made.store)
        services.watch(objects)
        cloud = Cloud(objects.endpoint, messages.endpoint, made.store, objects.administrator(), messages)
    services.watch(database)
    for name in await asyncio.to_thread(migrate.apply, database.url):
        say(f"Applied migration {name}")
    if count := await asyncio.to_thread(places.fill, database.url):
        say(f"Loaded {count:,} names of places")
    await asyncio.to_thread(cloud.provision, template)
    return template, cloud


def template_of(
    database_url: str, sqs_endpoint: str, made: Secrets, parameters: Mapping[str, str] | None = None
) -> Template:
    """The template with the values of this machine, and before them the given parameters. Raises TemplateError."""
    given = {parameter: os.environ[name] for name, parameter in PARAMETERS.items() if name in os.environ}
    values = {
        "DatabaseUrl": database_url,
        "TokenSecret": made.token_secret,
        "MediaKeys": json.dumps(made.media_keys),
        "MediaKeyId": made.media_key_id,
        "MediaBaseUrl": "",
        # The disk here is not a function's.
        "MaxFileBytes": str(Settings.model_fields["max_file_bytes"].default),
        "SetupToken": os.environ.get("PINHOLE_SETUP_TOKEN", ""),
        "IngestConcurrency": str(max(2, os.cpu_count() or 1)),
        **given,
        **(parameters or {}),
    }
    return Template(REPOSITORY / "template.yaml", parameters=values, queue_endpoint=sqs_endpoint)


def environment_of(template: Template, cloud: Cloud, s3_endpoint: str) -> dict[str, str]:
    """Variables of every function beside the template's: settings of the operator, and where AWS is."""
    wired = {name for function in template.functions.values() for name in function.environment}
    settings = {name: value for name, value in os.environ.items() if name.startswith("PINHOLE_") and name not in wired}
    return {
        **settings,
        # Nobody here makes metrics of them; what they tell, `admin queues` and `admin jobs` tell too.
        "PINHOLE_METRICS": os.environ.get("PINHOLE_METRICS", "false"),
        # What else the shell knows of AWS is about the true one.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_REGION": template.region,
        "AWS_DEFAULT_REGION": template.region,
        "AWS_ACCESS_KEY_ID": cloud.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": cloud.credentials.secret_key,
        "AWS_ENDPOINT_URL_S3": s3_endpoint,
        "AWS_ENDPOINT_URL_SQS": cloud.sqs_endpoint,
        "AWS_ENDPOINT_URL_CLOUDWATCH": cloud.sqs_endpoint,
    }


async def _send_again(runtime: Runtime) -> None:
    """Have the ledger send what the queue lost. Where that fails, the schedule does it later."""
    try:
        await runtime.invoke("RequeueStaleFunction", {"staleAfterSeconds": 0})
    except FunctionError as error:
        say(f"Unfinished work waits for the next schedule: {error}")


async def _healthy(origin: str) -> None:
    """Wait until every part answers. Raises ServiceFailed with what /api/health says."""
    deadline = time.monotonic() + HEALTHY_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{origin}/api/health", headers={"Accept": "application/json"}) as answer:
                if answer.ok:
                    return
                if time.monotonic() > deadline:
                    raise ServiceFailed(f"Not healthy: {await answer.text()}")
            await asyncio.sleep(0.1)


def _check(options: Options, data: DataDirectory) -> None:
    """Raise CannotStart for whatever can be refused, before anything is made or deleted."""
    data.check()
    if options.demo and not options.reset:
        demo.check(data)
    try:
        template_of("", "", data_directory.new_secrets(), options.parameters)
    except TemplateError as error:
        raise CannotStart(str(error)) from error
    if options.endpoint:
        _check_endpoint(options.endpoint)
    _check_port(options.port)


def _check_port(port: int) -> None:
    try:
        check_port(port)
    except PermissionError as error:
        raise CannotStart(
            f"Port {port} can't be used ({error.strerror}): choose one from 1024 up with --port"
        ) from error
    except OSError as error:
        raise CannotStart(f"Port {port} is in use: stop what listens there, or choose another with --port") from error


def _keep_log(data: DataDirectory) -> None:
    """What the functions say is kept beside the data; the terminal has what an operator must know at once."""
    log = RotatingFileHandler(data.path / "log", maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    log.setFormatter(logging.Formatter("%(message)s"))
    functions = logging.getLogger("infra.function")
    functions.setLevel(logging.INFO)
    functions.addHandler(log)
    functions.propagate = False


def _check_endpoint(endpoint: str) -> None:
    patience = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})
    try:
        aws.client("s3", endpoint, LOCALSTACK.access_key, LOCALSTACK.secret_key, patience).list_buckets()
        aws.client("sqs", endpoint, LOCALSTACK.access_key, LOCALSTACK.secret_key, patience).list_queues()
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        reason = str(error).partition("\n")[0]
        raise CannotStart(f"No LocalStack answers at {endpoint} ({reason}): start it there first") from error


def _reset(data: DataDirectory, confirmed: bool) -> None:
    if not confirmed:
        if not sys.stdin.isatty():
            raise CannotStart(f"--reset would delete all of {data.path}: add --yes where nobody can be asked")
        if input(f"Delete every photo and account in {data.path}? Type yes: ").strip() != "yes":
            raise CannotStart("Nothing was deleted: start again without --reset to keep it all")
    say(f"Deleting what {data.path} holds")
    data.clear()
