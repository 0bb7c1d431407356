"""When a photo was taken: the wall clock's time, and UTC where the file gives reason to know it."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pinhole.imaging import filename_time
from pinhole.imaging.written_time import LARGEST_OFFSET, NO_TIME, ExifTime, parse_date_time, parse_offset

EARLIEST_YEAR = 1826  # the oldest photograph
MOST_AHEAD = timedelta(days=1)
_AGREEMENT = timedelta(minutes=1)
_QUARTER_HOUR = timedelta(minutes=15)


class TimeSource(StrEnum):
    """Where the local time came from, or the UTC time it was made of."""

    ORIGINAL = "exif_original"
    DIGITIZED = "exif_digitized"
    FILENAME = "filename"
    GPS = "gps"
    MODIFY_DATE = "exif_modified"
    FILE_MODIFIED = "file_modified"
    UPLOADED = "uploaded"
    VIDEO = "video"
    PERSON = "person"


class TimeConfidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class TimeFacts:
    """What the file says about time and position. `created`: of IPTC. `utc` is GPSDateStamp + GPSTimeStamp,
    or where `of_video` when its container says that it was made.
    """

    original: ExifTime = NO_TIME
    digitized: ExifTime = NO_TIME
    created: ExifTime = NO_TIME
    modified: ExifTime = NO_TIME
    utc: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    of_video: bool = False


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """`taken_at_local` is naive. With UTC and offset known, local = UTC + offset."""

    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: TimeSource
    time_confidence: TimeConfidence
    sort_timestamp: datetime


@dataclass(frozen=True, slots=True)
class _Local:
    """`offset`: what the string that holds the time says itself."""

    time: datetime
    source: TimeSource
    offset: timedelta | None = None
    date_only: bool = False


def resolve(
    facts: TimeFacts,
    filename: str,
    modified_at: datetime | None,
    uploaded_at: datetime,
    fallback_zone: str,
    now: datetime,
) -> CaptureTime:
    """Decide by the first rule that has what it needs (1 to 8, as numbered below).

    modified_at, uploaded_at, now: aware. fallback_zone: an IANA name; it orders, and fills in the local time
    where only UTC is known, but never `taken_at_utc`. Raises ZoneInfoNotFoundError for an unknown fallback
    zone.
    """
    fallback = ZoneInfo(fallback_zone)
    named = filename_time.read(filename)
    zone = zone_at(facts.latitude, facts.longitude)
    utc = next((t for t in (facts.utc, named.utc) if t is not None and plausible(t, now)), None)
    by_file = TimeSource.VIDEO if facts.of_video else TimeSource.GPS
    utc_source = by_file if utc is not None and utc == facts.utc else TimeSource.FILENAME
    local = _local_time(facts, named, now, last_resort=utc is None or zone is None)

    if local and zone:  # 1, 2
        taken = _in_zone(local, zone, utc)
        return replace(taken, time_confidence=TimeConfidence.LOW) if local.date_only else taken
    if local:
        taken = _without_coordinates(local, facts, utc, fallback)  # 3, 4, 6
        return replace(taken, time_confidence=TimeConfidence.LOW) if local.date_only else taken
    if utc and zone:  # 5
        return _known(utc, _offset_of(utc, zone), zone.key, utc_source, TimeConfidence.HIGH)
    if utc:  # 7
        return CaptureTime(_naive(utc, fallback), utc, None, None, utc_source, TimeConfidence.LOW, utc)
    if modified_at is not None and plausible(modified_at, now):  # 8
        instant, source = modified_at.astimezone(UTC), TimeSource.FILE_MODIFIED
    else:
        instant, source = uploaded_at.astimezone(UTC), TimeSource.UPLOADED
    return CaptureTime(_naive(instant, fallback), None, None, None, source, TimeConfidence.LOW, instant)


def zone_at(latitude: float | None, longitude: float | None) -> ZoneInfo | None:
    """The zone of a position; at sea a nautical one. None for no, or an impossible, position."""
    if latitude is None or longitude is None or not valid_coordinates(latitude, longitude):
        return None
    import tzfpy  # whose map of the world only positions need

    name = tzfpy.get_tz(longitude, latitude)
    try:
        return ZoneInfo(name) if name else None
    except ZoneInfoNotFoundError:
        return None  # a zone younger than this machine's tz data


def valid_coordinates(latitude: float, longitude: float) -> bool:
    """False for what cameras write when they don't know: (0, 0), NaN, numbers that are on no globe."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return False
    return abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)


def _local_time(
    facts: TimeFacts, named: filename_time.FilenameTime, now: datetime, *, last_resort: bool
) -> _Local | None:
    """The first local time that parses and is plausible. Where it is a date only, a later one of the same day tells
    the hour. Some phones write UTC as ModifyDate: only as last resort.
    """
    written = [
        (facts.original, TimeSource.ORIGINAL),
        (facts.digitized, TimeSource.DIGITIZED),
        (facts.created, TimeSource.ORIGINAL),
    ]
    found = [_read(*each) for each in written]
    if named.local:
        found.append(_Local(named.local, TimeSource.FILENAME, date_only=named.date_only))
    if last_resort:
        found.append(_read(facts.modified, TimeSource.MODIFY_DATE))
    possible = [each for each in found if each and plausible(each.time.replace(tzinfo=UTC), now)]
    if not possible:
        return None
    first = possible[0]
    same_day = (each for each in possible if each.time.date() == first.time.date() and not each.date_only)
    return next(same_day, first) if first.date_only else first


def _read(written: ExifTime, source: TimeSource) -> _Local | None:
    parsed = parse_date_time(written)
    return _Local(parsed.time, source, parsed.offset, parsed.date_only) if parsed else None


def _in_zone(local: _Local, zone: ZoneInfo, utc: datetime | None) -> CaptureTime:
    """Rules 1 and 2. Where the clocks went back, UTC tells which of the two hours it was."""
    if utc is not None and abs(_naive(utc, zone) - local.time) <= _AGREEMENT:
        offset = _offset_of(utc, zone)
        return _known(_to_utc(local.time, offset), offset, zone.key, local.source, TimeConfidence.HIGH)
    confidence = TimeConfidence.HIGH if utc is None else TimeConfidence.MEDIUM
    # fold=0 is the earlier of two; in a gap it is the offset before, which reads back as shifted forward.
    instant = local.time.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return _known(instant, _offset_of(instant, zone), zone.key, local.source, confidence)


def _without_coordinates(local: _Local, facts: TimeFacts, utc: datetime | None, fallback: ZoneInfo) -> CaptureTime:
    said = (parse_offset(written.offset) for written in (facts.original, facts.digitized, facts.modified))
    offset = next((offset for offset in (local.offset, *said) if offset is not None), None)
    if offset is not None:  # 3
        return _known(_to_utc(local.time, offset), offset, None, local.source, TimeConfidence.HIGH)
    if utc is not None and local.source is not TimeSource.FILENAME:  # 4
        difference = local.time - utc.replace(tzinfo=None)
        if abs(difference) <= LARGEST_OFFSET:
            offset = round(difference / _QUARTER_HOUR) * _QUARTER_HOUR
            return _known(_to_utc(local.time, offset), offset, None, local.source, TimeConfidence.MEDIUM)
    sort_timestamp = local.time.replace(tzinfo=fallback).astimezone(UTC)  # 6
    return CaptureTime(local.time, None, None, None, local.source, TimeConfidence.LOW, sort_timestamp)


def _known(
    utc: datetime, offset: timedelta, zone: str | None, source: TimeSource, confidence: TimeConfidence
) -> CaptureTime:
    utc = utc.astimezone(UTC)
    local = (utc + offset).replace(tzinfo=None)
    return CaptureTime(local, utc, round(offset.total_seconds()), zone, source, confidence, utc)


def _to_utc(local: datetime, offset: timedelta) -> datetime:
    return local.replace(tzinfo=timezone(offset)).astimezone(UTC)


def _naive(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _offset_of(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def plausible(time: datetime, now: datetime) -> bool:
    """Whether a photo may have been taken then: since there are any, and by tomorrow. Both aware."""
    return time.year >= EARLIEST_YEAR and time <= now + MOST_AHEAD
