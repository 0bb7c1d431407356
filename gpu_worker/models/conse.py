"""Image embeddings in the space of a text encoder, from what other models saw.

A convex combination of the vectors of words (Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic
Embeddings", 2013). The weights were chosen on queries in three languages.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gpu_worker.models import tables
from gpu_worker.models.pixels import grey
from pinhole.seen import Tag
from pinhole_models.roles import Evidence, Floats, Pixels
from pinhole_models.text_encoder import SentenceEncoder

_Weights = dict[str, float]

_WIDER, _OBJECT, _COLOUR, _PEOPLE, _NIGHT = 0.09, 0.5, 0.25, 0.15, 0.15
_OBJECT_FROM, _COLOUR_FROM, _NIGHT_BELOW = 0.5, 0.08, 60
# As in the histogram of `pinhole.seen.Colours`.
_COLOURS = (
    *("red", "orange", "yellow", "lime green", "green", "green"),
    *("turquoise", "blue", "blue", "purple", "magenta", "pink"),
    *("black", "grey", "white"),
)
_NOTHING = "photo"


class Conse:
    """Vectors of 512 numbers, comparable with those of the text encoder."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._labels = frozenset(line.split("\t")[0] for line in tables.lines("imagenet.tsv"))
        # Some two thousand words are all there are.
        self._vector = lru_cache(maxsize=4096)(self._encoded)

    def embed(self, pictures: Sequence[Pixels], seen: Sequence[Evidence]) -> Floats:
        """A vector of unit length for each picture: (pictures, 512)."""
        return np.stack([self._embedded(picture, own) for picture, own in zip(pictures, seen, strict=True)])

    def _embedded(self, picture: Pixels, seen: Evidence) -> Floats:
        weights = self._words(picture, seen)
        vector = sum((weight * self._vector(word) for word, weight in weights.items()), np.zeros(1, np.float32))
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def _words(self, picture: Pixels, seen: Evidence) -> _Weights:
        words: _Weights = defaultdict(float)
        for tag in seen.tags:
            words[tag.name] += self._tag(tag)
        for name in {thing.name for thing in seen.objects if thing.score >= _OBJECT_FROM}:
            words[name] += _OBJECT * max(thing.score for thing in seen.objects if thing.name == name) ** 0.5
        if seen.colours:
            shares: _Weights = defaultdict(float)
            for colour, share in zip(_COLOURS, seen.colours.histogram, strict=True):
                shares[f"{colour} colour"] += share
            for name, share in shares.items():
                if share > _COLOUR_FROM:
                    words[name] += _COLOUR * share**0.5
        if seen.faces:
            words[("person", "two people", "group of people")[min(len(seen.faces), 3) - 1]] += _PEOPLE
        if grey(picture).mean() < _NIGHT_BELOW:
            words["night"] += _NIGHT
        return words or {_NOTHING: 1.0}

    def _tag(self, tag: Tag) -> float:
        return tag.score if tag.name in self._labels else _WIDER * tag.score**0.5

    def _encoded(self, word: str) -> Floats:
        vector: Floats = self._encoder.embed_text([word])[0]
        return vector
