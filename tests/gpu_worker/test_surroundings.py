"""The worker wherever it is started: it works from a checkout, and says in a sentence what it lacks elsewhere."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gpu_worker import surroundings
from gpu_worker.__main__ import main
from pinhole.settings import Settings, settings
from tests.fixtures import worker as workers
from tests.fixtures.ingest import Inbox
from tests.fixtures.pictures import jpeg
from tests.fixtures.worker import REPOSITORY, SET

# What a shell has that knows nothing of Pinhole.
BARE = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "SYSTEMROOT")}
WITHOUT_PACKAGES = "-S"


def started(*words: str, environment: dict[str, str] = BARE) -> subprocess.CompletedProcess[str]:
    """`python` with these words, in the checkout."""
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@contextmanager
def unreachable() -> Iterator[None]:
    """Meanwhile the test's database takes no new connections."""
    name = sql.Identifier(str(conninfo_to_dict(settings().database_url)["dbname"]))
    change = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(make_conninfo(settings().database_url, dbname="postgres"), autocommit=True) as server:
        server.execute(change.format(name, sql.SQL("false")))
        try:
            yield
        finally:
            server.execute(change.format(name, sql.SQL("true")))


def test_from_a_checkout_it_starts_and_tells_what_it_measures() -> None:
    ran = started("-m", "gpu_worker", "bench", *SET, "--seconds=0", "--batches=1")
    assert ran.returncode == 0, ran.stderr
    assert "quality: quality" in ran.stdout
    assert "Measuring quality: quality, 1 at once" in ran.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "package", "remedy"),
    [
        ([], "", ".venv/bin/python -m gpu_worker"),
        (["bench"], "cv2", ".venv/bin/python -m gpu_worker"),
        (["bench", "--runtime=torch"], "torch", ".venv-torch/bin/python -m gpu_worker"),
    ],
)
def test_a_missing_package_is_told_with_what_to_do(words: list[str], package: str, remedy: str) -> None:
    ran = started(WITHOUT_PACKAGES, "-m", "gpu_worker", *words)
    assert ran.returncode == 2
    [sentence] = ran.stderr.splitlines()
    assert package in sentence
    assert remedy in sentence


def test_a_package_that_the_models_miss_is_told_too() -> None:
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from gpu_worker import surroundings\n"
        "surroundings.find_product()\n"
        "from gpu_worker import models_process\n"
        "try: models_process._looker(models_process.Options('embedded', '', 1, 1))\n"
        "except ModuleNotFoundError as missing: print(surroundings.without(missing))"
    )
    assert "onnxruntime is not installed here" in started("-c", code).stdout


def test_our_own_code_that_is_missing_is_no_package() -> None:
    with pytest.raises(ModuleNotFoundError):
        surroundings.without(ModuleNotFoundError(name="gpu_worker.no_such_module"))


@pytest.mark.parametrize("queues", ["ml", "captions", "video"])
def test_an_environment_that_lacks_settings_is_told_by_their_names(queues: str) -> None:
    ran = started("-m", "gpu_worker", "--queues", queues, *SET)
    assert (ran.returncode, ran.stderr) == (2, "")
    assert "PINHOLE_DATABASE_URL" in ran.stdout
    assert "AWS_REGION" in ran.stdout
    assert ("PINHOLE_ML_QUEUE_URL" in ran.stdout) == (queues != "captions")
    assert ("PINHOLE_VIDEO_QUEUE_URL" in ran.stdout) == (queues == "video")


def test_settings_that_it_asks_for_are_those_that_there_are() -> None:
    fields = {f"PINHOLE_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert {name for name, field in fields.items() if field.is_required()} == set(surroundings.SETTINGS)
    assert {name for names in surroundings.QUEUES.values() for name in names} <= set(fields)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"PINHOLE_DATABASE_URL": "pinhole:a-password@host"}, "PINHOLE_DATABASE_URL is no address"),
        ({"PINHOLE_MAX_ATTEMPTS": "many"}, "PINHOLE_MAX_ATTEMPTS: "),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"}, "AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_the_environment_has_wrong_is_told_by_its_name(given: dict[str, str], says: str) -> None:
    whole = dict.fromkeys((*surroundings.SETTINGS, *surroundings.QUEUES["ml"]), "x") | {"AWS_REGION": "us-east-1"}
    whole |= {"PINHOLE_DATABASE_URL": "postgresql://nowhere", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    environment = {name: value for name, value in {**BARE, **whole, **given}.items() if value}
    ran = started("-m", "gpu_worker", *SET, environment={**environment, "HOME": "/nowhere"})
    assert (ran.returncode, ran.stderr) == (2, "")
    assert says in ran.stdout
    assert "a-password" not in ran.stdout


def test_the_region_that_containers_are_given_is_enough(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with workers.working() as worker:
        worker.until(lambda: inbox.jobs()["analysis"][0] == "done")


def test_a_database_that_is_not_there_yet_is_waited_for(inbox: Inbox, tmp_path: Path) -> None:
    inbox.deliver(inbox.landed(jpeg()))
    log = tmp_path / "log"
    with ExitStack() as stack:
        with unreachable():
            worker = stack.enter_context(workers.working(log=log))
            worker.until(lambda: "analysis_waits" in log.read_text())
            assert worker.answer("/health") == "well\n"
        worker.until(lambda: inbox.jobs()["analysis"][0] == "done")
        assert worker.stop() == 0


def test_a_worker_that_waits_for_a_database_ends_when_it_is_told_to(inbox: Inbox, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with unreachable(), workers.working(log=log) as worker:
        worker.until(lambda: "analysis_waits" in log.read_text())
        assert worker.stop() == 0


def test_a_queue_that_is_not_there_is_told_and_leaves_the_other(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINHOLE_ML_BULK_QUEUE_URL", settings().ml_bulk_queue_url + "-of-another")
    inbox.deliver(inbox.landed(jpeg()))
    log = tmp_path / "log"
    with workers.working(log=log) as worker:
        worker.until(lambda: log.read_text().count("queue_unavailable") > 1)
        worker.until(lambda: inbox.jobs()["analysis"][0] == "done")


def test_a_port_that_is_in_use_is_told(inbox: Inbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = workers.ended(*SET, f"--metrics-port={port}")
    assert (ended.returncode, ended.stderr) == (2, "")
    assert f"port {port} of 127.0.0.1" in ended.stdout


def test_files_that_can_not_be_read_are_told(inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "own.toml").mkdir()
    ended = workers.ended("--set", str(tmp_path / "own.toml"))
    assert ended.returncode == 2
    assert "own.toml" in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        *(
            "--batch=0",
            "--batch=many",
            "--threads=-3",
            "--decoders=0",
            "--nice=99",
            "--nice=-1",
            "--metrics-port=70000",
        ),
        *("bench --threads=0", "bench --batches=1,0", "bench --batches=a", "bench --seconds=-1", "bench --seconds=nan"),
    ],
)
def test_a_number_that_can_not_be_is_refused(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_worker", *words.split()])
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    assert f"argument {words.rpartition(' ')[2].partition('=')[0]}: " in capsys.readouterr().err
