"""Pictures made for more brightness than a page has (ITU-R BT.2100: PQ and HLG), in the brightness of sRGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pinhole.imaging.profiles import PRIMARIES, to_xyz
from pinhole.imaging.srgb import HLG, PQ

_WHITE_NITS, _PEAK_NITS = 203.0, 1000.0  # of paper (ITU-R BT.2408), and the brightest that is told apart
_KNEE = 0.75  # of paper white: what is darker stays as it is
_BT2020 = 9
_STEPS = 4096  # of linear light: less than one of sRGB's each
_STRIP_PIXELS = 1 << 18

Floats = NDArray[np.float32]


def tone_mapped(image: Image.Image, primaries: int, transfer: int) -> Image.Image:
    """An RGB picture in sRGB."""
    to_y = to_xyz(PRIMARIES.get(primaries, PRIMARIES[_BT2020]))
    to_srgb = np.linalg.solve(to_xyz(PRIMARIES[1]), to_y).astype(np.float32).T
    luminances = to_y[1].astype(np.float32)
    light_of, code_of = (_pq if transfer == PQ else _hlg_scene)(), _srgb()
    mapped = Image.new("RGB", image.size)
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        light = light_of[np.asarray(strip)]
        if transfer == HLG:  # as a display of that peak shows it (BT.2100, table 5)
            light *= _PEAK_NITS / _WHITE_NITS * np.maximum(light @ luminances, 1e-9)[..., None] ** 0.2
        linear = np.clip(_dimmed(light) @ to_srgb, 0, 1)
        mapped.paste(Image.fromarray(code_of[np.rint(linear * (_STEPS - 1)).astype(np.uint16)]), (0, top))
    return mapped


def _pq() -> Floats:
    """Light for each code, 1 is paper white (BT.2100, table 4)."""
    power = np.linspace(0, 1, 256) ** (32 / 2523)
    light = np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)
    return np.asarray(np.minimum(10_000 * light ** (16384 / 2610), _PEAK_NITS) / _WHITE_NITS, dtype=np.float32)


def _hlg_scene() -> Floats:
    """Light of the scene for each code, 1 is the brightest (BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    codes = np.linspace(0, 1, 256)
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12).astype(np.float32)


def _srgb() -> NDArray[np.uint8]:
    linear = np.linspace(0, 1, _STEPS)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * coded), dtype=np.uint8)


def _dimmed(light: Floats) -> Floats:
    """A shoulder that leaves the knee straight and reaches 1 at the peak, by the largest of the three, which keeps
    the hue.
    """
    largest = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    span = _PEAK_NITS / _WHITE_NITS - _KNEE
    steepness = span / (1 - _KNEE)
    beyond = np.maximum(largest - _KNEE, 0) / span
    shoulder = _KNEE + (1 - _KNEE) * steepness * beyond / (1 + (steepness - 1) * beyond)
    return np.asarray(light * np.where(largest <= _KNEE, 1, shoulder / largest), dtype=np.float32)
