"""From whatever a decoder hands out to 8 bit sRGB on white."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILE_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_MAX_PROFILE_BYTES = 16 << 20


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


def _by_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    try:
        if image.mode == "LAB":
            lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
            return _converted(image, lab)
        if 0 < len(icc_profile) <= _MAX_PROFILE_BYTES:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
            if ImageCms.getProfileDescription(profile).startswith("sRGB"):
                return image.convert("RGB")
            mode = _PROFILE_MODES.get(profile.profile.xcolor_space)
            if mode is not None and (mode == image.mode or "CMYK" not in (mode, image.mode)):
                return _converted(image.convert(mode), profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        pass  # a spoiled profile: the numbers are most likely sRGB
    return image.convert("RGB")


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    result = ImageCms.profileToProfile(
        image, profile, _SRGB, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    if result is None:
        raise ValueError("no conversion")
    return result


def _deep_grey(image: Image.Image) -> Image.Image:
    """16 bit grey by its upper byte; 32 bit and float, which have no agreed white, by their own range."""
    samples = np.asarray(image)
    if samples.dtype.itemsize == 2:
        return Image.fromarray((samples >> 8).astype(np.uint8))
    finite = samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0:
        low, high = 0.0, max(high, 1.0)
    grey = (np.nan_to_num(samples.astype(np.float32)) - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
