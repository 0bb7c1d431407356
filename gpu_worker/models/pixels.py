"""Scale pictures, and take their colours away."""

import cv2
import numpy as np
import numpy.typing as npt

from gpu_worker.models.roles import Pixels


def scaled(picture: Pixels, width: int, height: int) -> Pixels:
    """A picture of another size: by the means of areas where it becomes smaller."""
    smaller = width * height < picture.shape[0] * picture.shape[1]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


def grey(picture: Pixels) -> npt.NDArray[np.uint8]:
    """Luma: (height, width)."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
