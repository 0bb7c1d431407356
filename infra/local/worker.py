"""The workers of this machine, behind everything else: one that analyses photos, with the models that need no GPU, and
where a vision endpoint is named, one that has them described.

The models of the first are fetched before, in the background: uploads work before, and are analysed then.
"""

import asyncio
import os
import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.bootstrap import REPOSITORY, say
from infra.local import processes
from infra.local.function_pool import INHERITED
from infra.local.processes import HOST, Service, free_ports
from infra.local.supervisor import Supervisor

# They run the code of others on what came from strangers: they get no secret that they do not use.
SETTINGS = {
    *("PINHOLE_DATABASE_URL", "PINHOLE_ORIGINALS_BUCKET", "PINHOLE_RENDITIONS_BUCKET", "PINHOLE_MAX_ATTEMPTS"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_S3"),
}
QUEUES = {"PINHOLE_ML_QUEUE_URL", "PINHOLE_ML_BULK_QUEUE_URL", "AWS_ENDPOINT_URL_SQS"}
KEY = "PINHOLE_CAPTION_KEY"
THREADS = max(1, (os.cpu_count() or 1) // 2)
NICE = 15


class Worker(Service):
    """A running worker. options: of its command line. settings: names of what it gets of `environment`."""

    def __init__(
        self, name: str, directory: Path, options: Sequence[str], environment: Mapping[str, str], settings: set[str]
    ) -> None:
        directory = directory.resolve()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = free_ports(1)[0]
        self._health = f"http://{HOST}:{port}/health"
        roots = [REPOSITORY, REPOSITORY / "layers" / "core"]
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
        with urllib.request.urlopen(self._health, timeout=1):
            return True


def start(directory: Path, environment: Mapping[str, str]) -> Worker:
    """Start the one that analyses photos. It answers when this returns.

    Raises:
        ServiceFailed: it did not start.
    """
    options = [f"--threads={THREADS}", "--decoders=1", "--batch=4"]
    worker = Worker("The worker", directory, options, environment, SETTINGS | QUEUES)
    if os.name == "posix":
        worker.stop_signal = signal.SIGKILL  # it is safe at any moment, and its queue ends with it
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


async def keep(services: Supervisor, directory: Path, environment: Mapping[str, str]) -> None:
    """Fetch the models, where that was not done, and have a worker from then on. Raises ServiceFailed."""
    fetching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra", "models"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert fetching.stdout is not None
    last = ""
    try:
        async for line in fetching.stdout:
            last = line.decode(errors="replace").strip() or last
        await fetching.wait()
    finally:
        if fetching.returncode is None:
            fetching.kill()
            await fetching.wait()
    if fetching.returncode != 0:
        say(f"Photos are not analysed, since the models can't be fetched ({last}): python -m infra models tries again")
        return
    services.watch(await services.start(start, directory, environment))
    say("New photos are analysed")


async def keep_captions(services: Supervisor, directory: Path, environment: Mapping[str, str], models: Path) -> None:
    """Have photos described as a model set says. Raises ServiceFailed."""
    services.watch(await services.start(start_captions, directory, environment, models))
    say(f"Photos are described as {models.name} says")


def end_leftovers(directory: Path) -> None:
    """End a worker that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory)


def _command() -> list[str]:
    return [sys.executable, "-m", "gpu_worker"]
