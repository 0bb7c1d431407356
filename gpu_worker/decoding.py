"""Renditions into pixels. By OpenCV: Pillow takes several times as long for a WebP, and does not scale."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pinhole.imaging import webp

_LARGEST = 1440 * 16_383  # pixels: no rendition has more
MAX_PIXELS = 8_000_000  # of a panorama the models see no more by more


class Undecodable(Exception):
    """These bytes are no picture, or none of ours."""


def decode(content: bytes) -> NDArray[np.uint8]:
    """The pixels of a rendition: height x width x RGB. Raises Undecodable."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":  # other formats unpack to more than their bytes tell
        raise Undecodable("The rendition can't be decoded: it is no WebP.")
    width, height = webp.size(content)
    if width * height > _LARGEST:
        raise Undecodable(f"The rendition can't be decoded: {width} x {height} pixels are more than any has.")
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise Undecodable(f"The rendition can't be decoded: {error}") from error
    if pixels is None:
        raise Undecodable("The rendition can't be decoded: it is no picture.")
    height, width = pixels.shape[:2]
    if width * height > MAX_PIXELS:
        scale = (MAX_PIXELS / (width * height)) ** 0.5
        pixels = cv2.resize(
            pixels, (max(1, int(width * scale)), max(1, int(height * scale))), interpolation=cv2.INTER_AREA
        )
    return np.asarray(pixels, np.uint8)
