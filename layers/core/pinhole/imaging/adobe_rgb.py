"""Cameras say that a picture is in Adobe RGB in its EXIF alone, without a profile (DCF 2.0, section 5)."""

from typing import BinaryIO

from pinhole.imaging.exif import EXIF_POINTER
from pinhole.imaging.tiff import Tiff

_COLOUR_SPACE, _INTEROPERABILITY, _INDEX = 0xA001, 0xA005, 1
_SRGB, _OUTSIDE_THE_STANDARD = 1, 2  # the second never was in it, but in cameras


def is_told(file: BinaryIO) -> bool:
    """`file`: a TIFF structure, as EXIF is one and most raw files are."""
    tiff = Tiff(file)
    photo = tiff.directory(tiff.first.integer(EXIF_POINTER))
    space = photo.integer(_COLOUR_SPACE)
    if space in (_SRGB, _OUTSIDE_THE_STANDARD):
        return space == _OUTSIDE_THE_STANDARD
    return (tiff.directory(photo.integer(_INTEROPERABILITY)).text(_INDEX) or "").startswith("R03")


def profile() -> bytes:
    from pinhole.imaging import profiles  # with numpy, which is as slow to load as all the rest

    return profiles.adobe_rgb()
