"""What must be there before anything else runs: the virtual environment and the built web client.

Standard library only. Each step is skipped when a stamp says that it was done for the same input, so that the
second start loses no time here.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT = REPOSITORY / ".venv"
TORCH = REPOSITORY / ".venv-torch"  # with all that the tests need, and torch
WEB = REPOSITORY / "web"
SECURITY_HEADERS = "layers/core/pinhole/security_headers.py"  # which pages are kept with
OLDEST_NODE = "20.19"  # that Vite runs on
STAMPS = "pinhole-installed.json"
# To install what is not built already runs code of its own. Only these are, whose authors publish no wheels: the tests
# of LocalStack need them, and nothing else does.
ONLY_AS_SOURCE = ("airspeed-ext", "crontab", "jsonpath-rw", "localstack-client")


class CannotStart(Exception):
    """The person at the keyboard has to do something first. The text is one line that says what."""


def enter_environment(requirements: str, environment: Path = ENVIRONMENT) -> None:
    """Go on inside an environment, with these requirements installed: outside of it, start this command anew there.

    Raises:
        CannotStart: the environment can't be made.
    """
    # Images set it to stay small. Here each of many processes would compile again all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    python = make_environment(environment, requirements)
    if Path(sys.prefix).resolve() != environment.resolve():
        _start_anew(python)


def make_environment(environment: Path, requirements: str) -> Path:
    """Make a virtual environment with these requirements, unless that was done. Its interpreter.

    Raises:
        CannotStart: the environment can't be made.
    """
    python = _python(environment)
    if not python.exists() or not _works(environment):
        say(f"Making {environment.relative_to(REPOSITORY)}")
        try:
            venv.create(environment, clear=True, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotStart(
                f"No virtual environment can be made in {environment}: make the folder writable, and install "
                f"Python's venv and ensurepip (Debian, Ubuntu: apt install python3-venv). {error}"
            ) from error
    install(requirements, environment)
    return python


def install(requirements: str, environment: Path = ENVIRONMENT) -> None:
    """Install a hash-pinned requirements file into an environment, unless that was done.

    Raises:
        CannotStart: pip fails.
    """
    stamps = environment / STAMPS
    done = json.loads(stamps.read_text()) if stamps.exists() else {}
    digest = hashlib.sha256((REPOSITORY / requirements).read_bytes()).hexdigest()
    if done.get(requirements) == digest:
        return
    say(f"Installing {requirements}")
    if not _uv_installs(requirements, environment):
        _pip_installs(requirements, environment)
    done[requirements] = digest
    _write(stamps, json.dumps(done))


def _uv_installs(requirements: str, environment: Path) -> bool:
    """Whether uv did, in a third of the time: the environment of the tests has it, and makes others by it.

    It does not know how pip is configured: where it finds no way, pip may.
    """
    uv = Path(sysconfig.get_path("scripts"), "uv")
    if not uv.exists():
        return False
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    options += [f"--no-binary={package}" for package in ONLY_AS_SOURCE]
    to = ["--python", str(_python(environment))]
    command = [str(uv), "pip", "install", "--quiet", *to, *options, "-r", requirements]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0


def _pip_installs(requirements: str, environment: Path) -> None:
    # What is imported is compiled then. Most is not, and compiling it all takes a third of the time.
    options = ["--require-hashes", "--no-deps", "--no-compile", "--progress-bar=off"]
    options += ["--only-binary=:all:", f"--no-binary={','.join(ONLY_AS_SOURCE)}"]
    pip = [str(_python(environment)), "-m", "pip", "install", *options]
    with subprocess.Popen(
        [*pip, "--disable-pip-version-check", "-r", requirements],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        _show_progress(process.stdout, _pinned(requirements))
    if process.returncode != 0:
        raise CannotStart(f"pip can't install {requirements}: read its words above, check the network, and start again")


def check_web_client() -> None:
    """Raise CannotStart if the web client is to be built, and Node or npm is missing or too old."""
    if _read(WEB / "dist" / ".sources") != _sources():
        npm()


def build_web_client() -> None:
    """Build `web/dist`, unless it was built from the same sources.

    Raises:
        CannotStart: Node or npm is missing or too old, or the build fails.
    """
    built = WEB / "dist" / ".sources"
    sources = _sources()
    if _read(built) == sources:
        return
    install_node_packages(WEB)
    say("Building the web client")
    run_npm(WEB, "run", "build", "--silent")
    _write(built, sources)


def install_node_packages(directory: Path) -> None:
    """Install what `package-lock.json` of a directory says, unless that was done.

    Raises:
        CannotStart: Node or npm is missing or too old, or npm fails.
    """
    installed = directory / "node_modules" / ".package-lock"
    lock = _digest([directory / "package-lock.json"])
    if _read(installed) != lock:
        say(f"Installing the packages of {directory.relative_to(REPOSITORY)}, a minute or two without a word")
        run_npm(directory, "ci", "--no-audit", "--no-fund")
        _write(installed, lock)


def _start_anew(python: Path) -> None:
    command = [str(python), "-m", "infra", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - the same command in its own interpreter
    try:
        sys.exit(subprocess.call(command))
    except KeyboardInterrupt:
        sys.exit(0)


def _python(environment: Path) -> Path:
    return environment / ("bin/python" if os.name == "posix" else "Scripts/python.exe")


def _works(environment: Path) -> bool:
    """Whether the environment was made whole: making it may have been interrupted."""
    if (environment / STAMPS).exists():
        return True
    pip = [str(_python(environment)), "-m", "pip", "--version"]
    return subprocess.run(pip, capture_output=True, check=False).returncode == 0


def _pinned(requirements: str) -> int:
    lines = (REPOSITORY / requirements).read_text().splitlines()
    return sum("==" in line and not line.startswith((" ", "#")) for line in lines)


def _show_progress(lines: Iterable[str], expected: int) -> None:
    """Print what pip is at, one line that changes on a terminal, one for each package elsewhere."""
    terminal = sys.stdout.isatty()
    count = 0
    for line in lines:
        words = line.split()
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            count += 1
            name = words[1] if words[0] == "Collecting" else words[3]
            text = f"  {count}/{expected} {name}"
            print(f"\r\x1b[2K{text}" if terminal else text, end="" if terminal else "\n", flush=True)
        elif line.startswith("Installing collected packages"):
            print(
                "\r\x1b[2K  unpacking" if terminal else "  unpacking",
                end="" if terminal else "\n",
                flush=True,
            )
    if terminal:
        print("\r\x1b[2K", end="", flush=True)


def _sources() -> str:
    """A hash of everything that the web client is built from."""
    output = {"node_modules", "dist"}
    files = [path for path in WEB.rglob("*") if path.is_file() and not output & set(path.relative_to(WEB).parts)]
    return _digest([*files, REPOSITORY / SECURITY_HEADERS])


def npm() -> str:
    """The path of npm. Raises CannotStart if Node or npm is missing or too old."""
    node, program = shutil.which("node"), shutil.which("npm")
    if node is None or program is None:
        raise CannotStart(f"Node is missing: install Node {OLDEST_NODE} or newer (https://nodejs.org)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if _numbers(version) < _numbers(OLDEST_NODE):
        raise CannotStart(f"Node {version} is too old: install Node {OLDEST_NODE} or newer (https://nodejs.org)")
    return program


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.lstrip("v").split(".")[:2]]


def run_npm(directory: Path, *arguments: str) -> None:
    """Run npm in a directory; what it says is shown when it fails. Raises CannotStart."""
    result = subprocess.run(
        [npm(), *arguments], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode != 0:
        print(result.stdout)
        raise CannotStart(f"npm {arguments[0]} failed in {directory}: read its words above, and start again")


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(REPOSITORY).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.exists() else None


def _write(stamp: Path, text: str) -> None:
    unfinished = stamp.with_name(stamp.name + ".new")
    unfinished.write_text(text)
    unfinished.replace(stamp)


def say(text: str) -> None:
    """Tell the operator what is going on, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
