"""CLIP's loading code and preprocessing, with tiny random models in the real layout."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto

from gpu_worker.looking import Looker, Picture
from gpu_worker.models import loading
from pinhole.seen import Role
from pinhole_models.clip import Preprocessing
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import ModelError, Pixels
from tests.fixtures.tiny_clip import DEVIATION, DIMENSION, MEAN, SIDE, TOKENS, configure, made_in, write


@pytest.fixture
def tiny(tmp_path: Path) -> ModelSet:
    return made_in(tmp_path)


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
    configure(tiny.directory / "tiny", resize_mode=mode)
    picture = _picture(height, width)

    prepared = Preprocessing(tiny.directory / "tiny/visual/preprocess_cfg.json")(picture)

    assert prepared.shape == (3, SIDE, SIDE)
    # Pillow filters first in the direction that costs less, and rounds in between: both orders are right.
    references = [_reference(picture, mode), _reference(picture.swapaxes(0, 1), mode).swapaxes(1, 2)]
    assert min(np.abs(prepared - reference).max() for reference in references) < 1e-3


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_line_of_pixels_only_the_middle_is_scaled(tiny: ModelSet, turned: bool) -> None:
    line = np.zeros((1, 4_000_000, 3), np.uint8)  # scaled by its shorter side it would take 4 GB
    line[:, 1_999_000:2_001_000] = 255
    prepare = Preprocessing(tiny.directory / "tiny/visual/preprocess_cfg.json")
    prepared = prepare(line.swapaxes(0, 1) if turned else line)
    assert prepared == pytest.approx(prepare(np.full((SIDE, SIDE, 3), 255, np.uint8)))


def test_a_model_of_another_dimension_is_refused(tiny: ModelSet) -> None:
    weights = np.ones((TOKENS, 5), np.float32)
    write(tiny.directory / "tiny/textual/model.onnx", "text", TensorProto.INT32, [TOKENS], weights)

    with pytest.raises(ModelError, match=r"text_embedding can't be loaded.*answers 5 numbers, and its set says 12"):
        loading.load(tiny, TEXT_EMBEDDING)


def test_a_model_with_another_input_is_refused(tiny: ModelSet) -> None:
    weights = np.ones((TOKENS, DIMENSION), np.float32)
    write(tiny.directory / "tiny/textual/model.onnx", "input_ids", TensorProto.INT32, [TOKENS], weights)

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
