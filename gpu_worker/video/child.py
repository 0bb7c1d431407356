"""The process that decodes a video, from the inside: its task by the command line, the file block by block from its
parent, pictures and copies into its working directory.

It is started with no environment and no key: what it reads comes from its parent, and what it may use of memory, time
and disk is bounded. It runs as the same user: whoever takes it over by a broken file can reach what that may, but not
the memory of its parent. Each line that it says is JSON, and one of

    {"read": [offset, length]}      answered by four bytes of length and as many bytes: at least one
    {"seconds": 12.5}               how far the copy has come
    {"still": [33, 1280, 720]}      that still is there, so wide and high
    {"end": {...}}                  the last one: what was made, or {"refused": "...", "code": "corrupt"}
"""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from gpu_worker.video import copying, pictures
from gpu_worker.video.film import Film, NotAFilm, opened
from pinhole.errors import ErrorCode
from pinhole.imaging import renditions
from pinhole.videos import COPY, still_name

_LATER = 10  # seconds
LARGEST = 32 << 30  # bytes of a file: ten hours of what a copy may take
_BUFFER = 1 << 18

Say = Callable[[Mapping[str, Any]], None]


class Asked(io.RawIOBase):
    """The original, as its parent reads it. size: in bytes."""

    def __init__(self, say: Say, answers: BinaryIO, size: int) -> None:
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
        if not content:
            os._exit(1)  # the parent is gone: nobody wants what would be made
        target[: len(content)] = content
        self._at += len(content)
        return len(content)


def main() -> None:
    """Arguments: what to make (`poster`, `copy`, `clip`, `stills`), MIME type, size in bytes, threads, limits of memory
    in bytes and of time in CPU seconds."""
    task, mime_type, size, threads, memory, seconds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
    saying = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is not said to the parent
    _limit(memory, seconds)

    def say(told: Mapping[str, Any]) -> None:
        saying.write(json.dumps(told).encode() + b"\n")

    source = io.BufferedReader(Asked(say, sys.stdin.buffer, size), _BUFFER)
    make = {"poster": _poster, "copy": _copy, "clip": _clip, "stills": _stills}[task]
    try:
        with opened(source, mime_type, Path(), threads) as film:
            end = make(film, say)
    except NotAFilm as refusal:
        end = {"refused": str(refusal), "code": ErrorCode.CORRUPT}
    except MemoryError:
        end = {
            "refused": f"The video takes more than {memory / 1e9:.1f} GB of memory to decode, which is the limit.",
            "code": ErrorCode.TOO_COSTLY,
        }
    say({"end": end})


def _poster(film: Film, _say: Say) -> dict[str, Any]:
    image = pictures.poster(film)
    made = renditions.of_picture(image, *image.size, Path())
    return {
        "width": image.width,
        "height": image.height,
        "durationMs": round(1000 * film.seconds) or None,
        "files": [[file.name, file.width, file.height] for file in made.files],
        "thumbHash": made.thumb_hash.hex(),
        "colours": made.colours,
        "perceptualHash": made.perceptual_hash,
    }


def _copy(film: Film, say: Say) -> dict[str, Any]:
    """Stills are taken on the way, or out of the copy where nothing told how long the film is."""
    if film.seconds:
        return _clip(film, say, lambda percentage, image: _save([(percentage, image)], say))
    end = _clip(film, say)
    with Path(COPY).open("rb") as file, opened(file, "video/mp4", Path(), film.threads) as copy:
        _save(pictures.stills(copy), say)
    return end


def _clip(film: Film, say: Say, keep: copying.Still = lambda *_: None) -> dict[str, Any]:
    told = 0

    def tell(seconds: float) -> None:
        nonlocal told
        if seconds >= told + 1:
            told = int(seconds)
            say({"seconds": seconds})

    width, height = copying.copy(film, Path(COPY), keep, tell)
    return {"width": width, "height": height}


def _stills(film: Film, say: Say) -> dict[str, Any]:
    _save(pictures.stills(film), say)
    return {}


def _save(stills: Iterable[tuple[int, Image.Image]], say: Say) -> None:
    for percentage, image in stills:
        image.save(still_name(percentage), "WEBP", quality=80, method=2)
        say({"still": [percentage, *image.size]})


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    limits = ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, LARGEST))
    for kind, limit in limits:
        hard = resource.getrlimit(kind)[1]
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        # The hard limit too, which it can't raise. Of time it is a little later: the soft one is told by its signal.
        resource.setrlimit(kind, (most, most + _LATER if kind == resource.RLIMIT_CPU else most))
