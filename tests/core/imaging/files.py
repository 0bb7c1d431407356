"""Files with metadata, as the tests of imaging make and read them."""

import struct
from pathlib import Path
from typing import Any

from PIL import Image

from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.metadata import FileMetadata
from tests.core.imaging.bombs import chunk
from tests.fixtures import photos

LIMIT = 100_000_000
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
    "mwg-kw": "http://www.metadataworkinggroup.com/schemas/keywords/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
}


def xmp(content: str = "", **attributes: str) -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    written = " ".join(f'{name.replace("_", ":", 1)}="{value}"' for name, value in attributes.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {declared}>'
        f'<rdf:Description rdf:about="" {written}>{content}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def read(path: Path, filename: str = "photo.jpg") -> FileMetadata:
    return metadata.read(path, file_type.identify(path), LIMIT, filename)


def shown(tmp_path: Path, content: bytes) -> Image.Image:
    """The largest rendition of a file of these bytes, in RGB."""
    path = tmp_path / "original"
    path.write_bytes(content)
    made = renditions.make(path, file_type.identify(path), LIMIT, tmp_path)
    with Image.open(made.files[0].path) as image:
        return image.convert("RGB")


def of(tmp_path: Path, format_name: str = "JPEG", filename: str = "photo.jpg", **options: Any) -> FileMetadata:
    if "exif" in options:
        options["exif"] = options["exif"].tobytes()
    return read(photos.save(tmp_path / "original", photos.scene(), format_name, **options), filename)


def png_with(path: Path, *chunks: tuple[bytes, bytes]) -> Path:
    """A PNG with chunks behind its pixels, where exiftool puts them."""
    photos.save(path, photos.scene(), "PNG")
    content = path.read_bytes()
    added = b"".join(chunk(kind, data) for kind, data in chunks)
    path.write_bytes(content[:-12] + added + content[-12:])
    return path


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    block = b"".join(b"\x1c" + bytes([r, n]) + struct.pack(">H", len(value)) + value for r, n, value in records)
    resource = b"8BIM\4\4\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    return b"Photoshop 3.0\0" + resource


def segmented(path: Path, *segments: tuple[int, bytes]) -> Path:
    """A JPEG with segments of these kinds before its own."""
    content = photos.save(path, photos.scene(), "JPEG").read_bytes()
    added = b"".join(b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data for kind, data in segments)
    path.write_bytes(content[:2] + added + content[2:])
    return path
