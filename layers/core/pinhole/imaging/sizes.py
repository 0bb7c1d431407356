"""How large the renditions of a picture are."""

HEIGHTS = (1440, 480, 240)
FULL_SIZE = "full.jpg"
"""The rendition with all pixels, as far as a JPEG and a browser can have them."""

_WEBP_MAX_SIDE = 16_383
_JPEG_MAX_SIDE = 65_500  # of libjpeg
_MAX_FULL_PIXELS = 120_000_000  # browsers keep four bytes of each


def fit(width: int, height: int, limit: int) -> tuple[int, int]:
    """The size of a rendition: `limit` high at most, any width that WebP can hold, never larger than the original."""
    scale = min(1.0, limit / height, _WEBP_MAX_SIDE / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def whole(width: int, height: int) -> tuple[int, int]:
    """The size of the full-size rendition: the original's, but for panoramas that no browser shows."""
    scale = min(1.0, _JPEG_MAX_SIDE / max(width, height), (_MAX_FULL_PIXELS / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))
