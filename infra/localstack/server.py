"""A LocalStack as a child process, without Docker: `with server.start(directory) as localstack: localstack.endpoint`.

It lives in a virtual environment of its own, and keeps nothing: everything is gone when it ends.
"""

import signal
import urllib.error
import urllib.request
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import psutil

from infra import bootstrap
from infra.local.processes import HOST, Service, free_ports

ENVIRONMENT = bootstrap.REPOSITORY / ".venv-localstack"
REQUIREMENTS = "infra/localstack/requirements.txt"
PLUGIN = Path(__file__).parent / "plugin"


class LocalStack(Service):
    """A running LocalStack. Functions run as its child processes."""

    stop_signal = signal.SIGKILL  # it keeps nothing, and takes up to half a minute to end by itself

    def __init__(self, directory: Path, python: Path) -> None:
        self.port = free_ports(1)[0]
        self.endpoint = f"http://{HOST}:{self.port}"
        super().__init__(
            "LocalStack",
            directory,
            [python, "-m", "localstack.runtime.main"],
            environment={
                "DISABLE_EVENTS": "1",
                "DNS_ADDRESS": "0",
                "FILESYSTEM_ROOT": str(directory / "files"),
                "GATEWAY_LISTEN": f"{HOST}:{self.port}",
                # The default server listens on every address, whatever it is told.
                "GATEWAY_SERVER": "hypercorn",
                "LAMBDA_RUNTIME_EXECUTOR": "process",
                "OVERRIDE_IN_DOCKER": "0",
                "PYTHONPATH": str(PLUGIN),
                "S3_SKIP_SIGNATURE_VALIDATION": "0",
                "SKIP_SSL_CERT_DOWNLOAD": "1",
                "TMPDIR": str(directory),
            },
        )

    def stop(self) -> None:
        functions = psutil.Process(self.pid).children(recursive=True) if self.pid else []
        super().stop()
        for process in functions:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_localstack/health", timeout=2) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except urllib.error.HTTPError:
            return False


def start(directory: Path) -> LocalStack:
    """Start a LocalStack that keeps its files in this directory. It answers when this returns.

    Raises:
        CannotStart: its environment can't be made.
        ServiceFailed: it did not start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    python = bootstrap.make_environment(ENVIRONMENT, REQUIREMENTS)
    localstack = LocalStack(directory.resolve(), python)
    localstack.start()
    return localstack
