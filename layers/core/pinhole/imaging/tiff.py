"""A bounded reader of TIFF directories: the form of EXIF in every container, and of most camera raw files.

Reads no more than `MAX_VALUE_BYTES` for a value (more where `LONG_VALUES` says so), `MAX_ENTRIES` entries of a
directory and `MAX_BYTES` for all values together, whatever the file claims, and skips what it can't read: what a camera
or an editor spoiled must not cost the rest.
"""

import struct
from dataclasses import dataclass, field
from os import SEEK_END
from typing import BinaryIO

MAX_ENTRIES = 1024
MAX_VALUE_BYTES = 1 << 16
MAX_BYTES = 4 << 20  # entries may all point to the same bytes, so that a small file could claim gigabytes
_MAX_NUMBERS = 64
XMP, IPTC, PHOTOSHOP, USER_COMMENT = 0x2BC, 0x83BB, 0x8649, 0x9286
LONG_VALUES = {XMP: 1 << 20, IPTC: 1 << 18, PHOTOSHOP: 1 << 20}
_BYTES = {*LONG_VALUES, USER_COMMENT}  # whatever type a writer gave them

Value = str | bytes | tuple[int, ...] | tuple[float, ...]

# type -> struct code and bytes of one element (TIFF 6.0 section 2, BigTIFF, EXIF 3.0 type 129 is UTF-8)
_TYPES = {
    1: ("B", 1), 2: ("s", 1), 3: ("H", 2), 4: ("I", 4), 5: ("II", 8), 6: ("b", 1), 7: ("s", 1), 8: ("h", 2),
    9: ("i", 4), 10: ("ii", 8), 11: ("f", 4), 12: ("d", 8), 13: ("I", 4), 16: ("Q", 8), 17: ("q", 8),
    18: ("Q", 8), 129: ("s", 1),
}  # fmt: skip
_MAGICS = {
    b"II": {42, 43, 0x4F52, 0x5352, 0x55},
    b"MM": {42, 43, 0x4F52},
}  # also Olympus "RO"/"RS", Panasonic "U"


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: values by tag, more than 64 numbers as the bytes they are in the file.

    `sizes` holds the bytes that every value claims, also of those left out; `entries` says how many there are, also of
    those that were not looked at.
    """

    values: dict[int, Value]
    sizes: dict[int, int]
    next_offset: int
    entries: int = 0

    def number(self, tag: int) -> float | None:
        """Also one that is written as text."""
        value = self.values.get(tag)
        if isinstance(value, str):
            return decimal_or_rational(value)
        return float(value[0]) if isinstance(value, tuple) and value else None

    def integer(self, tag: int) -> int | None:
        value = self.values.get(tag)
        return value[0] if isinstance(value, tuple) and value and isinstance(value[0], int) else None

    def integers(self, tag: int) -> tuple[int, ...]:
        value = self.values.get(tag, ())
        return tuple(v for v in value if isinstance(v, int)) if isinstance(value, tuple) else ()

    def numbers(self, tag: int) -> tuple[float, ...]:
        value = self.values.get(tag, ())
        return tuple(float(v) for v in value) if isinstance(value, tuple) else ()

    def text(self, tag: int) -> str | None:
        """Also one that is stored as bytes."""
        value = self.values.get(tag)
        text = value if isinstance(value, str) else decode_text(self.raw(tag) or b"")
        return text if text and (isinstance(value, str) or text.isprintable()) else None

    def raw(self, tag: int) -> bytes | None:
        """Bytes of an UNDEFINED or BYTE value, or of many numbers."""
        value = self.values.get(tag)
        if isinstance(value, tuple) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
            return bytes(int(v) for v in value)
        return value if isinstance(value, bytes) else None


EMPTY = Directory({}, {}, 0)


@dataclass(slots=True)
class Tiff:
    """A TIFF structure that begins at `start` of `file`. Offsets in it count from there."""

    file: BinaryIO
    start: int = 0
    order: str = field(init=False, default="")
    big: bool = field(init=False, default=False)
    first_offset: int = field(init=False, default=0)
    _end: int = field(init=False)
    _bytes_left: int = field(init=False, default=MAX_BYTES)
    _directories: dict[int, Directory] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._end = self.file.seek(0, SEEK_END)
        head = self._read(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            return
        (magic,) = struct.unpack(order + "H", head[2:4])
        if magic not in _MAGICS[head[:2]]:
            return
        self.order = order
        self.big = magic == 43
        if self.big and len(head) < 16:
            return
        (self.first_offset,) = struct.unpack(order + ("Q" if self.big else "I"), head[8:16] if self.big else head[4:8])

    @property
    def first(self) -> Directory:
        return self.directory(self.first_offset)

    def directory(self, offset: int | None) -> Directory:
        """The directory at `offset`; an empty one where there is none."""
        if not self.order or not offset:
            return EMPTY
        if offset not in self._directories:
            self._directories[offset] = self._read_directory(offset)
        return self._directories[offset]

    def _read_directory(self, offset: int) -> Directory:
        count_size, entry_size, pointer = (8, 20, "Q") if self.big else (2, 12, "I")
        head = self._read(offset, count_size)
        if len(head) < count_size:
            return EMPTY
        (count,) = struct.unpack(self.order + ("Q" if self.big else "H"), head)
        pointer_size = struct.calcsize("=" + pointer)
        block = self._read(offset + count_size, min(count, MAX_ENTRIES) * entry_size + pointer_size)
        values: dict[int, Value] = {}
        sizes: dict[int, int] = {}
        for at in range(0, min(count, MAX_ENTRIES) * entry_size, entry_size):
            entry = block[at : at + entry_size]
            if len(entry) < entry_size:
                break
            tag, kind = struct.unpack(self.order + "HH", entry[:4])
            (length,) = struct.unpack(self.order + pointer, entry[4 : 4 + pointer_size])
            if tag in sizes:
                continue
            sizes[tag] = size = length * _TYPES[kind][1] if kind in _TYPES else 0
            if kind not in _TYPES:
                continue
            field_bytes = entry[4 + pointer_size :]
            if size > min(LONG_VALUES.get(tag, MAX_VALUE_BYTES), self._bytes_left):
                continue
            self._bytes_left -= size
            if size > pointer_size:
                field_bytes = self._read(struct.unpack(self.order + pointer, field_bytes)[0], size)
            if len(field_bytes) >= size:
                field_bytes = field_bytes[:size]
                values[tag] = field_bytes if tag in _BYTES else self._decode(kind, length, field_bytes)
        tail = block[min(count, MAX_ENTRIES) * entry_size :]
        following = struct.unpack(self.order + pointer, tail)[0] if len(tail) == pointer_size else 0
        return Directory(values, sizes, following, count)

    def _read(self, offset: int, size: int) -> bytes:
        if not 0 <= self.start + offset < self._end:  # a seek to where no file can reach is an error
            return b""
        self.file.seek(self.start + offset)
        return self.file.read(size)

    def _decode(self, kind: int, length: int, data: bytes) -> Value:
        code = _TYPES[kind][0]
        if kind in (2, 129):
            return decode_text(data)
        if code == "s" or length > _MAX_NUMBERS:
            return data
        numbers = struct.unpack(self.order + code * length, data)
        if len(code) == 1:
            return numbers
        return tuple(a / b if b else float("nan") for a, b in zip(numbers[::2], numbers[1::2], strict=True))


def decode_text(data: bytes) -> str:
    """ASCII by the standard, in practice as `decoded` has it; ended by NUL."""
    return decoded(data.split(b"\0", 1)[0]).strip()


def decoded(data: bytes) -> str:
    """Text whose character set nobody declared: UTF-8, also cut within its last character, else Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and not data[: error.start].isascii():
            return data[: error.start].decode("utf-8")
        return data.decode("cp1252", "replace")


def decimal_or_rational(written: str) -> float | None:
    above, _, below = written.strip()[:100].partition("/")
    try:
        return float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return None
