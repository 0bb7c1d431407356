"""From whatever a decoder hands out to 8 bit sRGB on white."""

import struct
from functools import cache
from io import BytesIO
from itertools import product

from PIL import Image, ImageChops, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILE_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_MAX_PROFILE_BYTES = 16 << 20
_SAME_COLOUR = 2  # of 255: what rounding makes of sRGB under its many names
_PROBE = Image.frombytes(
    "RGB", (64, 1), bytes(value for colour in product((32, 96, 160, 224), repeat=3) for value in colour)
)

# Colour primaries (ITU-T H.273) -> red, green, blue as XYZ under D50, by Bradford's adaptation.
_PRIMARIES = {
    9: ((0.67348, 0.27904, -0.00193), (0.16567, 0.67534, 0.02998), (0.12505, 0.04561, 0.79685)),  # BT.2020
    12: ((0.51512, 0.24119, -0.00105), (0.29198, 0.69224, 0.04188), (0.1571, 0.06657, 0.78407)),  # Display P3
}
_LINEAR, _PQ, _HLG = 8, 16, 18


def resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resampled: L, RGB, RGBA, CMYK, or LAB."""
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("RGBA")
    match image.mode:
        case "L" | "RGB" | "RGBA" | "CMYK" | "LAB":
            return image
        case "1":
            return image.convert("L")
        case "P":
            return image.convert("RGBA" if "transparency" in image.info else "RGB")
        case "PA" | "LA" | "La" | "RGBa":
            return image.convert("RGBA")
        case "I" | "F" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _deep_grey(image)
        case _:
            return image.convert("RGB")


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB in sRGB, by the ICC profile in `image.info` where there is a usable one.

    Transparent parts become white: what people keep as transparent PNG is mostly dark on paper.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    colours = _by_profile(colours, image.info.get("icc_profile") or b"")
    if alpha is None:
        return colours
    paper = Image.new("RGB", image.size, "white")
    paper.paste(colours, mask=alpha)
    return paper


@cache
def nclx_profile(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile for a HEIF or AVIF picture that names its colours by number (ITU-T H.273).

    For Display P3 and BT.2020 at ordinary brightness, whose transfer functions all pass for sRGB's, as in browsers.
    None for the rest, which is shown as if it were sRGB: PQ and HLG would need their brightness mapped.
    """
    if primaries not in _PRIMARIES or transfer in (_LINEAR, _PQ, _HLG):
        return None
    profile = bytearray(_SRGB.tobytes())
    colours = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), _PRIMARIES[primaries], strict=True))
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        if (colour := colours.get(bytes(profile[at : at + 4]))) is not None:
            value = int.from_bytes(profile[at + 4 : at + 8], "big") + 8
            profile[value : value + 12] = struct.pack(">3i", *(round(part * 65536) for part in colour))
    return bytes(profile)


def _by_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    try:
        if image.mode == "LAB":
            lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
            return _converted(image, lab)
        if 0 < len(icc_profile) <= _MAX_PROFILE_BYTES:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
            mode = _PROFILE_MODES.get(profile.profile.xcolor_space)
            if mode is not None and (mode == image.mode or "CMYK" not in (mode, image.mode)):
                return _converted(image.convert(mode), profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        pass  # a spoiled profile: the numbers are most likely sRGB
    return image.convert("RGB")


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    transform = ImageCms.buildTransform(
        profile, _SRGB, image.mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    )
    if image.mode == "RGB" and _changes_nothing(transform):
        return image
    result = ImageCms.applyTransform(image, transform)
    if result is None:
        raise ValueError("no conversion")
    return result


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Most photos are in sRGB already. Names don't tell: a linear profile may be called sRGB, too."""
    after = ImageCms.applyTransform(_PROBE, transform)
    return after is not None and max(ImageChops.difference(_PROBE, after).tobytes()) <= _SAME_COLOUR


def _deep_grey(image: Image.Image) -> Image.Image:
    """16 bit grey by its upper byte; 32 bit and float, which have no agreed white, by their own range."""
    import numpy as np  # seldom needed, and as slow to load as all the rest

    samples = np.asarray(image)
    if samples.dtype.itemsize == 2:
        return Image.fromarray((samples >> 8).astype(np.uint8))
    grey = samples.astype(np.float32)
    known = np.isfinite(grey)
    low = float(grey.min(where=known, initial=0.0))
    high = float(grey.max(where=known, initial=low if low < 0 else 1.0))
    np.nan_to_num(grey, copy=False)
    grey -= low
    grey *= 255 / max(high - low, 1e-12)
    return Image.fromarray(np.clip(grey, 0, 255, out=grey).astype(np.uint8))
