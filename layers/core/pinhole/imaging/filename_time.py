"""Times that cameras, phones and messengers write into file names."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pinhole.imaging.written_time import HALF, on_24_hours

_EARLIEST_YEAR = 1990  # no camera or phone named files before

_DATES = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})(?P<dash>[-_.\s]|年)(?P<month>\d\d?)(?:(?P=dash)|月)(?P<day>\d\d?)日?",
        r"(?<!\d)(?P<year>\d{4})_?(?P<month>\d\d)(?P<day>\d\d)",
        r"@(?P<day>\d\d)-(?P<month>\d\d)-(?P<year>\d{4})(?=_)",  # Telegram's
    )
]
# "at" in the languages of macOS and of WhatsApp.
_AT = (
    r"at|um|vom|à(?:\(?s\)?)?|às|as|a las?(?:\(s\))?|a les|alle(?: ore)?|ore|om|kl|kello|klo|o|godz|v|ve|u|la|στις"
    r"|saat|pukul|lúc|в|о|у|ב|في|เวลา"
)
_CLOCK = re.compile(
    rf"[-_,.\s–T]{{0,3}}(?:(?:{_AT})[._\s-]{{0,2}})?(?P<before>{HALF})?\s?"
    r"(?P<hour>\d\d|\d(?=[-_.:h\s時时]))(?P<colon>[-_.:h\s時时]?)(?P<minute>\d\d)(?:(?P=colon)|[m分])(?P<second>\d\d)"
    rf"(?:\d{{1,3}}|\d{{6}})?(?!\d)(?:\s?(?P<behind>{HALF})(?![^\W_])|(?P<utc>_UTC))?",
    re.IGNORECASE,
)
_WHATSAPP = re.compile(r"(?:IMG|VID)-(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)-WA\d", re.IGNORECASE)
_EPOCH_MS = re.compile(r"(?<!\d)[1-9]\d{12}(?!\d)")
_LONG_NUMBER = re.compile(r"\d{5,}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# UUIDs and digests have many digits and no date.
_HEXADECIMAL = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*[0-9]+[a-f])[0-9a-f]{16,})(?![0-9a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FilenameTime:
    """At most one of `local` (naive) and `utc` is there; of a `date_only` local time the hour is a guess."""

    local: datetime | None = None
    utc: datetime | None = None
    date_only: bool = False


def read(filename: str) -> FilenameTime:
    """What the name says, unchecked whether it has been yet; empty where it says nothing."""
    filename = _HEXADECIMAL.sub("#", unicodedata.normalize("NFC", filename))
    for pattern in _DATES:
        for day in pattern.finditer(filename):
            if (clock := _CLOCK.match(filename, day.end())) and (time := _time(day, clock)):
                return FilenameTime(utc=time.replace(tzinfo=UTC)) if clock["utc"] else FilenameTime(local=time)
    if (dated := _WHATSAPP.search(filename)) and (noon := _time(dated, None)):
        return FilenameTime(local=noon, date_only=True)
    counted = _EPOCH_MS.search(filename)
    if counted and len(_LONG_NUMBER.findall(filename)) == 1:  # with others beside it, it is somebody's id
        return FilenameTime(utc=_EPOCH + timedelta(milliseconds=int(counted[0])))
    return FilenameTime()


def _time(day: re.Match[str], clock: re.Match[str] | None) -> datetime | None:
    """None where it is impossible. Noon without a clock."""
    hour, minute, second = (int(part) for part in clock.group("hour", "minute", "second")) if clock else (12, 0, 0)
    if clock:
        hour = on_24_hours(hour, clock["before"] or clock["behind"])
    year, month, date = (int(part) for part in day.group("year", "month", "day"))
    try:
        time = datetime(year, month, date, hour, minute, second)  # noqa: DTZ001  # naive: the clock on the wall
    except ValueError:
        return None
    return time if year >= _EARLIEST_YEAR else None
