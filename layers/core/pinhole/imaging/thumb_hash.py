"""ThumbHash: a picture in about 25 bytes, shown blurred while the real one loads.

The format is Evan Wallace's, https://evanw.github.io/thumbhash/, here for pictures without transparency:
average and low frequencies of lightness and two colour differences, in a few bits each.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MAX_SIDE = 100
Channel = NDArray[np.float64]


def thumb_hash(image: Image.Image) -> bytes:
    """Of an RGB picture of any size; 25 bytes or fewer."""
    small = image.copy()
    small.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.BOX)
    width, height = small.size
    red, green, blue = np.moveaxis(np.asarray(small, dtype=np.float64) / 255, 2, 0)
    longest = max(width, height)
    columns, rows = (max(1, _round(7 * side / longest)) for side in (width, height))
    l_dc, l_ac, l_scale = _encode((red + green + blue) / 3, max(3, columns), max(3, rows))
    p_dc, p_ac, p_scale = _encode((red + green) / 2 - blue, 3, 3)
    q_dc, q_ac, q_scale = _encode(red - green, 3, 3)

    is_landscape = width > height
    header24 = (
        _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
    )  # fmt: skip
    header16 = (rows if is_landscape else columns) | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9
    header16 |= is_landscape << 15
    nibbles = [_round(15 * frequency) for frequency in (*l_ac, *p_ac, *q_ac)]
    packed = bytes(low | high << 4 for low, high in zip(nibbles[::2], [*nibbles[1::2], 0], strict=False))
    return header24.to_bytes(3, "little") + header16.to_bytes(2, "little") + packed


def _encode(channel: Channel, columns: int, rows: int) -> tuple[float, list[float], float]:
    """Average, the frequencies under the diagonal scaled to 0..1, and their scale: a cosine transform."""
    height, width = channel.shape
    across = np.cos(np.pi / width * np.outer(np.arange(columns), np.arange(width) + 0.5))
    down = np.cos(np.pi / height * np.outer(np.arange(rows), np.arange(height) + 0.5))
    spectrum = down @ channel @ across.T / (width * height)
    frequencies = [
        float(spectrum[cy, cx])
        for cy in range(rows)
        for cx in range(0 if cy else 1, columns)
        if cx * rows < columns * (rows - cy)
    ]
    scale = max(map(abs, frequencies), default=0.0)
    if scale > 1e-6:  # below it there is nothing but rounding, and the scale is stored as 0
        frequencies = [0.5 + 0.5 / scale * frequency for frequency in frequencies]
    return float(spectrum[0, 0]), frequencies, scale


def _round(value: float) -> int:
    """Halves up, as the reference does."""
    return int(np.floor(value + 0.5))
