"""Scale pictures, and take their colours away."""

import cv2
import numpy as np
import numpy.typing as npt

from pinhole_models.roles import Pixels

_MUCH = 1.5


def scaled(picture: Pixels, width: int, height: int) -> Pixels:
    """A picture of another size: halved while that is not too small, then by the means of areas; interpolated where it
    becomes larger, or little smaller.

    Halving is ten times as quick as the means of other areas. It leaves out the last row or column of an odd side.
    """
    while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        picture = halved(picture)
    smaller = picture.shape[1] * picture.shape[0] > _MUCH * width * height
    return _resized(picture, width, height, cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def halved(picture: Pixels) -> Pixels:
    """Half as wide and high, by the means of two by two pixels."""
    rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
    return _resized(picture[: 2 * rows, : 2 * columns], columns, rows, cv2.INTER_AREA)


def _resized(picture: Pixels, width: int, height: int, interpolation: int) -> Pixels:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


def grey(picture: Pixels) -> npt.NDArray[np.uint8]:
    """Luma: (height, width)."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
