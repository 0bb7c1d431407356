"""Load the model of a role as its set says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet, Part
from pinhole_models.roles import ModelError

# Which can look at a picture that no other model has looked at.
PICTURE_RUNTIMES = ("clip",)
# Makes the model of a role, with its files and so many threads; None: it knows no such runtime.
Runtimes = Callable[[str, Part, Mapping[str, Path], int], Any]


def embedder(role: str, part: Part, files: Mapping[str, Path], threads: int) -> Any:
    """What makes vectors of texts or of pictures, and of nothing else; None: no runtime here does that.

    Raises:
        ModelError: a file is broken.
        KeyError: the set does not name a file that this needs.
    """
    # Imported only here: search runs without onnxruntime where its set needs none.
    match part.runtime:
        case "sentence_encoder":
            from pinhole_models.text_encoder import SentenceEncoder

            return SentenceEncoder(files["weights"], files["pieces"])
        case "clip" if part.dimension and role == TEXT_EMBEDDING:
            from pinhole_models.clip import ClipTexts

            return ClipTexts(files["model"], files["tokenizer"], part.dimension, threads)
        case "clip" if part.dimension:
            from pinhole_models.clip import ClipImages

            return ClipImages(files["model"], files["preprocessing"], part.dimension, threads)
    return None


def load(models: ModelSet, role: str, runtimes: Runtimes = embedder) -> Any:
    """The model of a role: what `pinhole_models.roles` says of that.

    Raises:
        ModelError: a file is missing or broken, or no runtime has the name that the set gives.
    """
    part = models.only(role).parts[role]
    files = models.checked(role)
    try:
        model = runtimes(role, part, files, models.threads)
    except ModelError as error:
        raise ModelError(f"{role} can't be loaded: {error}") from error
    except KeyError as error:
        raise ModelError(f"{role} of set {models.name} does not name its {error}") from error
    if model is None:
        raise ModelError(f"{role} of set {models.name} wants a runtime {part.runtime}, which there is not")
    return model
