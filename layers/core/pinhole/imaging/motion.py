"""Where in a motion photo's file its clip lies."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pinhole.imaging.boxes import walk
from pinhole.imaging.xmp import Xmp

_MAX_TRAILER_BYTES = 1 << 16
_SAMSUNG_MOTION_PHOTO = 0x0A30
_MAX_CANDIDATES, _MAX_FTYP_BYTES = 16, 256
_OF_CLIPS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"udta", b"moof", b"mfra"})


@dataclass(frozen=True, slots=True)
class Clip:
    """An MP4 or MOV inside the original: `size_bytes` from `offset`."""

    offset: int
    size_bytes: int


def find_clip(path: Path, xmp: Xmp) -> Clip | None:
    """Google's motion photo and its elder MicroVideo say it in XMP, Samsung in a trailer; HEIC has a box for
    it. Some phones only put it behind the rest, and some editors something else behind it.

    Only what starts like a video counts: editors keep the words and drop the clip.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        for clip in (
            _container(xmp, size),
            _micro_video(xmp, size),
            _samsung(file, size),
            _video_box(file, size),
        ):
            if clip and clip.offset > 0 and clip.offset + clip.size_bytes <= size and _is_video(file, clip):
                return clip
        return _behind(file, size)


def _container(xmp: Xmp, size: int) -> Clip | None:
    """Items lie at the end in the order of the directory, each with its padding before the next."""
    end = size
    for item in reversed(xmp.items):
        if item.semantic == "MotionPhoto":
            return Clip(end - item.padding - item.length, item.length)
        end -= item.length + item.padding
    return None


def _micro_video(xmp: Xmp, size: int) -> Clip | None:
    length = xmp.integer("GCamera:MicroVideoOffset") or 0
    return Clip(size - length, length) if 0 < length < size else None


def _samsung(file: BinaryIO, size: int) -> Clip | None:
    """The trailer: blocks, then `SEFH`, version, count, per block (type, distance before SEFH, length), its
    own length, `SEFT`.
    """
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"SEFT" or not 12 <= length <= _MAX_TRAILER_BYTES or length + 8 > size:
        return None
    start = size - 8 - length
    file.seek(start)
    directory = file.read(length)
    if directory[:4] != b"SEFH":
        return None
    for at in range(12, len(directory) - 11, 12):
        kind = int.from_bytes(directory[at + 2 : at + 4], "little")
        block = start - int.from_bytes(directory[at + 4 : at + 8], "little")
        block_size = int.from_bytes(directory[at + 8 : at + 12], "little")
        if kind == _SAMSUNG_MOTION_PHOTO and block > 0:
            file.seek(block + 4)
            header = 8 + int.from_bytes(file.read(4), "little")  # the block's name stands before its content
            return Clip(block + header, block_size - header)
    return None


def _video_box(file: BinaryIO, size: int) -> Clip | None:
    file.seek(4)
    if file.read(4) != b"ftyp":
        return None
    return next((Clip(b.start, b.end - b.start) for b in walk(file, 0, size) if b.kind == b"mpvd"), None)


def _behind(file: BinaryIO, size: int) -> Clip | None:
    """The first whole MP4 or MOV behind the picture: its boxes one after the other, the index of its frames among
    them.
    """
    file.seek(0)
    if file.read(8)[4:] == b"ftyp":  # the picture is made of such boxes itself
        starts = [box.start - 8 for box in walk(file, 0, size) if box.kind == b"ftyp"][1 : _MAX_CANDIDATES + 1]
    else:
        starts = _starts(file)
    for start in starts:
        end, kinds = start, set()
        for box in walk(file, start, size):
            if box.kind not in _OF_CLIPS or (box.kind == b"ftyp" and end > start):
                break
            end = box.end
            kinds.add(box.kind)
        if {b"moov", b"mdat"} <= kinds:
            return Clip(start, end - start)
    return None


def _starts(file: BinaryIO) -> list[int]:
    """Where boxes named `ftyp` may begin."""
    starts: list[int] = []
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(b"ftyp", 8)
        while at >= 0 and len(starts) < _MAX_CANDIDATES:
            if 16 <= int.from_bytes(data[at - 4 : at], "big") <= _MAX_FTYP_BYTES:
                starts.append(at - 4)
            at = data.find(b"ftyp", at + 4)
    return starts


def _is_video(file: BinaryIO, clip: Clip) -> bool:
    file.seek(clip.offset + 4)
    return clip.size_bytes > 8 and file.read(4) == b"ftyp"
