"""The segments of a JPEG (ITU-T T.81): what it says, and what a decoder needs of it.

libjpeg guesses over damage without an error, and shows a shifted or grey picture. A marker that no JPEG may
have between its restart markers (table B.1) proves that bytes were lost or overwritten. And libjpeg goes over the
whole picture for each scan, of which a small file can have thousands.
"""

import re
from dataclasses import dataclass, field
from mmap import mmap

from PIL import Image, ImageChops

from pinhole.errors import FileRejected
from pinhole.imaging import gain_map, xmp
from pinhole.imaging.budget import METADATA_BYTES, check_memory, check_pixels, check_work, too_many_parts
from pinhole.imaging.excerpt import Excerpt
from pinhole.imaging.refusal import not_supported

MAX_SCANS = 500  # progressive files have about ten
MAX_SEGMENTS = 100_000
_MAX_TABLE_BYTES = 1 << 20  # before the first scan, where a camera has one kilobyte

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_STANDALONE = frozenset({0x01, 0xD8})
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_FRAMES = frozenset(range(0xC0, 0xD0)) - _TABLES - {0xC8}
_JFIF, _EXIF_OR_XMP, _ICC, _PHOTOSHOP, _ADOBE = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_NAME = re.compile(rb"HasExtendedXMP[^<]{1,200}?([0-9A-Fa-f]{32})")
_PICTURES = b"MPF\0"  # the index of what lies behind the first picture
_UNSUPPORTED_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})  # lossless and hierarchical
_MAX_ZEROS, _TAIL_BYTES = 64, 1 << 16

_STRIP_PIXELS = 1 << 20

_END = b"\xff\xd9"
# Noise before it, which a decoder skips where the picture is whole; else it becomes pixels.
_OTHER_END = bytes(170 ^ 7 * index % 64 for index in range(1024)) + _END
_GREY = {127, 128}  # also of CMYK, which comes inverted


@dataclass(slots=True)
class Jpeg:
    """`parts` of the file are what a decoder needs to show it, but for the marker of its end, which the file may lack;
    metadata beyond their budget are left out.
    """

    parts: list[tuple[int, int]] = field(default_factory=list)
    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    icc_profile: bytes = b""
    scans: int = 0
    is_ended: bool = False
    has_gain_map: bool = False


@dataclass(slots=True)
class _Frame:
    width: int
    height: int
    samples: dict[int, int]  # by the component's number
    is_progressive: bool
    scans: int = 0
    visits: int = 0


def read(data: bytes | mmap, max_pixels: int) -> Jpeg:
    """Walks the segments up to the end of the first image. A file that ends early is not this function's matter.

    Raises ValueError for an impossible marker, FileRejected (`corrupt`, `unsupported_type`,
    `too_many_pixels`, `too_costly`).
    """
    found, frame = Jpeg([(0, 2)]), None
    metadata: list[tuple[int, bytes]] = []
    at, first_scan, left, tables, has_index = 2, None, METADATA_BYTES, 0, False
    for _ in range(MAX_SEGMENTS):
        match = _MARKER.search(data, at)  # decoders, too, skip stray bytes between segments
        start, at = match.span() if match else (len(data), len(data))
        marker = _END_OF_IMAGE if match is None else data[at - 1]
        if match is None and first_scan is None:
            raise ValueError("premature end")
        if marker == _END_OF_IMAGE:
            found.parts.append((start if first_scan is None else first_scan, start if match else _end(data)))
            found.scans, found.is_ended = frame.scans if frame else 0, match is not None
            if match is None and frame is not None:
                check_work(2 * frame.visits, max_pixels)  # see check_whole
            _read_metadata(found, metadata)
            return found
        if marker < 0xC0 and marker != 0x01:
            raise ValueError("a marker that no JPEG may have")
        if marker in _STANDALONE:
            continue
        content, at = at + 2, at + int.from_bytes(data[at : at + 2], "big")
        if marker in _FRAMES and frame is None:
            frame = _frame(marker, data[content:at], max_pixels)
        if marker == _START_OF_SCAN:
            first_scan = start if first_scan is None else first_scan
            if frame is not None:
                _count_scan(frame, data[content:at], max_pixels)
        elif first_scan is None:
            if marker in _TABLES or marker in _FRAMES:
                tables += at - start
            if tables > _MAX_TABLE_BYTES:
                raise FileRejected("The file is damaged: its tables are impossibly large.", code="corrupt")
            if marker in _TABLES or marker in _FRAMES or marker in (_JFIF, _ADOBE):
                found.parts.append((start, at))
            elif marker == _ICC and data[content : content + len(_PICTURES)] == _PICTURES:
                if not has_index:  # of many, which each take time, the first counts
                    found.has_gain_map |= gain_map.is_behind(data, content + len(_PICTURES))
                has_index = True
            elif marker in (_EXIF_OR_XMP, _ICC, _PHOTOSHOP) and (left := left - (at - start)) >= 0:
                metadata.append((marker, data[content:at]))
    raise too_many_parts(MAX_SEGMENTS)


def opened(data: bytes | mmap, found: Jpeg, ending: bytes = _END) -> Image.Image:
    """The picture, not decoded yet."""
    image = Image.open(Excerpt(data, found.parts, ending), formats=("JPEG",))  # type: ignore[arg-type]  # it reads no other way
    if found.icc_profile:
        image.info["icc_profile"] = found.icc_profile
    return image


def check_whole(image: Image.Image, size: tuple[int, int], data: bytes | mmap, found: Jpeg) -> None:
    """`image`: decoded, drafted for `size`. What is missing libjpeg draws as zeros, which are grey. Where it may have,
    the picture is decoded once more with another ending. Raises ValueError where that shows another one.
    """
    if found.is_ended and not (found.scans == 1 and set(_last_pixel(image)) <= _GREY):
        return
    with opened(data, found, _OTHER_END) as other:
        other.draft(other.mode, size)
        other.load()
        rows = max(1, _STRIP_PIXELS // image.width)
        for top in range(0, image.height, rows):
            strip = (0, top, image.width, min(top + rows, image.height))
            if ImageChops.difference(image.crop(strip), other.crop(strip)).getbbox() is not None:
                raise ValueError("premature end")


def _last_pixel(image: Image.Image) -> bytes:
    return image.crop((image.width - 1, image.height - 1, image.width, image.height)).tobytes()


def _end(data: bytes | mmap) -> int:
    """Of entropy-coded data that no marker ends, without half of one, and without the zeros of a file that was
    reserved and never filled.
    """
    if data[-_MAX_ZEROS:].rstrip(b"\0\xff"):
        return len(data) - len(data[-_MAX_ZEROS:]) + len(data[-_MAX_ZEROS:].rstrip(b"\xff"))
    at, tail = len(data), b""
    while at and not tail:
        at = max(0, at - _TAIL_BYTES)
        tail = data[at : at + _TAIL_BYTES].rstrip(b"\0\xff")
    return at + len(tail)


def _frame(marker: int, header: bytes, max_pixels: int) -> _Frame | None:
    if len(header) < 6 or len(header) < 6 + 3 * header[5]:
        return None  # decoders say what is wrong with it
    if header[0] != 8 or marker in _UNSUPPORTED_FRAMES:
        raise not_supported("JPEG")
    height, width = int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big")
    check_pixels(width, height, max_pixels)
    components = [tuple(header[at : at + 2]) for at in range(6, 6 + 3 * header[5], 3)]
    largest = [max((factors >> shift & 15 for _, factors in components), default=1) or 1 for shift in (4, 0)]
    samples = {
        number: -(-width * (factors >> 4) // largest[0]) * -(-height * (factors & 15) // largest[1])
        for number, factors in components
    }
    return _Frame(width, height, samples, is_progressive=bool(marker & 2))


def _count_scan(frame: _Frame, header: bytes, max_pixels: int) -> None:
    count = header[0] if header else 0
    frame.scans += 1
    frame.visits += sum(frame.samples.get(number, 0) for number in header[1 : 1 + 2 * count : 2])
    if frame.scans > MAX_SCANS:
        raise FileRejected(f"The file is damaged: it draws its picture more than {MAX_SCANS} times.", code="corrupt")
    check_work(frame.visits, max_pixels)
    if frame.is_progressive or count < len(frame.samples):  # all coefficients are kept until the last scan
        check_memory(frame.width, frame.height, 2 * sum(frame.samples.values()), max_pixels)


def _read_metadata(found: Jpeg, segments: list[tuple[int, bytes]]) -> None:
    """All packets of XMP, all parts of EXIF, of Photoshop's resources, and of an ICC profile (ICC.1:2022, annex B.4) in
    their order.
    """
    exif, profile, packets, resources = [], [], [], []
    extension: dict[bytes, dict[int, bytes]] = {}
    for marker, content in segments:
        if content.startswith(b"Exif\0\0") and marker == _EXIF_OR_XMP:
            exif.append(content[6:])
        elif content.startswith(xmp.SEGMENT) and marker == _EXIF_OR_XMP:
            packets.append(content.split(b"\0", 1)[1])
        elif content.startswith(_EXTENDED_XMP) and marker == _EXIF_OR_XMP:
            digest, _, offset, part = (
                content[35:][start:end] for start, end in ((0, 32), (32, 36), (36, 40), (40, None))
            )
            extension.setdefault(digest, {})[int.from_bytes(offset, "big")] = part
        elif content.startswith(b"ICC_PROFILE\0") and marker == _ICC:
            profile.append(content[12:])
        elif content.startswith(gain_map.ISO_SEGMENT) and marker == _ICC:
            found.has_gain_map = True
        elif content.startswith(b"Photoshop 3.0\0") and marker == _PHOTOSHOP:
            resources.append(content[14:])
    found.exif = b"Exif\0\0" + b"".join(exif) if exif else b""
    found.xmp = xmp.joined([*packets[:1], *_extended(packets, extension), *packets[1:]])
    found.iptc = b"".join(resources)
    found.icc_profile = b"".join(part[2:] for part in sorted(profile, key=lambda part: part[:1]))


def _extended(packets: list[bytes], extension: dict[bytes, dict[int, bytes]]) -> list[bytes]:
    """XMP of more than a segment (XMP specification part 3, 1.1.3.1): the parts of it that the first packet names."""
    named = _EXTENSION_NAME.search(packets[0]) if packets else None
    parts = extension.get(named[1], {}) if named else {}
    return [b"".join(parts[offset] for offset in sorted(parts))]
