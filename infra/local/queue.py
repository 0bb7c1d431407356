"""A local SQS: `with queue.start(directory) as server: server.endpoint`.

Its messages live in memory and are gone when it ends: whoever sends must be able to send again.
"""

import sys
from pathlib import Path

from infra.local import processes
from infra.local.processes import HOST, Service, accepts_connections, free_ports

REPOSITORY = Path(__file__).parent.parent.parent


class Queue(Service):
    """A running server. `endpoint` is what boto3 takes as `endpoint_url`; any credentials will do."""

    def __init__(self, directory: Path) -> None:
        self._port = free_ports(1)[0]
        self.endpoint = f"http://{HOST}:{self._port}"
        command = [*_command(), str(self._port)]
        environment = {"PYTHONPATH": str(REPOSITORY), "PYTHONSAFEPATH": "1"}
        super().__init__("The queue", directory, command, environment=environment)

    def ready(self) -> bool:
        return accepts_connections(self._port)


def start(directory: Path) -> Queue:
    """Start a server without queues. It answers when this returns.

    Raises:
        ServiceFailed: the server did not start.
    """
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = Queue(directory)
    server.start()
    return server


def end_leftovers(directory: Path) -> None:
    """End a server that an earlier run left in this directory."""
    processes.end_leftovers(_command(), directory)


def _command() -> list[str]:
    return [sys.executable, "-m", "infra.local.queue_process"]
