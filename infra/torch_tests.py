"""`python -m infra test --torch`: the tests that need torch, in an environment that has it.

The container's torch is locked with its hashes (`gpu_worker/requirements-torch.txt`), and on Linux brings gigabytes of
CUDA. Here the same version is taken in whichever build pip offers, without a hash: where pip knows of one for CPUs
alone, that is the one, and no single lock could name both. All else is installed by its hash, but for what that build
asks for beyond the locks.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata

from infra import bootstrap
from infra.bootstrap import REPOSITORY, CannotStart, say

_LOCK = REPOSITORY / "gpu_worker" / "requirements-torch.txt"
_TESTS = REPOSITORY / "tests" / "gpu_worker"


def run(pytest: Sequence[str]) -> int:
    """Run them. `pytest` are more arguments for pytest. Returns the exit code.

    Raises:
        CannotStart: pip can't install what they need.
    """
    bootstrap.install("gpu_worker/requirements-sentence-transformers.txt", bootstrap.TORCH)
    _install_torch()
    say("pytest …")
    tests = [str(path) for path in sorted(_TESTS.rglob("test_*_torch.py"))]
    return subprocess.run([sys.executable, "-m", "pytest", *tests, *pytest], cwd=REPOSITORY, check=False).returncode


def _install_torch() -> None:
    [version] = re.findall(r"^torch==([\d.]+)", _LOCK.read_text(), re.MULTILINE)
    installed = {package.name: package.version for package in metadata.distributions()}
    if installed.get("torch", "").partition("+")[0] == version:
        return
    say(f"Installing torch {version}, the build that pip offers here")
    options = ["--quiet", "--no-compile", "--only-binary=:all:", "--disable-pip-version-check"]
    if subprocess.run([sys.executable, "-m", "pip", "install", *options, f"torch=={version}"], check=False).returncode:
        raise CannotStart("pip can't install torch: read its words above, check the network, and start again")
