"""Model sets: what they say, and what is refused."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gpu_worker.looking import Looker
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models import model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.model_set import SETS, TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import ModelError


@pytest.mark.parametrize("path", sorted(SETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_set_sees_the_same_roles_and_understands_queries(path: Path, tmp_path: Path) -> None:
    models = model_set.read(path.stem, tmp_path)

    assert set(models.models()) == set(Role) - {Role.CAPTION}
    assert models.parts[TEXT_EMBEDDING].dimension == models.models()[Role.IMAGE_EMBEDDING].dimension
    assert all(part.licence for part in models.parts.values())


def test_a_set_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model set other: clip, clip-torch, embedded, multilingual, siglip2"):
        model_set.read("other", tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("roles = 3", "is no model set"),
        ("base = 3\n[roles]", "its base is not the name of one"),
        ("[roles.tags]\nruntime = 'efficientnet'", "missing 3 required"),
        ("[roles.smell]\nruntime = 'a'\nname = 'b'\nversion = 'c'\nlicence = 'd'", "a role smell"),
        (
            "[roles.tags]\nruntime = 'a'\nname = 'b'\nversion = 'c'\nlicence = 'd'\nfiles.model = 'x.onnx'",
            "where own/x.onnx comes from, which tags needs",
        ),
    ],
)
def test_a_set_that_does_not_say_all_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "own.toml").write_text(content)

    with pytest.raises(ModelError, match=complaint):
        model_set.read(str(tmp_path / "own.toml"), tmp_path)


def test_a_set_that_is_a_base_of_itself_is_refused(tmp_path: Path) -> None:
    for name, base in (("one", "other"), ("other", "one"), ("own", "own")):
        (tmp_path / f"{name}.toml").write_text(f"base = '{tmp_path}/{base}.toml'\n[roles]")

    for name in ("one", "own"):
        with pytest.raises(ModelError, match=rf"{name}.toml is no model set: it has itself as its base"):
            model_set.read(str(tmp_path / f"{name}.toml"), tmp_path)


def test_a_runtime_that_is_not_there_is_refused(embedded: ModelSet) -> None:
    unknown = replace(embedded.parts["tags"], runtime="abacus")

    with pytest.raises(ModelError, match="tags of set embedded wants a runtime abacus"):
        loading.load(replace(embedded, parts={"tags": unknown}), "tags")


@pytest.mark.parametrize("role", ["tags", "objects", "faces", "ocr", "image_embedding", TEXT_EMBEDDING])
def test_a_missing_file_is_named(tmp_path: Path, role: str) -> None:
    with pytest.raises(ModelError, match=f"{role} needs .*{tmp_path}.*, which is not there"):
        loading.load(model_set.read("embedded", tmp_path), role)


@pytest.mark.parametrize(
    ("name", "role", "remedy"),
    [
        ("embedded", "tags", "run python -m infra models --set embedded --directory {}"),
        ("clip", "tags", "run python -m infra models --set embedded --directory {}"),  # of its base
        ("clip", "image_embedding", "no package brings it: fetch https://huggingface.co/immich-app/.* in {}/clip,"),
        ("siglip2", TEXT_EMBEDDING, "no package brings it: fetch https://huggingface.co/immich-app/.* in {}/siglip2,"),
    ],
)
def test_a_missing_file_is_told_with_what_brings_it(tmp_path: Path, name: str, role: str, remedy: str) -> None:
    with pytest.raises(ModelError, match=remedy.format(tmp_path)):
        model_set.read(name, tmp_path).checked(role)


def test_a_file_of_the_default_directory_is_fetched_without_naming_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"run python -m infra models --set embedded$"):
        model_set.read("embedded", default_directory()).checked("tags")


def test_a_file_of_a_set_without_a_hub_is_to_be_laid_in_its_place(tmp_path: Path) -> None:
    role = "[roles.tags]\nruntime = 'a'\nname = 'b'\nversion = 'c'\nlicence = 'd'\nfiles.model = 'x.onnx'"
    (tmp_path / "own.toml").write_text(f"{role}\n[[files]]\npath = 'x.onnx'")
    with pytest.raises(ModelError, match=f"no package brings it: lay it in {tmp_path}/own,"):
        model_set.read(str(tmp_path / "own.toml"), tmp_path).checked("tags")


def test_a_file_that_is_not_the_one_of_the_set_is_named(embedded: ModelSet, tmp_path: Path) -> None:
    models = _copied(embedded, tmp_path, "tags")
    file = tmp_path / "embedded/tags/efficientnet-lite0.onnx"
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(ModelError, match=f"tags can't use {file}"):
        loading.load(models, "tags")


@pytest.mark.parametrize("role", ["tags", "objects", "faces", "ocr", "image_embedding"])
def test_a_file_that_is_no_model_is_named_where_no_digest_tells(tmp_path: Path, role: str) -> None:
    models = model_set.read("embedded", tmp_path)
    files = {path: replace(file, sha256=None) for path, file in models.files.items()}
    for path in models.parts[role].files.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"no model")

    with pytest.raises(ModelError, match=f"{role} can't be loaded: {tmp_path}.*"):
        loading.load(replace(models, files=files), role)


def test_a_set_that_is_broken_leaves_the_models_that_work(embedded: ModelSet, tmp_path: Path) -> None:
    models = _copied(embedded, tmp_path, "tags")
    looker = Looker(replace(models, parts={"tags": models.parts["tags"]}))
    looker.load()
    before = dict(looker._loaded)
    looker.model_set = replace(models, parts={"tags": models.parts["tags"], "objects": models.parts["objects"]})

    with pytest.raises(ModelError, match="objects needs"):
        looker.load()

    assert looker._loaded == before


def test_tesseract_is_refused_where_it_is_not_installed(
    embedded: ModelSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tesseract = replace(embedded.parts["ocr"], runtime="tesseract", files={}, options={"languages": "eng"})

    with pytest.raises(ModelError, match="ocr needs the program tesseract"):
        loading.load(replace(embedded, parts={"ocr": tesseract}), "ocr")


@pytest.mark.parametrize("role", [Role.IMAGE_EMBEDDING, TEXT_EMBEDDING])
@pytest.mark.parametrize("package", ["sentence_transformers", "torch", "transformers"])
def test_torch_is_named_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    models = model_set.read("clip-torch", tmp_path)
    for path in models.parts[role].files.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()

    with pytest.raises(ModelError, match=f"{role} can't be loaded: it needs the package sentence-transformers, .*: "):
        loading.load(models, role)


def _copied(models: ModelSet, directory: Path, role: str) -> ModelSet:
    for path in models.parts[role].files.values():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(models.directory / path, directory / path)
    return replace(models, directory=directory)
