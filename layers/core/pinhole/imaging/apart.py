"""Decoders that nobody can tell the cost of beforehand, in a process of their own that may use so much and no more.

JPEG XL may hold any number of layers and channels, AVIF and raw files whole series of pictures that are never shown.
Two tenths of a second more for these formats; and what breaks a decoder there breaks nothing else.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging.budget import BYTES_PER_PIXEL, CPU_SECONDS
from pinhole.imaging.file_type import Loader

LOADERS = frozenset({Loader.JXL, Loader.AVIF, Loader.RAW})
_CHILD = (
    "import os, sys; sys.path[:] = sys.argv.pop().split(os.pathsep); from pinhole.imaging import apart; apart._main()"
)
_OWN_BYTES = 512 << 20  # what Python, the libraries and the stacks of their threads need


def largest(path: Path, max_pixels: int) -> tuple[Image.Image, int, int]:
    """As `renditions.largest` does it. Raises FileRejected also where that takes too much (`too_costly`) or breaks
    the decoder (`corrupt`).
    """
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path), str(max_pixels), str(CPU_SECONDS), os.pathsep.join(sys.path)],
        capture_output=True,
        check=False,
    )
    if child.returncode == -signal.SIGXCPU:
        raise FileRejected(
            f"The picture takes more than {CPU_SECONDS} seconds to decode, which is the limit.", code="too_costly"
        )
    if child.returncode == -signal.SIGKILL:
        raise MemoryError("the decoder was killed")
    if child.returncode < 0:
        raise FileRejected("The file is damaged: its decoder breaks down over it.", code="corrupt")
    if child.returncode:
        raise RuntimeError(child.stderr.decode(errors="replace"))
    head, _, pixels = child.stdout.partition(b"\n")
    answer: dict[str, Any] = json.loads(head)
    if "code" in answer:
        raise FileRejected(answer["detail"], code=answer["code"])
    image = Image.frombytes(answer["mode"], tuple(answer["size"]), pixels)
    if answer["icc_profile"]:
        image.info["icc_profile"] = base64.b64decode(answer["icc_profile"])
    return image, *answer["shown"]


def _main() -> None:
    """In the child: path and limits as arguments, on the standard output a line of JSON and the pixels."""
    from pinhole.imaging import renditions
    from pinhole.imaging.file_type import identify

    path, max_pixels, seconds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    memory = _OWN_BYTES + BYTES_PER_PIXEL * max_pixels
    _limit(memory, seconds)
    answer: dict[str, Any]
    pixels = b""
    try:
        image, width, height = renditions.largest(path, identify(path), max_pixels)
    except FileRejected as refusal:
        answer = {"code": refusal.code, "detail": refusal.detail}
    except MemoryError:
        answer = {
            "code": "too_costly",
            "detail": f"The picture takes more than {memory / 1e6:,.0f} MB of memory to decode, which is the limit.",
        }
    else:
        profile = base64.b64encode(image.info.get("icc_profile") or b"").decode()
        answer = {"mode": image.mode, "size": image.size, "icc_profile": profile, "shown": (width, height)}
        pixels = image.tobytes()
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)
    sys.stdout.flush()


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, memory)):
        hard = resource.getrlimit(kind)[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (soft, hard))
