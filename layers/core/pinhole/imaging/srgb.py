"""From whatever a decoder hands out to 8 bit sRGB on white."""

from io import BytesIO
from itertools import product
from typing import Any

from PIL import Image, ImageChops, ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILE_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_MAX_PROFILE_BYTES, _MAX_PROFILE_TAGS = 16 << 20, 100
_STRIP_PIXELS = 1 << 20
_SAME_COLOUR = 2  # of 255: what rounding makes of sRGB under its many names
_PROBE = Image.frombytes(
    "RGB", (64, 1), bytes(value for colour in product((32, 96, 160, 224), repeat=3) for value in colour)
)

# What decoders say of the colours, in `image.info`: an ICC profile; colour primaries and transfer characteristics by
# number (ITU-T H.273), (0, 0) where they aren't named so.
COLOURS = ("icc_profile", "cicp")
PQ, HLG = 16, 18  # transfer characteristics
_WIDE_RANGE = (PQ, HLG)


def is_wide_range(info: dict[Any, Any]) -> bool:
    """Whether the picture is made for more brightness than a page has, by its `image.info`."""
    return _cicp(info)[1] in _WIDE_RANGE


def _cicp(info: dict[Any, Any]) -> tuple[int, int]:
    """As the file names it, or its profile does (ICC.1:2022, 9.2.17), whose curves say nothing of brightness."""
    cicp: tuple[int, int] = info.get("cicp") or (0, 0)
    profile = info.get("icc_profile") or b""
    for at in range(132, 132 + 12 * min(int.from_bytes(profile[128:132], "big"), _MAX_PROFILE_TAGS), 12):
        if profile[at : at + 4] == b"cicp" and cicp[1] not in _WIDE_RANGE:
            value = int.from_bytes(profile[at + 4 : at + 8], "big") + 8
            named = profile[value : value + 2]
            return (named[0], named[1]) if len(named) == 2 and named[1] in _WIDE_RANGE else cicp
    return cicp


def resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resampled: L, RGB, RGBA, CMYK, or LAB."""
    if image.mode in ("1", "L", "RGB") and "transparency" in image.info:
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
        case "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _upper_byte(image)
        case "I" | "F":
            return deep_grey(image)
        case _:
            return image.convert("RGB")


def to_srgb(image: Image.Image) -> Image.Image:
    """RGB in sRGB, by what `image.info` says of the colours, as far as that is usable.

    Transparent parts become white: what people keep as transparent PNG is mostly dark on paper.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    colours = _converted(colours, image.info.get("icc_profile") or b"", _cicp(image.info))
    if alpha is None:
        return colours
    paper = Image.new("RGB", image.size, "white")
    paper.paste(colours, mask=alpha)
    return paper


def _converted(image: Image.Image, icc_profile: bytes, cicp: tuple[int, int]) -> Image.Image:
    """By the profile; but no profile tells how to show what is brighter than a page."""
    if image.mode in ("L", "RGB"):
        if cicp[1] in _WIDE_RANGE:
            from pinhole.imaging.tone_mapping import tone_mapped

            return tone_mapped(image.convert("RGB"), *cicp)
        if not icc_profile and any(cicp):
            from pinhole.imaging.profiles import by_number

            icc_profile = by_number(*cicp) or b""
    return _by_profile(image, icc_profile)


def _by_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    try:
        if image.mode == "LAB":
            lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
            return _transformed(image, lab)
        if 0 < len(icc_profile) <= _MAX_PROFILE_BYTES:
            profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
            mode = _PROFILE_MODES.get(profile.profile.xcolor_space)
            if mode is not None and (mode == image.mode or "CMYK" not in (mode, image.mode)):
                return _transformed(image.convert(mode), profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        pass  # a spoiled profile: the numbers are most likely sRGB
    return image.convert("RGB")


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    transform = ImageCms.buildTransform(
        profile, SRGB, image.mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
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


def _upper_byte(image: Image.Image) -> Image.Image:
    import numpy as np  # seldom needed, and as slow to load as all the rest

    samples = np.asarray(image)
    shallow = Image.fromarray((samples >> 8).astype(np.uint8))
    if (transparent := image.info.get("transparency")) is None:
        return shallow
    return Image.merge("LA", (shallow, Image.fromarray(samples != transparent).convert("L"))).convert("RGBA")


def deep_grey(image: Image.Image) -> Image.Image:
    """Grey of 32 bit and float, which have no agreed white, by the range of the whole picture."""
    import numpy as np

    rows = max(1, _STRIP_PIXELS // image.width)
    strips = [(0, top, image.width, min(top + rows, image.height)) for top in range(0, image.height, rows)]
    low, high = 0.0, -np.inf
    for strip in strips:
        grey = np.asarray(image.crop(strip), np.float32)
        known = np.isfinite(grey)
        low = min(low, float(grey.min(where=known, initial=0.0)))
        high = max(high, float(grey.max(where=known, initial=low)))
    high = max(high, low if low < 0 else 1.0)
    shallow = Image.new("L", image.size)
    for strip in strips:
        grey = np.nan_to_num(np.asarray(image.crop(strip), np.float32), posinf=high, neginf=low) - low
        grey *= 255 / max(high - low, 1e-12)
        shallow.paste(Image.fromarray(np.clip(grey, 0, 255, out=grey).astype(np.uint8)), strip[:2])
    return shallow
