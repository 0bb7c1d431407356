"""Where dates stand in files, beside EXIF's own."""

import struct
from datetime import datetime
from pathlib import Path

import pytest

from pinhole.imaging import capture_time
from pinhole.imaging.capture_time import CaptureTime
from pinhole.imaging.metadata import FileMetadata
from tests.core.imaging.files import iptc, of, read, segmented, xmp
from tests.core.imaging.test_capture_time import NOW, UPLOADED, local
from tests.fixtures import photos


def taken(found: FileMetadata) -> CaptureTime:
    return capture_time.resolve(found.time, "photo.jpg", None, UPLOADED, "UTC", NOW)


@pytest.mark.parametrize("kind", [1, 2, 7, 129])
def test_a_date_is_read_whatever_type_it_is_stored_as(tmp_path: Path, kind: int) -> None:
    date, offset = b"2015:04:10 20:12:23\0", b"+02:00\0"
    entries = [(0x9003, kind, len(date), date), (0x9011, kind, len(offset), offset)]
    block = photos.tiff([photos.long(0x8769, 26)]) + photos.directory(entries, 26)
    found = taken(read(photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + block)))
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2015, 4, 10, 20, 12, 23), 7200)


@pytest.mark.parametrize("day", [(29, 7, 11, b"2015:04:10\0"), (29, 2, 11, b"2015:04:10\0")])
@pytest.mark.parametrize("clock", [(7, 5, 3, struct.pack("<6I", 18, 1, 12, 1, 23, 1)), (7, 2, 9, b"18:12:23\0")])
def test_the_time_of_gps_is_read_whatever_type_it_is_stored_as(
    tmp_path: Path, day: photos.Entry, clock: photos.Entry
) -> None:
    block = photos.tiff([photos.long(0x8825, 26)]) + photos.directory([day, clock], 26)
    found = read(photos.save(tmp_path / "original", photos.scene(), "JPEG", exif=b"Exif\0\0" + block))
    assert found.time.utc is not None
    assert found.time.utc.isoformat() == "2015-04-10T18:12:23+00:00"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2001-07-04", local(2001, 7, 4, 12)),
        ("2001-07", local(2001, 7, 1, 12)),
        ("2001", local(2001, 1, 1, 12)),
    ],
)
def test_a_date_of_xmp_may_end_early(tmp_path: Path, written: str, expected: datetime) -> None:
    found = taken(of(tmp_path, xmp=xmp(photoshop_DateCreated=written)))
    assert (found.taken_at_local, found.time_confidence) == (expected, "low")


def test_a_date_with_a_time_comes_before_one_without(tmp_path: Path) -> None:
    packet = xmp(exif_DateTimeOriginal="2001-07-04", photoshop_DateCreated="2001-07-04T10:11:12")
    assert taken(of(tmp_path, xmp=packet)).taken_at_local == local(2001, 7, 4, 10, 11, 12)


@pytest.mark.parametrize(
    ("date", "time", "expected", "offset"),
    [
        (b"20010704", b"101112+0200", local(2001, 7, 4, 10, 11, 12), 7200),
        (b"20010704", b"101112", local(2001, 7, 4, 10, 11, 12), None),
        (b"2001:07:04", b"10:11:12-05:00", local(2001, 7, 4, 10, 11, 12), -18000),
        (b"20010704", b"", local(2001, 7, 4, 12), None),
        (b"19850000", b"", local(1985, 1, 1, 12), None),
        (b"19850700", b"", local(1985, 7, 1, 12), None),
    ],
)
def test_the_date_of_iptc_is_read(
    tmp_path: Path, date: bytes, time: bytes, expected: datetime, offset: int | None
) -> None:
    segment = iptc((2, 55, date), (2, 60, time))
    found = taken(read(segmented(tmp_path / "original", (0xED, segment))))
    assert (found.taken_at_local, found.utc_offset_seconds) == (expected, offset)
    assert found.time_source == "exif_original"


@pytest.mark.parametrize("date", [b"00000000", b"20011301", b"unknown", b"\xff\xff"])
def test_no_date_of_iptc_is_none(tmp_path: Path, date: bytes) -> None:
    segment = iptc((2, 55, date), (2, 60, b"101112"))
    assert taken(read(segmented(tmp_path / "original", (0xED, segment)))).time_source == "uploaded"
