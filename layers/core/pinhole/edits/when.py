"""When a photo was taken, once a person has said something of its time or of its place.

What the file or a sidecar says stays the base; a person says of it the local time, the offset, or both.

- The local time: what the person said, else that of the base. Where two hours have this name it is the earlier, unless
  it was shifted to the later: then UTC is kept beside it.
- An offset that a person said holds, and no zone is shown any more. Said to be unknown: neither is UTC.
- Else a place that a person said tells the zone, as coordinates in a file do (rules 1, 2 and 5 of `capture_time`): the
  wall clock stays and UTC follows; only where the base knows UTC and made its local time of it, UTC stays.
- Else the zone of the base at that local time; else its offset.

So the place can be said after the time and before it, and taking back one leaves what the other tells.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pinhole.imaging.capture_time import TimeConfidence, TimeSource


@dataclass(frozen=True, slots=True)
class When:
    """A capture time; the fields are the columns of the same names, but for `sort_timestamp`."""

    taken_at_local: datetime
    taken_at_utc: datetime | None
    utc_offset_seconds: int | None
    timezone_name: str | None
    time_source: str
    time_confidence: str

    @classmethod
    def of_statement(cls, said: dict[str, Any]) -> Self:
        """As a layer of `item_statement` has it under `time`."""
        utc = said.get("takenAtUtc")
        return cls(
            taken_at_local=datetime.fromisoformat(said["takenAtLocal"]),
            taken_at_utc=None if utc is None else datetime.fromisoformat(utc),
            utc_offset_seconds=said.get("utcOffsetSeconds"),
            timezone_name=said.get("timezoneName"),
            time_source=said["source"],
            time_confidence=said["confidence"],
        )

    def sort_timestamp(self, fallback_zone: str) -> datetime:
        """What orders it: UTC, else the local time read in this zone."""
        return self.taken_at_utc or self.taken_at_local.replace(tzinfo=ZoneInfo(fallback_zone)).astimezone(UTC)


def said_of(base: When, said: dict[str, Any], zone: ZoneInfo | None) -> When:
    """The base with what a person says of it. zone: that of the place that a person said.

    said: `takenAtLocal` (ISO 8601) and `utcOffsetSeconds` (null: unknown), each only where it was said, and
    `takenAtUtc` as `shifted` has it.
    """
    told, utc = base, None if "takenAtUtc" not in said else datetime.fromisoformat(said["takenAtUtc"])
    if "takenAtLocal" in said:
        told = replace(base, taken_at_local=datetime.fromisoformat(said["takenAtLocal"]))
    if said:
        told = replace(told, time_source=TimeSource.PERSON, time_confidence=TimeConfidence.HIGH)
    if "utcOffsetSeconds" in said:
        return _at_offset(told, said["utcOffsetSeconds"])
    if zone is not None:
        if base.taken_at_utc is not None and "takenAtLocal" not in said and _utc_stays(base, base.taken_at_utc, zone):
            return _at_instant(told, base.taken_at_utc, zone)
        return _in_zone(told, zone, utc)
    if not said:
        return base
    of_base = _zone(base.timezone_name)
    return _at_offset(told, base.utc_offset_seconds) if of_base is None else _in_zone(told, of_base, utc)


def shifted(local: datetime, utc: datetime | None, zone_name: str | None, seconds: int) -> dict[str, str]:
    """What a person says of the time by moving the clock: `takenAtLocal`, and `takenAtUtc` where it is the later hour.

    local, utc, zone_name: as they hold before. Where UTC and zone are known, whole days are days of the calendar, and
    what is left passes as time does (the rule of `Temporal.ZonedDateTime` in ECMAScript): so an hour more and one less
    lead back, also where the clocks change. Else all of it is by the clock on the wall. Raises OverflowError.
    """
    zone = _zone(zone_name)
    if utc is None or zone is None:
        return {"takenAtLocal": (local + timedelta(seconds=seconds)).isoformat()}
    days = int(seconds / 86_400)
    if days:
        utc = (local + timedelta(days=days)).replace(tzinfo=zone).astimezone(UTC)
    utc += timedelta(seconds=seconds - days * 86_400)
    moved = utc.astimezone(zone)
    said = {"takenAtLocal": moved.replace(tzinfo=None).isoformat()}
    return said | ({"takenAtUtc": utc.astimezone(UTC).isoformat()} if moved.fold else {})


def _utc_stays(base: When, utc: datetime, zone: ZoneInfo) -> bool:
    """Whether the local time was made of UTC, or is the same there: UTC then tells which of two hours it is."""
    made_of_utc = base.utc_offset_seconds is None or base.time_source in (TimeSource.GPS, TimeSource.VIDEO)
    return made_of_utc or utc.astimezone(zone).replace(tzinfo=None) == base.taken_at_local


def _at_offset(told: When, offset: int | None) -> When:
    utc = None
    if offset is not None:
        utc = told.taken_at_local.replace(tzinfo=timezone(timedelta(seconds=offset))).astimezone(UTC)
    return replace(told, taken_at_utc=utc, utc_offset_seconds=offset, timezone_name=None)


def _in_zone(told: When, zone: ZoneInfo, utc: datetime | None) -> When:
    """In a gap of the clocks it is read as shifted forward; of two hours of the same name it is that of UTC, if it is
    one of them, else the earlier.
    """
    if utc is not None and utc.astimezone(zone).replace(tzinfo=None) == told.taken_at_local:
        return _at_instant(told, utc, zone)
    return _at_instant(told, told.taken_at_local.replace(tzinfo=zone, fold=0).astimezone(UTC), zone)


def _at_instant(told: When, utc: datetime, zone: ZoneInfo) -> When:
    local = utc.astimezone(zone)
    offset = local.utcoffset() or timedelta(0)
    return replace(
        told,
        taken_at_local=local.replace(tzinfo=None),
        taken_at_utc=utc,
        utc_offset_seconds=round(offset.total_seconds()),
        timezone_name=zone.key,
    )


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return None  # a zone that the tz data of this machine lacks
