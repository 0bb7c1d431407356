"""What ingest does with a photo, against Pillow and sharp making nothing but the same three WebPs.

A HEIC has no row of sharp, which can't read it.
"""

import hashlib
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps

from infra.bench import pictures
from infra.bench.rows import Aim, Row, medians, progress
from infra.bench.sharp import Sharp
from infra.bench.similarity import ssim
from pinhole.imaging import capture_time, metadata, renditions
from pinhole.imaging.file_type import identify
from pinhole.imaging.sizes import HEIGHTS
from pinhole.imaging.srgb import to_srgb

REPEATS = 9
MAX_PIXELS = 256_000_000
METHODS = {f"Pillow, method {method}": method for method in (4, 2)}
AGAINST_SHARP = Aim("ratio", 0.85)
BYTES_OF_SHARP = Aim("ratio", 1.05, 0.95)
AGAINST_DECODING = Aim("ratio", 1.7)


def measure() -> Iterator[Row]:
    """Rows of each photo: CPU time of all threads, length of the files, and what is left of the picture."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        progress("Making photos")
        jpegs = [pictures.jpeg(directory), *pictures.samples(".jpg", pictures.JPEG_SIZE)]
        heics = [pictures.heic(directory), *pictures.samples(".heic", pictures.HEIC_SIZE)]
        with Sharp(directory) as sharp:
            for path in jpegs:
                yield from _jpeg(path, directory, sharp)
        for path in heics:
            yield from _heic(path, directory)


def _jpeg(path: Path, directory: Path, sharp: Sharp) -> Iterator[Row]:
    progress(f"Ingesting {path.name}, {REPEATS} times each way")
    ours = partial(_ingest, path, directory)
    took = medians(
        {
            "ours": lambda: _cpu(ours),
            "sharp": lambda: sharp.renditions(path)[0],
            **_pillows(path),
        },
        REPEATS,
    )
    name = f"{path.name}, 8 MP: CPU"
    yield Row(name, "ms", took["ours"], took["sharp"], "sharp", AGAINST_SHARP)
    kilobytes, of_sharp = ours() / 1000, sharp.renditions(path)[1] / 1000
    yield Row(f"{path.name}, 8 MP: bytes", "kB", kilobytes, of_sharp, "sharp", BYTES_OF_SHARP)
    similar, similar_of_sharp = (_similarity(path, made) for made in (directory / "1440.webp", sharp.largest))
    yield Row(f"{path.name}, 8 MP: SSIM of 1440.webp", "", similar, similar_of_sharp, "sharp")
    for pillow in METHODS:
        yield Row(name, "ms", took["ours"], took[pillow], pillow)


def _heic(path: Path, directory: Path) -> Iterator[Row]:
    progress(f"Ingesting {path.name}, {REPEATS} times each way")
    took = medians(
        {
            "ours": partial(_cpu, partial(_ingest, path, directory)),
            "decode": partial(_cpu, partial(_decode, path)),
            **_pillows(path),
        },
        REPEATS,
    )
    name = f"{path.name}, 12 MP: CPU"
    yield Row(name, "ms", took["ours"], took["decode"], "decoding it", AGAINST_DECODING)
    for pillow in METHODS:
        yield Row(name, "ms", took["ours"], took[pillow], pillow)


def _ingest(path: Path, directory: Path) -> int:
    """Everything that ingest does with the file's content. Length of the renditions together."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    file_type = identify(path)
    read = metadata.read(path, file_type, MAX_PIXELS, path.name)
    now = datetime.now(UTC)
    capture_time.resolve(read.time, path.name, None, now, "UTC", now)
    made = renditions.make(path, file_type, MAX_PIXELS, directory)
    return sum(file.size_bytes for file in made.files)


def _pillows(path: Path) -> dict[str, Callable[[], float]]:
    return {name: partial(_cpu, partial(_pillow, path, method)) for name, method in METHODS.items()}


def _pillow(path: Path, method: int) -> None:
    with Image.open(path) as image:
        image.draft("RGB", (1, HEIGHTS[0]))
        image.load()
        shrunk: Image.Image = image
        for height in HEIGHTS:
            size = (round(image.width * height / image.height), height)
            shrunk = shrunk.resize(size, Image.Resampling.LANCZOS)
            shrunk.save(io.BytesIO(), "WEBP", quality=80, method=method)


def _decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def _similarity(path: Path, rendition: Path) -> float:
    """SSIM of a rendition with the photo as it would be without any haste and loss."""
    with Image.open(path) as photo, Image.open(rendition) as made:
        upright = ImageOps.exif_transpose(photo)
        return ssim(made, to_srgb(upright).resize(made.size, Image.Resampling.LANCZOS))


def _cpu(work: Callable[[], object]) -> float:
    """Milliseconds of CPU time that this process takes for it, in all its threads."""
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6
