"""`python -m infra up --captions`: beside its workers, one that has photos described by an endpoint of this machine."""

import io
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PIL import Image

from infra.bootstrap import REPOSITORY
from infra.local.worker import NICE
from pinhole_models.model_set import ModelSet
from tests.fixtures.instance import Instance, command_of, eventually, processes_in
from tests.fixtures.vision import KEY, Vision

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends processes by signals")


def photo(grey: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (640, 480), grey).save(file, "JPEG")
    return file.getvalue()


def caption_of(instance: Instance, item_id: str) -> str:
    """Once it is there."""
    item = eventually(lambda: instance.call("GET", f"/items/{item_id}"), lambda item: item["analysis"]["caption"])
    return str(item["analysis"]["caption"]["caption"])


def workers(data: Path) -> dict[str, psutil.Process]:
    """The one that analyses photos and the one that has them described, by the names of their directories."""
    found = {}
    for process in processes_in(data):
        if "gpu_worker" in command_of(process):
            with suppress(psutil.Error):  # it has ended meanwhile
                found[Path(process.cwd()).name] = process
    return found


def test_photos_are_described_while_it_runs_and_its_worker_is_replaced_and_ends_with_it(
    begun: Path, tmp_path: Path, vision: Vision, embedded: ModelSet
) -> None:
    models = tmp_path / "captions.toml"
    vision.write_set(models)
    given = {"PINHOLE_CAPTION_KEY": KEY}
    with Instance(begun, "--captions", str(models), analyses=True, environment=given) as instance:
        instance.register()
        first = instance.item_of(instance.upload(photo(80)))
        assert caption_of(instance, first["id"]) == "A dog runs on a beach."
        assert vision.keys == [f"Bearer {KEY}"] * 2

        found = eventually(lambda: workers(begun), lambda names: len(names) == 3)
        assert found.keys() == {"worker", "captions", "videos"}
        describing, analysing = found["captions"], found["worker"]
        assert describing.nice() == min(19, psutil.Process().nice() + NICE)
        assert "://pinhole_worker:" in describing.environ()["PINHOLE_DATABASE_URL"]
        assert "PINHOLE_ML_QUEUE_URL" not in describing.environ()
        functions = [each for each in instance.processes() if "infra.local.function_process" in command_of(each)]
        assert functions
        assert [each for each in (analysing, *functions) if KEY in each.environ().values()] == []

        describing.kill()
        instance.wait_for("The captions worker answers again")
        second = instance.item_of(instance.upload(photo(160)))
        assert caption_of(instance, second["id"]) == "A dog runs on a beach."
        instance.interrupt()
    assert workers(begun) == {}


def test_workers_of_a_killed_run_are_ended_by_the_next_that_has_none(
    begun: Path, tmp_path: Path, vision: Vision, embedded: ModelSet
) -> None:
    models = tmp_path / "captions.toml"
    vision.write_set(models)
    with Instance(begun, "--captions", str(models), analyses=True) as instance:
        eventually(lambda: workers(begun).keys(), lambda names: names == {"worker", "captions", "videos"})
        instance.kill()
    assert workers(begun).keys() == {"worker", "captions", "videos"}
    with Instance(begun):
        assert workers(begun) == {}


def test_a_set_that_does_not_say_all_is_refused_before_anything_is_made(directory: Path, vision: Vision) -> None:
    models = directory / "captions.toml"
    vision.write_set(models)
    models.write_text(models.read_text().replace("questions_a_day", "questions"))
    data = directory / "library"
    command = [sys.executable, "-m", "infra", "up", "--captions", str(models), "--data", str(data)]
    refused = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    [sentence] = refused.stderr.splitlines()
    assert "--captions" in sentence
    assert "questions_a_day" in sentence
    assert not (data / "secrets.json").exists()
