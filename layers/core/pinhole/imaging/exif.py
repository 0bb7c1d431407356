"""EXIF (CIPA DC-008) as JSON, and the values that Pinhole gives names to."""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import BinaryIO

from PIL import ExifTags

from pinhole.imaging.comment import comment
from pinhole.imaging.tiff import EMPTY, USER_COMMENT, Directory, Tiff, Value
from pinhole.imaging.written_time import ExifTime

Json = str | int | float | list["Json"] | dict[str, "Json"] | None

MAX_BLOCK_BYTES = 4 << 20
_MAX_JSON_NUMBERS = 64
_MAX_JSON_CHARACTERS = 2000
_MAX_JSON_BYTES = 80 << 10  # of one directory: with all of them an item still fits the answer of an API
_NEXT_TO_NOTHING = 1e-9

EXIF_POINTER, GPS_POINTER, MAKER_NOTE, ORIENTATION = 0x8769, 0x8825, 0x927C, 0x112
# Tags that point to, or hold, other data: they say nothing outside the file.
_NOT_SHOWN = {EXIF_POINTER, GPS_POINTER, MAKER_NOTE, 0x14A, 0xA005, 0x111, 0x117, 0x144, 0x145, 0x201, 0x202, 0x2BC,
              0x8649, 0x83BB, 0x8773, 0xEA1C, 0x15B, 0xC634}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exif:
    """The directories of one photo; each empty where the file has none. `order` of their bytes: `<` or `>`."""

    image: Directory = EMPTY
    photo: Directory = EMPTY
    gps: Directory = EMPTY
    apple: Directory = EMPTY
    order: str = "<"

    @property
    def orientation(self) -> int:
        """1 to 8; 1 where nothing, or nonsense, is said."""
        orientation = self.image.integer(ORIENTATION)
        return orientation if orientation is not None and 1 <= orientation <= 8 else 1

    def as_json(self) -> dict[str, Json]:
        """Values by their names in the standard, GPS under `GPSInfo`. Long and binary values are left out, and what
        is too much altogether.
        """
        shown = _names(self.image, ExifTags.TAGS) | _names(self.photo, ExifTags.TAGS)
        gps = _names(self.gps, ExifTags.GPSTAGS)
        return shown | ({"GPSInfo": gps} if gps else {})

    def time(self, date_time: int, subsec: int, offset: int) -> ExifTime:
        text = self.photo.text(date_time) or self.image.text(date_time)
        return ExifTime(text, self.photo.text(subsec), self.photo.text(offset))

    def gps_time(self) -> datetime | None:
        """GPSDateStamp and GPSTimeStamp, aware; None where one of them is missing or impossible."""
        clock = self.gps.numbers(7) or tuple(float(part) for part in re.findall(r"\d+", self.gps.text(7) or ""))
        try:
            day = datetime.strptime((self.gps.text(29) or "")[:10].replace("-", ":"), "%Y:%m:%d").replace(tzinfo=UTC)
        except ValueError:
            return None
        if len(clock) != 3 or not all(math.isfinite(v) and v >= 0 for v in clock):
            return None
        since_midnight = timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2]) if max(clock) < 100 else None
        return day + since_midnight if since_midnight is not None and since_midnight < timedelta(days=1) else None

    def user_comment(self) -> str | None:
        return comment(self.photo.raw(USER_COMMENT) or self.image.raw(USER_COMMENT) or b"", self.order)

    def windows_text(self, tag: int) -> str | None:
        """The XP tags are UTF-16 in bytes."""
        return (self.image.raw(tag) or b"").decode("utf-16-le", "ignore").split("\0")[0].strip() or None


NO_EXIF = Exif()


def parse(block: bytes) -> Exif:
    """The EXIF block of any container, with or without the `Exif\\0\\0` that JPEG puts before it."""
    at = 6 if block.startswith(b"Exif\0") else 0
    if len(block) > MAX_BLOCK_BYTES:
        return NO_EXIF
    return read(BytesIO(block[at:]), 0)


def read(file: BinaryIO, start: int) -> Exif:
    """The same from a file that is itself a TIFF structure, or has one at `start`."""
    tiff = Tiff(file, start)
    image = tiff.first
    photo = tiff.directory(image.integer(EXIF_POINTER))
    gps = tiff.directory(image.integer(GPS_POINTER))
    return Exif(image, photo, gps, _apple(photo.raw(MAKER_NOTE) or b""), tiff.order)


def finite(number: float | None) -> float | None:
    """None for NaN and infinities; 0 for what is so small that PostgreSQL would refuse it."""
    if number is None or not math.isfinite(number):
        return None
    return number if abs(number) >= _NEXT_TO_NOTHING else 0.0


def _apple(maker_note: bytes) -> Directory:
    """Apple's maker note: `Apple iOS`, NUL, two bytes of version, byte order, then a directory."""
    if not maker_note.startswith(b"Apple iOS\0") or len(maker_note) < 16:
        return EMPTY
    order = maker_note[12:14]
    header = order + (b"*\0\x0e\0\0\0" if order == b"II" else b"\0*\0\0\0\x0e")
    return Tiff(BytesIO(header + b"\0" * 6 + maker_note[14:])).first


def _names(directory: Directory, names: dict[int, str]) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    left = _MAX_JSON_BYTES
    for tag, value in directory.values.items():
        if tag not in _NOT_SHOWN and (shortened := _json(value)) is not None:
            left -= len(json.dumps(shortened)) + 50  # for the name
            if left < 0:
                break
            shown[names.get(tag, f"0x{tag:04x}")] = shortened
    return shown


def _json(value: Value) -> Json:
    """None for what JSON or a reader can't take."""
    if isinstance(value, str):
        return value.replace("\0", "")[:_MAX_JSON_CHARACTERS] or None
    if isinstance(value, bytes):
        printable = value.rstrip(b"\0")
        if len(value) <= _MAX_JSON_NUMBERS and printable.isascii() and printable.decode("ascii").isprintable():
            return printable.decode("ascii") or None
        return value.hex() if 0 < len(value) <= 16 else None
    if not value or len(value) > _MAX_JSON_NUMBERS:
        return None
    numbers: list[Json] = [number if math.isfinite(number) else None for number in value]
    return numbers[0] if len(numbers) == 1 else numbers
