"""A local SQS: `with queue.start(directory) as server: server.endpoint`.

Its messages live in memory and are gone when it ends: whoever sends must be able to send again.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local import processes
from infra.local.processes import HOST, Service, accepts_connections, free_ports

if TYPE_CHECKING:
    from infra.local.store import Credentials

# The variables by which its process learns who may ask.
ACCESS_KEY = "QUEUE_ACCESS_KEY"
SECRET_KEY = "QUEUE_SECRET_KEY"  # noqa: S105 - its name
REPOSITORY = Path(__file__).parent.parent.parent


class Queue(Service):
    """A running server. `endpoint` is what boto3 takes as `endpoint_url`; `credentials` sign what it takes."""

    # What it holds ends with it anyway, and to end by itself it waits for connections that others keep open.
    stop_signal = signal.SIGKILL if os.name == "posix" else signal.SIGTERM

    def __init__(self, directory: Path, credentials: "Credentials") -> None:
        self._port = free_ports(1)[0]
        self.endpoint = f"http://{HOST}:{self._port}"
        command = [*_command(), str(self._port)]
        # In its environment, which only its owner can read: everyone sees the arguments of a command.
        environment = {
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONSAFEPATH": "1",
            ACCESS_KEY: credentials.access_key,
            SECRET_KEY: credentials.secret_key,
        }
        super().__init__("The queue", directory, command, environment=environment)

    def ready(self) -> bool:
        return accepts_connections(self._port)


def start(directory: Path, credentials: "Credentials") -> Queue:
    """Start a server without queues, for who signs with these credentials. It answers when this returns.

    Raises:
        ServiceFailed: the server did not start.
    """
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = Queue(directory, credentials)
    server.start()
    return server


def end_leftovers(directory: Path) -> None:
    """End a server that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory, Queue.stop_signal)


def _command() -> list[str]:
    return [sys.executable, "-m", "infra.local.queue_process"]
