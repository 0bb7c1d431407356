"""`python -m infra test --torch`: what it installs, and which tests it runs."""

import subprocess
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra import bootstrap, torch_tests
from infra.bootstrap import REPOSITORY

LOCKED = "2.13.0"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is started, and is not."""
    started: list[list[str]] = []

    def start(command: list[str], **_: Any) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(returncode=0)

    (tmp_path / "lock.txt").write_text(f"sympy==1.14.0 \\\ntorch=={LOCKED} \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(torch_tests, "_LOCK", tmp_path / "lock.txt")
    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(bootstrap, "install", lambda *_: None)
    return started


@pytest.mark.parametrize(
    ("there", "installs"), [({}, True), ({"torch": "2.12.0"}, True), ({"torch": "2.13.0+cpu"}, False)]
)
def test_the_locked_torch_is_installed_unless_a_build_of_it_is_there(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, there: dict[str, str], installs: bool
) -> None:
    packages = [SimpleNamespace(name=name, version=version) for name, version in there.items()]
    monkeypatch.setattr(metadata, "distributions", lambda: packages)

    torch_tests.run([])

    assert [command[-1] for command in commands if "pip" in command] == ([f"torch=={LOCKED}"] if installs else [])


def test_it_runs_every_test_that_others_skip_for_it(commands: list[list[str]]) -> None:
    telling = [path for path in (REPOSITORY / "tests").rglob("test_*.py") if _skips_for_torch(path)]

    torch_tests.run(["-x"])

    assert telling
    assert commands[-1][3:] == [*map(str, sorted(telling)), "-x"]


def _skips_for_torch(path: Path) -> bool:
    text = path.read_text("utf-8")
    return path != Path(__file__) and "python -m infra test --torch" in text
