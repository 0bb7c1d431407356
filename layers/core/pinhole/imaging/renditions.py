"""The pictures that clients show: WebP of three heights, a ThumbHash, dominant colours, a perceptual hash.

And, where somebody asks for it, a JPEG of all pixels.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pinhole.imaging.decoding import opened, upright
from pinhole.imaging.file_type import FileType
from pinhole.imaging.sizes import FULL_SIZE, HEIGHTS, fit, whole
from pinhole.imaging.srgb import to_srgb

# Encoding is most of what a photo costs. Method 2 takes less than half of method 4's time for 1 to 5 % more bytes and
# 0.003 less of SSIM; method 3 takes as long as 4, and method 1 pays its small gain with 20 % more bytes.
_QUALITY, _METHOD = 80, 2
# Of 12 megapixels this JPEG takes 0.04 s where WebP takes 0.35 s for a lower SSIM (0.993 at 1.35 MB, 0.987 at 0.96 MB),
# browsers show it in a third of the time, and it may be four times as wide.
_FULL_QUALITY = 88
_STRIP_PIXELS = 1 << 20


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
    image, width, height = _decoded(path, file_type, max_pixels, all_pixels=False)
    return of_picture(to_srgb(image), width, height, directory)


def of_picture(image: Image.Image, width: int, height: int, directory: Path) -> Renditions:
    """The same of a picture that is decoded, upright and in sRGB: as large as the largest of them at least.

    width, height: of what is displayed.
    """
    # Here, for numpy takes as long to load as all the rest.
    from pinhole.imaging.colours import dominant
    from pinhole.imaging.perceptual_hash import perceptual_hash
    from pinhole.imaging.thumb_hash import thumb_hash

    files = []
    for limit in HEIGHTS:
        size = fit(width, height, limit)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)
        target = directory / f"{limit}.webp"
        image.save(target, "WEBP", quality=_QUALITY, method=_METHOD)
        files.append(RenditionFile(target.name, target, *image.size, target.stat().st_size))
    return Renditions(tuple(files), thumb_hash(image), dominant(image), perceptual_hash(image))


def make_full_size(path: Path, file_type: FileType, max_pixels: int, directory: Path) -> RenditionFile:
    """Write `full.jpg` into `directory`: all pixels, upright, in sRGB, without metadata.

    Raises as `make` does.
    """
    image, _, _ = _decoded(path, file_type, max_pixels, all_pixels=True)
    target = directory / FULL_SIZE
    _to_srgb(image).save(target, "JPEG", quality=_FULL_QUALITY)
    return RenditionFile(target.name, target, *image.size, target.stat().st_size)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Strip by strip: of a large picture there is no memory for several copies."""
    converted = Image.new("RGB", image.size)
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        converted.paste(to_srgb(image.crop((0, top, image.width, min(top + rows, image.height)))), (0, top))
    return converted


def _decoded(path: Path, file_type: FileType, max_pixels: int, *, all_pixels: bool) -> tuple[Image.Image, int, int]:
    from pinhole.imaging import apart

    if file_type.loader in apart.LOADERS:
        return apart.decoded(path, max_pixels, all_pixels=all_pixels)
    return decoded_here(path, file_type, max_pixels, all_pixels=all_pixels)


def decoded_here(path: Path, file_type: FileType, max_pixels: int, *, all_pixels: bool) -> tuple[Image.Image, int, int]:
    """The picture of the largest rendition, or of the full size, upright, in its own colours; width and height of the
    original as displayed. Raises FileRejected.
    """
    with opened(path, file_type, max_pixels, all_pixels=all_pixels) as source:
        width, height = source.width, source.height
        return upright(source, whole(width, height) if all_pixels else fit(width, height, HEIGHTS[0])), width, height
