"""CLIP and its kin: one network for pictures, one for texts, whose vectors are comparable.

The layout is that of the models which immich exports: `visual/model.onnx` with the input `image`,
`visual/preprocess_cfg.json`, `textual/model.onnx` with the input `text` (int32), `textual/tokenizer.json`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
from PIL import Image

from pinhole_models import session
from pinhole_models.roles import Evidence, Floats, ModelError, Pixels

_LONGEST = 32  # times as long as the other side: no photo is
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


class Preprocessing:
    """How a picture is scaled, cut and normalised: `preprocess_cfg.json` of open_clip."""

    def __init__(self, configuration: Path) -> None:
        try:
            settings = json.loads(configuration.read_bytes())
            size = settings["size"]
            self.side = int(size[0] if isinstance(size, list) else size)
            self._mean, self._deviation = (np.array(settings[key], np.float32) for key in ("mean", "std"))
            self._filter = _FILTERS[settings.get("interpolation", "bicubic")]
            self._squashes = {"shortest": False, "squash": True}[settings.get("resize_mode", "shortest")]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{configuration} does not say how pictures are prepared: {error}") from error

    def __call__(self, picture: Pixels) -> Floats:
        """(3, side, side): the shorter side scaled to `side` and the centre cut out, or all squashed."""
        if not self._squashes:
            picture = _middle(picture)
        height, width = picture.shape[:2]
        shorter = min(height, width)
        size = [
            self.side if self._squashes else max(self.side, side * self.side // shorter) for side in (width, height)
        ]
        scaled = Image.fromarray(picture).resize((size[0], size[1]), self._filter)
        # As torchvision rounds: halves to the even number.
        left, top = (round((side - self.side) / 2) for side in scaled.size)
        cut = np.asarray(scaled.crop((left, top, left + self.side, top + self.side)), np.float32)
        normalised = (cut / np.float32(255) - self._mean) / self._deviation
        return np.asarray(normalised.transpose(2, 0, 1), np.float32)


def _middle(picture: Pixels) -> Pixels:
    """The middle of a picture that is very long: else a line of pixels would be scaled to gigabytes, to be cut."""
    most = _LONGEST * min(picture.shape[:2])
    top, left = (max(0, side - most) // 2 for side in picture.shape[:2])
    return picture[top : top + most, left : left + most]


class ClipImages:
    """Vectors of pictures."""

    def __init__(self, model: Path, preprocessing: Path, dimension: int, threads: int) -> None:
        self._prepare = Preprocessing(preprocessing)
        self._session = session.load(model, threads)
        _check(self._session.get_inputs(), "image", model)
        _check_dimension(self._session, dimension, model)

    def embed(self, pictures: Sequence[Pixels], seen: Sequence[Evidence]) -> Floats:  # noqa: ARG002 - of the protocol
        """A vector of unit length for each picture: (pictures, dimension)."""
        inputs = np.stack([self._prepare(picture) for picture in pictures])
        return of_unit_length(self._session.run(None, {"image": inputs})[0])


class ClipTexts:
    """Vectors of texts. Longer ones than the model takes are cut."""

    def __init__(self, model: Path, tokenizer: Path, dimension: int, threads: int) -> None:
        self._session = session.load(model, threads)
        shape = _check(self._session.get_inputs(), "text", model).shape
        _check_dimension(self._session, dimension, model)
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        except Exception as error:
            raise ModelError(f"{tokenizer} is no tokenizer: {error}") from error
        length = shape[1]
        if not isinstance(length, int):
            raise ModelError(f"{model} does not say how many tokens it takes")
        padding = self._tokenizer.padding or {}
        self._tokenizer.enable_truncation(length)
        self._tokenizer.enable_padding(
            length=length, pad_id=padding.get("pad_id", 0), pad_token=padding.get("pad_token", "")
        )

    def embed_text(self, texts: Sequence[str]) -> Floats:
        """A vector of unit length for each text: (texts, dimension)."""
        tokens = np.array([encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))], np.int32)
        return of_unit_length(self._session.run(None, {"text": tokens})[0])


def _check(inputs: Sequence[Any], name: str, model: Path) -> Any:
    for candidate in inputs:
        if candidate.name == name:
            return candidate
    raise ModelError(f"{model} has no input {name}")


def _check_dimension(loaded: Any, dimension: int, model: Path) -> None:
    answered = loaded.get_outputs()[0].shape[-1]
    if answered != dimension:
        raise ModelError(f"{model} answers {answered} numbers, and its set says {dimension}")


def of_unit_length(vectors: Floats) -> Floats:
    """(vectors, dimension), each divided by its length."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
