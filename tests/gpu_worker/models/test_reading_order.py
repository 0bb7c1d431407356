"""In which order lines of text are read."""

import numpy as np
import pytest

from gpu_worker.models.reading_order import in_reading_order
from pinhole_models.roles import Floats

_ROWS = [(0, "Battery"), (300, "87%"), (0, "Bluetooth"), (300, "Off"), (0, "Sound"), (300, "Low")]
_COLUMNS = [
    *((0, f"the {number} line of this column") for number in ("first", "second", "third")),
    *((320, f"the {number} line of that one") for number in ("fourth", "fifth", "sixth")),
]


def _set(words: list[tuple[int, str]], rows: list[int], degrees: float) -> tuple[list[str], list[Floats]]:
    """Lines and their corners, the last one first: each sign 10 wide and 22 high, rows 24 apart."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = []
    for (left, word), row in zip(words, rows, strict=True):
        right, top, bottom = left + 10 * len(word), 24 * row, 24 * row + 22
        corners.append(np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32) @ turn)
    return [word for _, word in reversed(words)], corners[::-1]


@pytest.mark.parametrize("degrees", [0, 15, -20])
def test_a_word_is_followed_by_its_value_beside_it(degrees: float) -> None:
    words, corners = _set(_ROWS, [0, 0, 1, 1, 2, 2], degrees)
    assert [words[number] for number in in_reading_order(corners)] == [word for _, word in _ROWS]


@pytest.mark.parametrize("degrees", [0, 15, -20])
def test_columns_of_prose_are_read_one_after_the_other_between_what_stands_over_both(degrees: float) -> None:
    page = [
        (0, "a heading that stands over both columns"),
        *_COLUMNS,
        (0, "and what stands below both of them"),
    ]
    words, corners = _set(page, [0, 1, 2, 3, 1, 2, 3, 4], degrees)
    assert [words[number] for number in in_reading_order(corners)] == [word for _, word in page]


def test_no_lines_are_in_no_order() -> None:
    assert in_reading_order([]) == []
