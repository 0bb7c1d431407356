"""Times as cameras, phones and editors write them into EXIF, XMP and IPTC."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

LARGEST_OFFSET = timedelta(hours=15)
_MAX_CHARACTERS = 100

# Phones format the time by the language of their owner, and some write its words in the encoding of old systems.
_MORNINGS = ("AM", "上午", "午前", "오전", "凌晨", "早上", "清晨", "πμ", "ص", "ق.ظ")
_AFTERNOONS = ("PM", "下午", "午後", "오후", "中午", "晚上", "傍晚", "μμ", "م", "ب.ظ")
_OLD_ENCODINGS = {"上午": ("gbk", "big5"), "下午": ("gbk", "big5"), "午前": ("shift_jis",), "午後": ("shift_jis",)}


def _words(half: tuple[str, ...]) -> str:
    """A pattern of them, letters of other alphabets also with dots (`p. m.`, `μ.μ.`)."""
    garbled = [
        word.encode(encoding).decode("cp1252", "replace") for word in half for encoding in _OLD_ENCODINGS.get(word, ())
    ]
    dotted = [rf"{word[0]}\.?\s?{word[1]}\.?" for word in half if word in ("AM", "PM", "πμ", "μμ")]
    return "|".join([*dotted, *(re.escape(word) for word in (*half, *garbled))])


_MORNING = re.compile(_words(_MORNINGS), re.IGNORECASE)
HALF = f"{_words(_MORNINGS)}|{_words(_AFTERNOONS)}"
_DATE = re.compile(r"\s*(\d{4})(?:\s*[-:/.年]\s*(\d\d?)\s*[-:/.月]\s*(\d\d?)日?|(\d\d)(\d\d))(?P<rest>.*)", re.DOTALL)
_CLOCK = re.compile(
    rf"[T\s:]*(?P<before>{HALF})?\s*"
    r"(?:(?P<hour>\d\d?)\s*[:.]\s*(?P<minute>\d\d?)(?:\s*[:.]\s*(?P<second>\d\d?)(?:[.,:](?P<fraction>\d+))?)?"
    r"|(?P<digits>\d{6}))"
    rf"\s*(?P<behind>{HALF})?\s*(?:[A-Z]{{2,5}}(?![A-Z]))?(?P<offset>\s*|Z|\s?[-+−]\s?\d[\d:]*)(?:\s*DST)?\s*",
    re.IGNORECASE,
)
_NO_CLOCK = re.compile(r"[\s:]*(?:Z|[-+]\d\d:?\d\d)?")
_OFFSET = re.compile(
    r"\s*(?:(?:GMT|UTC)?\s*(?P<sign>[-+−])\s?(?:(\d\d?)(?::(\d\d)(?::00)?)?|(\d\d)(\d\d))|Z|GMT|UTC)\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ExifTime:
    """One of EXIF's times with its companions, as written in the file."""

    date_time: str | None = None
    subsec: str | None = None
    offset: str | None = None


NO_TIME = ExifTime()


@dataclass(frozen=True, slots=True)
class Parsed:
    """`time` is naive; `offset` is what the string that holds it says itself. A `date_only` time is noon."""

    time: datetime
    offset: timedelta | None = None
    date_only: bool = False


def parse_date_time(written: ExifTime) -> Parsed | None:
    """None where it doesn't parse. A date without, or with a blank time (EXIF 4.6.5.1.1: unknown) is a date only.

    Some phones write 24 for the hour after midnight, of the same date, and 60 for the second that ends a minute.
    """
    day = _DATE.match((written.date_time or "")[:_MAX_CHARACTERS])
    if day is None:
        return None
    year, month, date = (int(part) for part in day.groups()[:-1] if part)
    try:
        if _NO_CLOCK.fullmatch(day["rest"]):
            return Parsed(datetime(year, month, date, 12), date_only=True)  # noqa: DTZ001  # naive: the clock on the wall
        clock = _CLOCK.fullmatch(day["rest"])
        if clock is None:
            return None
        parts = re.findall("..", clock["digits"]) if clock["digits"] else clock.group("hour", "minute", "second")
        hour, minute, second = (int(part or 0) for part in parts)
        hour = 0 if hour == 24 else on_24_hours(hour, clock["before"] or clock["behind"])
        fraction = clock["fraction"] or (written.subsec or "").strip()
        microsecond = int(fraction[:6].ljust(6, "0")) if fraction.isdecimal() else 0
        time = datetime(year, month, date, hour, minute, 59 if second == 60 else second, microsecond)  # noqa: DTZ001
        time += timedelta(seconds=second == 60)
    except (ValueError, OverflowError):
        return None
    return Parsed(time, parse_offset(clock["offset"]))


def parse_offset(written: str | None) -> timedelta | None:
    """Of `+02:00`, `+0200`, `+02`, `GMT+2` and the like. None where it is none, as `+02:99`."""
    match = _OFFSET.fullmatch((written or "")[:_MAX_CHARACTERS])
    if match is None:
        return None
    sign, *parts = match.groups()
    hours, minutes = [*(int(part) for part in parts if part), 0, 0][:2]
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > LARGEST_OFFSET:
        return None
    return offset if sign in (None, "+") else -offset


def on_24_hours(hour: int, half: str | None) -> int:
    """`half`: AM or PM in any language, or None. An hour beyond 12 stays what it is: some write both."""
    if not half or hour > 12:
        return hour
    return hour % 12 + (0 if _MORNING.fullmatch(half) else 12)
