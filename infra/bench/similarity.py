"""How much of a picture is left after shrinking and encoding it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float64]

_SIDE, _SIGMA = 11, 1.5
_WINDOW = np.exp(-((np.arange(_SIDE) - _SIDE // 2) ** 2) / (2 * _SIGMA**2))
_WINDOW /= _WINDOW.sum()
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(picture: Image.Image, reference: Image.Image) -> float:
    """Mean structural similarity of the luma of two pictures of one size: 1 where nothing differs.

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, from error visibility to structural similarity (2004).
    """
    x, y = (np.asarray(one.convert("L"), dtype=np.float64) for one in (picture, reference))
    mean_x, mean_y = _mean(x), _mean(y)
    variances = _mean(x * x) - mean_x**2 + _mean(y * y) - mean_y**2
    covariance = _mean(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return float(np.mean(luminance * (2 * covariance + _C2) / (variances + _C2)))


def _mean(plane: Plane) -> Plane:
    """The weighted mean around each pixel that has whole surroundings."""
    for axis in (0, 1):
        plane = sliding_window_view(plane, _SIDE, axis) @ _WINDOW
    return plane
