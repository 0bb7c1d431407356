"""Read text by PP-OCR (Du et al., "PP-OCR: A Practical Ultra Lightweight OCR System", 2020), version 6 as rapidocr
ships it.

One network tells of each pixel how likely it is text (Liao et al., "Real-time Scene Text Detection with Differentiable
Binarization", 2019); one tells which lines stand on their head; one reads a line.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from gpu_worker.models.pixels import halved, scaled
from gpu_worker.models.reading_order import in_reading_order
from pinhole.seen import TextLine
from pinhole_models import session
from pinhole_models.roles import Floats, Pixels

# The longer side that text is looked for at. At 480 handwriting is lost; 960 costs twice as much and finds no more.
_LONGEST, _MULTIPLE = 640, 32
_TEXT_FROM, _LINE_FROM, _READ_FROM = 0.3, 0.5, 0.5
_THINNEST = 3
# A line is found thinner than it is: by its area / its circumference, times this.
_GROWTH = 1.6
_HEIGHT, _SHORTEST, _LONGEST_LINE = 48, 320, 3200
_TURNED_WIDTH, _TURNED_FROM = 192, 0.9
_AT_ONCE = 8
_SHORTEST_TEXT = 2  # letters or digits: single ones are read where none are


class PaddleOcr:
    """Latin and Chinese scripts."""

    def __init__(self, finding: Path, turning: Path, reading: Path, threads: int) -> None:
        self._finding, self._turning, self._reading = (
            session.load(path, threads) for path in (finding, turning, reading)
        )
        characters = self._reading.get_modelmeta().custom_metadata_map["character"].splitlines()
        # The first answer of the network stands for none, the last for a space.
        self._characters = ["", *characters, " "]

    def read(self, pictures: Sequence[Pixels]) -> list[list[TextLine]]:
        """Lines that were read with a score of .5 or more."""
        return [self._read(picture) for picture in pictures]

    def _read(self, picture: Pixels) -> list[TextLine]:
        height, width = picture.shape[:2]
        corners = self._find(picture)
        strips = [_flat(picture, four) for four in corners]
        lines = self._lines(strips)
        on_head = self._on_head(strips)
        turned = self._lines([np.ascontiguousarray(strips[number][::-1, ::-1]) for number in on_head])
        for number, line in zip(on_head, turned, strict=True):
            lines[number] = max(lines[number], line, key=lambda read: read[1])
        return [
            TextLine(text.strip(), score, [(x, y) for x, y in np.clip(four / (width, height), 0, 1).tolist()])
            for four, (text, score) in zip(corners, lines, strict=True)
            if score >= _READ_FROM and sum(map(str.isalnum, text)) >= _SHORTEST_TEXT
        ]

    def _find(self, picture: Pixels) -> list[Floats]:
        """The four corners of each line, in pixels, as they are read."""
        height, width = picture.shape[:2]
        scale = min(1.0, _LONGEST / max(height, width))
        size = (_multiple(width * scale), _multiple(height * scale))
        small = scaled(picture, *size)
        (chances,) = self._finding.run(None, {"x": _normalised(small)[None]})
        chance: Floats = chances[0, 0]
        mask = cv2.dilate((chance > _TEXT_FROM).astype(np.uint8), np.ones((2, 2), np.uint8))
        contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        grown = [_grown(np.asarray(contour), chance) for contour in contours]
        stretch = np.array([width / size[0], height / size[1]], np.float32)
        found = [four * stretch for four in grown if four is not None]
        return [found[number] for number in in_reading_order(found)]

    def _on_head(self, strips: Sequence[Pixels]) -> list[int]:
        """Which seem to stand on their head. Some don't: what they read the other way round tells."""
        found = []
        for start in range(0, len(strips), _AT_ONCE):
            # The begin tells it better than a long line that is squeezed into so little.
            some = strips[start : start + _AT_ONCE]
            begins = [strip[:, : strip.shape[0] * _TURNED_WIDTH // _HEIGHT] for strip in some]
            inputs = np.stack([_strip(begin, _TURNED_WIDTH) for begin in begins])
            (answers,) = self._turning.run(None, {"x": inputs})
            found += [start + number for number, (_, head) in enumerate(answers) if head > _TURNED_FROM]
        return found

    def _lines(self, strips: Sequence[Pixels]) -> list[tuple[str, float]]:
        """What is written, and how sure. Strips of like lengths are read together."""
        lengths = [strip.shape[1] / strip.shape[0] for strip in strips]
        order = sorted(range(len(strips)), key=lengths.__getitem__)
        lines = [("", 0.0)] * len(strips)
        for start in range(0, len(order), _AT_ONCE):
            some = order[start : start + _AT_ONCE]
            longest = math.ceil(_HEIGHT * lengths[some[-1]])
            width = min(_LONGEST_LINE, max(_SHORTEST, longest))
            (answers,) = self._reading.run(None, {"x": np.stack([_strip(strips[number], width) for number in some])})
            for number, answer in zip(some, answers, strict=True):
                lines[number] = self._text(answer)
        return lines

    def _text(self, answer: Floats) -> tuple[str, float]:
        """The likeliest character at each place; the same at neighbours is one (Graves et al., CTC, 2006)."""
        places, scores = answer.argmax(axis=1), answer.max(axis=1)
        new = (places != 0) & (places != np.concatenate([[0], places[:-1]]))
        text = "".join(self._characters[place] for place in places[new])
        return text, float(scores[new].mean()) if text else 0.0


def _multiple(side: float) -> int:
    return max(1, round(side / _MULTIPLE)) * _MULTIPLE


def _grown(contour: npt.NDArray[Any], chance: Floats) -> Floats | None:
    """The corners of a line in the map of chances, grown to its whole height; None where it is no line."""
    centre, size, angle = cv2.minAreaRect(contour)
    if min(size) < _THINNEST:
        return None
    if _mean_inside(np.asarray(cv2.boxPoints((centre, size, angle)), np.float32), chance) < _LINE_FROM:
        return None
    growth = 2 * _GROWTH * size[0] * size[1] / (2 * (size[0] + size[1]))
    grown = cv2.boxPoints((centre, (size[0] + growth, size[1] + growth), angle))
    return _in_order(np.asarray(grown, np.float32))


def _mean_inside(corners: Floats, chance: Floats) -> float:
    height, width = chance.shape
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, (width - 1, height - 1)).astype(int)
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return cv2.mean(chance[top : bottom + 1, left : right + 1], mask)[0]


def _in_order(corners: Floats) -> Floats:
    """From the left top, clockwise."""
    left, right = np.split(corners[corners[:, 0].argsort(kind="stable")], 2)
    (left_top, left_bottom), (right_top, right_bottom) = (
        side[side[:, 1].argsort(kind="stable")] for side in (left, right)
    )
    return np.stack([left_top, right_top, right_bottom, left_bottom])


def _flat(picture: Pixels, corners: Floats) -> Pixels:
    """A line as a strip that is wider than high."""
    while _thickness(corners) >= 2 * _HEIGHT:  # which is more than is read
        picture, corners = halved(picture), corners / np.float32(2)
    left_top, right_top, right_bottom, left_bottom = corners
    width = max(1, int(max(np.linalg.norm(left_top - right_top), np.linalg.norm(right_bottom - left_bottom))))
    height = max(1, int(max(np.linalg.norm(left_top - left_bottom), np.linalg.norm(right_top - right_bottom))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    strip = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(corners.astype(np.float32), target),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(np.rot90(strip) if height >= 1.5 * width else strip, np.uint8)


def _thickness(corners: Floats) -> float:
    left_top, right_top, _, left_bottom = corners
    return float(min(np.linalg.norm(right_top - left_top), np.linalg.norm(left_bottom - left_top)))


def _strip(strip: Pixels, width: int) -> Floats:
    """A strip 48 pixels high, with nothing behind it up to a width."""
    own = min(width, max(1, math.ceil(_HEIGHT * strip.shape[1] / strip.shape[0])))
    padded = np.zeros((3, _HEIGHT, width), np.float32)
    padded[:, :, :own] = _normalised(scaled(strip, own, _HEIGHT))
    return padded


def _normalised(pixels: Pixels) -> Floats:
    """Blue first, as the networks were trained."""
    return (pixels[:, :, ::-1].astype(np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)
