"""When a rule of EventBridge fires: `rate(5 minutes)` and `cron(0 3 ? * SUN *)`, the latter in UTC.

The grammar is that of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html, without
`L`, `W` and `#`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from infra.local.cloudformation import TemplateError

UNITS = {"minute": 60, "hour": 3600, "day": 86400}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LAST_YEAR = 2199
# Fields of cron: name, least and greatest value, names of values.
FIELDS: tuple[tuple[str, int, int, Sequence[str]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of week", 1, 7, DAYS),
    ("year", 1970, LAST_YEAR, ()),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def after(self, moment: datetime) -> datetime:
        """When it fires next."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Cron:
    """At each minute that all fields hold of. Days of the week count from Sunday, which is 1."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    def after(self, moment: datetime) -> datetime | None:
        """When it fires next, in UTC; None when never again."""
        moment = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day, earliest = moment.date(), moment.time()
        while day.year <= max(self.years):
            if self._has(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        if time(hour, minute) >= earliest:
                            return datetime.combine(day, time(hour, minute), UTC)
            day, earliest = day + timedelta(days=1), time.min
        return None

    def _has(self, day: date) -> bool:
        weekday = day.isoweekday() % 7 + 1
        return day.year in self.years and day.month in self.months and day.day in self.days and weekday in self.weekdays


Schedule = Rate | Cron


def parse(where: str, expression: str) -> Schedule:
    """Read a schedule expression. Raises TemplateError, naming `where` it is and what is not understood."""
    if found := re.fullmatch(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)", expression):
        return Rate(int(found[1]) * UNITS[found[2]])
    found = re.fullmatch(r"cron\((\S+(?: \S+){5})\)", expression)
    if found is None:
        raise TemplateError(f"{where}: the schedule {expression} is not known locally")
    texts = found[1].upper().split(" ")
    if (texts[2] == "?") == (texts[4] == "?"):
        raise TemplateError(f"{where}: {expression} needs ? for the day of month or for the day of week, not for both")
    try:
        return Cron(*(_values(text, *field) for text, field in zip(texts, FIELDS, strict=True)))
    except ValueError as error:
        raise TemplateError(f"{where}: {expression}: {error} is not known locally") from error


def _values(text: str, field: str, least: int, greatest: int, names: Sequence[str]) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*" or (span == "?" and field.startswith("day")):
            begin, end = least, greatest
        else:
            begin = _value(first, field, names, least)
            end = _value(last, field, names, least) if dash else greatest if slash else begin
        if not (least <= begin <= end <= greatest) or (slash and not step.isdecimal()) or step == "0":
            raise ValueError(f"{field} {part}")
        values.update(range(begin, end + 1, int(step or 1)))
    return frozenset(values)


def _value(text: str, field: str, names: Sequence[str], least: int) -> int:
    if text in names:
        return names.index(text) + least
    if not text.isdecimal():
        raise ValueError(f"{field} {text}")
    return int(text)
