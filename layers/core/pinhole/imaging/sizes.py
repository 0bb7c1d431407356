"""How large the renditions of a picture are."""

HEIGHTS = (1440, 480, 240)
_WEBP_MAX_SIDE = 16383


def fit(width: int, height: int, limit: int) -> tuple[int, int]:
    """The size of a rendition: `limit` high at most, any width that WebP can hold, never larger than the original."""
    scale = min(1.0, limit / height, _WEBP_MAX_SIDE / width)
    return max(1, round(width * scale)), max(1, round(height * scale))
