"""A table that turns the colours of HDR video into those of every screen, for FFmpeg's `lut3d`."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float64]

STEPS = 33  # of each colour
WHITE_NITS = 203.0  # of a sheet of paper in HDR video (ITU-R BT.2408, 2.2)
PEAK_NITS = 1000.0
_KNEE = 0.75  # of white: what is darker stays as it is
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])  # BT.2087, M2
_BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593])


def write(path: Path, transfer: str) -> None:
    """Write it as a `.cube` file. transfer: `pq` or `hlg`, of colours of BT.2020; what comes out is BT.709."""
    steps = np.linspace(0, 1, STEPS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes fastest, as the format wants it
    signal = np.stack([red, green, blue], -1).reshape(-1, 3)
    nits = _hlg(signal) if transfer == "hlg" else np.minimum(_pq(signal), PEAK_NITS)
    with path.open("w", encoding="ascii") as file:
        file.write(f"LUT_3D_SIZE {STEPS}\n")
        np.savetxt(file, _displayed(nits), fmt="%.5f")


def _pq(signal: Colours) -> Colours:
    """Nits of a signal: SMPTE ST 2084, as in ITU-R BT.2100, table 4."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    linear: Colours = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return linear


def _hlg(signal: Colours) -> Colours:
    """Nits of a signal on a screen of PEAK_NITS: ITU-R BT.2100, table 5, with a gamma of 1.2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luma = np.maximum(scene @ _BT2020_LUMA, 1e-9)
    shown: Colours = PEAK_NITS * scene * (luma**0.2)[..., None]
    return shown


def _displayed(nits: Colours) -> Colours:
    """Signal of BT.709: straight up to the knee, then a shoulder of the same slope that ends at PEAK_NITS. By the
    largest of the three colours, so that hues stay."""
    light = nits / WHITE_NITS
    largest = np.maximum(light.max(-1, keepdims=True), 1e-9)
    top = PEAK_NITS / WHITE_NITS
    above = np.clip((largest - _KNEE) / (top - _KNEE), 0, None)
    slope = (top - _KNEE) / (1 - _KNEE)
    shoulder = _KNEE + (1 - _KNEE) * slope * above / (1 + (slope - 1) * above)
    mapped = np.where(largest <= _KNEE, largest, shoulder)
    linear = np.clip((light * mapped / largest) @ _TO_709.T, 0, 1)
    signal: Colours = linear ** (1 / 2.4)  # BT.1886
    return signal
