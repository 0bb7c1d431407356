"""The worker that analyses photos, on this machine: one, with the models that need no GPU, behind everything else.

Its models are fetched first, in the background: uploads work before, and are analysed then.
"""

import asyncio
import os
import signal
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from infra.bootstrap import REPOSITORY, say
from infra.local import processes
from infra.local.function_pool import INHERITED
from infra.local.processes import HOST, Service, free_ports
from infra.local.supervisor import Supervisor

# It runs the code of others on what came from strangers: it gets no secret that it does not use.
SETTINGS = {
    *("PINHOLE_DATABASE_URL", "PINHOLE_ORIGINALS_BUCKET", "PINHOLE_RENDITIONS_BUCKET", "PINHOLE_MAX_ATTEMPTS"),
    *("PINHOLE_ML_QUEUE_URL", "PINHOLE_ML_BULK_QUEUE_URL"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"),
}
THREADS = max(1, (os.cpu_count() or 1) // 2)
NICE = 15


class Worker(Service):
    """A running worker."""

    # It is safe at any moment, and its queue ends with it.
    stop_signal = signal.SIGKILL if os.name == "posix" else signal.SIGTERM

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        port = free_ports(1)[0]
        self._health = f"http://{HOST}:{port}/health"
        options = [f"--metrics-port={port}", f"--threads={THREADS}", "--decoders=1", "--batch=4", f"--nice={NICE}"]
        roots = [REPOSITORY, REPOSITORY / "layers" / "core"]
        super().__init__(
            "The worker",
            directory,
            [*_command(), *options],
            environment={
                **{name: value for name, value in environment.items() if name in SETTINGS},
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
    """Start a worker. It answers when this returns.

    Raises:
        ServiceFailed: it did not start.
    """
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    worker = Worker(directory, environment)
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


def end_leftovers(directory: Path) -> None:
    """End a worker that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory)


def _command() -> list[str]:
    return [sys.executable, "-m", "gpu_worker"]
