"""The few colours a person would name in a picture."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 64
_CLUSTERS = 8
_ROUNDS = 12
_SAME_COLOUR = 0.09  # distance in OKLab below which two colours pass for one
_MIN_SHARE = 0.02
Floats = NDArray[np.float64]

# Björn Ottosson, "A perceptual color space for image processing", 2020.
_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929],
     [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468],
     [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def dominant(image: Image.Image, count: int = 5) -> tuple[int, ...]:
    """Up to `count` colours of an RGB picture as 0xRRGGBB, the most prominent first.

    Clusters of OKLab, seeded along lightness so that the same picture gives the same colours; weighed by
    area, and by colourfulness, since a red coat in a grey street is what one remembers.
    """
    pixels = np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64).reshape(-1, 3)
    lab = _oklab(pixels / 255)
    centres = _cluster(lab)
    nearest = _nearest(lab, centres)
    areas = np.bincount(nearest, minlength=len(centres)) / len(lab)
    weights = areas * (1 + 4 * np.hypot(centres[:, 1], centres[:, 2]))
    chosen: list[int] = []
    for index in np.argsort(-weights, kind="stable"):
        distinct = all(np.linalg.norm(centres[index] - centres[other]) > _SAME_COLOUR for other in chosen)
        if distinct and areas[index] >= _MIN_SHARE and len(chosen) < count:
            chosen.append(int(index))
    means = [np.rint(pixels[nearest == index].mean(axis=0)).astype(int) for index in chosen]
    return tuple(int(red) << 16 | int(green) << 8 | int(blue) for red, green, blue in means)


def _oklab(srgb: Floats) -> Floats:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def _cluster(lab: Floats) -> Floats:
    """k-means from means along the axis of greatest spread, so that the result does not depend on chance."""
    axis = int(np.argmax(lab.var(axis=0)))
    order = np.argsort(lab[:, axis], kind="stable")
    centres = np.array([part.mean(axis=0) for part in np.array_split(lab[order], _CLUSTERS)])
    for _ in range(_ROUNDS):
        members = np.eye(_CLUSTERS)[_nearest(lab, centres)]
        counts = members.sum(axis=0)[:, None]
        centres = np.where(counts > 0, members.T @ lab / np.maximum(counts, 1), centres)
    return centres


def _nearest(lab: Floats, centres: Floats) -> NDArray[np.intp]:
    # |lab|² is the same for every centre, so that what is left of the distance is one product of matrices.
    return np.asarray(((centres**2).sum(axis=1) - 2 * lab @ centres.T).argmin(axis=1))
