"""CLIP as sentence-transformers runs it, with tiny random models in the layouts that the library writes and reads."""

import json
import shutil
import socket
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models import model_set
from pinhole_models.clip import Preprocessing
from pinhole_models.model_set import SETS, TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import Floats, ModelError, Pixels

if find_spec("sentence_transformers") is None:
    pytest.skip("it needs sentence-transformers: python -m infra test --torch", allow_module_level=True)

SIDE, TOKENS, DIMENSION = 32, 8, 12
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "ca", "cat</w>", "<|startoftext|>", "<|endoftext|>"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLIP with random weights, as transformers saves it."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(8)
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {"max_position_embeddings": TOKENS, "vocab_size": len(VOCABULARY)}
    ends = {"bos_token_id": len(VOCABULARY) - 2, "eos_token_id": len(VOCABULARY) - 1}
    configuration = CLIPConfig(
        text_config={**tower, **tokens, **ends, "pad_token_id": len(VOCABULARY) - 1},
        vision_config={**tower, "image_size": SIDE, "patch_size": 8},
        projection_dim=DIMENSION,
    )
    directory = tmp_path_factory.mktemp("clip")
    CLIPModel(configuration).save_pretrained(directory)
    (directory / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(VOCABULARY)}))
    (directory / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n")
    _write(directory / "tokenizer_config.json", tokenizer_class="CLIPTokenizer", model_max_length=TOKENS)
    _write(
        directory / "preprocessor_config.json",
        feature_extractor_type="CLIPFeatureExtractor",
        size=SIDE,
        crop_size=SIDE,
        resample=Image.Resampling.BICUBIC,
        image_mean=MEAN,
        image_std=DEVIATION,
    )
    return directory


@pytest.fixture
def tiny(clip: Path, tmp_path: Path) -> ModelSet:
    """The set `clip-torch` with that CLIP in it, laid out as its hub does."""
    shutil.copytree(clip, tmp_path / "tiny/0_CLIPModel")
    module = {"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}
    (tmp_path / "tiny/modules.json").write_text(json.dumps([module]))
    content = (SETS / "clip-torch.toml").read_text("utf-8")
    content = content.replace('base = "embedded"', "").replace("dimension = 512", f"dimension = {DIMENSION}")
    (tmp_path / "tiny.toml").write_text(content)
    return model_set.read(str(tmp_path / "tiny.toml"), tmp_path)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a model asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_look_gives_the_vectors_of_transformers_itself(tiny: ModelSet, clip: Path) -> None:
    pictures = [_picture(30, 40), _picture(41, 23), _picture(400, 600)]

    seen = Looker(tiny).look([Picture(pixels, pixels.shape[1], pixels.shape[0]) for pixels in pictures])

    assert seen[0].models[Role.IMAGE_EMBEDDING].dimension == DIMENSION
    vectors = np.array([one.embedding for one in seen])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    # The last is looked at as smaller, as by every model that wants little.
    assert vectors[:2] == pytest.approx(_image_vectors(clip, pictures[:2]), abs=1e-5)
    assert abs(vectors[0] - vectors[1]).max() > 0.01


def test_texts_get_the_vectors_of_transformers_itself(tiny: ModelSet, clip: Path) -> None:
    texts = ["a cat", "a dog", "a cat " * 50]

    vectors = loading.load(tiny, TEXT_EMBEDDING).embed_text(texts)

    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors == pytest.approx(_text_vectors(clip, texts), abs=1e-5)
    assert abs(vectors[0] - vectors[1]).max() > 0.01


def test_a_text_that_reads_like_a_picture_is_a_text(tiny: ModelSet, clip: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "cat.png")
    texts = [str(tmp_path / "cat.png"), "https://a.example/cat.png"]

    vectors = loading.load(tiny, TEXT_EMBEDDING).embed_text(texts)

    assert vectors == pytest.approx(_text_vectors(clip, texts), abs=1e-5)


# An odd rest is cut half a pixel apart: open_clip rounds as torchvision does, and transformers down.
@pytest.mark.parametrize(("height", "width"), [(30, 40), (64, 32), (32, 32), (90, 120), (57, 57)])
def test_pictures_are_prepared_as_our_own_runtime_prepares_them(
    tiny: ModelSet, tmp_path: Path, height: int, width: int
) -> None:
    _write(tmp_path / "preprocess_cfg.json", size=SIDE, mean=MEAN, std=DEVIATION, interpolation="bicubic")
    picture = _picture(height, width)

    model = loading.load(tiny, Role.IMAGE_EMBEDDING)._model
    prepared = model.preprocess([{"image": Image.fromarray(picture)}])["pixel_values"][0].numpy()

    assert prepared.shape == (3, SIDE, SIDE)
    assert np.abs(prepared - Preprocessing(tmp_path / "preprocess_cfg.json")(picture)).max() < 1e-3


def test_what_the_library_saves_today_is_loaded_too(tiny: ModelSet, clip: Path) -> None:
    from sentence_transformers import SentenceTransformer

    directory = tiny.directory / "tiny"
    model = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    shutil.rmtree(directory)
    model.save(str(directory), create_model_card=False)

    vectors = loading.load(_naming_its_modules_alone(tiny), TEXT_EMBEDDING).embed_text(["a cat"])

    assert vectors == pytest.approx(_text_vectors(clip, ["a cat"]), abs=1e-5)


def test_it_takes_as_many_threads_as_the_other_models(tiny: ModelSet) -> None:
    import torch

    torch.set_num_threads(2)

    loading.load(tiny, TEXT_EMBEDDING)

    assert torch.get_num_threads() == tiny.threads == 1


@pytest.mark.parametrize("role", [Role.IMAGE_EMBEDDING, TEXT_EMBEDDING])
@pytest.mark.parametrize("file", ["modules.json", "0_CLIPModel/model.safetensors", "0_CLIPModel/merges.txt"])
def test_a_missing_file_is_named(tiny: ModelSet, role: str, file: str) -> None:
    (tiny.directory / "tiny" / file).unlink()

    with pytest.raises(ModelError, match=f"{role} needs .*/{file}, which is not there"):
        loading.load(tiny, role)


@pytest.mark.parametrize("role", [Role.IMAGE_EMBEDDING, TEXT_EMBEDDING])
@pytest.mark.parametrize("file", ["modules.json", "config.json", "model.safetensors", "vocab.json"])
def test_a_broken_file_is_refused_with_its_directory(tiny: ModelSet, role: str, file: str) -> None:
    [path] = (tiny.directory / "tiny").rglob(file)
    path.write_bytes(b"{")

    with pytest.raises(ModelError, match=f"{role} can't be loaded: {tiny.directory}/tiny .*"):
        loading.load(tiny, role)


@pytest.mark.parametrize("role", [Role.IMAGE_EMBEDDING, TEXT_EMBEDDING])
def test_weights_that_are_a_pickle_alone_are_refused(tiny: ModelSet, role: str) -> None:
    import torch
    from safetensors.torch import load_file

    weights = tiny.directory / "tiny/0_CLIPModel/model.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
    loading.load(tiny, role)
    weights.unlink()

    with pytest.raises(ModelError, match=f"{role} can't be loaded: .*/pytorch_model.bin is a pickle"):
        loading.load(_naming_its_modules_alone(tiny), role)


def test_code_that_lies_beside_a_model_is_not_run(tiny: ModelSet, tmp_path: Path) -> None:
    directory = tiny.directory / "tiny"
    ran = tmp_path / "ran"
    (directory / "hostile.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (directory / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "hostile.Model"}]))

    with pytest.raises(ModelError, match="image_embedding can't be loaded"):
        loading.load(tiny, Role.IMAGE_EMBEDDING)

    assert not ran.exists()


@pytest.mark.parametrize("role", [Role.IMAGE_EMBEDDING, TEXT_EMBEDDING])
def test_a_model_of_another_dimension_is_refused(tiny: ModelSet, role: str) -> None:
    parts = {own: replace(part, dimension=512) for own, part in tiny.parts.items()}

    with pytest.raises(ModelError, match=rf"{role} can't be loaded.*answers 12 numbers, and its set says 512"):
        loading.load(replace(tiny, parts=parts), role)


def _naming_its_modules_alone(models: ModelSet) -> ModelSet:
    """What else a set names is looked for before a model is loaded."""
    parts = {role: replace(part, files={"modules": part.files["modules"]}) for role, part in models.parts.items()}
    return replace(models, parts=parts)


def _write(path: Path, **settings: Any) -> None:
    path.write_text(json.dumps(settings))


def _picture(height: int, width: int) -> Pixels:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _image_vectors(clip: Path, pictures: Sequence[Pixels]) -> Floats:
    from transformers import CLIPImageProcessor

    inputs = CLIPImageProcessor.from_pretrained(clip)([Image.fromarray(own) for own in pictures], return_tensors="pt")
    return _features(clip, "get_image_features", **inputs)


def _text_vectors(clip: Path, texts: Sequence[str]) -> Floats:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(clip)
    return _features(
        clip, "get_text_features", **tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    )


def _features(clip: Path, method: str, **inputs: Any) -> Floats:
    import torch
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(clip).eval()
    with torch.inference_mode():
        vectors = getattr(model, method)(**inputs).pooler_output
    return np.asarray(torch.nn.functional.normalize(vectors, dim=1).numpy(), np.float32)
