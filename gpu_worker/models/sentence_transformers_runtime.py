"""Models that sentence-transformers runs on torch, such as its CLIP.

The layout is the library's own: `modules.json`, and a directory for each module that it names. Only a container has the
library, so it is imported when a set wants it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pinhole_models.clip import of_unit_length
from pinhole_models.roles import Evidence, Floats, ModelError, Pixels


class Images:
    """Vectors of pictures."""

    def __init__(self, modules: Path, dimension: int, threads: int) -> None:
        self._model = _load(modules, threads)
        _check(self._model, {"image": Image.new("RGB", (8, 8))}, dimension, modules)

    def embed(self, pictures: Sequence[Pixels], seen: Sequence[Evidence]) -> Floats:  # noqa: ARG002 - of the protocol
        """A vector of unit length for each picture: (pictures, dimension)."""
        return of_unit_length(_vectors(self._model, [{"image": Image.fromarray(picture)} for picture in pictures]))


class Texts:
    """Vectors of texts. Longer ones than the model takes are cut."""

    def __init__(self, modules: Path, dimension: int, threads: int) -> None:
        self._model = _load(modules, threads)
        _check(self._model, {"text": "a"}, dimension, modules)

    def embed_text(self, texts: Sequence[str]) -> Floats:
        """A vector of unit length for each text: (texts, dimension)."""
        return of_unit_length(_vectors(self._model, [{"text": text} for text in texts]))


def _load(modules: Path, threads: int) -> Any:
    """The model, on CUDA where torch has it. threads: on the CPU, of all that torch does in this process."""
    try:
        import sentence_transformers
        import torch
        from transformers.utils import logging
    except ImportError as error:
        raise ModelError(
            f"it needs the package sentence-transformers, which a container has that was built for torch: {error}"
        ) from error
    directory = modules.parent
    for pickle in sorted(directory.rglob("*.bin")):
        if not pickle.with_name("model.safetensors").is_file():
            raise ModelError(f"{pickle} is a pickle, which could run anything: model.safetensors is wanted beside it")
    torch.set_num_threads(threads)
    logging.disable_progress_bar()
    try:
        return sentence_transformers.SentenceTransformer(
            str(directory),
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:
        raise ModelError(f"{directory} is no model that sentence-transformers can run: {error}") from error


def _check(model: Any, example: dict[str, Any], dimension: int, modules: Path) -> None:
    try:
        answered = _vectors(model, [example]).shape[1]
    except Exception as error:
        raise ModelError(f"{modules.parent} takes no {next(iter(example))}: {error}") from error
    if answered != dimension:
        raise ModelError(f"{modules.parent} answers {answered} numbers, and its set says {dimension}")


def _vectors(model: Any, inputs: Sequence[dict[str, Any]]) -> Floats:
    """Each input says what it is: a bare text that reads like the address or the path of a picture would be fetched."""
    vectors = model.encode(list(inputs), batch_size=len(inputs), show_progress_bar=False, convert_to_numpy=True)
    return np.asarray(vectors, np.float32)
