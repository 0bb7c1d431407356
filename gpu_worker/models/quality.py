"""Measure sharpness, noise and exposure.

Sharpness: the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000) in
blocks of an eighth of the shorter side, the mean of the best tenth: a portrait with a blurred background is sharp.
Noise: the standard deviation by Immerkær, "Fast Noise Variance Estimation" (1996), in the quieter half of the blocks,
since texture looks like noise. Exposure: how much is not clipped, times how near the mean lies to the middle.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from gpu_worker.models.pixels import grey
from pinhole.seen import Quality
from pinhole_models.roles import Pixels

_Values = npt.NDArray[np.floating]

# Variances and deviations, in grey levels of 255, at which sharpness and noise are one half.
_HALF_SHARP, _HALF_NOISY = 500.0, 10.0
_BLOCKS = 8
_BLACK, _WHITE = 4, 251
# Immerkær's mask, the product of a column and a row.
_IMMERKAER = np.array([1, -2, 1], np.float32)
# Of overall: sharpness, quiet and exposure. Blur spoils most, and can't be mended.
_WEIGHTS = (0.5, 0.2, 0.3)


class Measured:
    """Quality from pixels alone."""

    def measure(self, pictures: Sequence[Pixels]) -> list[Quality]:
        """Of pictures as they come: smaller ones seem sharper."""
        return [_quality(grey(picture)) for picture in pictures]


def sharpness(luma: npt.NDArray[np.uint8]) -> float:
    """0 to 1: v / (v + 500), v the mean variance of the Laplacian in the best tenth of blocks."""
    edges = np.asarray(cv2.Laplacian(luma, cv2.CV_32F), np.float32)
    variances = np.sort(_means(edges**2) - _means(edges) ** 2, axis=None)
    value = float(variances[-max(1, len(variances) // 10) :].mean())
    return max(0.0, value) / (max(0.0, value) + _HALF_SHARP)


def _quality(luma: npt.NDArray[np.uint8]) -> Quality:
    sharp, noise, exposure = sharpness(luma), _noise(luma), _exposure(luma)
    parts = (sharp, 1 - noise, exposure)
    overall = 100 * sum(weight * part for weight, part in zip(_WEIGHTS, parts, strict=True))
    return Quality(sharp, noise, exposure, overall)


def _noise(luma: npt.NDArray[np.uint8]) -> float:
    """0 to 1: s / (s + 10), s the standard deviation in grey levels: sqrt(pi / 2) / 6 times the mean of |I * N|."""
    differences = np.abs(cv2.sepFilter2D(luma, cv2.CV_16S, _IMMERKAER, _IMMERKAER))
    quiet = np.sort(_means(differences), axis=None)
    deviation = float(np.sqrt(np.pi / 2) / 6 * quiet[: max(1, len(quiet) // 2)].mean())
    return deviation / (deviation + _HALF_NOISY)


def _exposure(luma: npt.NDArray[np.uint8]) -> float:
    """0 to 1: (1 - clipped share) * (1 - ((mean - 127.5) / 127.5)^2)."""
    clipped = float(np.mean((luma <= _BLACK) | (luma >= _WHITE)))
    return (1 - clipped) * (1 - ((float(luma.mean()) - 127.5) / 127.5) ** 2)


def _means(values: _Values) -> _Values:
    """Means over blocks of an eighth of the shorter side."""
    side = max(1, min(values.shape) // _BLOCKS)
    rows, columns = values.shape[0] // side, values.shape[1] // side
    blocks = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    means: _Values = blocks.mean(axis=(1, 3))
    return means
