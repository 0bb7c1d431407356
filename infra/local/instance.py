"""An instance in this process: database, store and queue as child processes, functions, and the gateway before them.

What a hard kill loses is the queue's messages: the ledger sends them again at the next start.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from infra import database_roles, migrate, places
from infra.bootstrap import REPOSITORY, WEB, say
from infra.local import aws, postgres, provision, queue, store, worker
from infra.local.data_directory import DataDirectory, Secrets
from infra.local.function_pool import FunctionError
from infra.local.gateway import Gateway
from infra.local.lambda_api import LambdaApi
from infra.local.mail_api import MailApi
from infra.local.origin import Origin
from infra.local.processes import ServiceFailed
from infra.local.runtime import Runtime
from infra.local.supervisor import Supervisor
from infra.local.template import Template
from pinhole.settings import Settings
from pinhole_models.model_directory import default_directory

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEALTHY_SECONDS = 30
DEFAULT_MODELS = "embedded"
LOCALSTACK = store.Credentials("test", "test")
# What the operator may set by the environment: parameters of the template, and what it leaves to the settings.
PARAMETERS = {
    "PINHOLE_FALLBACK_TIMEZONE": "FallbackTimezone",
    "PINHOLE_MAIL_FROM": "MailFrom",
    "PINHOLE_MAX_ATTEMPTS": "IngestMaxReceiveCount",
    "PINHOLE_MAX_FILE_BYTES": "MaxFileBytes",
    "PINHOLE_SEARCH_LANGUAGES": "SearchLanguages",
    "PINHOLE_STALE_AFTER_SECONDS": "StaleAfterSeconds",
}
SMTP = [f"PINHOLE_{name.upper()}" for name in Settings.model_fields if name.startswith("smtp_")]


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance is, and what it is made with. `parameters`: of the template, before those of the environment.

    endpoint: a LocalStack instead of a queue and a store of our own.
    public_origin: what browsers ask a reverse proxy before it for. analyses: whether it has workers.
    models: the model set of that, and of search: a name, or the path of a file.
    captions: the model set by which another has photos described; None: there is none.
    """

    port: int
    endpoint: str | None = None
    public_origin: str | None = None
    analyses: bool = True
    models: str = DEFAULT_MODELS
    captions: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def given(self) -> Mapping[str, str]:
        """Parameters of the template that are not of this machine."""
        return {"SearchModelSet": self.models, **self.parameters}

    @property
    def origin(self) -> Origin:
        return Origin(self.port, self.public_origin)


@asynccontextmanager
async def running(place: Place, data: DataDirectory, made: Secrets, services: Supervisor) -> AsyncIterator[None]:
    """The whole system, everything of it answering. Raises ServiceFailed, FunctionError, CannotStart."""
    origin = place.origin
    # Also of those that this run does not have: what nobody looks after works on.
    await asyncio.to_thread(worker.end_leftovers, *data.workers)
    template, cloud = await provided(place.endpoint, data, made, services, place.given)
    say("Starting the functions and the gateway")
    live_secret = secrets.token_urlsafe(24)
    lambda_api, mail_api = LambdaApi(data), MailApi(say)
    # Functions reach the store through the gateway, which tells of new objects; clients have another name for it.
    environment = environment_of(template, cloud, origin.local) | {
        "PINHOLE_PUBLIC_OBJECT_STORE_URL": origin.url,
        "PINHOLE_WEB_ORIGIN": origin.url,
        "PINHOLE_LIVE_CONNECTIONS_URL": f"{origin.local}/live/{live_secret}",
        "AWS_ENDPOINT_URL_LAMBDA": lambda_api.url,
        "AWS_ENDPOINT_URL_SESV2": mail_api.url,
    }
    # The gateway checks signatures of media by the same settings as the functions make them.
    os.environ.update(template.functions["ApiFunction"].environment, **environment)
    # Who sends mails alone knows how: other functions read files of strangers.
    smtp = {name: os.environ[name] for name in SMTP if name in os.environ}
    runtime = Runtime(template, environment, own={"MailFunction": smtp}, paused=data.paused)
    gateway = Gateway(
        template,
        runtime,
        port=place.port,
        store_endpoint=cloud.s3_endpoint,
        publishes_events=cloud.queue is not None,
        live_secret=live_secret,
        web_root=WEB / "dist",
        disk=data.store if cloud.queue is not None else None,
        public_origin=place.public_origin,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(mail_api.stop)
        await mail_api.start()
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
        await _healthy(origin.local)
        if data.paused:
            say("Some queues are paused: python -m infra admin queues tells which")
        if place.analyses:
            wired = {**template.functions["RequeueStaleFunction"].environment, **environment}
            owners = wired["PINHOLE_DATABASE_URL"]
            wired["PINHOLE_DATABASE_URL"] = await asyncio.to_thread(
                database_roles.let_in, owners, database_roles.WORKER
            )
            services.later(worker.keep_videos(services, data.videos, wired))
            services.later(worker.keep(services, data.worker, wired, place.models))
            if place.captions is not None:
                keyed = wired | {worker.KEY: os.environ.get(worker.KEY, "")}
                services.later(worker.keep_captions(services, data.captions, keyed, place.captions))
        yield


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
        ingest_url = await asyncio.to_thread(database_roles.let_in, database.url, database_roles.INGEST)
        template = template_of(database.url, endpoint, made, parameters, ingest_database_url=ingest_url)
        cloud = Cloud(endpoint, endpoint, LOCALSTACK, store.client(endpoint, LOCALSTACK), None)
    else:
        say("Starting PostgreSQL, the queue and the object store")
        database, messages = await asyncio.gather(
            services.start(postgres.start, data.postgres),
            services.start(queue.start, data.queue, made.store),
        )
        ingest_url = await asyncio.to_thread(database_roles.let_in, database.url, database_roles.INGEST)
        template = template_of(database.url, messages.endpoint, made, parameters, ingest_database_url=ingest_url)
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
    database_url: str,
    sqs_endpoint: str,
    made: Secrets,
    parameters: Mapping[str, str] | None = None,
    *,
    ingest_database_url: str = "",
) -> Template:
    """The template with the values of this machine, and before them the given parameters. Raises TemplateError."""
    given = {parameter: os.environ[name] for name, parameter in PARAMETERS.items() if name in os.environ}
    values = {
        "DatabaseUrl": database_url,
        "IngestDatabaseUrl": ingest_database_url,
        "TokenSecret": made.token_secret,
        "MediaKeys": json.dumps(made.media_keys),
        "MediaKeyId": made.media_key_id,
        "MediaBaseUrl": "",
        "WithApiLogRole": "false",
        # The disk here is not a function's.
        "MaxFileBytes": str(Settings.model_fields["max_file_bytes"].default),
        "SearchModels": str(default_directory()),
        # By a server of the operator's they come from where the operator says; else they are only printed.
        "MailFrom": "" if "PINHOLE_SMTP_HOST" in os.environ else "pinhole@localhost",
        "SetupToken": os.environ.get("PINHOLE_SETUP_TOKEN", ""),
        "IngestConcurrency": str(max(4, os.cpu_count() or 1)),
        **given,
        **(parameters or {}),
    }
    return Template(REPOSITORY / "template.yaml", parameters=values, queue_endpoint=sqs_endpoint)


def environment_of(template: Template, cloud: Cloud, s3_endpoint: str) -> dict[str, str]:
    """Variables of every function beside the template's: settings of the operator, and where AWS is."""
    wired = {name for function in template.functions.values() for name in function.environment}
    others = {*wired, worker.KEY, *SMTP}
    settings = {name: value for name, value in os.environ.items() if name.startswith("PINHOLE_") and name not in others}
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
