"""Renditions are decoded, and nothing that was put in place of one."""

import cv2
import numpy as np
import pytest

from gpu_worker.decoding import Undecodable, decode

PIXELS = np.full((30, 40, 3), 200, np.uint8)


def test_a_rendition_is_height_by_width_by_colour() -> None:
    assert decode(encoded(".webp")).shape == (30, 40, 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tiff"])
def test_a_picture_of_another_format_is_none_of_ours(suffix: str) -> None:
    with pytest.raises(Undecodable, match="no WebP"):
        decode(encoded(suffix))


def test_a_picture_that_claims_more_pixels_than_any_rendition_has_is_not_decoded() -> None:
    content = cv2.imencode(".webp", np.zeros((16_383, 1_500, 3), np.uint8))[1].tobytes()
    with pytest.raises(Undecodable, match="1500 x 16383"):
        decode(content)


def test_a_rendition_that_breaks_off_is_no_picture() -> None:
    with pytest.raises(Undecodable, match="no picture"):
        decode(encoded(".webp")[:16])


def encoded(suffix: str) -> bytes:
    return cv2.imencode(suffix, PIXELS)[1].tobytes()
