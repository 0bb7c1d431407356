"""The workers of this machine, behind everything else: one that makes posters and copies of videos, one that analyses
photos, with the models that need no GPU, and where a vision endpoint is named, one that has them described.

The models of the second are fetched before, in the background: uploads work before, and are analysed then.
"""

import asyncio
import json
import os
import re
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.bootstrap import REPOSITORY, say
from infra.local import processes
from infra.local.function_pool import INHERITED
from infra.local.processes import HOST, Service, end_of, free_ports
from infra.local.supervisor import Supervisor

# They run the code of others on what came from strangers: they get no secret that they do not use.
SETTINGS = {
    *("PINHOLE_DATABASE_URL", "PINHOLE_ORIGINALS_BUCKET", "PINHOLE_RENDITIONS_BUCKET", "PINHOLE_MAX_ATTEMPTS"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_S3"),
}
QUEUES = {"PINHOLE_ML_QUEUE_URL", "PINHOLE_ML_BULK_QUEUE_URL", "AWS_ENDPOINT_URL_SQS"}
# Posters and copies ask for the analysis of what they show, and have pages told.
VIDEO_QUEUES = QUEUES | {
    *("PINHOLE_VIDEO_SHORT_QUEUE_URL", "PINHOLE_VIDEO_SHORT_BULK_QUEUE_URL"),
    *("PINHOLE_VIDEO_QUEUE_URL", "PINHOLE_VIDEO_BULK_QUEUE_URL", "PINHOLE_LIVE_QUEUE_URL"),
}
KEY = "PINHOLE_CAPTION_KEY"
THREADS = max(1, (os.cpu_count() or 1) // 2)
NICE = 15
CANNOT_WORK = 2  # its exit status, where a person has to do something first
GRACE_SECONDS = 1  # for what is looked at when it is to end: what takes longer is given back, and costs no attempt
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60, 3600
LONGEST_LINE = 2**24  # of what a fetch says
# What `infra models` tells with the time, and not what pip does package by package.
SAID = re.compile(r"\d\d:\d\d:\d\d (.*)")


class Worker(Service):
    """A running worker. options: of its command line. settings: names of what it gets of `environment`.

    origin: where it answers /metrics and /health.
    """

    stop_seconds = 5  # by then it has given all back, and waits for what a store that is gone does not answer
    uses_others = True  # it gives back what it has in hand

    def __init__(
        self, name: str, directory: Path, options: Sequence[str], environment: Mapping[str, str], settings: set[str]
    ) -> None:
        directory = directory.resolve()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = free_ports(1)[0]
        self.origin = f"http://{HOST}:{port}"
        roots = [REPOSITORY, *(REPOSITORY / "layers" / layer for layer in ("core", "models"))]
        super().__init__(
            name,
            directory,
            [*_command(), *options, f"--metrics-port={port}", f"--nice={NICE}"],
            environment={
                **{name: value for name, value in environment.items() if name in settings},
                "POWERTOOLS_SERVICE_NAME": "worker",
                "PYTHONPATH": os.pathsep.join(map(str, roots)),
                "PYTHONSAFEPATH": "1",
                "PYTHONUTF8": "1",
                "TZ": "UTC",
            },
            inherits={*INHERITED, "XDG_CACHE_HOME"},
        )

    def ready(self) -> bool:
        with urllib.request.urlopen(f"{self.origin}/health", timeout=1):
            return True

    def complaint(self) -> str | None:
        if self.ended != CANNOT_WORK:
            return None
        line = end_of(self.log, lines=1)
        try:
            return str(json.loads(line)["reason"])
        except (ValueError, KeyError, TypeError):
            return line  # it ended before it had a log with fields


def start(directory: Path, environment: Mapping[str, str], models: str) -> Worker:
    """Start the one that analyses photos with a model set. It answers when this returns.

    Raises:
        ServiceFailed: it did not start.
    """
    options = [f"--set={models}", f"--threads={THREADS}", "--decoders=1", "--batch=4", f"--grace={GRACE_SECONDS}"]
    worker = Worker("The worker", directory, options, environment, SETTINGS | QUEUES)
    worker.start()
    return worker


def start_videos(directory: Path, environment: Mapping[str, str]) -> Worker:
    """Start the one that makes posters and copies of videos. It answers when this returns.

    Raises:
        ServiceFailed: it did not start.
    """
    options = ["--queues=video", f"--grace={GRACE_SECONDS}"]
    worker = Worker("The worker of videos", directory, options, environment, SETTINGS | VIDEO_QUEUES)
    worker.start()
    return worker


def start_captions(directory: Path, environment: Mapping[str, str], models: Path) -> Worker:
    """Start the one that has photos described as a model set says. It answers when this returns.

    Raises:
        ServiceFailed: it did not start.
    """
    options = ["--queues=captions", f"--set={models}"]
    worker = Worker("The captions worker", directory, options, environment, SETTINGS | {KEY})
    worker.start()
    return worker


async def keep(services: Supervisor, directory: Path, environment: Mapping[str, str], models: str) -> None:
    """Fetch the models of a set, where that was not done, and have a worker from then on. Raises ServiceFailed."""
    pause = FIRST_PAUSE_SECONDS
    while (reason := await _fetch(models)) is not None:
        say(f"Photos are not analysed yet, since the models can't be fetched ({reason}): tried again in {pause} s")
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    say("Starting the worker, which loads them")
    worker = await services.start(start, directory, environment, models)
    services.watch(worker)
    say(f"New photos are analysed ({worker.origin}/metrics tells how it goes, {worker.log} what went wrong)")


async def _fetch(models: str) -> str | None:
    """Fetch a set, telling what that does. Why it can't be; None: it is there."""
    fetching = await asyncio.create_subprocess_exec(
        *_fetching(models),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        limit=LONGEST_LINE,
    )
    assert fetching.stdout is not None
    last = ""
    try:
        async for line in fetching.stdout:
            last = line.decode(errors="replace").strip() or last
            if said := SAID.fullmatch(last):
                say(said[1])
        await fetching.wait()
    finally:
        if fetching.returncode is None:
            fetching.kill()
            await fetching.wait()
    return last if fetching.returncode != 0 else None


async def keep_videos(services: Supervisor, directory: Path, environment: Mapping[str, str]) -> None:
    """Have posters and copies of videos made. Raises ServiceFailed."""
    worker = await services.start(start_videos, directory, environment)
    services.watch(worker)
    say(f"Videos get posters and copies that play ({worker.origin}/metrics, {worker.log})")


async def keep_captions(services: Supervisor, directory: Path, environment: Mapping[str, str], models: Path) -> None:
    """Have photos described as a model set says. Raises ServiceFailed."""
    worker = await services.start(start_captions, directory, environment, models)
    services.watch(worker)
    say(f"Photos are described as {models.name} says ({worker.origin}/metrics, {worker.log})")


def end_leftovers(*directories: Path) -> None:
    """End the workers that an earlier run left in these."""
    for directory in directories:
        processes.end_leftovers(_command(), directory)


def _fetching(models: str) -> list[str]:
    return [sys.executable, "-m", "infra", "models", f"--set={models}"]


def _command() -> list[str]:
    return [sys.executable, "-m", "gpu_worker"]
