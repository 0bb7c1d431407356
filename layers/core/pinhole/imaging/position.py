"""Positions as EXIF and XMP hold them. One whose hemisphere is not told is none: it might be wrong by half a globe."""

import math
import re

from pinhole.imaging.capture_time import valid_coordinates
from pinhole.imaging.exif import Exif, finite
from pinhole.imaging.tiff import Directory, decimal_or_rational
from pinhole.imaging.xmp import Xmp

_LATITUDE, _LONGITUDE = "NS", "EW"
_NUMBER = re.compile(r"([-+−]?)\s*(\d+(?:\.\d*)?|\.\d+)(?:/(\d+))?")
_TOLD_SIDE = re.compile(r"\A[NSEW]|[NSEW](?:orth|outh|ast|est)?\Z", re.IGNORECASE)
_SMALLER_SIDE = frozenset("SW")
_SEA_LEVEL_BELOW = (1, 3)  # 3: below the ellipsoid (EXIF 3.0)
_HIGHEST = 1e5


def coordinates(exif: Exif, xmp: Xmp) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, north and east positive; XMP's where EXIF has none."""
    return _of_exif(exif.gps) or _of_xmp(xmp)


def altitude_m(exif: Exif, xmp: Xmp) -> float | None:
    """Above the sea, below it negative."""
    altitude, reference = exif.gps.number(6), _code(exif.gps, 5)
    if finite(altitude) is None:
        altitude, reference = _first_number(xmp.text("exif:GPSAltitude")), xmp.integer("exif:GPSAltitudeRef")
        if "below" in (xmp.text("exif:GPSAltitudeRef") or "").lower():  # ExifTool's word for 1
            reference = _SEA_LEVEL_BELOW[0]
    altitude = finite(altitude)
    if altitude is None or abs(altitude) > _HIGHEST:
        return None
    return -abs(altitude) if reference in _SEA_LEVEL_BELOW else altitude


def direction_deg(exif: Exif, xmp: Xmp) -> float | None:
    """Of the camera, clockwise from north."""
    for direction in (exif.gps.number(17), _first_number(xmp.text("exif:GPSImgDirection"))):
        if (number := finite(direction)) is not None and 0 <= number <= 360:
            return number
    return None


def degrees(written: str, reference: str | None, sides: str) -> float | None:
    """Of text: `DDD,MM.mmk`, `DDD,MM,SSk`, `DD.ddd` with k or a sign, `DD deg MM' SS"` and the like.

    sides: `NS` or `EW`, the larger first. None where the text, or its side, can't be told.
    """
    written = written.strip()[:100]
    told = (side for match in _TOLD_SIDE.finditer(written) if (side := _side(match[0], sides)))
    side = next(told, _side(reference, sides))
    numbers = _NUMBER.findall(written)
    if not numbers:
        return None
    return _signed([_value(*number) for number in numbers], numbers[0][0], side)


def _of_exif(gps: Directory) -> tuple[float, float] | None:
    found = []
    for tag, sides in ((2, _LATITUDE), (4, _LONGITUDE)):
        reference = gps.text(tag - 1) or chr(_code(gps, tag - 1) or 0)
        if text := gps.text(tag):
            found.append(degrees(text, reference, sides))
        else:
            parts = gps.numbers(tag)
            sign = "-" if parts and parts[0] < 0 else ""
            # Seconds are NaN (0/0) where minutes carry the fraction.
            values = [abs(part) if index == 0 or not math.isnan(part) else 0.0 for index, part in enumerate(parts)]
            found.append(_signed(values, sign, _side(reference, sides)) if _side(reference, sides) else None)
    return _valid(*found)


def _of_xmp(xmp: Xmp) -> tuple[float, float] | None:
    names = (("exif:GPSLatitude", _LATITUDE), ("exif:GPSLongitude", _LONGITUDE))
    found = [degrees(xmp.text(name) or "", xmp.text(f"{name}Ref"), sides) for name, sides in names]
    return _valid(*found) or _valid(*_decimals([xmp.text(name) or "" for name, _ in names]))


def _decimals(written: list[str]) -> list[float | None]:
    """Where one of two plain numbers has a sign, the other has none because it is positive."""
    numbers = [decimal_or_rational(each.replace("−", "-")) for each in written]
    return numbers if any(each.strip()[:1] in ("-", "−", "+") for each in written) else [None, None]


def _valid(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is None or longitude is None or not valid_coordinates(latitude, longitude):
        return None
    return latitude, longitude


def _signed(parts: list[float], sign: str, side: str | None) -> float | None:
    """Degrees, minutes and seconds of a side, or of a sign where none is told."""
    if not 1 <= len(parts) <= 3 or any(part > 60 for part in parts[1:]) or not (side or sign):
        return None
    value = finite(sum(part / 60**index for index, part in enumerate(parts)))
    if value is None or (sign in ("-", "−") and side is not None and side not in _SMALLER_SIDE):
        return None  # a negative north is a contradiction
    return -value if sign in ("-", "−") or (side is not None and side in _SMALLER_SIDE) else value


def _side(reference: str | None, sides: str) -> str | None:
    letter = (reference or "").strip(" \0")[:1].upper()
    return letter if letter and letter in sides else None


def _code(gps: Directory, tag: int) -> int | None:
    """A number or letter, whatever type it is stored as."""
    text = gps.text(tag)
    if text is not None:
        return int(text) if text.isdecimal() else None
    raw = gps.values.get(tag)
    number = raw[0] if isinstance(raw, bytes) and raw else gps.integer(tag)
    return number if number is not None and 0 <= number < 128 else None


def _value(_sign: str, above: str, below: str) -> float:
    return float(above) / float(below) if below and float(below) else math.nan if below else float(above)


def _first_number(written: str | None) -> float | None:
    """Also with a unit behind it."""
    match = _NUMBER.match((written or "").strip()[:100])
    if match is None:
        return None
    return _value(*match.groups("")) * (-1 if match[1] in ("-", "−") else 1)
