"""What an HEVC item makes a decoder do (ITU-T H.265): how large its pictures are, and how often they are drawn."""

from collections.abc import Iterator
from typing import BinaryIO

from pinhole.errors import FileRejected

_MAX_UNITS = 10_000
_MAX_SET_BYTES = 4096  # of a parameter set, up to the size of its pictures
_OTHERS, _SEQUENCE_SET = 32, 33  # types of NAL units; those below are slices
_LENGTH_BYTES = 4

Extents = list[tuple[int, int]]


def configured_size(hvcc: bytes) -> tuple[int, int]:
    """The largest picture that a decoder configuration (ISO/IEC 14496-15, 8.3.2.1) tells of, in pixels each way.

    Raises ValueError where that can't be told.
    """
    if len(hvcc) < 23 or hvcc[21] & 3 != _LENGTH_BYTES - 1:
        raise ValueError("a configuration of HEVC that decoders don't read")
    at, sizes = 23, [(0, 0)]
    for _ in range(hvcc[22]):
        count, at = int.from_bytes(hvcc[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(hvcc[at : at + 2], "big")
            unit, at = hvcc[at + 2 : at + 2 + length], at + 2 + length
            if at > len(hvcc):
                raise ValueError("a configuration of HEVC is cut off")
            if _kind(unit) == _SEQUENCE_SET:
                sizes.append(_size(unit))
    return max(sizes, key=_pixels)


def work(file: BinaryIO, extents: Extents, size: tuple[int, int], units: int) -> tuple[int, int]:
    """Pixels that a decoder goes over for an item, and `units` with those of the item.

    Each slice may be drawn over the whole picture: where it begins and ends only decoding tells. `size` is what is said
    of it elsewhere; what the item says itself counts where that is more. `units`: how many of the file were looked at.
    Raises FileRejected (`corrupt`), ValueError.
    """
    slices = 0
    for unit in _units(file, extents, _MAX_UNITS - units):
        units += 1
        kind = _kind(unit)
        slices += kind is not None and kind < _OTHERS
        if kind == _SEQUENCE_SET:
            size = max(size, _size(unit), key=_pixels)
    return _pixels(size) * max(1, slices), units


def _kind(unit: bytes) -> int | None:
    """Of a NAL unit (7.3.1.2); None where it is of a layer beyond the first, which isn't decoded."""
    header = int.from_bytes(unit[:2].ljust(2, b"\0"), "big")
    return None if header >> 3 & 63 else header >> 9 & 63


def _units(file: BinaryIO, extents: Extents, limit: int) -> Iterator[bytes]:
    """The start of each NAL unit of an item, whose extents are read as if they followed one another."""
    at, end = 0, sum(length for _, length in extents)
    while at + _LENGTH_BYTES <= end:
        head = _read(file, extents, at, _LENGTH_BYTES + _MAX_SET_BYTES)
        length = int.from_bytes(head[:_LENGTH_BYTES], "big")
        if len(head) < _LENGTH_BYTES:
            return
        if (limit := limit - 1) < 0:
            raise FileRejected("The file is damaged: its pictures have too many parts.", code="corrupt")
        yield head[_LENGTH_BYTES:][:length]
        at += _LENGTH_BYTES + length


def _read(file: BinaryIO, extents: Extents, at: int, size: int) -> bytes:
    data = b""
    for start, length in extents:
        if at < length and len(data) < size:
            file.seek(start + at)
            data += file.read(min(length - at, size - len(data)))
        at = max(0, at - length)
    return data


def _pixels(size: tuple[int, int]) -> int:
    return size[0] * size[1]


class _Bits:
    """Most significant bit first. Raises ValueError at the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("a parameter set of HEVC is cut off")
        return self._value >> self._left & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """Section 9.2."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number that no parameter set of HEVC has")
        return (1 << zeros) - 1 + self.read(zeros)


def _size(unit: bytes) -> tuple[int, int]:
    """Of the pictures that a sequence parameter set is for (7.3.2.2.1)."""
    bits = _Bits(unit[2:_MAX_SET_BYTES].replace(b"\0\0\3", b"\0\0"))
    bits.read(4)
    layers = bits.read(3)
    bits.read(1 + 96)
    if layers:  # 7.3.3
        present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
        bits.read(2 * (8 - layers))
        for has_profile, has_level in present:
            bits.read(88 * has_profile + 8 * has_level)
    bits.exp_golomb()
    if bits.exp_golomb() == 3:
        bits.read(1)
    return bits.exp_golomb(), bits.exp_golomb()
