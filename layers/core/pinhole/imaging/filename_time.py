"""Times that cameras, phones and messengers write into file names."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_LOCAL = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?:(?P<dash>[-_.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d))"
    r"(?:[-_ T]|(?: at ))(?P<hour>\d\d)(?P<colon>[-_.:h]?)(?P<minute>\d\d)(?:(?P=colon)|m)(?P<second>\d\d)(?!\d\d\d\d)"
)
_WHATSAPP = re.compile(r"(?:IMG|VID)-(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)-WA\d", re.IGNORECASE)
_EPOCH_MS = re.compile(r"(?<!\d)[1-9]\d{12}(?!\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FilenameTime:
    """At most one of `local` (naive) and `utc` is there; of a `date_only` local time the hour is a guess."""

    local: datetime | None = None
    utc: datetime | None = None
    date_only: bool = False


def read(filename: str) -> FilenameTime:
    """What the name says, unchecked for plausibility; empty where it says nothing."""
    for found in _LOCAL.finditer(filename):
        year, month, day, hour, minute, second = (
            int(found[part]) for part in ("year", "month", "day", "hour", "minute", "second")
        )
        try:
            local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # naive: the clock on the wall
        except ValueError:
            continue
        return FilenameTime(local=local)
    if dated := _WHATSAPP.search(filename):
        try:
            noon = datetime(int(dated["year"]), int(dated["month"]), int(dated["day"]), 12)  # noqa: DTZ001
        except ValueError:
            return FilenameTime()
        return FilenameTime(local=noon, date_only=True)
    if counted := _EPOCH_MS.search(filename):
        return FilenameTime(utc=_EPOCH + timedelta(milliseconds=int(counted[0])))
    return FilenameTime()
