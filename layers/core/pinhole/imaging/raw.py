"""Camera raw: the preview that the camera put into the file, else a decode by LibRaw."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import rawpy
from PIL import Image

from pinhole.imaging import exif
from pinhole.imaging.boxes import walk
from pinhole.imaging.exif import Exif
from pinhole.imaging.file_type import CR3, RAF, FileType
from pinhole.imaging.refusal import check_pixels
from pinhole.imaging.tiff import EMPTY, Directory, Tiff

_MIN_PREVIEW_SIDE = 1000  # below it a preview is a thumbnail, and a decode shows more
_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CANON_DIRECTORIES = (b"CMT1", b"CMT2", b"CMT4")
_FLIPS = {3: 3, 5: 8, 6: 6}  # LibRaw's (dcraw's) flip -> EXIF orientation


def size(path: Path, max_pixels: int) -> tuple[int, int]:
    """Width and height of the developed picture as displayed."""
    with rawpy.imread(str(path)) as raw:
        sizes = raw.sizes
        check_pixels(sizes.raw_width, sizes.raw_height, max_pixels)
        return (sizes.height, sizes.width) if sizes.flip in (5, 6) else (sizes.width, sizes.height)


def read_exif(path: Path, file_type: FileType) -> Exif:
    """From where each maker keeps it."""
    with path.open("rb") as file:
        if file_type == CR3:
            return _cr3_exif(file, path.stat().st_size)
        if file_type == RAF:
            file.seek(84)
            offset, length = (int.from_bytes(file.read(4), "big") for _ in range(2))
            file.seek(offset)
            with Image.open(BytesIO(file.read(length)), formats=("JPEG",)) as preview:
                return exif.parse(preview.info.get("exif", b""))
        return exif.read(file, 0)


def decode(path: Path, max_pixels: int) -> tuple[Image.Image, int]:
    """The picture, and the EXIF orientation that it still needs."""
    with rawpy.imread(str(path)) as raw:
        sizes = raw.sizes
        check_pixels(sizes.raw_width, sizes.raw_height, max_pixels)
        preview = _preview(raw)
        if preview is not None:
            check_pixels(*preview.size, max_pixels)
            is_turned = sizes.flip in (5, 6) and (preview.width < preview.height) != (sizes.width < sizes.height)
            if min(preview.size) >= min(_MIN_PREVIEW_SIDE, sizes.width, sizes.height):
                return preview, 1 if is_turned else _FLIPS.get(sizes.flip, 1)
        half = min(sizes.width, sizes.height) >= 2 * 1440
        return Image.fromarray(raw.postprocess(use_camera_wb=True, half_size=half)), 1


def _preview(raw: rawpy.RawPy) -> Image.Image | None:
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return None
    if isinstance(thumb.data, bytes):
        return Image.open(BytesIO(thumb.data), formats=("JPEG",))
    return Image.fromarray(thumb.data)


def _cr3_exif(file: BinaryIO, end: int) -> Exif:
    """CR3 keeps one TIFF structure per directory: CMT1 image, CMT2 photo, CMT4 GPS, in moov's Canon box."""
    directories: dict[bytes, Directory] = {}
    for moov in (box for box in walk(file, 0, end) if box.kind == b"moov"):
        for box in walk(file, moov.start, moov.end):
            if box.kind == b"uuid" and box.read(file, 16) == _CANON_UUID:
                for part in walk(file, box.start + 16, box.end):
                    if part.kind in _CANON_DIRECTORIES and part.kind not in directories:
                        directories[part.kind] = Tiff(file, part.start).first
    image, photo, gps = (directories.get(kind, EMPTY) for kind in _CANON_DIRECTORIES)
    return Exif(image, photo, gps)
