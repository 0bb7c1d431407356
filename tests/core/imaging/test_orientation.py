"""Every orientation in every format that has one, applied exactly once."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pinhole.imaging import file_type, metadata, renditions
from pinhole.imaging.sizes import fit
from tests.fixtures import photos

LIMIT = 100_000_000
ORIENTATIONS = range(1, 9)
LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "AVIF": {"quality": 95},
    "HEIF": {"quality": 95},
}


def shown(path: Path) -> tuple[tuple[int, int], tuple[tuple[int, ...], ...], metadata.FileMetadata]:
    kind = file_type.identify(path)
    made = renditions.make(path, kind, LIMIT, path.parent)
    read = metadata.read(path, kind, LIMIT, path.name)
    assert read.width
    assert read.height
    assert (made.files[0].width, made.files[0].height) == fit(read.width, read.height, 1440)
    with Image.open(made.files[0].path) as image:
        return image.size, photos.corners(image), read


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("format_name", LOSSLESS)
def test_a_turned_camera_still_shows_an_upright_scene(tmp_path: Path, format_name: str, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(), orientation)
    path = photos.save(
        tmp_path / "original", stored, format_name, exif=photos.exif(orientation).tobytes(), **LOSSLESS[format_name]
    )
    size, corners, _ = shown(path)
    assert size == (96, 64)
    assert corners == photos.CORNERS


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_tiff_is_turned_once_however_it_is_compressed(tmp_path: Path, compression: str, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(), orientation)
    path = photos.save(tmp_path / "original", stored, "TIFF", compression=compression, tiffinfo={0x112: orientation})
    size, corners, read = shown(path)
    assert (size, corners, read.orientation) == ((96, 64), photos.CORNERS, orientation)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_jpeg_inside_jpeg_xl_is_turned_once(tmp_path: Path, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(), orientation)
    path = photos.jpeg_in_jxl(tmp_path / "original", stored, photos.exif(orientation))
    size, corners, read = shown(path)
    assert (size, corners, read.orientation) == ((96, 64), photos.CORNERS, orientation)


def test_the_codestream_of_jpeg_xl_outranks_its_exif(tmp_path: Path) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JXL", lossless=True, exif=photos.exif(6).tobytes())
    size, corners, _ = shown(path)
    assert (size, corners) == ((96, 64), photos.CORNERS)


def test_a_heic_that_was_turned_by_its_container_says_how(tmp_path: Path) -> None:
    stored = photos.as_stored(photos.scene(), 6)
    path = photos.save(tmp_path / "original", stored, "HEIF", exif=photos.exif(6).tobytes(), quality=95)
    assert b"irot" in path.read_bytes()
    assert shown(path)[1] == photos.CORNERS


@pytest.mark.parametrize("nonsense", [0, 9, 65535])
def test_an_orientation_that_is_none_turns_nothing(tmp_path: Path, nonsense: int) -> None:
    path = photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=photos.exif(nonsense))
    size, corners, read = shown(path)
    assert (size, corners, read.orientation) == ((96, 64), photos.CORNERS, 1)


def test_what_an_editor_noted_in_xmp_turns_nothing(tmp_path: Path) -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    for format_name, options in (("JPEG", {"xmp": packet}), ("TIFF", {"tiffinfo": {0x2BC: packet}})):
        path = photos.save(tmp_path / "original", photos.scene(), format_name, **options)
        size, corners, _ = shown(path)
        assert (size, corners) == ((96, 64), photos.CORNERS), format_name


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_large_jpeg_that_is_decoded_small_is_still_turned(tmp_path: Path, orientation: int) -> None:
    stored = photos.as_stored(photos.scene(4800, 3200), orientation)
    path = photos.save(tmp_path / "original", stored, "JPEG", exif=photos.exif(orientation), quality=60)
    size, corners, _ = shown(path)
    assert (size, corners) == ((2160, 1440), photos.CORNERS)
