"""Times and offsets as cameras, phones and editors write them."""

from dataclasses import replace
from datetime import datetime

import pytest

from pinhole.imaging.capture_time import TimeFacts
from pinhole.imaging.written_time import ExifTime
from tests.core.imaging.test_capture_time import SUMMER, local, taken


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (ExifTime("2015:04:10 20:12:23", subsec="55"), local(2015, 4, 10, 20, 12, 23, 550_000)),
        (ExifTime("2015:04:10 20:12:23", subsec="  "), local(2015, 4, 10, 20, 12, 23)),
        (ExifTime("2015:04:10 20:12:23.25", subsec="55"), local(2015, 4, 10, 20, 12, 23, 250_000)),
        (ExifTime("2015-04-10T20:12:23"), local(2015, 4, 10, 20, 12, 23)),
        (ExifTime("2015/04/10 20:12"), local(2015, 4, 10, 20, 12)),
        (ExifTime("2015:04:10 20:12:23 "), local(2015, 4, 10, 20, 12, 23)),
    ],
)
def test_times_parse_as_cameras_write_them(written: ExifTime, expected: datetime) -> None:
    assert taken(TimeFacts(original=written)).taken_at_local == expected


@pytest.mark.parametrize(
    "written",
    [
        "2015:04:10 8:12:23 PM",
        "2015:04:10 08:12:23pm",
        "2015:04:10 8:12:23 p. m.",
        "2015:04:10 下午8:12:23",
        "2015:04:10 8:12:23下午",
        "2015:04:10 下午8:12:23".encode("gbk").decode("cp1252"),
        "2015:04:10 午後8:12:23",
        "2015:04:10 오후 8:12:23",
        "2015:04:10 20:12:23 PM",
        "2015:04:10 20:12:23 DST",
        "2015:04:10 20:12:23 CEST",
        "2015: 4:10 20:12:23",
        "2015:04:10:20:12:23",
        "2015-04-10 20.12.23",
        "2015年4月10日 20:12:23",
        "20150410201223",
        "20150410T201223",
        "٢٠١٥:٠٤:١٠ ٢٠:١٢:٢٣",
        "2015:04:10 20:12:23+02:99",
    ],
)
def test_times_parse_as_phones_of_the_world_write_them(written: str) -> None:
    found = taken(TimeFacts(original=ExifTime(written)))
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2015, 4, 10, 20, 12, 23), None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2015:04:10 24:12:23", local(2015, 4, 10, 0, 12, 23)),
        ("2015:04:10 24:00:00", local(2015, 4, 10)),
        ("2015:04:10 12:12:23 AM", local(2015, 4, 10, 0, 12, 23)),
        ("2015:04:10 上午12:12:23", local(2015, 4, 10, 0, 12, 23)),
        ("2015:04:10 12:12:23 PM", local(2015, 4, 10, 12, 12, 23)),
        ("2015:04:10 上午8:12:23", local(2015, 4, 10, 8, 12, 23)),
        ("2015:04:10  8: 2: 3", local(2015, 4, 10, 8, 2, 3)),
        ("2015:04:10 20:12:60", local(2015, 4, 10, 20, 13)),
        ("2015:12:31 23:59:60", local(2016, 1, 1)),
    ],
)
def test_midnight_noon_and_the_sixtieth_second_are_what_was_meant(written: str, expected: datetime) -> None:
    assert taken(TimeFacts(original=ExifTime(written))).taken_at_local == expected


@pytest.mark.parametrize(
    "written",
    [
        "2015:02:30 20:12:23",
        "2015:04:10 25:00:00",
        "2015:04:10 20:60:00",
        "2015:04:10 20:12:61",
        "9999:12:31 23:59:60",
        "2015:00:00 20:12:23",
        "10.4.2015 20:12:23",
        "201504101",
        "4/10/15",
    ],
)
def test_impossible_and_half_times_do_not_parse(written: str) -> None:
    assert taken(TimeFacts(original=ExifTime(written))).time_source == "uploaded"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("+02", 7200),
        ("+2", 7200),
        ("-0330", -12600),
        ("GMT+02:00", 7200),
        ("UTC-5", -18000),
        ("UTC", 0),
        (" +02:00 ", 7200),
        ("\u221202:00", -7200),
        ("+02:99", None),
        ("+020", None),
        ("02:00", None),
        ("+15:30", None),
        ("", None),
        ("+99", None),
    ],
)
def test_offsets_parse_as_they_are_written_and_no_further(written: str, seconds: int | None) -> None:
    assert taken(TimeFacts(original=replace(SUMMER, offset=written))).utc_offset_seconds == seconds


@pytest.mark.parametrize(
    ("suffix", "seconds"), [("GMT+02:00", 7200), (" +02:00 DST", 7200), ("+02", 7200), ("Z", 0), (" UTC+1", 3600)]
)
def test_an_offset_behind_the_time_counts_with_or_without_its_words(suffix: str, seconds: int) -> None:
    found = taken(TimeFacts(original=ExifTime(f"2015:04:10 20:12:23{suffix}")))
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2015, 4, 10, 20, 12, 23), seconds)


@pytest.mark.parametrize("written", ["2015:04:10", "2015-04-10", "20150410", "2015:04:10   :  :  ", "2015-04-10+02:00"])
def test_a_date_without_a_time_is_noon_and_of_low_confidence(written: str) -> None:
    found = taken(TimeFacts(original=ExifTime(written)))
    assert (found.taken_at_local, found.time_source) == (local(2015, 4, 10, 12), "exif_original")
    assert found.time_confidence == "low"
