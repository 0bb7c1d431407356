"""What videos cost: their copies beside the bare tool, posters, and the largest and longest that there are."""

import resource
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import av

from gpu_worker.video import process
from gpu_worker.video.process import Original, Task
from infra.bench.rows import Aim, Row, progress

THREADS = 2
SECONDS = 10  # of the clips that are copied
REPEATS = 3
POSTERS = 9
SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
LARGE_BYTES = 4 << 30
_EXTENDED = 16  # bytes of the head of a box of more than 4 GB


def measure() -> Iterator[Row]:
    """By the worker's own process, from files on this disk, by two threads."""
    with TemporaryDirectory() as directory:
        yield from _copies(Path(directory))
        yield from _posters(Path(directory))
        yield from _extremes(Path(directory))


def _copies(directory: Path) -> Iterator[Row]:
    for name, (width, height) in SIZES.items():
        for codec, pixel_format in (("libx264", "yuv420p"), ("libx265", "yuv420p10le")):
            label = f"{name} {'HEVC 10 bit HLG' if codec == 'libx265' else 'H.264'}"
            progress(label)
            path = directory / f"{name}-{codec}.mov"
            write(path, f"testsrc2=size={width}x{height}:rate=30:duration={SECONDS}", codec, pixel_format)
            ours = median(_seconds(partial(_made, "copy", path)) for _ in range(REPEATS))
            bare = median(_seconds(partial(_bare, path, directory / "bare.mp4")) for _ in range(REPEATS))
            yield Row(
                f"copy of a second of {label}",
                "s",
                ours / SECONDS,
                bare / SECONDS,
                "PyAV decodes, scales, encodes",
                Aim("ratio", 1.6),
            )
            # The largest of all until now: each clip takes more than those before it.
            yield Row(
                f"memory of a copy of {label}", "MB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            )


def _posters(directory: Path) -> Iterator[Row]:
    for name in SIZES:
        path = directory / f"{name}-libx264.mov"
        ours = median(seconds_of_poster(path) for _ in range(POSTERS))
        yield Row(f"poster of {name}, p50", "s", ours, aim=Aim("ours", 3))


def _extremes(directory: Path) -> Iterator[Row]:
    progress("ten hours")
    path = directory / "long.mov"
    write(path, "testsrc2=size=320x180:rate=1:duration=36000", "libx264", "yuv420p")
    yield Row("copy of ten hours, a frame a second", "s", _seconds(partial(_made, "copy", path, seconds=36_000)))
    progress("4 GB")
    path = directory / "large.mov"
    write(path, "testsrc2=size=1920x1080:rate=30:duration=2", "libx264", "yuv420p")
    _pad(path)
    read: list[int] = []
    yield Row("poster of 4 GB with the index at the end", "s", _seconds(partial(_made, "poster", path, read=read)))
    yield Row("what was read for that", "MB", sum(read) / 1e6, aim=Aim("ours", 50))


def write(path: Path, source: str, codec: str, pixel_format: str) -> None:
    """A clip of a picture that moves. The index comes at the end, as cameras have it."""
    with av.open(source, format="lavfi") as film, av.open(path, "w") as output:
        rate = film.streams.video[0].average_rate
        options = {"preset": "ultrafast", "x265-params": "log-level=none"}
        stream: Any = output.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = film.streams.video[0].width, film.streams.video[0].height
        stream.pix_fmt = pixel_format
        if pixel_format.endswith("10le"):
            context = stream.codec_context
            context.color_primaries = context.colorspace = 9
            context.color_trc = 18
        for frame in film.decode(video=0):
            frame.pict_type = 0
            output.mux(stream.encode(frame.reformat(format=pixel_format)))
        output.mux(stream.encode(None))


def seconds_of_poster(path: Path) -> float:
    """What the worker's process takes for the poster of a file."""
    return _seconds(partial(_made, "poster", path))


def _pad(path: Path) -> None:
    """Make it as large as LARGE_BYTES, by a box that says nothing between its pictures and its index."""
    content = path.read_bytes()
    index = content.rindex(b"moov") - 4
    with path.open("r+b") as file:
        file.seek(index)
        file.write((1).to_bytes(4, "big") + b"free" + (LARGE_BYTES + _EXTENDED).to_bytes(8, "big"))
        file.seek(LARGE_BYTES, 1)
        file.write(content[index:])


def _made(task: Task, path: Path, seconds: float = SECONDS, read: list[int] | None = None) -> None:
    with path.open("rb") as file, process.scratch() as directory:

        def answer(at: int, length: int) -> bytes:
            if read is not None:
                read.append(length)
            file.seek(at)
            return file.read(length)

        original = Original("video/quicktime", path.stat().st_size, seconds, answer)
        process.make(task, original, directory, THREADS, lambda: None, lambda _: None)


def _bare(path: Path, target: Path) -> None:
    """The same by as few lines as there may be: no sound, no colours, no stills, no moments."""
    with av.open(path) as film, av.open(target, "w", options={"movflags": "+faststart"}) as output:
        pictures = film.streams.video[0]
        pictures.thread_type = "AUTO"
        pictures.codec_context.thread_count = THREADS
        options = {"preset": "veryfast", "crf": "23", "threads": str(THREADS)}
        stream: Any = output.add_stream("libx264", rate=pictures.average_rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for frame in film.decode(pictures):
            small = frame.reformat(1280, 720, "yuv420p", interpolation="FAST_BILINEAR")
            small.pict_type = 0
            output.mux(stream.encode(small))
        output.mux(stream.encode(None))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
