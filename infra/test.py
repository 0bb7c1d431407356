"""`python -m infra test`: every check, one after the other, the tests last.

Each step says its name and how long it took. One that fails keeps no other from running.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra import bootstrap
from infra.bootstrap import REPOSITORY, CannotStart, say

PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command, and the directory that it runs in."""

    name: str
    command: Sequence[str]
    directory: Path = REPOSITORY


def _steps(pytest: Sequence[str]) -> list[Step]:
    npm = bootstrap.npm()
    return [
        Step("lint", [PYTHON, "-m", "ruff", "check", "."]),
        Step("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Step("types", [PYTHON, "-m", "mypy"]),
        Step("web-lint", [npm, "run", "lint", "--silent"], bootstrap.WEB),
        Step("web-types", [npm, "run", "typecheck", "--silent"], bootstrap.WEB),
        Step("web-test", [npm, "test", "--silent"], bootstrap.WEB),
        # Last, since its summary is that of the whole run.
        Step("pytest", [PYTHON, "-m", "pytest", *pytest]),
    ]


def run(only: str | None, pytest: Sequence[str]) -> int:
    """Run all steps, or one. `pytest` are more arguments for pytest. Returns the exit code.

    Raises:
        CannotStart: there is no such step, or Node is missing.
    """
    steps = _steps(pytest)
    if only is not None:
        steps = [step for step in steps if step.name == only]
        if not steps:
            raise CannotStart(f"There is no step {only}: {', '.join(step.name for step in _steps(pytest))}")
    if any(step.directory == bootstrap.WEB or step.name == "pytest" for step in steps):
        bootstrap.build_web_client()
    failed: list[str] = []
    for step in steps:
        if step.name == "pytest" and failed:
            say(f"FAILED before the tests: {', '.join(failed)}")
        if not _passes(step):
            failed.append(step.name)
    return 1 if failed else 0


def _passes(step: Step) -> bool:
    say(f"{step.name} …")
    began = time.monotonic()
    passed = subprocess.run(step.command, cwd=step.directory, check=False).returncode == 0
    if step.name != "pytest":
        say(f"{step.name} {'passed' if passed else 'FAILED'} after {time.monotonic() - began:.1f} s")
    return passed
