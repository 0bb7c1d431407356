"""What pictures may show, as vectors: the tables that lie here, and what follows from them."""

from pathlib import Path

import numpy as np
import pytest

from infra.models import vocabulary
from pinhole_models import loading
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.roles import ModelError
from pinhole_models.vocabulary import FOLDER, Vocabulary


def test_the_table_is_what_the_encoder_of_the_set_makes_of_the_words(embedded: ModelSet) -> None:
    part = embedded.parts[TEXT_EMBEDDING]
    table = np.load(FOLDER / f"{part.options['vocabulary']}.npy")
    words = vocabulary.words()
    some = slice(0, None, 50)

    made = vocabulary.steps(loading.load(embedded, TEXT_EMBEDDING), words[some])

    assert table.shape == (len(words), part.dimension)
    assert np.abs(table[some].astype(int) - made).max() <= 1  # another processor may round otherwise


def test_chance_weighs_the_mean_and_the_nearest_of_the_vocabulary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    np.save(tmp_path / "two.npy", np.array([[127, 0], [0, 127]], np.int8))
    monkeypatch.setattr("pinhole_models.vocabulary.FOLDER", tmp_path)

    assert Vocabulary("two").chance([0.6, 0.8], {"mean": 2, "nearest": 0.5}) == pytest.approx(2 * 0.7 + 0.5 * 0.8)


def test_a_vocabulary_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelError, match="no vocabulary nowhere"):
        Vocabulary("nowhere")
