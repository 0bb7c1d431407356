"""The worker of an instance gets what it needs, and none of the secrets that the instance has."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.local import worker
from infra.local.data_directory import DataDirectory
from infra.local.processes import CannotWork, ServiceFailed
from infra.local.supervisor import Supervisor
from infra.local.worker import Worker

TELLS = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def test_it_gets_no_secret_that_it_does_not_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PINHOLE_TOKEN_SECRET", "PINHOLE_MEDIA_KEYS", "PINHOLE_SETUP_TOKEN", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "a secret of the shell")
    monkeypatch.setattr(worker, "_command", lambda: TELLS)
    given = {
        "PINHOLE_DATABASE_URL": "postgresql://pinhole_worker@/pinhole",
        "PINHOLE_MEDIA_KEYS": "a secret",
        "PINHOLE_CAPTION_KEY": "a secret",
    }
    with pytest.raises(ServiceFailed):  # it ends as soon as it has told
        worker.start(tmp_path, given, "embedded")
    told = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert told["PINHOLE_DATABASE_URL"] == given["PINHOLE_DATABASE_URL"]
    assert [name for name, value in told.items() if "secret" in value] == []
    assert {name for name in told if name.startswith(("PINHOLE_", "AWS_"))} <= worker.SETTINGS | worker.QUEUES


def test_the_one_that_has_photos_described_gets_the_key_and_no_queues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_command", lambda: TELLS)
    given = {"PINHOLE_CAPTION_KEY": "sk-1", "PINHOLE_MEDIA_KEYS": "a secret", "PINHOLE_ML_QUEUE_URL": "http://queue"}
    with pytest.raises(ServiceFailed):
        worker.start_captions(tmp_path, given, tmp_path / "captions.toml")
    told = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert {name for name in told if name.startswith("PINHOLE_")} == {"PINHOLE_CAPTION_KEY"}


def pretended(monkeypatch: pytest.MonkeyPatch, fetches: str) -> list[str]:
    """What `keep` says and starts, where this program fetches the models. It ends when a worker has started."""
    said: list[str] = []

    def start(directory: Path, _environment: Mapping[str, str], models: str) -> Worker:
        said.append(f"started with {models}")
        return Worker("The worker", directory, [], {}, set())

    monkeypatch.setattr(worker, "say", said.append)
    monkeypatch.setattr(worker, "_fetching", lambda models: [sys.executable, "-c", fetches])
    monkeypatch.setattr(worker, "start", start)
    return said


async def kept(directory: Path) -> None:
    async with Supervisor(print) as services:
        await worker.keep(services, directory, {}, "clip")


def test_it_is_told_what_is_fetched_and_where_the_worker_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = pretended(monkeypatch, "print('12:34:56 Fetching models, 1 of 2: a, 3 MB\\n  7/9 numpy')")
    asyncio.run(kept(tmp_path))
    fetching, starting, started, analysed = said
    assert fetching == "Fetching models, 1 of 2: a, 3 MB"
    assert starting.startswith("Starting the worker")
    assert started == "started with clip"
    assert "http://127.0.0.1:" in analysed
    assert "/metrics" in analysed


def test_a_fetch_that_fails_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = tmp_path / "tried"
    fails_once = (
        f"import pathlib, sys; tried = pathlib.Path({str(tried)!r})\n"
        "if not tried.exists(): tried.touch(); sys.exit('there is no network')"
    )
    monkeypatch.setattr(worker, "FIRST_PAUSE_SECONDS", 0)
    said = pretended(monkeypatch, fails_once)
    asyncio.run(kept(tmp_path))
    assert "can't be fetched (there is no network): tried again in 0 s" in said[0]
    assert "started with clip" in said


def test_a_set_is_fetched_by_its_name() -> None:
    assert worker._fetching("clip")[1:] == ["-m", "infra", "models", "--set=clip"]


@pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")
def test_all_workers_of_an_earlier_run_are_ended(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(worker, "_command", lambda: sleeps)
    data = DataDirectory(directory)
    left = []
    for place in data.workers:
        place.mkdir()
        left.append(subprocess.Popen(sleeps, cwd=place))
    worker.end_leftovers(*data.workers)
    assert [process.wait() < 0 for process in left] == [True, True, True]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ('{"message": "cannot_work", "reason": "a file is broken"}', "a file is broken"),
        ("there is no such option", "there is no such option"),
        ("3", "3"),
    ],
)
def test_a_worker_that_can_not_work_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, reason: str
) -> None:
    program = f"import sys; print('before'); print({told!r}); sys.exit(2)"
    monkeypatch.setattr(worker, "_command", lambda: [sys.executable, "-c", program])
    with pytest.raises(CannotWork) as caught:
        worker.start(tmp_path, {}, "clip")
    assert str(caught.value) == f"The worker can't work: {reason}"


def test_what_a_fetch_tells_may_have_long_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = pretended(monkeypatch, "print('x' * 200_000); print('12:34:56 there')")
    asyncio.run(kept(tmp_path))
    assert said[0] == "there"
