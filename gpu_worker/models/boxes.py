"""Boxes as (n, 4) arrays of left, top, right, bottom."""

import numpy as np
import numpy.typing as npt

from pinhole.seen import Box

Boxes = npt.NDArray[np.floating]


def best(boxes: Boxes, scores: Boxes, most: float, *, of_smaller: bool = False) -> list[int]:
    """Which boxes stay when each suppresses those of a lower score that it covers (non-maximum suppression).

    most: how much of the union of two, or of the smaller one, may be common to both. The surest comes first.
    """
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = scores.argsort(kind="stable")[::-1]
    kept = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        low, high = np.maximum(boxes[first, :2], boxes[rest, :2]), np.minimum(boxes[first, 2:], boxes[rest, 2:])
        across, down = np.maximum(high - low, 0).T
        common = across * down
        whole = np.minimum(areas[first], areas[rest]) if of_smaller else areas[first] + areas[rest] - common
        order = rest[common <= most * whole]
    return kept


def relative(box: Boxes, width: int, height: int) -> Box:
    """One box, cut at the borders of its picture, relative to that."""
    left, top, right, bottom = np.clip(box / (width, height, width, height), 0, 1).tolist()
    return Box(left, top, right - left, bottom - top)
