"""Measure colours: hue, saturation and lightness as in HSL, and dominant colours by k-means in CIELAB."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pinhole.seen import Colours
from pinhole_models.roles import Pixels

_Values = npt.NDArray[np.float32]

_SIDE = 64
_DOMINANT, _ROUNDS = 5, 12
_HUES = 12
# Chroma, max - min of RGB, below which a pixel has no hue to speak of; and lightness of black and white.
_CHROMA_FROM, _BLACK_TO, _WHITE_FROM = 0.12, 0.15, 0.88


class MeasuredColours:
    """Colours from pixels alone."""

    def measure(self, pictures: Sequence[Pixels]) -> list[Colours]:
        """Of each picture scaled to 64 x 64 pixels."""
        return [_colours(_small(picture)) for picture in pictures]


def _small(picture: Pixels) -> Pixels:
    # By the means of areas: where two colours meet, interpolation would find a third.
    return np.asarray(cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _colours(small: Pixels) -> Colours:
    rgb = small.reshape(-1, 3).astype(np.float32) / np.float32(255)
    hls = cv2.cvtColor(rgb[None], cv2.COLOR_RGB2HLS)[0]
    hues, lightness, saturation = hls.T
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    return Colours(
        dominant=_dominant(rgb),
        hue=_mean_hue(hues, chroma),
        saturation=float(saturation.mean()),
        lightness=float(lightness.mean()),
        histogram=_histogram(hues, chroma, lightness),
    )


def _mean_hue(hues: _Values, chroma: _Values) -> float | None:
    """The direction of the sum of all hues as vectors, each as long as its chroma."""
    total = complex((chroma * np.exp(1j * np.radians(hues))).mean())
    if abs(total) <= 1e-3:
        return None
    # Single, as it is kept: of what is hardly less than 360, that makes 360.
    return float(np.float32(np.degrees(np.angle(total)) % 360)) % 360


def _histogram(hues: _Values, chroma: _Values, lightness: _Values) -> list[float]:
    coloured = (chroma >= _CHROMA_FROM) & (lightness > _BLACK_TO)
    grey = np.where(lightness <= _BLACK_TO, 0, np.where(lightness >= _WHITE_FROM, 2, 1))
    # Red lies around 0: from -15 to 15 degrees.
    sector = ((hues + 180 / _HUES) // (360 / _HUES) % _HUES).astype(int)
    counts = np.bincount(np.where(coloured, sector, _HUES + grey), minlength=_HUES + 3)
    return [float(share) for share in counts / len(hues)]


def _dominant(rgb: _Values) -> list[tuple[int, float]]:
    """Up to five colours, by k-means from the same start each time, so that the same picture has the same colours."""
    lab = cv2.cvtColor(rgb[None], cv2.COLOR_RGB2LAB)[0]
    # The start: pixels at even steps of lightness.
    centres = lab[lab[:, 0].argsort(kind="stable")[np.linspace(0, len(lab) - 1, _DOMINANT).astype(int)]]
    for _ in range(_ROUNDS):
        # |pixel - centre|^2 without |pixel|^2, which is the same for all centres.
        nearest = ((centres**2).sum(axis=1) - 2 * lab @ centres.T).argmin(axis=1)
        counts = np.bincount(nearest, minlength=_DOMINANT)
        sums = np.stack([np.bincount(nearest, lab[:, part], _DOMINANT) for part in range(3)], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres).astype(np.float32)
    colours = np.round(np.clip(cv2.cvtColor(centres[None], cv2.COLOR_LAB2RGB)[0], 0, 1) * 255).astype(int)
    shares: dict[int, float] = {}
    for (red, green, blue), count in zip(colours.tolist(), counts.tolist(), strict=True):
        if count:
            colour = red << 16 | green << 8 | blue
            shares[colour] = shares.get(colour, 0) + count / len(lab)
    return sorted(shares.items(), key=lambda pair: -pair[1])
