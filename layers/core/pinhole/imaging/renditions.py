"""The pictures that clients show: WebP of three heights, a ThumbHash, dominant colours, a perceptual hash."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pinhole.imaging.decoding import opened, upright
from pinhole.imaging.file_type import FileType
from pinhole.imaging.sizes import HEIGHTS, fit
from pinhole.imaging.srgb import to_srgb

# Encoding is most of what a photo costs. Method 2 takes less than half of method 4's time for 1 to 5 % more bytes and
# 0.003 less of SSIM; method 3 takes as long as 4, and method 1 pays its small gain with 20 % more bytes.
_QUALITY, _METHOD = 80, 2


@dataclass(frozen=True, slots=True)
class RenditionFile:
    """`name` is the file's name in `path`'s directory: `240.webp`."""

    name: str
    path: Path
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Renditions:
    """Colours as 0xRRGGBB, the most prominent first; `perceptual_hash` has 64 bits and a sign, as a bigint."""

    files: tuple[RenditionFile, ...]
    thumb_hash: bytes
    colours: tuple[int, ...]
    perceptual_hash: int


def make(path: Path, file_type: FileType, max_pixels: int, directory: Path) -> Renditions:
    """Write `240.webp`, `480.webp`, `1440.webp` into `directory`: upright, in sRGB, without metadata, never
    larger than the original.

    Raises FileRejected (`truncated`, `corrupt`, `too_many_pixels`, `too_costly`, `too_large`); OSError
    when the directory can't be written.
    """
    # Here, for numpy takes as long to load as all the rest.
    from pinhole.imaging import apart
    from pinhole.imaging.colours import dominant
    from pinhole.imaging.perceptual_hash import perceptual_hash
    from pinhole.imaging.thumb_hash import thumb_hash

    is_apart = file_type.loader in apart.LOADERS
    image, width, height = apart.largest(path, max_pixels) if is_apart else largest(path, file_type, max_pixels)
    image = to_srgb(image)
    files = []
    for limit in HEIGHTS:
        size = fit(width, height, limit)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)
        target = directory / f"{limit}.webp"
        image.save(target, "WEBP", quality=_QUALITY, method=_METHOD)
        files.append(RenditionFile(target.name, target, *image.size, target.stat().st_size))
    return Renditions(tuple(files), thumb_hash(image), dominant(image), perceptual_hash(image))


def largest(path: Path, file_type: FileType, max_pixels: int) -> tuple[Image.Image, int, int]:
    """The picture of the largest rendition, upright, in its own colours; width and height of the original as
    displayed. Raises FileRejected.
    """
    with opened(path, file_type, max_pixels) as source:
        size = fit(source.width, source.height, HEIGHTS[0])
        return upright(source, size), source.width, source.height
