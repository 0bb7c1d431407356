"""In which order lines of text are read: rows from top to bottom, and columns of prose one after the other.

By cuts where no line is (Nagy and Seth, "Hierarchical representation of optically scanned documents", 1984). Rows come
first, since what stands beside each other is most often a word and its value; two columns are prose where their lines
are longer than the gap between them.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pinhole_models.roles import Floats

_Boxes = npt.NDArray[np.floating]

_LINES_OF_PROSE = 3
_OVERLAP = 0.25  # of a line's height, at each edge, that may lie beside another line's


def in_reading_order(corners: Sequence[Floats]) -> list[int]:
    """Numbers of lines as they are read. corners: of each line (4, 2), from the begin of its top edge, clockwise."""
    if not corners:
        return []
    upright = np.stack(corners) @ _turn(np.stack(corners))
    boxes = np.concatenate([upright.min(axis=1), upright.max(axis=1)], axis=1)
    inset = _OVERLAP * (boxes[:, 3] - boxes[:, 1])
    boxes[:, 1] += inset
    boxes[:, 3] -= inset
    return _ordered(boxes, list(range(len(corners))))


def _turn(corners: _Boxes) -> _Boxes:
    """What makes most lines level, for points as rows."""
    across = corners[:, 1] - corners[:, 0]
    angle = float(np.median(np.arctan2(across[:, 1], across[:, 0])))
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _ordered(boxes: _Boxes, lines: Sequence[int]) -> list[int]:
    rows = _cut(boxes, lines, 1)
    if len(rows) == 1:
        columns = _cut(boxes, lines, 0)
        if len(columns) == 1:
            return sorted(lines, key=lambda line: (boxes[line, 1], boxes[line, 0]))
        return [line for column in columns for line in _ordered(boxes, column)]
    order: list[int] = []
    while rows:
        taken, columns = _prose(boxes, rows)
        for part in columns or rows[:taken]:
            order += _ordered(boxes, part)
        rows = rows[taken:]
    return order


def _prose(boxes: _Boxes, rows: Sequence[Sequence[int]]) -> tuple[int, list[list[int]]]:
    """How many of the first rows are columns of prose, and these; else one row, and none."""
    taken, columns = 1, list[list[int]]()
    for count in range(_LINES_OF_PROSE, len(rows) + 1):
        found = _cut(boxes, [line for row in rows[:count] for line in row], 0)
        if not _are_prose(boxes, found):
            break
        taken, columns = count, found
    return taken, columns


def _are_prose(boxes: _Boxes, columns: Sequence[Sequence[int]]) -> bool:
    if len(columns) < 2 or min(map(len, columns)) < _LINES_OF_PROSE:
        return False
    narrowest = min(float(np.median(boxes[column, 2] - boxes[column, 0])) for column in map(list, columns))
    edges = [(boxes[list(column), 0].min(), boxes[list(column), 2].max()) for column in columns]
    return all(left[1] + narrowest > right[0] for left, right in pairwise(edges))


def _cut(boxes: _Boxes, lines: Sequence[int], axis: int) -> list[list[int]]:
    """The lines in groups between which there is nothing, along x (0) or y (1)."""
    groups: list[list[int]] = []
    end = -np.inf
    for line in sorted(lines, key=lambda line: float(boxes[line, axis])):
        if boxes[line, axis] >= end:
            groups.append([])
        groups[-1].append(line)
        end = max(end, boxes[line, axis + 2])
    return groups
