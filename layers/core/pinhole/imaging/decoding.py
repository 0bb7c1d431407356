"""A photo's pixels, whatever the format: opened without decoding, checked, then decoded once and upright."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pillow_heif
from PIL import Image

from pinhole.errors import FileRejected
from pinhole.imaging import exif, heif, jpeg_scan, jxl, png, raw
from pinhole.imaging.file_type import FileType, Loader
from pinhole.imaging.refusal import check_pixels, refusing_bad_bytes
from pinhole.imaging.srgb import nclx_profile, resizable
from pinhole.imaging.tiff import Tiff

# Auxiliary pictures are named in the metadata but never shown, so they need not be kept ready.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False)

_MAX_TIFF_TAG_BYTES = 64 << 20
_LANCZOS_BELOW = 1.5
_WIDTH, _HEIGHT, _BITS, _SAMPLES, _TILE_WIDTH, _TILE_HEIGHT = 0x100, 0x101, 0x102, 0x115, 0x142, 0x143


@dataclass(frozen=True, slots=True)
class Opened:
    """`width` × `height` as displayed; `orientation` (EXIF, 1 to 8) is what the decoded pixels still need."""

    image: Image.Image
    orientation: int
    width: int
    height: int


@contextmanager
def opened(path: Path, file_type: FileType, max_pixels: int) -> Iterator[Opened]:
    """The photo's first frame or page. Pixels are decoded by `upright`, except of raw and JPEG XL, which come
    decoded.

    Raises FileRejected (`too_many_pixels`, `too_large`, `truncated`, `corrupt`), also for what goes wrong
    inside the block: keep nothing but calls of decoders in it.
    """
    with refusing_bad_bytes(path, file_type, max_pixels):
        if file_type.loader is Loader.JXL:
            header = jxl.read_header(path)
            check_pixels(header.width, header.height, max_pixels)
            image, orientation = jxl.decode(path), 1
        elif file_type.loader is Loader.RAW:
            image, orientation = raw.decode(path, max_pixels)
        else:
            if file_type.loader is Loader.TIFF:
                _check_tiff(path, max_pixels)
            elif file_type.loader is Loader.WEBP:
                _check_webp(path, max_pixels)
            elif file_type.loader in (Loader.HEIF, Loader.AVIF):
                for width, height in heif.sizes(path):
                    check_pixels(width, height, max_pixels)
            elif file_type.loader is Loader.JPEG:
                with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    jpeg_scan.check(data)
            image = Image.open(path, formats=(file_type.loader.value,))
            if file_type.loader in (Loader.HEIF, Loader.AVIF) and not image.info.get("icc_profile"):
                image.info["icc_profile"] = nclx_profile(*(heif.nclx(path) or (0, 0)))
            orientation = _orientation(path, image, file_type.loader)
        with image:
            check_pixels(*image.size, max_pixels)
            width, height = image.size[::-1] if orientation >= 5 else image.size
            yield Opened(image, orientation, width, height)


def upright(source: Opened, size: tuple[int, int]) -> Image.Image:
    """Decode, scaled down to `size` (as displayed) or, where that is cheaper, to anything between it and the
    whole.
    """
    image = source.image
    if source.orientation >= 5:
        size = size[::-1]
    image.info.pop("xmp", None)  # TIFF's decoder would also rotate by what an editor noted there
    image.draft(image.mode, size)
    image.load()
    icc_profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") and (factor := _whole_factor(image, size)) > 1:
        image = image.reduce(factor)  # first: these samples take four times the memory of what is shown
    image = resizable(image)
    if image.size != size:
        image = _shrunk(image, size)
    if (method := _TRANSPOSE.get(source.orientation)) is not None:  # FLIP_LEFT_RIGHT is 0
        image = image.transpose(method)
    image.info = {"icc_profile": icc_profile} if icc_profile else {}
    return image


def _shrunk(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By a whole factor first, as `draft` does it for JPEG: of 12 megapixels that takes half the time, for 0.002 of
    SSIM. The rest by what its cost buys: next to 1 Lanczos is worth 0.005 of SSIM, next to 2 less than 0.001.
    """
    factor = _whole_factor(image, size)
    rest = image.height / (factor * size[1])
    resampling = Image.Resampling.LANCZOS if rest < _LANCZOS_BELOW else Image.Resampling.BICUBIC
    return image.resize(size, resampling, reducing_gap=1.0)


def _whole_factor(image: Image.Image, size: tuple[int, int]) -> int:
    return max(1, min(image.width // size[0], image.height // size[1]))


_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(path: Path, image: Image.Image, loader: Loader) -> int:
    """HEIF, AVIF and TIFF decoders rotate by the container's own word, or have put it into the EXIF they hand out."""
    if loader in (Loader.HEIF, Loader.TIFF):
        return 1
    block = png.read_metadata(path).exif if loader is Loader.PNG else image.info.get("exif") or b""
    return exif.parse(block).orientation


def _check_webp(path: Path, max_pixels: int) -> None:
    """The decoder reserves two canvases as it opens, so the size is looked up before it does."""
    with path.open("rb") as file:
        head = file.read(30)
    kind, bits = head[12:16], int.from_bytes(head[21:25], "little")
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    check_pixels(width, height, max_pixels)


def _check_tiff(path: Path, max_pixels: int) -> None:
    """A TIFF's samples may be deep and many: what counts is the memory of four 8 bit channels per allowed
    pixel.
    """
    with path.open("rb") as file:
        first = Tiff(file).first
    width, height = first.integer(_WIDTH) or 0, first.integer(_HEIGHT) or 0
    check_pixels(width, height, max_pixels)
    if sum(first.sizes.values()) > _MAX_TIFF_TAG_BYTES:
        raise FileRejected("The file is damaged: its directory is impossibly large.", code="corrupt")
    bits = max(first.integers(_BITS), default=1) * max(first.integer(_SAMPLES) or 1, 1)
    tile = (first.integer(_TILE_WIDTH) or 0) * (first.integer(_TILE_HEIGHT) or 0)
    decoded_bytes = max(width * height, tile) * bits // 8
    if decoded_bytes > 4 * max_pixels:
        raise FileRejected(
            f"The picture needs {decoded_bytes / 1e6:,.0f} MB when decoded ({width:,} × {height:,} pixels of {bits} "
            f"bits); the limit is {4 * max_pixels / 1e6:,.0f} MB.",
            code="too_many_pixels",
        )
