"""`python -m infra test`: every check, two at a time, and then the tests.

Each step says its name and how long it took. What it prints comes with the end of it, in one piece; the tests show
theirs while they run. A step that fails keeps no other from running.
"""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from infra import bootstrap, browser
from infra.bootstrap import REPOSITORY, CannotStart, say
from infra.models import fetch
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory

PYTHON = sys.executable
TESTS = REPOSITORY / "tests"
CHECKS_AT_ONCE = 2
# More than a small machine has cores, since much of it is waiting for what was started. In the order and by the groups
# of tests/conftest.py.
TESTS_AT_ONCE = ["--numprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
IMPORT_ROOTS = [str(REPOSITORY / root) for root in ("layers/core", "layers/models", "functions", "clients/python", ".")]
_printing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command, the directory that it runs in, and variables beside those that there are."""

    name: str
    command: Sequence[str]
    directory: Path = REPOSITORY
    environment: Mapping[str, str] = field(default_factory=dict)


def _steps(pytest: Sequence[str]) -> list[Step]:
    """The longest check first, so that nothing long begins last; the tests last: their summary is the whole run's."""
    npm = bootstrap.npm()
    return [
        Step("types", [PYTHON, "-m", "mypy"]),
        Step("web-lint", [npm, "run", "lint", "--silent"], bootstrap.WEB),
        Step("web-types", [npm, "run", "typecheck", "--silent"], bootstrap.WEB),
        Step("web-test", [npm, "test", "--silent"], bootstrap.WEB),
        Step("template", [_program("cfn-lint"), "template.yaml", "infra/cloud/*.yaml"]),
        Step("imports", [_program("lint-imports")], environment={"PYTHONPATH": os.pathsep.join(IMPORT_ROOTS)}),
        Step("docker", [_program("hadolint"), "gpu_worker/Dockerfile"]),
        Step("migrations", [_program("squawk"), *map(str, sorted(REPOSITORY.glob("migrations/*.sql")))]),
        Step("lint", [PYTHON, "-m", "ruff", "check", "."]),
        Step("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Step("pytest", [PYTHON, "-m", "pytest", *TESTS_AT_ONCE, *pytest]),
    ]


def run(only: str | None, pytest: Sequence[str]) -> int:
    """Run all steps, or one, or the tests of one room. `pytest` are more arguments for pytest. Returns the exit code.

    Raises:
        CannotStart: there is no such step or room, or Node is missing.
    """
    steps = _steps(pytest)
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
    if only in (None, "pytest") or any("tests/gpu_worker" in word for step in steps for word in step.command):
        _fetch_models()
    checks = [step for step in steps if step.name != "pytest"]
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        passed = list(pool.map(_passes, checks))
    failed = [check.name for check, passes in zip(checks, passed, strict=True) if not passes]
    for step in steps:
        if step.name == "pytest":
            if failed:
                say(f"FAILED before the tests: {', '.join(failed)}")
            say("pytest …")
            if subprocess.run(step.command, cwd=step.directory, check=False).returncode != 0:
                failed.append(step.name)
    return 1 if failed else 0


def _rooms() -> list[str]:
    """The folders of tests, such as `core/ingest`: each is named as the room that it tests."""
    return sorted(
        {file.parent.relative_to(TESTS).as_posix() for file in TESTS.rglob("test_*.py")}
        | {"core", "functions", "infra"}
    )


def _of_room(room: str, pytest: Sequence[str]) -> list[Step]:
    """The tests of a room, by its name or the last part of it, beside no other check."""
    folders = [str(TESTS / known) for known in _rooms() if room in (known, known.rpartition("/")[2])]
    return [Step("pytest", [PYTHON, "-m", "pytest", *folders, *pytest])] if folders else []


def _fetch_models() -> None:
    """Once, before tests that run beside each other would each fetch them."""
    bootstrap.install("infra/demo-requirements.txt")
    fetch.fetch(model_set.read("embedded", default_directory()))


def _install_browser() -> None:
    """Have Chromium where Debian's package manager can bring it, with or without windows.

    Without any the browser tests are skipped.
    """
    lightest, whole = browser.NAMES[:2]
    if shutil.which(lightest):
        return
    apt = shutil.which("apt-get")
    if apt is not None and os.geteuid() == 0:
        say("Installing Chromium for the browser tests")
        packages = [lightest] if browser.executable() else [lightest, whole]
        steps = [["update", "-qq"], *(["install", "-qq", "--yes", "--no-install-recommends", one] for one in packages)]
        for arguments in steps:
            ended = subprocess.run([apt, *arguments], stdout=subprocess.DEVNULL, check=False)
            if ended.returncode == 0 and arguments[0] == "install":
                return
    if browser.executable() is None:
        say("No Chromium is installed, so the browser tests will be skipped")


def _program(name: str) -> str:
    """A program that a package of tests/requirements.txt carries."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def _passes(check: Step) -> bool:
    say(f"{check.name} …")
    began = time.monotonic()
    environment = {**os.environ, **check.environment}
    ended = subprocess.run(
        check.command,
        cwd=check.directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    passed = ended.returncode == 0
    with _printing:
        print(ended.stdout, end="")
        say(f"{check.name} {'passed' if passed else 'FAILED'} after {time.monotonic() - began:.1f} s")
    return passed
