"""A photo's pixels, whatever the format: opened without decoding, checked, then decoded once and upright."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

from PIL import Image, ImagePalette, UnidentifiedImageError

from pinhole.imaging import adobe_rgb, bmp, exif, gif, heif, jpeg, jxl, png, tiff_image, webp
from pinhole.imaging.budget import check_pixels
from pinhole.imaging.excerpt import Excerpt
from pinhole.imaging.file_type import FileType, Loader
from pinhole.imaging.refusal import refusing_bad_bytes
from pinhole.imaging.srgb import COLOURS, deep_grey, is_wide_range, resizable

_LANCZOS_BELOW = 1.5
_STRIP_PIXELS = 1 << 20  # of a large picture there is no memory for a copy in another mode
_FILTER_RADIUS = 3  # of Lanczos, in pixels of the result
_NOTHING_SAID = (None, b"", (0, 0), (2, 2))  # of colours; 2 is "unspecified" (ITU-T H.273)


Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """`width` × `height` as displayed; `orientation` (EXIF, 1 to 8) is what the decoded pixels still need.

    `exif`, `xmp` and `iptc` as the container holds them, but for TIFF, which is a directory of its own.
    `has_wide_range`: the picture is made for more brightness than a page has, or a gain map tells how to get there.
    `check_whole`: of the image once it is decoded, drafted for a size; raises ValueError where a decoder made up what
    the file lacks. `crop`: what is left of the image before it is turned.
    """

    image: Image.Image
    orientation: int
    width: int
    height: int
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    is_animated: bool = False
    has_wide_range: bool = False
    check_whole: Callable[[Image.Image, tuple[int, int]], None] | None = None
    crop: tuple[int, int, int, int] | None = None


@contextmanager
def opened(path: Path, file_type: FileType, max_pixels: int, *, all_pixels: bool = False) -> Iterator[Opened]:
    """The photo's first frame or page. Pixels are decoded by `upright`, except of raw and JPEG XL, which come
    decoded. all_pixels: of raw all of the sensor's, and not only those of a rendition.

    Raises FileRejected (`too_many_pixels`, `too_costly`, `too_large`, `truncated`, `corrupt`), also for what goes
    wrong inside the block: keep nothing but calls of decoders in it.
    """
    with refusing_bad_bytes(path, file_type, max_pixels), path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            source = _open(path, data, file_type.loader, max_pixels, all_pixels=all_pixels)
            with source.image:
                check_pixels(source.width, source.height, max_pixels)
                yield source


def _open(path: Path, data: mmap.mmap, loader: Loader, max_pixels: int, *, all_pixels: bool) -> Opened:
    """Most formats give Pillow no more than their pixels: what it does with the rest has no bounds."""
    match loader:
        case Loader.JPEG:
            return _jpeg(data, max_pixels)
        case Loader.PNG:
            return _png(data)
        case Loader.GIF:
            blocks = gif.read(data)
            image = _pillow(Excerpt(data, blocks.parts), loader)
            return _turned(image, xmp=blocks.xmp, is_animated=blocks.is_animated)
        case Loader.JXL:
            header = jxl.read_header(path)
            check_pixels(header.width, header.height, max_pixels)
            return _turned(jxl.decode(path, max_pixels))
        case Loader.RAW:
            from pinhole.imaging import raw

            image, orientation = raw.decode(path, max_pixels, all_pixels=all_pixels)
            return _turned(image, orientation=orientation)
        case Loader.TIFF:
            return _tiff(path, data, max_pixels)
        case Loader.HEIF | Loader.AVIF:
            return _heif(path, loader, max_pixels)
        case _:
            check = bmp.check if loader is Loader.BMP else webp.check
            check(data, max_pixels)
            image = (bmp.masked(data) if loader is Loader.BMP else None) or _pillow(path, loader)
            info = image.info
            is_animated = loader is Loader.WEBP and bool(getattr(image, "is_animated", False))
            return _turned(image, info.get("exif") or b"", info.get("xmp") or b"", is_animated=is_animated)


def _jpeg(data: mmap.mmap, max_pixels: int) -> Opened:
    segments = jpeg.read(data, max_pixels)
    check_whole = partial(jpeg.check_whole, data=data, found=segments)
    image = jpeg.opened(data, segments)
    return _turned(
        image,
        segments.exif,
        segments.xmp,
        segments.iptc,
        has_gain_map=segments.has_gain_map,
        check_whole=check_whole,
    )


def _png(data: mmap.mmap) -> Opened:
    chunks = png.read(data)
    image = _pillow(Excerpt(data, chunks.parts), Loader.PNG)
    image.info.pop("icc_profile", None)
    image.info.update(png.colours(chunks))
    if (said := image.info.get("transparency")) is not None and image.mode != "P":
        image.info["transparency"] = png.transparency(data, said)
    return _turned(
        image,
        chunks.exif,
        chunks.xmp,
        chunks.iptc,
        is_animated=chunks.is_animated,
        check_whole=partial(png.check_whole, data=data, found=chunks),
    )


def _tiff(path: Path, data: mmap.mmap, max_pixels: int) -> Opened:
    page = tiff_image.check(path, data, max_pixels)
    if not page.needs_own_decoder:
        with suppress(UnidentifiedImageError):  # Pillow doesn't know this kind of samples
            image = _pillow(path, Loader.TIFF)
            image.seek(page.index)
            if image.mode in ("P", "PA") and (palette := page.palette):
                image.palette = ImagePalette.raw("RGB;L", palette)
            return _turned(image, orientation=1)  # its decoder turns it
    from pinhole.imaging import tiff_samples

    return _turned(tiff_samples.opened(data, page, max_pixels), orientation=page.orientation)


def _heif(path: Path, loader: Loader, max_pixels: int) -> Opened:
    picture = heif.read(path, max_pixels)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
        heif.hide(mapped, picture)
        # Both read all of it at once; and Pillow itself would not say what is wrong with it.
        image = _heif_decoder(loader)(Excerpt(mapped, [(0, len(mapped))]))
    image.info["cicp"] = picture.cicp
    return _turned(
        image,
        picture.exif,
        picture.xmp,
        # HEIF's decoder turns it, and AVIF's puts the container's word into an EXIF that it makes up.
        orientation=1 if loader is Loader.HEIF else exif.parse(image.info.get("exif") or b"").orientation,
        is_animated=loader is Loader.AVIF and bool(getattr(image, "is_animated", False)),
        has_gain_map=picture.has_gain_map,
        # HEIF's decoder has cut it, too.
        crop=picture.crop if loader is Loader.AVIF else None,
    )


def _pillow(source: Path | Excerpt, loader: Loader) -> Image.Image:
    return Image.open(source, formats=(loader.value,))  # type: ignore[arg-type]  # all that it reads of a file is there


@cache
def _heif_decoder(loader: Loader) -> Callable[[Any], Image.Image]:
    if loader is Loader.AVIF:
        from PIL.AvifImagePlugin import AvifImageFile

        return AvifImageFile
    import pillow_heif  # as slow to load as all of Pillow

    # Auxiliary pictures are named in the metadata but never shown, so they need not be kept ready.
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = False
    return pillow_heif.HeifImageFile


def _turned(
    image: Image.Image,
    exif_block: bytes = b"",
    xmp: bytes = b"",
    iptc: bytes = b"",
    *,
    orientation: int | None = None,
    crop: tuple[int, int, int, int] | None = None,
    is_animated: bool = False,
    has_gain_map: bool = False,
    check_whole: Callable[[Image.Image, tuple[int, int]], None] | None = None,
) -> Opened:
    """`orientation`: None where the EXIF says it. `crop`: what is left of the decoded image before it is turned."""
    orientation = exif.parse(exif_block).orientation if orientation is None else orientation
    if not any(image.info.get(name) not in _NOTHING_SAID for name in COLOURS):
        after = exif_block.removeprefix(b"Exif\0\0")
        if after and adobe_rgb.is_told(BytesIO(after)):
            image.info["icc_profile"] = adobe_rgb.profile()
    has_wide_range = has_gain_map or is_wide_range(image.info)
    left, top, right, bottom = crop or (0, 0, *image.size)
    width, height = (bottom - top, right - left) if orientation >= 5 else (right - left, bottom - top)
    return Opened(
        image, orientation, width, height, exif_block, xmp, iptc, is_animated, has_wide_range, check_whole, crop
    )


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
    if source.check_whole is not None:
        source.check_whole(image, size)
    colours: dict[Any, Any] = {name: image.info[name] for name in COLOURS if image.info.get(name)}
    if image.mode in ("I", "F"):
        image = deep_grey(image)  # all of it, for its white is that of the whole picture
    image = _shrunk(image, size, source.crop or (0, 0, *image.size))
    if (method := _TRANSPOSE.get(source.orientation)) is not None:  # FLIP_LEFT_RIGHT is 0
        image = image.transpose(method)
    image.info = colours
    return image


def _shrunk(image: Image.Image, size: tuple[int, int], crop: Box) -> Image.Image:
    """By a whole factor first, as `draft` does it for JPEG: of 12 megapixels that takes half the time, for 0.002 of
    SSIM. The rest by what its cost buys: next to 1 Lanczos is worth 0.005 of SSIM, next to 2 less than 0.001.
    """
    columns, rows = crop[2] - crop[0], crop[3] - crop[1]
    factor = max(1, min(columns // size[0], rows // size[1]))
    width, height = columns / factor, rows / factor
    if factor > 1:
        image = _reduced(image, factor, crop)
        crop = (0, 0, *image.size)
    if (width, height) == size and crop == (0, 0, *image.size) and resizable(image) is image:
        return image
    resampling = Image.Resampling.LANCZOS if height / size[1] < _LANCZOS_BELOW else Image.Resampling.BICUBIC
    return _resized(image, size, crop, (width, height), resampling)


def _reduced(image: Image.Image, factor: int, crop: Box) -> Image.Image:
    left, top, right, bottom = crop
    reduced = None
    rows = factor * max(1, _STRIP_PIXELS // ((right - left) * factor))
    for at in range(top, bottom, rows):
        strip = resizable(image.crop((left, at, right, min(at + rows, bottom)))).reduce(factor)
        if reduced is None:
            reduced = Image.new(strip.mode, (strip.width, -(-(bottom - top) // factor)))
        reduced.paste(strip, (0, (at - top) // factor))
    assert reduced is not None
    return reduced


def _resized(
    image: Image.Image,
    size: tuple[int, int],
    crop: Box,
    extent: tuple[float, float],
    resampling: Image.Resampling,
) -> Image.Image:
    """What lies from the upper left of `crop`, as wide and high as `extent`. Each strip is resampled with the rows
    around it that its filter reaches, which gives the same as to do it at once.
    """
    left, top, right, bottom = crop
    step = extent[1] / size[1]
    reach = ceil(_FILTER_RADIUS * max(1.0, step)) + 1
    rows = max(1, int(_STRIP_PIXELS / (extent[0] * step)))
    resized = None
    for at in range(0, size[1], rows):
        to = min(at + rows, size[1])
        above, below = max(0, int(at * step) - reach), min(bottom - top, ceil(to * step) + reach)
        strip = resizable(image.crop((left, top + above, right, top + below)))
        if extent != size:
            box = (0, at * step - above, extent[0], min(to * step - above, strip.height))
            strip = strip.resize((size[0], to - at), resampling, box)
        else:
            strip = strip.crop((0, at - above, size[0], to - above))
        if resized is None:
            resized = Image.new(strip.mode, size)
        resized.paste(strip, (0, at))
    assert resized is not None
    return resized


_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
