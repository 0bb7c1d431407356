"""`python -m gpu_worker bench`, on little: what it measures, not how fast anything is."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from gpu_worker import __main__, bench, bench_looking, bench_pictures, random_vit
from gpu_worker.bench import Measured
from gpu_worker.decoding import decode
from gpu_worker.looking import Picture
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models import model_set
from pinhole_models.clip import ClipImages
from pinhole_models.model_set import ModelSet


@pytest.fixture
def measured() -> ModelSet:
    """What needs no files."""
    models = model_set.read("embedded", Path("nowhere"))
    return replace(models, parts={role: models.parts[role] for role in (Role.COLOURS, Role.QUALITY)})


def test_all_of_a_set_is_measured_at_every_batch(measured: ModelSet) -> None:
    rows = list(bench_looking.measure(measured, [_small()], [1, 2], 0))

    assert [(row.what, row.batch) for row in rows if row.unit == "images a second" and row.batch] == [
        ("colours: colours", 1),
        ("colours: colours", 2),
        ("quality: quality", 1),
        ("quality: quality", 2),
        ("a whole look", 1),
        ("a whole look", 2),
    ]
    assert any(row.what.startswith("decode, 1 threads") for row in rows)
    (idle,) = (row.value for row in rows if row.what == "  the networks' device idles")
    assert idle == 100  # there are none
    assert all(row.value > 0 for row in rows if row.unit != "ms of CPU a photo")


def test_networks_are_clocked_wherever_a_model_keeps_them(embedded: ModelSet) -> None:
    parts = {str(role): embedded.parts[role] for role in (Role.OBJECTS, Role.FACES)}
    loaded = {Role(role): loading.load(embedded, role) for role in parts}
    networks = bench_looking.Networks()
    looker = bench_looking.clocked(replace(embedded, parts=parts), loaded, networks)
    pixels = decode(_small())

    for role in loaded:
        before = networks.seconds
        getattr(loaded[role], {Role.OBJECTS: "detect", Role.FACES: "find"}[role])([pixels])
        assert networks.seconds > before, role
    picture = Picture(pixels, pixels.shape[1], pixels.shape[0])
    whole, bare = bench_looking.overhead(looker, networks, [picture], 0)
    assert 0 < bare < whole


def test_a_clip_that_is_not_there_gets_random_weights(tmp_path: Path) -> None:
    made = random_vit.write(tmp_path, 32, width=24, depth=1)

    clip = ClipImages(Path(made["model"]), Path(made["preprocessing"]), 32, 1)

    vectors = clip.embed([np.zeros((300, 400, 3), np.uint8), np.full((300, 400, 3), 255, np.uint8)], ())
    assert vectors.shape == (2, 32)
    assert not np.allclose(vectors[0], vectors[1])


def test_other_roles_whose_files_are_not_there_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {"model": str(tmp_path / "model.onnx"), "preprocessing": str(tmp_path / "preprocess_cfg.json")}
    monkeypatch.setattr(random_vit, "write", lambda directory, dimension: written)

    models = bench_looking.with_random_weights(model_set.read("clip", tmp_path), tmp_path)

    assert set(models.parts) == {Role.COLOURS, Role.QUALITY, Role.IMAGE_EMBEDDING}
    assert models.parts[Role.IMAGE_EMBEDDING].files == written


def test_pictures_of_a_directory_come_as_renditions(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "tall.png"), np.zeros((2000, 1000, 3), np.uint8))
    (tmp_path / "words.txt").write_text("no picture")

    (content,) = bench_pictures.contents(tmp_path)

    assert content[8:12] == b"WEBP"
    assert decode(content).shape == (1440, 720, 3)


def test_a_directory_without_pictures_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_worker", "bench", "--photos", str(tmp_path)])

    assert __main__.main() == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{tmp_path} has no pictures"


def test_the_table_tells_what_the_json_tells() -> None:
    row = Measured("tags: a model", 8, 12.5, "images a second")

    assert bench.table([row]).split() == ["tags:", "a", "model", "8", "12.5", "images", "a", "second"]
    assert json.loads(bench.as_json([row])) == [
        {"what": "tags: a model", "batch": 8, "value": 12.5, "unit": "images a second"}
    ]


def _small() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8)
    return cv2.imencode(".webp", pixels)[1].tobytes()
