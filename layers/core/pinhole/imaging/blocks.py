"""The blocks of metadata that a container holds, found without decoding pixels."""

from dataclasses import dataclass
from pathlib import Path

from pinhole.imaging import exif, iptc, jxl, xmp
from pinhole.imaging.budget import check_pixels
from pinhole.imaging.decoding import opened
from pinhole.imaging.exif import Exif
from pinhole.imaging.file_type import FileType, Loader
from pinhole.imaging.iptc import Iptc
from pinhole.imaging.refusal import refusing_bad_bytes
from pinhole.imaging.tiff import IPTC, PHOTOSHOP, XMP, Directory, Tiff
from pinhole.imaging.xmp import Xmp


@dataclass(frozen=True, slots=True)
class Blocks:
    """`width` × `height` as displayed; `orientation` as the file says it, applied in the size already."""

    width: int
    height: int
    orientation: int
    exif: Exif
    xmp: Xmp
    iptc: Iptc = iptc.EMPTY
    is_animated: bool = False
    has_wide_range: bool = False


def read_blocks(path: Path, file_type: FileType, max_pixels: int) -> Blocks:
    """Raises FileRejected (`too_many_pixels`, `too_large`, `corrupt`, `truncated`)."""
    if file_type.loader is Loader.RAW:
        return _raw(path, file_type, max_pixels)
    if file_type.loader is Loader.JXL:
        with refusing_bad_bytes(path, file_type, max_pixels):
            header = jxl.read_header(path)
            check_pixels(header.width, header.height, max_pixels)
        packet = xmp.parse(header.xmp)
        return Blocks(header.width, header.height, header.orientation, exif.parse(header.exif), packet)
    with opened(path, file_type, max_pixels) as source:
        pass
    directory, xmp_block, iptc_block = exif.parse(source.exif), source.xmp, source.iptc
    if file_type.loader is Loader.TIFF:
        with path.open("rb") as file:
            directory = exif.read(file, 0)
        xmp_block, iptc_block = _of_directory(directory.image)
    return Blocks(
        width=source.width,
        height=source.height,
        # AVIF's container turns its picture itself, and of all it says that counts.
        orientation=source.orientation if file_type.loader is Loader.AVIF else directory.orientation,
        exif=directory,
        xmp=xmp.parse(xmp_block),
        iptc=iptc.parse(iptc_block),
        is_animated=source.is_animated,
        has_wide_range=source.has_wide_range,
    )


def _raw(path: Path, file_type: FileType, max_pixels: int) -> Blocks:
    from pinhole.imaging import apart, raw_exif  # which only raw files need

    width, height = apart.raw_size(path, max_pixels)
    with refusing_bad_bytes(path, file_type, max_pixels):
        directory = raw_exif.read(path, file_type, max_pixels)
    with path.open("rb") as file:
        xmp_block, iptc_block = _of_directory(Tiff(file).first)
    packet, written = xmp.parse(xmp_block), iptc.parse(iptc_block)
    return Blocks(width, height, directory.orientation, directory, packet, written)


def _of_directory(first: Directory) -> tuple[bytes, bytes]:
    """XMP and IPTC of a TIFF structure, where they have tags of their own, else within Photoshop's resources."""
    resources = first.raw(PHOTOSHOP) or b""
    return first.raw(XMP) or iptc.resource(resources, iptc.XMP_RESOURCE), first.raw(IPTC) or resources
