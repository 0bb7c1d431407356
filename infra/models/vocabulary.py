"""`python -m infra.models.vocabulary SET`: writes what pictures may show, as vectors of a set's text encoder."""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gpu_worker.models import tables
from pinhole_models import loading, model_set
from pinhole_models.model_directory import default_directory
from pinhole_models.model_set import TEXT_EMBEDDING
from pinhole_models.roles import TextEmbedder
from pinhole_models.vocabulary import FOLDER, STEPS


def words() -> list[str]:
    """Labels of ImageNet and of COCO, and what is wider: each once."""
    columns = [line.split("\t") for line in tables.lines("imagenet.tsv")]
    wider = sorted({word for _, words in columns for word in words.split(", ") if word})
    return list(dict.fromkeys([*(label for label, _ in columns), *tables.lines("coco.txt"), *wider]))


def steps(embedder: TextEmbedder, texts: list[str]) -> npt.NDArray[np.int8]:
    """Their vectors, in 127ths: (texts, dimension)."""
    return np.asarray(np.rint(np.concatenate([embedder.embed_text([text]) for text in texts]) * STEPS), np.int8)


def write(name: str) -> Path:
    """Write the vocabulary of a set's text encoder. Where it is now. Raises ModelError."""
    models = model_set.read(name, default_directory())
    path = FOLDER / f"{models.parts[TEXT_EMBEDDING].name}.npy"
    np.save(path, steps(loading.load(models, TEXT_EMBEDDING), words()))
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{write(sys.argv[1])}\n")
