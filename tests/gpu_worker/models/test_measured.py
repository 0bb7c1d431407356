"""Colours and quality, measured."""

import cv2
import numpy as np
import pytest

from gpu_worker.models import colours
from gpu_worker.models.colours import MeasuredColours
from gpu_worker.models.quality import Measured
from pinhole.seen import Colours, Quality
from pinhole_models.roles import Pixels

RED, BLACK, GREY, WHITE = 0, 12, 13, 14


def _colours(picture: Pixels) -> Colours:
    return MeasuredColours().measure([picture])[0]


def _quality(picture: Pixels) -> Quality:
    return Measured().measure([picture])[0]


def _plain(*rgb: int) -> Pixels:
    return np.full((200, 300, 3), rgb, np.uint8)


def _texture(deviation: float = 0, side: int = 40) -> Pixels:
    """Squares of many greys, with noise of a standard deviation."""
    random = np.random.default_rng(8)
    coarse = random.integers(60, 190, (600 // side, 800 // side), dtype=np.uint8)
    fine = cv2.resize(coarse, (800, 600), interpolation=cv2.INTER_NEAREST)[:, :, None].repeat(3, axis=2)
    noisy = fine + random.normal(0, deviation, fine.shape[:2])[:, :, None] if deviation else fine
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("rgb", "hue", "bin_"),
    [
        ((255, 0, 0), 0, RED),
        ((0, 255, 0), 120, 4),
        ((0, 0, 255), 240, 8),
        ((255, 0, 30), 353, RED),
        ((5, 5, 5), None, BLACK),
        ((128, 128, 128), None, GREY),
        ((255, 255, 255), None, WHITE),
    ],
)
def test_one_colour_is_all_of_the_picture(rgb: tuple[int, int, int], hue: float | None, bin_: int) -> None:
    colours = _colours(_plain(*rgb))

    assert colours.hue == (None if hue is None else pytest.approx(hue, abs=1))
    assert colours.histogram[bin_] == 1
    assert sum(colours.histogram) == 1
    ((dominant, share),) = colours.dominant
    assert [dominant >> 16, dominant >> 8 & 255, dominant & 255] == pytest.approx(list(rgb), abs=2)
    assert share == 1


def test_the_mean_of_hues_on_both_sides_of_red_is_red() -> None:
    picture = _plain(255, 0, 60)
    picture[:, 150:] = (255, 60, 0)

    hue = _colours(picture).hue

    assert hue is not None
    assert min(hue, 360 - hue) < 1


def test_dominant_colours_come_with_their_shares_the_largest_first() -> None:
    picture = _plain(200, 30, 30)
    picture[:, 225:] = (20, 40, 180)

    (first, most), (second, least) = _colours(picture).dominant

    assert [first >> 16, second & 255] == pytest.approx([200, 180], abs=2)
    assert [most, least] == pytest.approx([0.75, 0.25], abs=0.02)


def test_blur_takes_sharpness_and_quality() -> None:
    sharp = _texture(side=8)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 4), np.uint8)

    assert _quality(sharp).sharpness > 0.7
    assert _quality(blurred).sharpness < 0.2
    assert _quality(blurred).overall < _quality(sharp).overall - 20


def test_a_picture_that_is_sharp_in_one_part_is_sharp() -> None:
    picture = np.asarray(cv2.GaussianBlur(_texture(side=8), (0, 0), 4), np.uint8)
    picture[200:450, 250:550] = _texture(side=8)[200:450, 250:550]

    assert _quality(picture).sharpness > 0.7


@pytest.mark.parametrize("deviation", [5, 10, 20])
def test_noise_is_told_by_its_standard_deviation(deviation: float) -> None:
    assert _quality(_texture(deviation)).noise == pytest.approx(deviation / (deviation + 10), abs=0.06)


def test_edges_are_no_noise() -> None:
    assert _quality(_texture()).noise < 0.05


@pytest.mark.parametrize("level", [0, 255])
def test_what_is_black_or_white_all_over_is_badly_exposed(level: int) -> None:
    assert _quality(_plain(level, level, level)).exposure == 0


def test_exposure_falls_as_a_picture_gets_darker() -> None:
    exposures = [_quality(_plain(level, level, level)).exposure for level in (128, 90, 50, 20)]

    assert exposures == sorted(exposures, reverse=True)
    assert exposures[0] > 0.99


def test_a_hue_that_is_nearly_a_whole_turn_is_red() -> None:
    hues, chroma = np.array([0, 359.99997], np.float32), np.array([1, 0.3], np.float32)
    assert colours._mean_hue(hues, chroma) == 0
