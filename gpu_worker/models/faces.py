"""Faces: MTCNN finds them, dlib's network tells whose they are.

The network is that of https://github.com/davisking/dlib-models: 128 numbers from a picture of 150 pixels. Its vectors
are not centred: those of strangers reach a cosine of .93. So the mean of many strangers is subtracted; after that, the
same person has .73 or more and others .6 or less, on the few pairs of `infra bench --only worker-quality`.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np

from gpu_worker.models import boxes, quality, tables
from gpu_worker.models.boxes import Boxes
from gpu_worker.models.mtcnn import Found, Mtcnn
from gpu_worker.models.pixels import grey
from pinhole.seen import Face
from pinhole_models.roles import Floats, ModelError, Pixels

DIMENSION = 128
_CHIP = 150
# Where MTCNN's five points lie in a chip: from the mean face of dlib's get_face_chip_details, with its padding of .25.
_POINTS = np.array([[47.5, 46.6], [100.5, 46.6], [74.0, 76.6], [50.4, 103.0], [97.6, 103.0]])


class MtcnnWithDlib:
    """Faces, with vectors."""

    def __init__(self, finder: Mtcnn, vectors: Path) -> None:
        self._finder = finder
        try:
            self._network = dlib.face_recognition_model_v1(str(vectors))
        except RuntimeError as error:
            raise ModelError(f"{vectors} is no network of dlib's: {error}") from error
        self._mean = np.array([float(line) for line in tables.lines("dlib_mean.txt")])

    def find(self, pictures: Sequence[Pixels]) -> list[list[Face]]:
        """Faces of 40 pixels or more, with confidence over .95."""
        return [[self._face(picture, found) for found in self._finder.find(picture)] for picture in pictures]

    def _face(self, picture: Pixels, found: Found) -> Face:
        height, width = picture.shape[:2]
        chip = aligned(picture, found.landmarks)
        vector = self.raw(chip) - self._mean
        points = np.clip(found.landmarks / (width, height), 0, 1)
        size = found.box[2:] - found.box[:2]
        return Face(
            box=boxes.relative(found.box, width, height),
            landmarks=[(x, y) for x, y in points.tolist()],
            confidence=found.confidence,
            size_px=round(float(size.max())),
            sharpness=quality.sharpness(grey(chip)),
            embedding=(vector / np.linalg.norm(vector)).tolist(),
        )

    def raw(self, chip: Pixels) -> Boxes:
        """The network's own vector of an aligned face, (128,), neither centred nor of unit length."""
        return np.array(self._network.compute_face_descriptor(chip))


def aligned(picture: Pixels, landmarks: Boxes) -> Pixels:
    """The face turned upright and scaled to 150 pixels, so that its five points lie where the network wants them."""
    chip = cv2.warpAffine(picture, _similarity(landmarks, _POINTS), (_CHIP, _CHIP), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def _similarity(source: Boxes, target: Boxes) -> Floats:
    """The turn, scale and shift, (2, 3), that brings points nearest to others (Umeyama 1991, without a mirror)."""
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    left, strengths, right = np.linalg.svd((target - goal).T @ (source - centre))
    signs = np.array([1, np.sign(np.linalg.det(left @ right))])
    scale = (strengths * signs).sum() / ((source - centre) ** 2).sum()
    turn = scale * (left * signs) @ right
    return np.column_stack([turn, goal - turn @ centre]).astype(np.float32)
