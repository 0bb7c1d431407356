"""`python -m infra test`: every check, one after the other, the tests last.

Each step says its name and how long it took. One that fails keeps no other from running.
"""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra import bootstrap
from infra.bootstrap import REPOSITORY, CannotStart, say

PYTHON = sys.executable
TESTS = REPOSITORY / "tests"
LOCALSTACK_TESTS = [PYTHON, "-m", "pytest", "tests/localstack"]
# Much of it is waiting for what was started. By file: a module's fixtures are made once.
AT_ONCE = ["--numprocesses=2", "--dist=loadfile"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
IMPORT_ROOTS = [str(REPOSITORY / root) for root in ("layers/core", "functions", "clients/python", ".")]


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command, the directory that it runs in, and variables beside those that there are."""

    name: str
    command: Sequence[str]
    directory: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=dict)


def _steps(only: str | None, pytest: Sequence[str]) -> list[Step]:
    npm = bootstrap.npm()
    return [
        Step("lint", [PYTHON, "-m", "ruff", "check", "."]),
        Step("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Step("types", [PYTHON, "-m", "mypy"]),
        Step("imports", [_program("lint-imports")], environment={"PYTHONPATH": os.pathsep.join(IMPORT_ROOTS)}),
        Step("template", [_program("cfn-lint"), "template.yaml", "infra/cloud/*.yaml"]),
        Step("migrations", [_program("squawk"), *map(str, sorted(REPOSITORY.glob("migrations/*.sql")))]),
        Step("web-lint", [npm, "run", "lint", "--silent"], bootstrap.WEB),
        Step("web-types", [npm, "run", "typecheck", "--silent"], bootstrap.WEB),
        Step("web-test", [npm, "test", "--silent"], bootstrap.WEB),
        Step("localstack", [*LOCALSTACK_TESTS, *(pytest if only == "localstack" else ())]),
        # Last, since its summary is that of the whole run.
        Step("pytest", [PYTHON, "-m", "pytest", *AT_ONCE, "--ignore=tests/localstack", *pytest]),
    ]


def run(only: str | None, pytest: Sequence[str]) -> int:
    """Run all steps, or one, or the tests of one room. `pytest` are more arguments for pytest. Returns the exit code.

    Raises:
        CannotStart: there is no such step or room, or Node is missing.
    """
    steps = _steps(only, pytest)
    if only is not None:
        names = [step.name for step in steps]
        steps = [step for step in steps if step.name == only] or _of_room(only, pytest)
        if not steps:
            raise CannotStart(f"There is no step or room {only}: {', '.join([*names, *_rooms()])}")
    # A shell that runs this in the background has it ignore Ctrl-C, and with it every instance that a test ends so.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The tests of a room start nothing that shows a page, but for those in the browser.
    shows_pages = only in (None, "pytest", "e2e", "infra") or any(step.directory == bootstrap.WEB for step in steps)
    if shows_pages:
        bootstrap.build_web_client()
    if only in (None, "pytest", "e2e"):
        _install_browser()
    failed: list[str] = []
    for step in steps:
        if step.name == "pytest" and failed:
            say(f"FAILED before the tests: {', '.join(failed)}")
        if not _passes(step):
            failed.append(step.name)
    return 1 if failed else 0


def _rooms() -> list[str]:
    """The folders of tests, such as `core/ingest`: each is named as the room that it tests."""
    return sorted(
        {file.parent.relative_to(TESTS).as_posix() for file in TESTS.rglob("test_*.py")} - {"localstack"}
        | {"core", "functions", "infra"}
    )


def _of_room(room: str, pytest: Sequence[str]) -> list[Step]:
    """The tests of a room, by its name or the last part of it, beside no other check."""
    folders = [str(TESTS / known) for known in _rooms() if room in (known, known.rpartition("/")[2])]
    return [Step("pytest", [PYTHON, "-m", "pytest", *folders, *pytest])] if folders else []


def _install_browser() -> None:
    """Have Chromium where Debian's package manager can bring it; elsewhere the browser tests are skipped."""
    if any(map(shutil.which, BROWSERS)):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        say("No Chromium is installed, so the browser tests will be skipped")
        return
    say("Installing Chromium for the browser tests")
    for arguments in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
        if subprocess.run([apt, *arguments], stdout=subprocess.DEVNULL, check=False).returncode != 0:
            say(f"apt-get {arguments[0]} failed, so the browser tests will be skipped")
            return


def _program(name: str) -> str:
    """A program that a package of tests/requirements.txt carries."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def _passes(step: Step) -> bool:
    say(f"{step.name} …")
    began = time.monotonic()
    environment = {**os.environ, **step.environment}
    passed = subprocess.run(step.command, cwd=step.directory, env=environment, check=False).returncode == 0
    if step.name != "pytest":
        say(f"{step.name} {'passed' if passed else 'FAILED'} after {time.monotonic() - began:.1f} s")
    return passed
