"""ICC profiles for pictures that name their colours in another way: by number (ITU-T H.273), by chromaticities, or by
the name that cameras have for Adobe RGB.
"""

import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pinhole.imaging.srgb import SRGB

Chromaticities = tuple[float, ...]  # x and y of white, red, green, blue
Floats = NDArray[np.float64]

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
_BT709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_BT601_525 = (0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_P3 = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
# Colour primaries by their number in H.273, table 2.
PRIMARIES: dict[int, Chromaticities] = {
    1: (*_D65, *_BT709),
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, *_BT601_525),
    7: (*_D65, *_BT601_525),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, *_P3),
    12: (*_D65, *_P3),
}
# Transfer characteristics (H.273, table 3) that are a plain power. The others, but for PQ and HLG, pass for sRGB's, as
# in browsers.
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_ADOBE_RGB = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 2.19921875

_D50 = np.array([0.9642, 1.0, 0.8249])  # of the profile connection space (ICC.1:2022, 7.2.16)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def to_xyz(chromaticities: Chromaticities) -> Floats:
    """3 × 3: linear red, green and blue to XYZ, where white has Y = 1. Raises ValueError for what spans no colours."""
    white, *colours = (
        np.array([x / y, 1.0, (1 - x - y) / y]) if y else np.full(3, np.nan)
        for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    primaries = np.array(colours).T
    if not np.isfinite(primaries).all() or abs(np.linalg.det(primaries)) < 1e-6:  # a primary may have y = 0, alas
        raise ValueError("chromaticities that span no colours")
    return np.asarray(primaries * np.linalg.solve(primaries, white))


@cache
def by_chromaticities(chromaticities: Chromaticities, gamma: float | None) -> bytes:
    """`gamma`: of the display, 2.2 rather than 1/2.2; None for sRGB's curve. Raises ValueError."""
    matrix = to_xyz(chromaticities)
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ matrix.sum(axis=1))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ matrix
    if not np.isfinite(adapted).all() or abs(adapted).max() > 1000:
        raise ValueError("chromaticities that span no colours")
    colours = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T, strict=True))
    profile = bytearray(SRGB.tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name, value = bytes(profile[at : at + 4]), int.from_bytes(profile[at + 4 : at + 8], "big") + 8
        if name in colours:
            profile[value : value + 12] = struct.pack(">3i", *(round(part * 65536) for part in colours[name]))
        elif name[1:] == b"TRC" and gamma is not None:
            profile[value : value + 8] = struct.pack(">Hxxi", 0, round(gamma * 65536))  # a `para` of the first kind
    return bytes(profile)


def by_number(primaries: int, transfer: int) -> bytes | None:
    """None for what is sRGB, or isn't known."""
    gamma = _GAMMAS.get(transfer)
    if primaries not in PRIMARIES or (primaries == 1 and gamma is None):
        return None
    return by_chromaticities(PRIMARIES[primaries], gamma)


def by_gamma(gamma: float | None, chromaticities: Chromaticities | None) -> bytes | None:
    """As a PNG's gAMA and cHRM say it; None where that is nonsense."""
    if gamma is not None and not 0.1 <= gamma <= 10:
        return None
    try:
        return by_chromaticities(chromaticities or PRIMARIES[1], gamma)
    except (ValueError, np.linalg.LinAlgError):
        return None


def adobe_rgb() -> bytes:
    """Adobe RGB (1998)."""
    return by_chromaticities(*_ADOBE_RGB)
