"""Tags by EfficientNet-lite0, over eleven crops of each picture."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from gpu_worker.models import tables
from gpu_worker.models.pixels import scaled
from pinhole.seen import Tag
from pinhole_models import session
from pinhole_models.roles import Floats, Pixels

SIDE = 224
_TILE, _PLACES = 0.6, (0, 0.5, 1)
# Of 1, 2, 4, 8 and the maximum, 4 found the right pictures most often for queries in three languages.
_EXPONENT = 4
_LABELS = 20
_WIDER_FROM = 0.1


class EfficientNet:
    """The twenty likeliest of ImageNet's labels, and wider words, such as "dog" for all its breeds."""

    def __init__(self, model: Path, threads: int) -> None:
        self._session = session.load(model, threads)
        rows = [line.split("\t") for line in tables.lines("imagenet.tsv")]
        self._labels, self._label_members = _members([[label] for label, _ in rows])
        self._wider, self._wider_members = _members([wider.split(", ") if wider else [] for _, wider in rows])
        # A word for many labels gets much also where nothing is seen.
        shares = self._wider_members.sum(axis=1) / len(rows)
        self._wider_from = np.maximum(_WIDER_FROM, np.sqrt(shares))

    def tag(self, pictures: Sequence[Pixels]) -> list[list[Tag]]:
        """Scores: a label's probability, or of a wider word those of all its labels together.

        Such a word is told from .1 on, or the root of the share of all labels that it is for: "animal" from .63 on.
        """
        return [self._named(self._probabilities(picture)) for picture in pictures]

    def _probabilities(self, picture: Pixels) -> Floats:
        """The power mean over all crops: what fills one crop counts, though it is small in the whole."""
        crops = np.stack([_input(crop) for crop in _crops(picture)])
        (logits,) = self._session.run(["logits"], {"input": crops})
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        mean: Floats = np.mean(probabilities**_EXPONENT, axis=0) ** (1 / _EXPONENT)
        return mean

    def _named(self, probabilities: Floats) -> list[Tag]:
        labels = self._label_members @ probabilities
        likeliest = np.argsort(-labels, kind="stable")[:_LABELS]
        # Pooled over crops they sum up to more than one, which many small ones together must not.
        wider = self._wider_members @ (probabilities / probabilities.sum())
        likely = np.flatnonzero(wider > self._wider_from)
        tags = [*_tags(self._labels, labels, likeliest), *_tags(self._wider, wider, likely)]
        return sorted(tags, key=lambda tag: -tag.score)


def _crops(picture: Pixels) -> list[Pixels]:
    """The square in the centre, the whole, and three by three tiles of .6 of the shorter side."""
    height, width = picture.shape[:2]
    short = min(height, width)
    side = max(1, int(short * _TILE))
    tiles = [_square(picture, side, across, down) for across in _PLACES for down in _PLACES]
    return [_square(picture, short, 0.5, 0.5), picture, *tiles]


def _square(picture: Pixels, side: int, across: float, down: float) -> Pixels:
    left, top = int((picture.shape[1] - side) * across), int((picture.shape[0] - side) * down)
    return picture[top : top + side, left : left + side]


def _input(crop: Pixels) -> Floats:
    return (scaled(crop, SIDE, SIDE).astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)


def _members(words_of_labels: Sequence[Sequence[str]]) -> tuple[list[str], Floats]:
    """All words, and which labels each is for: (words, labels), ones and zeros."""
    words = list(dict.fromkeys(word for words in words_of_labels for word in words))
    members = np.zeros((len(words), len(words_of_labels)), np.float32)
    for label, own in enumerate(words_of_labels):
        for word in own:
            members[words.index(word), label] = 1
    return words, members


def _tags(words: Sequence[str], scores: Floats, numbers: Iterable[int]) -> list[Tag]:
    return [Tag(words[number], min(1.0, float(scores[number]))) for number in numbers]
