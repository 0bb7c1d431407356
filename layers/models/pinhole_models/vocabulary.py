"""How near a text is, by chance, to pictures that show something else: by its cosines with what pictures may show.

A vocabulary is a file of `vocabularies/`: vectors of unit length by the text encoder of a set, one a word, in 127ths.
`infra/models/vocabulary.py` made it once: to encode the words again would take a function seconds at each start.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pinhole_models.roles import Floats, ModelError

FOLDER = Path(__file__).parent / "vocabularies"
STEPS = 127


class Vocabulary:
    """Holds the vectors; any thread may call it."""

    def __init__(self, name: str) -> None:
        """Raises ModelError where there is none of this name."""
        try:
            steps = np.load(FOLDER / f"{name}.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ModelError(f"There is no vocabulary {name}: {error}") from error
        self._vectors: Floats = np.asarray(steps / STEPS, np.float32)

    def chance(self, vector: Sequence[float], cut_off: Mapping[str, float]) -> float:
        """`chance` of `pinhole.search.cut_off`: of a text's vector, of unit length, by the numbers of the model set."""
        cosines = self._vectors @ np.asarray(vector, np.float32)
        return float(cut_off["mean"] * cosines.mean() + cut_off["nearest"] * cosines.max())
