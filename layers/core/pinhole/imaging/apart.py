"""Decoders that nobody can tell the cost of beforehand, in a process of their own that may use so much and no more.

JPEG XL may hold any number of layers and channels, AVIF and raw files whole series of pictures that are never shown.
Containers of videos are read there too.
Two tenths of a second more for these formats; and what breaks a decoder there breaks nothing else.

Whoever takes such a decoder over finds no secret: the process is started afresh, with no environment, no open file but
its answer, and no way to look into the one that asked (on Linux, and where that isn't root's). It may still read what
this user may read, and reach the network.
"""

import base64
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging.budget import BYTES_PER_PIXEL, CPU_SECONDS
from pinhole.imaging.container import Container
from pinhole.imaging.file_type import Loader, identify
from pinhole.imaging.refusal import refusing_bad_bytes

LOADERS = frozenset({Loader.JXL, Loader.AVIF, Loader.RAW})
_CHILD = (
    "import os, sys; sys.path[:] = sys.argv.pop().split(os.pathsep); from pinhole.imaging import apart; apart._main()"
)
_OWN_BYTES = 512 << 20  # what Python, the libraries and the stacks of their threads need
_NEEDED = ("LD_LIBRARY_PATH", "SYSTEMROOT")  # without which Python doesn't start: Lambda's, and that of Windows
_PR_SET_DUMPABLE = 4  # linux/prctl.h

Answer = tuple[dict[str, Any], bytes]


def decoded(path: Path, max_pixels: int, *, all_pixels: bool) -> tuple[Image.Image, int, int]:
    """As `renditions.decoded_here` does it. Raises FileRejected also where that takes too much (`too_costly`) or
    breaks the decoder (`corrupt`).
    """
    answer, pixels = _ask(_whole if all_pixels else _largest, path, max_pixels)
    image = Image.frombytes(answer["mode"], tuple(answer["size"]), pixels)
    if answer["icc_profile"]:
        image.info["icc_profile"] = base64.b64decode(answer["icc_profile"])
    if answer["cicp"]:
        image.info["cicp"] = tuple(answer["cicp"])
    return image, *answer["shown"]


def raw_size(path: Path, max_pixels: int) -> tuple[int, int]:
    """As `raw.size` does it. Raises FileRejected."""
    answer, _ = _ask(_raw_size, path, max_pixels)
    return answer["width"], answer["height"]


def container(path: Path, max_pixels: int) -> Container:
    """As `container.read` does it. Raises FileRejected."""
    answer, _ = _ask(_container, path, max_pixels)
    if answer["created"] is not None:
        answer["created"] = datetime.fromisoformat(answer["created"])
    return Container(**answer)


def _ask(question: Callable[[Path, int], Answer], path: Path, max_pixels: int) -> Answer:
    keep_to_oneself()
    arguments = [question.__name__, str(path), str(max_pixels), str(CPU_SECONDS), os.pathsep.join(sys.path)]
    child = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _CHILD, *arguments],
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        stdin=subprocess.DEVNULL,
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
    head, _, rest = child.stdout.partition(b"\n")
    answer: dict[str, Any] = json.loads(head)
    if "code" in answer:
        raise FileRejected(answer["detail"], code=answer["code"])
    return answer, rest


def keep_to_oneself() -> None:
    """Else processes of the same user may read this one's memory, and the environment that it was started with."""
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0):
        raise OSError(ctypes.get_errno(), "this process can't be hidden from others")


def _main() -> None:
    """In the child: what is asked, path and limits as arguments; on the standard output a line of JSON and the
    pixels.
    """
    question = {known.__name__: known for known in (_largest, _whole, _raw_size, _container)}[sys.argv[1]]
    path, max_pixels, seconds = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    memory = _OWN_BYTES + BYTES_PER_PIXEL * max_pixels
    _limit(memory, seconds)
    rest = b""
    try:
        answer, rest = question(path, max_pixels)
    except FileRejected as refusal:
        answer = {"code": refusal.code, "detail": refusal.detail}
    except MemoryError:
        answer = {
            "code": "too_costly",
            "detail": f"The picture takes more than {memory / 1e6:,.0f} MB of memory to decode, which is the limit.",
        }
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(rest)
    sys.stdout.flush()


def _largest(path: Path, max_pixels: int) -> Answer:
    return _decoded(path, max_pixels, all_pixels=False)


def _whole(path: Path, max_pixels: int) -> Answer:
    return _decoded(path, max_pixels, all_pixels=True)


def _decoded(path: Path, max_pixels: int, *, all_pixels: bool) -> Answer:
    from pinhole.imaging import renditions

    image, width, height = renditions.decoded_here(path, identify(path), max_pixels, all_pixels=all_pixels)
    profile = base64.b64encode(image.info.get("icc_profile") or b"").decode()
    cicp = image.info.get("cicp")
    answer = {"mode": image.mode, "size": image.size, "icc_profile": profile, "cicp": cicp, "shown": (width, height)}
    return answer, image.tobytes()


def _raw_size(path: Path, max_pixels: int) -> Answer:
    from pinhole.imaging import raw

    with refusing_bad_bytes(path, identify(path), max_pixels):
        width, height = raw.size(path, max_pixels)
    return {"width": width, "height": height}, b""


def _container(path: Path, _max_pixels: int) -> Answer:
    from pinhole.imaging import container

    told = asdict(container.read(path, identify(path)))
    return told | {"created": told["created"] and told["created"].isoformat()}, b""


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, memory)):
        hard = resource.getrlimit(kind)[1]
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (soft, hard))
