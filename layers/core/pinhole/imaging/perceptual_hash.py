"""pHash: a picture in 64 bits, of which few differ between copies of a photo and about half between two photos.

The method is that of Christoph Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010,
section 3.2.1, as in his library pHash: 32 × 32 samples of lightness, their DCT-II, of it the lowest
8 × 8 frequencies; a bit is set where one of them is greater than their median.
"""

import numpy as np
from PIL import Image

_SIDE, _FREQUENCIES = 32, 8


def perceptual_hash(image: Image.Image) -> int:
    """Of an RGB picture of any size, between -2^63 and 2^63 - 1: the first bit, of the lowest frequency, is the sign.

    Frequencies 1 to 8 each way. With the average, which Zauner leaves out too, their rows and columns of 0 would
    mostly tell how light falls.
    """
    samples = np.asarray(image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX), dtype=np.float64)
    frequencies = np.arange(1, _FREQUENCIES + 1)
    basis = np.cos(np.pi / _SIDE * np.outer(frequencies, np.arange(_SIDE) + 0.5))
    spectrum = (basis @ samples @ basis.T).ravel()
    bits = np.packbits(spectrum > np.median(spectrum))
    return int.from_bytes(bits.tobytes(), "big", signed=True)
