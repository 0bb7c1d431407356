"""The pictures that are looked at, and how fast they are decoded."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.bench import Measured, a_second, measuring
from gpu_worker.decoding import decode

Pixels = NDArray[np.uint8]

_MADE, _HEIGHT, _WIDTH = 8, 1440, 1920


class NoPictures(Exception):
    """The directory has none."""


def contents(photos: Path | None) -> list[bytes]:
    """Renditions as the worker gets them: WebPs 1440 pixels high at most, of a directory's pictures or made ones.

    Raises:
        NoPictures: the directory has no pictures.
    """
    if photos is None:
        pictures = [_made(number) for number in range(_MADE)]
    else:
        read = [cv2.imread(str(path)) for path in sorted(photos.rglob("*")) if path.is_file()]
        pictures = [_shrunk(np.asarray(picture, np.uint8)) for picture in read if picture is not None]
    if not pictures:
        raise NoPictures(f"{photos} has no pictures")
    return [cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes() for picture in pictures]


def decoding(contents: Sequence[bytes], seconds: float) -> Iterator[Measured]:
    """Rows of the pool that decodes, by threads."""
    cores = os.cpu_count() or 1
    for threads in sorted({1, max(1, cores // 2), cores}):
        taken = list(islice(cycle(contents), max(len(contents), 2 * threads)))
        measuring(f"decode, {threads} threads")
        with ThreadPoolExecutor(threads) as pool:
            speed = a_second(lambda p=pool, t=taken: list(p.map(decode, t)), len(taken), seconds)  # type: ignore[misc]
        yield Measured(f"decode, {threads} threads", None, speed, "images a second")


def _made(number: int) -> Pixels:
    """A picture with shapes, words and noise: BGR."""
    random = np.random.default_rng(number)
    small = random.integers(0, 255, (9, 12, 3), np.uint8)
    picture = cv2.resize(small, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    for line in range(number % 4):
        place = (100, 200 + 150 * line)
        cv2.putText(picture, f"Some words, number {number}", place, cv2.FONT_HERSHEY_SIMPLEX, 3, (255, 255, 255), 6)
    noisy = picture + random.normal(0, 2.5, picture.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def _shrunk(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    if height <= _HEIGHT:
        return picture
    size = (round(width * _HEIGHT / height), _HEIGHT)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
