"""Objects by NanoDet (https://github.com/RangiLyu/nanodet), trained on COCO.

Each of its cells answers 80 scores, and for each side of a box a distribution over distances of 0 to 10 cells (Li et
al., "Generalized Focal Loss", 2020).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gpu_worker.models import boxes, tables
from gpu_worker.models.pixels import scaled
from pinhole.seen import DetectedObject
from pinhole_models import session
from pinhole_models.roles import Floats, Pixels

SIDE = 416
# Blue first.
_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
_DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
# Below, many are not there.
_THRESHOLD = 0.5
_COMMON = 0.5
_DISTANCES = np.arange(11, dtype=np.float32)
# Scores and distances, of cells of 8, 16 and 32 pixels.
_OUTPUTS = (("Identity", "Identity_3"), ("Identity_1", "Identity_4"), ("Identity_2", "Identity_5"))


class NanoDet:
    """COCO's eighty kinds of things."""

    def __init__(self, model: Path, threads: int) -> None:
        self._session = session.load(model, threads)
        self._names = tables.lines("coco.txt")

    def detect(self, pictures: Sequence[Pixels]) -> list[list[DetectedObject]]:
        """What scores .5 or more."""
        names = [name for pair in _OUTPUTS for name in pair]
        outputs = self._session.run(names, {"input_1": np.stack([_input(picture) for picture in pictures])})
        levels = list(zip(outputs[::2], outputs[1::2], strict=True))
        return [
            self._found([(scores[number], sides[number]) for scores, sides in levels], picture)
            for number, picture in enumerate(pictures)
        ]

    def _found(self, levels: Sequence[tuple[Floats, Floats]], picture: Pixels) -> list[DetectedObject]:
        height, width = picture.shape[:2]
        scores = np.concatenate([scores for scores, _ in levels])
        kinds, surest = scores.argmax(axis=1), scores.max(axis=1)
        seen = surest >= _THRESHOLD
        if not seen.any():
            return []
        places = np.concatenate([_boxes(sides) for _, sides in levels])[seen]
        kinds, surest = kinds[seen], surest[seen]
        scale, left, top = _fit(width, height)
        places = (places - (left, top, left, top)) / scale
        found = [
            DetectedObject(self._names[kind], float(own_scores[kept]), boxes.relative(own[kept], width, height))
            for kind in np.unique(kinds)
            for own, own_scores in [(places[kinds == kind], surest[kinds == kind])]
            for kept in boxes.best(own, own_scores, _COMMON)
        ]
        return sorted(found, key=lambda thing: -thing.score)


def _fit(width: int, height: int) -> tuple[float, int, int]:
    """How a picture is scaled, and where its left top corner lies in the square that the model gets."""
    scale = SIDE / max(width, height)
    return scale, (SIDE - _scaled(width, scale)) // 2, (SIDE - _scaled(height, scale)) // 2


def _scaled(side: int, scale: float) -> int:
    return max(1, round(side * scale))


def _input(picture: Pixels) -> Floats:
    height, width = picture.shape[:2]
    scale, left, top = _fit(width, height)
    size = (_scaled(width, scale), _scaled(height, scale))
    smaller = scaled(picture, *size)
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    square[top : top + size[1], left : left + size[0]] = (smaller[:, :, ::-1] - _MEAN) / _DEVIATION
    return square.transpose(2, 0, 1)


def _boxes(sides: Floats) -> Floats:
    """Boxes of all cells of one size, in pixels of the square."""
    cells = round(len(sides) ** 0.5)
    odds = np.exp(sides.reshape(-1, 4, len(_DISTANCES)))
    distances = odds @ _DISTANCES / odds.sum(axis=2)
    rows, columns = np.divmod(np.arange(cells * cells), cells)
    centres = np.stack([columns, rows], axis=1) + 0.5
    edges = np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], axis=1)
    return np.asarray(edges * (SIDE / cells), np.float32)
