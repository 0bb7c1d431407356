"""The process that decodes a video, from the inside: its task by the command line, the file block by block from its
parent, pictures and copies into its working directory.

It is started with no environment and no key, and needs neither network nor disk: whoever takes it over by a broken file
finds nothing there. Each line that it says is JSON, and one of

    {"read": [offset, length]}          answered by four bytes of length and as many bytes; none at the end
    {"seconds": 12.5}                   how far the copy has come
    {"still": [33, 1280, 720]}          that still is there, so wide and high
    {"end": {...}}, {"refused": "..."}  the last one: what was made, or why nothing ever will be
"""

import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from gpu_worker.video import copying, pictures
from gpu_worker.video.film import NotAFilm, opened
from pinhole.imaging import renditions
from pinhole.videos import COPY, still_name

THREADS = 2
_BUFFER = 1 << 18


class Asked(io.RawIOBase):
    """The original, as its parent reads it. size: in bytes."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None], answers: BinaryIO, size: int) -> None:
        self._say, self._answers, self._size, self._at = say, answers, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, target: Any) -> int:
        length = min(len(target), max(0, self._size - self._at))
        if not length:
            return 0
        self._say({"read": [self._at, length]})
        head = self._answers.read(4)
        content = self._answers.read(int.from_bytes(head, "big"))
        target[: len(content)] = content
        self._at += len(content)
        return len(content)


def main() -> None:
    """Arguments: what to make (`poster`, `copy`, `stills`), MIME type, size in bytes, limits of memory in bytes and of
    time in CPU seconds."""
    task, mime_type, size, memory, seconds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    saying = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is not said to the parent
    _limit(memory, seconds)

    def say(told: Mapping[str, Any]) -> None:
        saying.write(json.dumps(told).encode() + b"\n")

    source = io.BufferedReader(Asked(say, sys.stdin.buffer, size), _BUFFER)
    make = {"poster": _poster, "copy": _copy, "stills": _stills}[task]
    try:
        say({"end": make(source, mime_type, say)})
    except NotAFilm as refusal:
        say({"refused": str(refusal)})


def _poster(source: BinaryIO, mime_type: str, _say: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    with opened(source, mime_type, Path(), THREADS) as film:
        image = pictures.poster(film)
        made = renditions.of_picture(image, *image.size, Path())
        return {
            "files": [[file.name, file.width, file.height] for file in made.files],
            "thumbHash": made.thumb_hash.hex(),
            "colours": made.colours,
            "perceptualHash": made.perceptual_hash,
        }


def _copy(source: BinaryIO, mime_type: str, say: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    def keep(percentage: int, image: Image.Image) -> None:
        say({"still": _saved(percentage, image)})

    told = 0

    def tell(seconds: float) -> None:
        nonlocal told
        if seconds >= told + 1:
            told = int(seconds)
            say({"seconds": seconds})

    with opened(source, mime_type, Path(), THREADS) as film:
        return asdict(copying.copy(film, Path(COPY), THREADS, keep, tell))


def _stills(source: BinaryIO, mime_type: str, say: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    with opened(source, mime_type, Path(), THREADS) as film:
        for percentage, image in pictures.stills(film):
            say({"still": _saved(percentage, image)})
    return {}


def _saved(percentage: int, image: Image.Image) -> list[int]:
    image.save(still_name(percentage), "WEBP", quality=80, method=2)
    return [percentage, *image.size]


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, memory)):
        hard = resource.getrlimit(kind)[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (soft, hard))
