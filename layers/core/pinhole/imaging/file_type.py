"""What a file is, by its bytes alone: neither its name nor what the client said of it counts."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Literal

from pinhole.errors import FileRejected
from pinhole.imaging.tiff import Directory, Tiff


class Loader(StrEnum):
    """Who decodes it. The values of Pillow's own formats are Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    AVIF = "AVIF"
    HEIF = "HEIF"
    TIFF = "TIFF"
    BMP = "BMP"
    JXL = "JXL"
    RAW = "raw"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class FileType:
    """`extension` has no dot."""

    mime: str
    kind: Literal["photo", "video"]
    extension: str
    loader: Loader


def _photo(subtype: str, extension: str, loader: Loader) -> FileType:
    return FileType(f"image/{subtype}", "photo", extension, loader)


def _video(subtype: str, extension: str) -> FileType:
    return FileType(f"video/{subtype}", "video", extension, Loader.VIDEO)


JPEG = _photo("jpeg", "jpg", Loader.JPEG)
PNG = _photo("png", "png", Loader.PNG)
GIF = _photo("gif", "gif", Loader.GIF)
WEBP = _photo("webp", "webp", Loader.WEBP)
AVIF = _photo("avif", "avif", Loader.AVIF)
HEIC = _photo("heic", "heic", Loader.HEIF)
HEIF = _photo("heif", "heif", Loader.HEIF)
TIFF = _photo("tiff", "tif", Loader.TIFF)
BMP = _photo("bmp", "bmp", Loader.BMP)
JXL = _photo("jxl", "jxl", Loader.JXL)
DNG = _photo("x-adobe-dng", "dng", Loader.RAW)
CR2 = _photo("x-canon-cr2", "cr2", Loader.RAW)
CR3 = _photo("x-canon-cr3", "cr3", Loader.RAW)
NEF = _photo("x-nikon-nef", "nef", Loader.RAW)
ARW = _photo("x-sony-arw", "arw", Loader.RAW)
RAF = _photo("x-fuji-raf", "raf", Loader.RAW)
RW2 = _photo("x-panasonic-rw2", "rw2", Loader.RAW)
ORF = _photo("x-olympus-orf", "orf", Loader.RAW)
OTHER_RAW = _photo("x-dcraw", "raw", Loader.RAW)
MP4 = _video("mp4", "mp4")
M4V = _video("x-m4v", "m4v")
MOV = _video("quicktime", "mov")
THREE_GP = _video("3gpp", "3gp")
WEBM = _video("webm", "webm")
MKV = _video("x-matroska", "mkv")
AVI = _video("x-msvideo", "avi")
MTS = _video("mp2t", "mts")

_PREFIXES = [
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\xff\x0a", JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JXL),
    (b"FUJIFILMCCD-RAW", RAF),
    (b"IIU\0", RW2),
    (b"IIRO", ORF),
    (b"IIRS", ORF),
    (b"MMOR", ORF),
]
# Brands of ISO base media files, from the registry at mp4ra.org; compared without trailing spaces.
_HEIC_BRANDS = {b"heic", b"heim", b"heis", b"hevc", b"hevm", b"hevs"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"mif2", b"heix", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_MP4_BRANDS = {
    b"isom",
    b"avc1",
    b"mp41",
    b"mp42",
    b"mp71",
    b"dash",
    b"MSNV",
    b"XAVC",
    b"mmp4",
    b"F4V",
    b"f4v",
    b"hvc1",
}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
_DNG_VERSION, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES = 0xC612, 0x106, 0x10F, 0x14A
_CFA, _LINEAR_RAW = 32803, 34892


def identify(path: Path) -> FileType:
    """Raises FileRejected (`empty_file`, `unsupported_type`)."""
    with path.open("rb") as file:
        head = file.read(4096)
        if not head:
            raise FileRejected("The file is empty.", code="empty_file")
        found = _by_bytes(head, file)
    if found is None:
        raise FileRejected(
            "This is not a photo or video of a kind that Pinhole can read, whatever its name says.",
            code="unsupported_type",
        )
    return found


def _by_bytes(head: bytes, file: BinaryIO) -> FileType | None:
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": AVI}.get(head[8:12])
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return BMP
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff_or_raw(head, file)
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"pnot") or (head[4:8] in (b"free", b"skip") and b"moov" in head):
        return MOV  # QuickTime files older than the ftyp box
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in head[:512] else MKV if b"matroska" in head[:512] else None
    # MPEG transport stream: a sync byte starts each packet of 188 bytes, AVCHD puts four bytes of time before it.
    for first, step in ((0, 188), (4, 192)):
        if len(head) > first + 4 * step and all(head[first + i * step] == 0x47 for i in range(5)):
            return MTS
    return None


def _by_brands(head: bytes) -> FileType | None:
    size = int.from_bytes(head[:4], "big")
    brands = head[8 : min(size, 512)] if size >= 16 else head[8:12]
    major = brands[:4].rstrip()
    names = {major} | {brands[i : i + 4].rstrip() for i in range(8, len(brands) - 3, 4)}
    if major == b"crx":
        return CR3
    if names & _AVIF_BRANDS:
        return AVIF
    if major in _HEIC_BRANDS:
        return HEIC
    if major in _HEIF_BRANDS or (b"mif1" in names and names & _HEIC_BRANDS):
        return HEIF
    if major == b"qt":
        return MOV
    if major in (b"M4V", b"M4VH", b"M4VP"):
        return M4V
    if major[:3] in (b"3gp", b"3g2", b"3gs", b"3ge", b"3gr"):
        return THREE_GP
    if names & _MP4_BRANDS or any(name.startswith(b"iso") for name in names):
        return None if major in (b"M4A", b"M4B", b"M4P") else MP4
    return MOV if b"qt" in names else None


def _tiff_or_raw(head: bytes, file: BinaryIO) -> FileType:
    if head[8:10] == b"CR":
        return CR2
    tiff = Tiff(file)
    first = tiff.first
    if _DNG_VERSION in first.sizes:
        return DNG
    directories = [first, *(tiff.directory(offset) for offset in first.integers(_SUB_DIRECTORIES)[:8])]
    if not any(_is_sensor_data(directory) for directory in directories):
        return TIFF
    make = (first.text(_MAKE) or "").upper()
    return NEF if make.startswith("NIKON") else ARW if make.startswith("SONY") else OTHER_RAW


def _is_sensor_data(directory: Directory) -> bool:
    return directory.integer(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW)
