"""What the container is made of is there. hadolint reads the rest of its Dockerfile: `python -m infra test`."""

import re
import shlex

import pytest

from gpu_worker import __main__ as command
from infra.bootstrap import REPOSITORY
from pinhole_models.model_directory import default_directory

DOCKERFILE = (REPOSITORY / "gpu_worker" / "Dockerfile").read_text("utf-8")
LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).splitlines()


def instructions(name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def test_every_file_that_is_copied_is_there_and_goes_to_its_own_place() -> None:
    copied = [shlex.split(line) for line in instructions("COPY") if not line.startswith("--from")]
    assert copied
    for source, target in copied:
        assert (REPOSITORY / source).exists()
        assert source == target


def test_what_is_copied_is_not_kept_from_the_builder() -> None:
    let_in = (REPOSITORY / "gpu_worker" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for line in instructions("COPY"):
        if not line.startswith("--from"):
            assert any(line.startswith(entry.removeprefix("!")) for entry in let_in if entry.startswith("!")), line


def test_locks_that_are_installed_were_copied_and_agree_with_each_other() -> None:
    copied = [line.split()[0] for line in instructions("COPY")]
    locks = [lock for line in instructions("RUN") for lock in re.findall(r"-r ([^ ;]+)", line)]
    assert len(locks) == 3
    assert set(locks) <= set(copied)
    pinned: dict[str, str] = {}
    for lock in locks:
        for name, pin in re.findall(r"^(\w[^=\n]*)==(.*?) \\$", (REPOSITORY / lock).read_text("utf-8"), re.MULTILINE):
            one = f"{name} {pin.partition(';')[2]}"
            assert pinned.setdefault(one, pin) == pin, f"{name} of {lock}"


def test_the_entry_is_the_worker_with_options_that_it_knows() -> None:
    [entry] = instructions("ENTRYPOINT")
    python, _, module, *options = re.findall(r'"([^"]*)"', entry)
    assert (python, module) == ("python", "gpu_worker")
    arguments = command._parser().parse_args(options)
    assert f":{arguments.metrics_port}/health" in instructions("HEALTHCHECK")[0]
    assert instructions("EXPOSE") == [str(arguments.metrics_port)]


def test_models_are_laid_where_the_worker_looks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    [cache] = re.findall(r"XDG_CACHE_HOME=(\S+)", DOCKERFILE)
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    [laid] = [line.split()[-1] for line in instructions("COPY") if line.startswith("--from=models")]
    assert laid == str(default_directory())


def test_it_does_not_run_as_root() -> None:
    assert instructions("USER")[-1].isdecimal()
    assert int(instructions("USER")[-1]) > 0
