"""When a photo was taken: the eight rules, and the clocks and files that don't keep to any."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinhole.imaging.capture_time import CaptureTime, TimeConfidence, TimeFacts, TimeSource, resolve
from pinhole.imaging.written_time import ExifTime

MADRID = (40.447, -3.7248)
NEW_YORK = (40.7128, -74.006)
KATHMANDU = (27.7172, 85.324)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
UPLOADED = datetime(2026, 6, 1, 11, tzinfo=UTC)
MODIFIED = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
NOTHING = TimeFacts()
SUMMER = ExifTime("2015:04:10 20:12:23")


def taken(
    facts: TimeFacts = NOTHING,
    filename: str = "photo.jpg",
    modified_at: datetime | None = None,
    zone: str = "America/Los_Angeles",
) -> CaptureTime:
    return resolve(facts, filename, modified_at, UPLOADED, zone, NOW)


def at(position: tuple[float, float], **facts: object) -> TimeFacts:
    return replace(TimeFacts(latitude=position[0], longitude=position[1]), **facts)  # type: ignore[arg-type]


def local(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_rule_1_a_zone_that_agrees_with_gps_time_is_certain() -> None:
    found = taken(at(MADRID, original=SUMMER, utc=utc(2015, 4, 10, 18, 12, 40)))
    assert found == CaptureTime(
        taken_at_local=local(2015, 4, 10, 20, 12, 23),
        taken_at_utc=utc(2015, 4, 10, 18, 12, 23),
        utc_offset_seconds=7200,
        timezone_name="Europe/Madrid",
        time_source=TimeSource.ORIGINAL,
        time_confidence=TimeConfidence.HIGH,
        sort_timestamp=utc(2015, 4, 10, 18, 12, 23),
    )


def test_rule_2_coordinates_alone_give_the_zone() -> None:
    found = taken(at(MADRID, original=SUMMER))
    assert (found.timezone_name, found.utc_offset_seconds, found.time_confidence) == ("Europe/Madrid", 7200, "high")
    assert found.taken_at_utc == utc(2015, 4, 10, 18, 12, 23)


def test_rule_2_gps_time_that_disagrees_lowers_the_confidence_only() -> None:
    found = taken(at(MADRID, original=SUMMER, utc=utc(2015, 4, 11, 18, 12, 23)))
    assert (found.taken_at_utc, found.time_confidence) == (utc(2015, 4, 10, 18, 12, 23), "medium")


def test_rule_2_comes_before_an_offset_that_the_camera_wrote() -> None:
    found = taken(at(MADRID, original=replace(SUMMER, offset="-04:00")))
    assert (found.timezone_name, found.utc_offset_seconds) == ("Europe/Madrid", 7200)


@pytest.mark.parametrize(
    ("original", "digitized", "modified", "seconds"),
    [
        ("+02:00", "+03:00", "+04:00", 7200),
        (None, "+03:00", "+04:00", 10800),
        (None, None, "+04:00", 14400),
        ("nonsense", "-03:30", None, -12600),
        ("Z", None, None, 0),
        ("+05:45", None, None, 20700),
        ("+99:00", None, "-07:00", -25200),
    ],
)
def test_rule_3_the_first_offset_that_parses_counts(
    original: str | None, digitized: str | None, modified: str | None, seconds: int
) -> None:
    facts = TimeFacts(
        original=replace(SUMMER, offset=original),
        digitized=ExifTime(offset=digitized),
        modified=ExifTime(offset=modified),
    )
    found = taken(facts)
    assert (found.utc_offset_seconds, found.timezone_name, found.time_confidence) == (seconds, None, "high")
    assert found.taken_at_utc == utc(2015, 4, 10, 20, 12, 23) - timedelta(seconds=seconds)


def test_rule_3_an_offset_may_stand_in_the_time_itself() -> None:
    found = taken(TimeFacts(original=ExifTime("2022:01:10 15:15:44-04:00")))
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2022, 1, 10, 15, 15, 44), -14400)


def test_rule_3_the_offset_in_the_time_itself_comes_before_others() -> None:
    editor = ExifTime("2024:08:01 10:00:00", None, "-05:00")
    found = taken(TimeFacts(original=ExifTime("2024-07-01T10:00:00+02:00"), modified=editor))
    assert (found.utc_offset_seconds, found.taken_at_utc) == (7200, utc(2024, 7, 1, 8))


def test_rule_3_the_offset_in_an_editors_time_is_not_the_cameras() -> None:
    found = taken(TimeFacts(original=SUMMER, modified=ExifTime("2023:09:27 14:32:53+02:00")))
    assert (found.utc_offset_seconds, found.time_confidence) == (None, "low")


@pytest.mark.parametrize(
    ("gps", "seconds"),
    [
        (utc(2015, 4, 10, 18, 12, 23), 7200),
        (utc(2015, 4, 10, 14, 25, 0), 20700),  # 5:47:23 is nearest to 5:45
        (utc(2015, 4, 11, 7, 12, 23), -39600),
        (utc(2015, 4, 10, 5, 12, 23), 54000),  # 15 hours: the last that counts
    ],
)
def test_rule_4_gps_time_without_coordinates_gives_an_offset_of_quarter_hours(gps: datetime, seconds: int) -> None:
    found = taken(TimeFacts(original=SUMMER, utc=gps))
    assert (found.utc_offset_seconds, found.timezone_name, found.time_confidence) == (seconds, None, "medium")
    assert found.taken_at_utc == utc(2015, 4, 10, 20, 12, 23) - timedelta(seconds=seconds)


def test_rule_4_gps_time_of_another_day_is_no_evidence() -> None:
    found = taken(TimeFacts(original=SUMMER, utc=utc(2015, 4, 10, 5, 12, 22)))
    assert (found.taken_at_utc, found.time_confidence) == (None, "low")


def test_rule_4_does_not_trust_a_files_name() -> None:
    found = taken(TimeFacts(utc=utc(2015, 4, 10, 18, 12, 23)), "20150410_201223.jpg")
    assert (found.taken_at_local, found.taken_at_utc) == (local(2015, 4, 10, 20, 12, 23), None)
    assert (found.time_source, found.time_confidence) == ("filename", "low")


def test_rule_5_gps_gives_the_local_time_where_no_clock_does() -> None:
    found = taken(at(KATHMANDU, utc=utc(2023, 11, 15, 12, 30)))
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2023, 11, 15, 18, 15), 20700)
    assert (found.timezone_name, found.time_source, found.time_confidence) == ("Asia/Kathmandu", "gps", "high")


def test_rule_6_a_local_time_alone_stays_without_zone_and_is_ordered_by_the_fallback() -> None:
    found = taken(TimeFacts(original=SUMMER))
    assert found == CaptureTime(
        local(2015, 4, 10, 20, 12, 23),
        None,
        None,
        None,
        TimeSource.ORIGINAL,
        TimeConfidence.LOW,
        utc(2015, 4, 11, 3, 12, 23),
    )


def test_rule_7_utc_alone_is_shown_in_the_fallback_zone_without_naming_it() -> None:
    found = taken(TimeFacts(utc=utc(2023, 11, 15, 12, 30)))
    assert found == CaptureTime(
        local(2023, 11, 15, 4, 30),
        utc(2023, 11, 15, 12, 30),
        None,
        None,
        TimeSource.GPS,
        TimeConfidence.LOW,
        utc(2023, 11, 15, 12, 30),
    )


def test_rule_8_without_anything_the_files_own_time_counts() -> None:
    found = taken(modified_at=MODIFIED)
    assert found == CaptureTime(
        local(2020, 2, 2, 20, 5, 6), None, None, None, TimeSource.FILE_MODIFIED, TimeConfidence.LOW, MODIFIED
    )


def test_rule_8_and_without_that_the_upload() -> None:
    assert taken().sort_timestamp == UPLOADED
    assert taken(modified_at=utc(2031, 1, 1)).time_source == "uploaded"


def test_a_date_without_a_time_stays_of_low_confidence_whatever_else_is_known() -> None:
    found = taken(at(MADRID), "IMG-20240102-WA0007.jpg")
    assert (found.timezone_name, found.time_confidence) == ("Europe/Madrid", "low")


def test_the_order_of_local_times_is_original_digitized_name_modified() -> None:
    facts = TimeFacts(
        original=ExifTime("2001:01:01 01:01:01"),
        digitized=ExifTime("2002:02:02 02:02:02"),
        modified=ExifTime("2004:04:04 04:04:04"),
    )
    name = "20030303_030303.jpg"
    assert taken(facts, name).taken_at_local.year == 2001
    assert taken(replace(facts, original=ExifTime("0000:00:00 00:00:00")), name).taken_at_local.year == 2002
    assert taken(TimeFacts(modified=facts.modified), name).taken_at_local.year == 2003
    assert taken(TimeFacts(modified=facts.modified)).taken_at_local.year == 2004


def test_the_modify_date_gives_way_to_gps_time_and_coordinates() -> None:
    modified = ExifTime("2023:11:15 12:30:00")  # UTC, as some phones write it
    found = taken(at(NEW_YORK, modified=modified, utc=utc(2023, 11, 15, 12, 30)))
    assert (found.taken_at_local, found.time_source) == (local(2023, 11, 15, 7, 30), "gps")
    only_coordinates = taken(at(NEW_YORK, modified=modified))
    assert (only_coordinates.taken_at_local, only_coordinates.time_source) == (
        local(2023, 11, 15, 12, 30),
        "exif_modified",
    )


@pytest.mark.parametrize(
    "written", ["1825:12:31 23:59:59", "2026:06:02 12:00:01", "0000:00:00 00:00:00", "    :  :  ", ""]
)
def test_impossible_years_are_ignored(written: str) -> None:
    assert taken(TimeFacts(original=ExifTime(written))).time_source == "uploaded"


@pytest.mark.parametrize("written", ["1826:01:01 00:00:00", "2026:06:02 12:00:00"])
def test_the_oldest_photograph_and_tomorrow_are_possible(written: str) -> None:
    assert taken(TimeFacts(original=ExifTime(written))).time_source == "exif_original"


@pytest.mark.parametrize(
    "position", [(0.0, 0.0), (float("nan"), 1.0), (1.0, float("inf")), (90.01, 1.0), (1.0, -180.01), (None, 1.0)]
)
def test_coordinates_that_are_on_no_globe_give_no_zone(position: tuple[float, float]) -> None:
    assert taken(at(position, original=SUMMER)).timezone_name is None


def test_every_corner_of_the_globe_has_a_zone_or_none_and_never_fails() -> None:
    for position in [(90.0, 0.0), (-90.0, 180.0), (0.0, 180.0), (0.0, -180.0), (35.0, -40.0)]:
        found = taken(at(position, original=SUMMER))
        assert found.taken_at_local == local(2015, 4, 10, 20, 12, 23)


def test_in_the_hour_that_spring_skips_the_time_moves_forward() -> None:
    found = taken(at(NEW_YORK, original=ExifTime("2024:03:10 02:30:00")))
    assert (found.taken_at_local, found.taken_at_utc) == (local(2024, 3, 10, 3, 30), utc(2024, 3, 10, 7, 30))


def test_in_the_hour_that_autumn_repeats_the_earlier_counts() -> None:
    found = taken(at(NEW_YORK, original=ExifTime("2024:11:03 01:30:00")))
    assert (found.utc_offset_seconds, found.taken_at_utc) == (-14400, utc(2024, 11, 3, 5, 30))


def test_in_the_hour_that_autumn_repeats_gps_time_decides() -> None:
    facts = at(NEW_YORK, original=ExifTime("2024:11:03 01:30:00"), utc=utc(2024, 11, 3, 6, 30))
    found = taken(facts)
    assert (found.utc_offset_seconds, found.taken_at_utc) == (-18000, utc(2024, 11, 3, 6, 30))
    assert found.time_confidence == "high"


def test_the_skipped_hour_of_the_fallback_zone_does_not_touch_the_local_time() -> None:
    found = taken(TimeFacts(original=ExifTime("2024:03:10 02:30:00")), zone="America/New_York")
    assert (found.taken_at_local, found.sort_timestamp) == (local(2024, 3, 10, 2, 30), utc(2024, 3, 10, 7, 30))


def test_a_date_without_a_time_takes_that_of_the_same_day_and_of_no_other() -> None:
    day = TimeFacts(original=ExifTime("2015:04:10"))
    assert taken(day, "20150410_201223.jpg").taken_at_local == local(2015, 4, 10, 20, 12, 23)
    assert taken(day, "20240102_030405.jpg").taken_at_local == local(2015, 4, 10, 12)


def test_the_date_of_iptc_comes_behind_exifs_and_before_the_name() -> None:
    created = TimeFacts(created=ExifTime("2001-07-04 101112+0200"))
    found = taken(created, "20030303_030303.jpg")
    assert (found.taken_at_local, found.utc_offset_seconds) == (local(2001, 7, 4, 10, 11, 12), 7200)
    assert (found.time_source, found.time_confidence) == ("exif_original", "high")
    assert taken(replace(created, digitized=SUMMER)).taken_at_local.year == 2015


_texts = st.one_of(st.none(), st.text(max_size=30), st.datetimes().map(lambda t: t.strftime("%Y:%m:%d %H:%M:%S")))
_offsets = st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["+02:00", "-03:30", "Z", "+14:00", "+99:99"]))
_exif_times = st.builds(ExifTime, _texts, st.one_of(st.none(), st.text(max_size=12)), _offsets)
_instants = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
_degrees = st.one_of(st.none(), st.floats(-200, 200), st.just(float("nan")))
_facts = st.builds(
    TimeFacts, _exif_times, _exif_times, _exif_times, _exif_times, utc=_instants, latitude=_degrees, longitude=_degrees
)


@given(_facts, st.text(max_size=40), _instants, st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia"]))
def test_whatever_a_file_says_there_is_one_consistent_time(
    facts: TimeFacts, filename: str, modified_at: datetime | None, zone: str
) -> None:
    found = resolve(facts, filename, modified_at, UPLOADED, zone, NOW)
    assert found.taken_at_local.tzinfo is None
    if found.taken_at_utc is None:
        assert found.utc_offset_seconds is None
        assert found.timezone_name is None
    else:
        assert found.sort_timestamp == found.taken_at_utc
        if found.utc_offset_seconds is not None:
            assert found.taken_at_local == (
                found.taken_at_utc.replace(tzinfo=None) + timedelta(seconds=found.utc_offset_seconds)
            )
    if found.timezone_name is not None:
        assert found.taken_at_utc is not None
        assert found.taken_at_utc.astimezone(ZoneInfo(found.timezone_name)).replace(tzinfo=None) == found.taken_at_local
    assert found.sort_timestamp <= NOW + timedelta(days=2)
