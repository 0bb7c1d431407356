"""The SAM CLI, in a virtual environment of its own: builds what the template says, and deploys it into LocalStack."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra import bootstrap
from infra.bootstrap import REPOSITORY

ENVIRONMENT = bootstrap.REPOSITORY / ".venv-sam"
REQUIREMENTS = "infra/localstack/sam-requirements.txt"
# The runtime of the interpreter at hand: functions run on this machine.
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


class SamFailed(Exception):
    """The SAM CLI gave up. The text is what it said."""


def build(directory: Path) -> Path:
    """Build layers and functions for this machine into a directory. The built template.

    Raises:
        CannotStart: its environment can't be made.
        SamFailed: it gave up.
    """
    arguments = ["--build-dir", str(directory / "build"), "--cache-dir", str(directory / "cache")]
    _run("build", *arguments, "--parameter-overrides", f"LambdaRuntime={RUNTIME}", directory=directory)
    return directory / "build" / "template.yaml"


def deploy(template: Path, stack: str, parameters: Mapping[str, str], *, endpoint: str, artifacts_bucket: str) -> None:
    """Create or update a stack from a built template. The bucket for what it uploads must be there.

    Raises:
        CannotStart: its environment can't be made.
        SamFailed: it gave up.
    """
    given = [f'{name}="{value}"' for name, value in {**parameters, "LambdaRuntime": RUNTIME}.items()]
    _run(
        "deploy",
        *("--template-file", str(template)),
        *("--stack-name", stack),
        *("--no-resolve-s3", "--s3-bucket", artifacts_bucket),
        *("--no-confirm-changeset", "--no-progressbar"),
        *("--parameter-overrides", *given),
        directory=template.parent,
        endpoint=endpoint,
    )


def validate(directory: Path) -> None:
    """Have SAM and cfn-lint judge the template. Raises CannotStart, SamFailed."""
    _run("validate", "--lint", directory=directory)


def _run(command: str, *arguments: str, directory: Path, endpoint: str | None = None) -> None:
    python = bootstrap.make_environment(ENVIRONMENT, REQUIREMENTS)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LAMBDA_PYTHON": "",
        "PYTHON": sys.executable,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(directory),
        **({} if endpoint is None else {"AWS_ENDPOINT_URL": endpoint}),
    }
    ended = subprocess.run(
        [str(python.with_name("sam")), command, "--config-file", str(REPOSITORY / "samconfig.toml"), *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise SamFailed(f"sam {command} failed:\n{ended.stdout}")
