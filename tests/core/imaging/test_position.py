"""Positions: where they stand, and that none is shown on the wrong side of the globe."""

import struct
from pathlib import Path

import pytest

from pinhole.imaging.metadata import FileMetadata
from tests.core.imaging.files import of, read, xmp
from tests.fixtures import photos

DEGREES = struct.pack("<6I", 40, 1, 26, 1, 46, 1), struct.pack("<6I", 3, 1, 43, 1, 29, 1)
MADRID_MIRRORED = pytest.approx((-40.446111, -3.724722), abs=1e-6)


def with_gps(tmp_path: Path, *entries: photos.Entry) -> FileMetadata:
    block = photos.tiff([photos.long(0x8825, 26)]) + photos.directory(list(entries), 26)
    return read(photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + block))


def position(found: FileMetadata) -> tuple[float | None, float | None]:
    return found.latitude, found.longitude


@pytest.mark.parametrize(
    ("kind", "count", "south", "west"),
    [
        (2, 2, b"S\0", b"W\0"),
        (7, 2, b"S\0", b"W\0"),
        (7, 1, b"S", b"W"),
        (1, 2, b"S\0", b"W\0"),
        (1, 1, b"S", b"W"),
        (2, 6, b"South\0", b"West\0\0"),
        (2, 2, b"s\0", b"w\0"),
        (2, 3, b" S\0", b" W\0"),
        (3, 1, struct.pack("<H", ord("S")), struct.pack("<H", ord("W"))),
        (4, 1, struct.pack("<I", ord("S")), struct.pack("<I", ord("W"))),
    ],
)
def test_a_side_counts_whatever_type_it_is_stored_as(
    tmp_path: Path, kind: int, count: int, south: bytes, west: bytes
) -> None:
    found = with_gps(
        tmp_path, (1, kind, count, south), (2, 5, 3, DEGREES[0]), (3, kind, count, west), (4, 5, 3, DEGREES[1])
    )
    assert position(found) == MADRID_MIRRORED


@pytest.mark.parametrize(
    "sides",
    [
        (),
        (photos.text(1, "N"),),
        (photos.text(3, "E"),),
        (photos.text(1, ""), photos.text(3, "")),
        (photos.text(1, "E"), photos.text(3, "N")),
        (photos.text(1, "?"), photos.text(3, "?")),
        (photos.short(1, 0), photos.short(3, 1)),
        ((1, 7, 2, b"\xff\xff"), (3, 7, 2, b"\xff\xff")),
    ],
)
def test_without_both_sides_there_is_no_position(tmp_path: Path, sides: tuple[photos.Entry, ...]) -> None:
    found = with_gps(tmp_path, *sides, (2, 5, 3, DEGREES[0]), (4, 5, 3, DEGREES[1]))
    assert position(found) == (None, None)


def test_a_sign_and_a_side_that_agree_count_once(tmp_path: Path) -> None:
    latitude, longitude = struct.pack("<2i", -40_446_111, 1_000_000), struct.pack("<2i", -3_724_722, 1_000_000)
    sides = photos.text(1, "S"), photos.text(3, "W")
    assert position(with_gps(tmp_path, *sides, (2, 10, 1, latitude), (4, 10, 1, longitude))) == MADRID_MIRRORED
    assert position(with_gps(tmp_path, (2, 10, 1, latitude), (4, 10, 1, longitude))) == (None, None)
    contrary = photos.text(1, "N"), photos.text(3, "E")
    assert position(with_gps(tmp_path, *contrary, (2, 10, 1, latitude), (4, 10, 1, longitude))) == (None, None)


@pytest.mark.parametrize(("latitude", "longitude"), [("40.446111", "3.724722"), ("40,26.76666", "3,43,29")])
def test_degrees_that_exif_holds_as_text_are_read(tmp_path: Path, latitude: str, longitude: str) -> None:
    found = with_gps(
        tmp_path, photos.text(1, "S"), photos.text(2, latitude), photos.text(3, "W"), photos.text(4, longitude)
    )
    assert position(found) == MADRID_MIRRORED


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("40,26.7666666666666666667S", "3,43.4833333333333333333W"),
        ("40,26,46S", "3,43,29W"),
        ("40.44611111111111111S", "3.72472222222222W"),
        ("-40.446111", "-3.724722"),
        ("40 deg 26' 46.00\" S", "3 deg 43' 29.00\" W"),
        ("40° 26' 46'' South", "3° 43' 29'' West"),
        ("S 40.446111", "W 3.724722"),
        ("40/1,26/1,46/1S", "3/1,43/1,29/1W"),
    ],
)
def test_degrees_of_xmp_are_read_in_every_form(tmp_path: Path, latitude: str, longitude: str) -> None:
    packet = xmp(exif_GPSLatitude=latitude.replace('"', "&quot;"), exif_GPSLongitude=longitude.replace('"', "&quot;"))
    assert position(of(tmp_path, xmp=packet)) == MADRID_MIRRORED


def test_decimal_degrees_of_xmp_take_their_reference(tmp_path: Path) -> None:
    packet = xmp(
        exif_GPSLatitude="40.446111", exif_GPSLatitudeRef="S", exif_GPSLongitude="3.724722", exif_GPSLongitudeRef="West"
    )
    assert position(of(tmp_path, xmp=packet)) == MADRID_MIRRORED


def test_one_signed_number_of_xmp_tells_that_the_other_is_positive(tmp_path: Path) -> None:
    packet = xmp(exif_GPSLatitude="28.1845", exif_GPSLongitude="-14.1607")
    assert position(of(tmp_path, xmp=packet)) == (28.1845, -14.1607)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("40.446", "3.7247"), ("40,61S", "3,43W"), ("40.4N", ""), ("91.0N", "3.0E"), ("somewhere", "else"), ("S", "W")],
)
def test_degrees_of_xmp_that_do_not_tell_a_place_are_none(tmp_path: Path, latitude: str, longitude: str) -> None:
    packet = xmp(exif_GPSLatitude=latitude, exif_GPSLongitude=longitude)
    assert position(of(tmp_path, xmp=packet)) == (None, None)


@pytest.mark.parametrize(
    ("reference", "metres"),
    [
        ((5, 1, 1, b"\0"), 125),
        ((5, 1, 1, b"\1"), -125),
        ((5, 7, 1, b"\1"), -125),
        ((5, 2, 2, b"1\0"), -125),
        (photos.short(5, 1), -125),
        ((5, 1, 1, b"\2"), 125),
        ((5, 1, 1, b"\3"), -125),
    ],
)
def test_an_altitude_has_its_sign_whatever_type_that_is_stored_as(
    tmp_path: Path, reference: photos.Entry, metres: float
) -> None:
    assert with_gps(tmp_path, reference, (6, 5, 1, struct.pack("<2I", 125, 1))).altitude_m == metres


@pytest.mark.parametrize(
    ("altitude", "reference", "metres"),
    [
        ("125/1", "0", 125),
        ("125/1", "1", -125),
        ("-125", "1", -125),
        ("-125/1", "0", -125),
        ("125.5 m", "1", -125.5),
        ("1/0", "0", None),
        ("high", "1", None),
    ],
)
def test_altitude_and_direction_of_xmp_are_read(
    tmp_path: Path, altitude: str, reference: str, metres: float | None
) -> None:
    packet = xmp(exif_GPSAltitude=altitude, exif_GPSAltitudeRef=reference, exif_GPSImgDirection="180/2")
    found = of(tmp_path, xmp=packet)
    assert (found.altitude_m, found.direction_deg) == (metres, 90)
