"""CLIP's loading code and preprocessing, with tiny random models in the real layout."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import tokenizers
from onnx import TensorProto, helper, numpy_helper

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models import model_set
from pinhole_models.clip import Preprocessing
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import Floats, ModelError, Pixels

SIDE, TOKENS, DIMENSION = 16, 8, 12
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
SET = f"""
[roles.image_embedding]
runtime = "clip"
name = "tiny"
version = "1"
licence = "none"
dimension = {DIMENSION}
files = {{ model = "visual/model.onnx", preprocessing = "visual/preprocess_cfg.json" }}

[roles.text_embedding]
runtime = "clip"
name = "tiny"
version = "1"
licence = "none"
dimension = {DIMENSION}
files = {{ model = "textual/model.onnx", tokenizer = "textual/tokenizer.json" }}

[[files]]
path = "visual/model.onnx"
[[files]]
path = "visual/preprocess_cfg.json"
[[files]]
path = "textual/model.onnx"
[[files]]
path = "textual/tokenizer.json"
"""


@pytest.fixture
def tiny(tmp_path: Path) -> ModelSet:
    """A set as an export of CLIP lies on the disk, with random weights."""
    directory = tmp_path / "tiny"
    (directory / "visual").mkdir(parents=True)
    (directory / "textual").mkdir()
    (tmp_path / "tiny.toml").write_text(SET)
    random = np.random.default_rng(8)
    visual = random.normal(size=(3 * SIDE * SIDE, DIMENSION)).astype(np.float32)
    _write(directory / "visual/model.onnx", "image", TensorProto.FLOAT, [3, SIDE, SIDE], visual)
    textual = random.normal(size=(TOKENS, DIMENSION)).astype(np.float32)
    _write(directory / "textual/model.onnx", "text", TensorProto.INT32, [TOKENS], textual)
    _configure(directory)
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "a": 2, "cat": 3, "dog": 4}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(directory / "textual/tokenizer.json"))
    return model_set.read(str(tmp_path / "tiny.toml"), tmp_path)


def test_a_set_in_a_directory_embeds_pictures_and_texts(tiny: ModelSet) -> None:
    picture = _picture(30, 40)

    first, second = Looker(tiny).look([Picture(picture, 40, 30), Picture(picture, 4000, 3000)])
    texts = loading.load(tiny, TEXT_EMBEDDING).embed_text(["a cat", "a dog", "a cat " * 50])

    assert first.models[Role.IMAGE_EMBEDDING].dimension == DIMENSION
    assert first.embedding is not None
    assert np.linalg.norm(first.embedding) == pytest.approx(1)
    assert second.embedding == pytest.approx(first.embedding)
    assert texts.shape == (3, DIMENSION)
    assert np.linalg.norm(texts, axis=1) == pytest.approx(1)
    assert abs(texts[0] - texts[1]).max() > 0.01


@pytest.mark.parametrize(("height", "width"), [(30, 40), (41, 23), (16, 16), (9, 30), (57, 40)])
@pytest.mark.parametrize("mode", ["shortest", "squash"])
def test_pictures_are_prepared_as_the_reference_prepares_them(
    tiny: ModelSet, height: int, width: int, mode: str
) -> None:
    _configure(tiny.directory / "tiny", resize_mode=mode)
    picture = _picture(height, width)

    prepared = Preprocessing(tiny.directory / "tiny/visual/preprocess_cfg.json")(picture)

    assert prepared.shape == (3, SIDE, SIDE)
    # Pillow filters first in the direction that costs less, and rounds in between: both orders are right.
    references = [_reference(picture, mode), _reference(picture.swapaxes(0, 1), mode).swapaxes(1, 2)]
    assert min(np.abs(prepared - reference).max() for reference in references) < 1e-3


def test_a_model_of_another_dimension_is_refused(tiny: ModelSet) -> None:
    weights = np.ones((TOKENS, 5), np.float32)
    _write(tiny.directory / "tiny/textual/model.onnx", "text", TensorProto.INT32, [TOKENS], weights)

    with pytest.raises(ModelError, match=r"text_embedding can't be loaded.*answers 5 numbers, and its set says 12"):
        loading.load(tiny, TEXT_EMBEDDING)


def test_a_model_with_another_input_is_refused(tiny: ModelSet) -> None:
    weights = np.ones((TOKENS, DIMENSION), np.float32)
    _write(tiny.directory / "tiny/textual/model.onnx", "input_ids", TensorProto.INT32, [TOKENS], weights)

    with pytest.raises(ModelError, match="has no input text"):
        loading.load(tiny, TEXT_EMBEDDING)


@pytest.mark.parametrize(
    ("file", "role"),
    [
        ("visual/model.onnx", Role.IMAGE_EMBEDDING),
        ("visual/preprocess_cfg.json", Role.IMAGE_EMBEDDING),
        ("textual/model.onnx", TEXT_EMBEDDING),
        ("textual/tokenizer.json", TEXT_EMBEDDING),
    ],
)
def test_a_broken_file_is_named(tiny: ModelSet, file: str, role: str) -> None:
    (tiny.directory / "tiny" / file).write_bytes(b"{")

    with pytest.raises(ModelError, match=rf"{role} can't be loaded: .*{file}"):
        loading.load(tiny, role)


def _configure(directory: Path, **changes: str) -> None:
    settings: Mapping[str, Any] = {"size": [SIDE, SIDE], "mean": MEAN, "std": DEVIATION, "interpolation": "bicubic"}
    (directory / "visual/preprocess_cfg.json").write_text(json.dumps({**settings, **changes}))


def _write(path: Path, name: str, kind: int, shape: list[int], weights: Floats) -> None:
    """A model that multiplies what it gets by weights."""
    nodes = [
        helper.make_node("Cast", [name], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, ["N", *shape])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(model)


def _picture(height: int, width: int) -> Pixels:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _reference(picture: Pixels, mode: str) -> npt.NDArray[np.float64]:
    """What torchvision's Resize (bicubic, antialiased), CenterCrop, ToTensor and Normalize do to a picture of
    Pillow's."""
    height, width = picture.shape[:2]
    scale = SIDE / min(height, width)
    rows, columns = (SIDE, SIDE) if mode == "squash" else (int(height * scale), int(width * scale))
    across = np.einsum("cw,hwk->hck", _bicubic(width, columns), picture.astype(np.float64))
    across = np.clip(np.floor(across + 0.5), 0, 255)
    both = np.clip(np.floor(np.einsum("rh,hck->rck", _bicubic(height, rows), across) + 0.5), 0, 255)
    top, left = round((rows - SIDE) / 2), round((columns - SIDE) / 2)
    cut = both[top : top + SIDE, left : left + SIDE] / 255
    result: npt.NDArray[np.float64] = ((cut - MEAN) / DEVIATION).transpose(2, 0, 1)
    return result


def _bicubic(source: int, target: int) -> npt.NDArray[np.float64]:
    """Weights (target, source) of Keys' kernel with a = -.5, widened where the picture becomes smaller."""
    scale = source / target
    widened = max(scale, 1)
    centres = (np.arange(target) + 0.5) * scale
    distance = np.abs((np.arange(source) + 0.5 - centres[:, None]) / widened)
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    normalised: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normalised
