"""How near what is searched for is to any picture by chance."""

from collections.abc import Iterator

import pytest

from api import encoding
from pinhole.search.cut_off import CutOff
from pinhole.settings import settings
from pinhole_models.model_set import TEXT_EMBEDDING, ModelSet
from pinhole_models.vocabulary import Vocabulary

PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def _embedded_models(database_url: str, embedded: ModelSet, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PINHOLE_SEARCH_MODELS", str(embedded.directory))
    settings.cache_clear()
    encoding._set.cache_clear()
    monkeypatch.setattr(encoding, "_texts", encoding.Loading(encoding._load_texts))
    monkeypatch.setattr(encoding, "WAIT_SECONDS", PATIENCE_SECONDS)
    yield
    encoding._set.cache_clear()
    settings.cache_clear()


def test_each_text_has_the_chance_that_the_numbers_of_the_set_make(embedded: ModelSet) -> None:
    options = embedded.parts[TEXT_EMBEDDING].options

    made = encoding.encoded(["cat", "a speech at a lectern"])

    vocabulary = Vocabulary(options["vocabulary"])
    near, far = [text.chance for text in made.texts]
    assert near is not None
    assert far is not None
    assert [near, far] == [vocabulary.chance(text.vector, options["cut_off"]) for text in made.texts]
    assert near > far + 0.2
    assert made.cut_off == CutOff(**options["cut_off"])
