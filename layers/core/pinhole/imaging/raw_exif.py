"""The EXIF of camera raw files, read without LibRaw."""

from pathlib import Path
from typing import BinaryIO

from pinhole.imaging import exif, jpeg
from pinhole.imaging.boxes import walk
from pinhole.imaging.exif import Exif
from pinhole.imaging.file_type import CR3, RAF, FileType
from pinhole.imaging.tiff import EMPTY, Directory, Tiff

_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_CANON_DIRECTORIES = (b"CMT1", b"CMT2", b"CMT4")


def read(path: Path, file_type: FileType, max_pixels: int) -> Exif:
    """From where each maker keeps it."""
    with path.open("rb") as file:
        if file_type == CR3:
            return _cr3_exif(file, path.stat().st_size)
        if file_type == RAF:
            file.seek(84)
            offset, length = (int.from_bytes(file.read(4), "big") for _ in range(2))
            file.seek(offset)
            return exif.parse(jpeg.read(file.read(min(length, exif.MAX_BLOCK_BYTES)), max_pixels).exif)
        return exif.read(file, 0)


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
