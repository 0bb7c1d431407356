"""Camera raw: the preview that the camera put into the file, else a decode by LibRaw."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rawpy
from PIL import Image

from pinhole.imaging import adobe_rgb, jpeg
from pinhole.imaging.budget import check_memory, check_pixels
from pinhole.imaging.sizes import HEIGHTS

_MIN_PREVIEW_SIDE = 1000  # below it a preview is a thumbnail, and a decode shows more
_SAME_SHAPE = 0.02  # previews lack a few pixels at the edges
_ENOUGH = 0.9  # of all pixels: then a preview is as good as all of them, and in the camera's own colours
_MAX_FULL_PIXELS = 24_000_000  # beyond it a development takes longer than anybody sees
# The sensor's samples, four channels of two bytes each, RGB, and Pillow's copy; those but the first at a quarter.
_BYTES_PER_PIXEL, _BYTES_PER_HALVED_PIXEL = 17, 6
_FLIPS = {3: 3, 5: 8, 6: 6}  # LibRaw's (dcraw's) flip -> EXIF orientation


def size(path: Path, max_pixels: int) -> tuple[int, int]:
    """Width and height of the picture as displayed: as developed, cut to the shape that the camera's preview has.

    They differ where the camera was told to take a square, or 16:9.
    """
    with _reading(path) as raw:
        _check_sensor(raw, max_pixels)
        return _size(raw, _preview(raw, max_pixels))


def _size(raw: rawpy.RawPy, preview: tuple[Image.Image, int] | None) -> tuple[int, int]:
    width, height = raw.sizes.width, raw.sizes.height
    if raw.sizes.flip in (5, 6):
        width, height = height, width
    if preview is not None:
        image, orientation = preview
        shown_width, shown_height = image.size[::-1] if orientation >= 5 else image.size
        shape = shown_width / shown_height
        if abs(shape * height / width - 1) > _SAME_SHAPE:
            width, height = min(width, round(height * shape) or 1), min(height, round(width / shape) or 1)
    return width, height


def decode(path: Path, max_pixels: int, *, all_pixels: bool = False) -> tuple[Image.Image, int]:
    """The picture, and the EXIF orientation that it still needs. all_pixels: all that the sensor has."""
    with _reading(path) as raw:
        _check_sensor(raw, max_pixels)
        preview = _preview(raw, max_pixels)
        shown = _size(raw, preview)
        if preview is not None and not (all_pixels and _lacks_pixels(preview[0], shown)):
            _name_colours(path, preview[0])
            return preview
        width, height = raw.sizes.width, raw.sizes.height
        half = not all_pixels and (min(width, height) >= 2 * HEIGHTS[0] or width * height > _MAX_FULL_PIXELS)
        per_pixel = _BYTES_PER_HALVED_PIXEL if half else _BYTES_PER_PIXEL
        check_memory(width, height, raw.sizes.raw_width * raw.sizes.raw_height * per_pixel, max_pixels)
        image = Image.fromarray(raw.postprocess(use_camera_wb=True, half_size=half))
        return _cut(image, shown) if all_pixels else image, 1


def _lacks_pixels(preview: Image.Image, shown: tuple[int, int]) -> bool:
    return preview.width * preview.height < _ENOUGH * shown[0] * shown[1]


def _cut(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of it, as the camera was told to show."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image if left <= 0 and top <= 0 else image.crop((left, top, left + size[0], top + size[1]))


@contextmanager
def _reading(path: Path) -> Iterator[rawpy.RawPy]:
    """LibRaw's errors in the words of other decoders."""
    try:
        with rawpy.imread(str(path)) as raw:
            yield raw
    except (rawpy.LibRawUnsufficientMemoryError, rawpy.LibRawMemPoolOverflowError) as error:
        raise MemoryError(str(error)) from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise ValueError(str(error)) from error


def _name_colours(path: Path, preview: Image.Image) -> None:
    """A preview often says nothing of its own, and is in the colours that the camera was told to use."""
    with path.open("rb") as file:
        if not preview.info.get("icc_profile") and adobe_rgb.is_told(file):
            preview.info["icc_profile"] = adobe_rgb.profile()


def _check_sensor(raw: rawpy.RawPy, max_pixels: int) -> None:
    check_pixels(raw.sizes.raw_width, raw.sizes.raw_height, max_pixels)


def _preview(raw: rawpy.RawPy, max_pixels: int) -> tuple[Image.Image, int] | None:
    """The camera's own picture where it is more than a thumbnail, and the EXIF orientation that it still needs."""
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    if isinstance(thumb.data, bytes):
        try:
            found = jpeg.read(thumb.data, max_pixels)
            image = jpeg.opened(thumb.data, found)
        except ValueError:
            return None  # damaged, as the rest may not be
        if not found.is_ended:
            return None
    else:
        image = Image.fromarray(thumb.data)
    check_pixels(*image.size, max_pixels)
    sizes = raw.sizes
    if min(image.size) < min(_MIN_PREVIEW_SIDE, sizes.width, sizes.height):
        return None
    is_turned = sizes.flip in (5, 6) and (image.width < image.height) != (sizes.width < sizes.height)
    return image, 1 if is_turned else _FLIPS.get(sizes.flip, 1)
