"""Dates as people say them in English, Dutch and German: `july 2024`, `zomer 2023`, `letztes Wochenende`.

Seasons are those of meteorologists on the northern half, by whole months. A winter of a year is the one that begins in
it and the one that ends in it, since people mean either. What is said without a year is of every year, where it is
of days or a month (`christmas`, `14 july`), unless a word follows that it may belong to (`christmas tree`, `june
carter`); a season without one is left to the other ways to search.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from pinhole.search.words import Term, folded

FIRST_YEAR = 1826  # of the oldest photograph that there is
_YEARS_OF_EASTER = 60

Day = tuple[int, int]  # month, day


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Yearly:
    """The same of every year; over the end of a year where the last is before the first."""

    first: Day
    last: Day


@dataclass(frozen=True, slots=True)
class Open:
    """From a day on, or, where it is the end, up to it. It is included."""

    day: date
    is_end: bool


Dates = Span | Yearly
Said = tuple[Dates, ...] | Open


@dataclass(frozen=True, slots=True)
class Understood:
    """begin, end: which of the terms. dates: any of them, or those from or up to one."""

    begin: int
    end: int
    dates: Said


def _table(lines: str) -> dict[str, int]:
    """Each word of a line, by the line's number."""
    return {word: number for number, line in enumerate(lines.split("\n")) for word in line.split()}


_MONTHS = _table(
    """
    january jan januari januar janner
    february feb februari februar feber
    march mar maart mrt marz maerz
    april apr
    may mei mai
    june jun juni
    july jul juli
    august aug augustus
    september sep sept
    october oct oktober okt
    november nov
    december dec dezember dez"""
)
_SEASONS = _table(
    """
    spring lente voorjaar fruhling fruehling fruhjahr fruehjahr
    summer zomer sommer
    autumn fall herfst najaar herbst
    winter"""
)
_HOLIDAYS = _table(
    """
    christmas xmas kerst kerstmis weihnachten
    easter pasen ostern
    newyear nieuwjaar neujahr
    silvester oudejaarsavond oudjaar
    halloween
    valentine valentijnsdag valentinstag
    sinterklaas nikolaus
    koningsdag"""
)
_FIXED: Mapping[int, tuple[Day, Day]] = {
    1: ((12, 24), (12, 26)),
    3: ((1, 1), (1, 1)),
    4: ((12, 31), (12, 31)),
    5: ((10, 31), (10, 31)),
    6: ((2, 14), (2, 14)),
    7: ((12, 5), (12, 6)),
    8: ((4, 27), (4, 27)),
}
_EASTER = 2
_UNITS = _table(
    """
    day days dag dagen tag tage tagen
    week weeks weken woche wochen
    weekend weekends wochenende wochenenden
    month months maand maanden monat monate monaten
    year years jaar jaren jahr jahre jahren"""
)
_DAY, _WEEK, _WEEKEND, _MONTH, _YEAR = range(1, 6)
_NUMBERS = _table(
    """
    one een ein eine einem einer a
    two twee zwei
    three drie drei
    four vier
    five vijf funf fuenf
    six zes sechs
    seven zeven sieben
    eight acht
    nine negen neun
    ten tien zehn
    eleven elf
    twelve twaalf zwolf zwoelf"""
)
_LAST = {
    *("last", "past", "previous", "vorige", "vorig", "afgelopen", "laatste", "verleden"),
    *("letzte", "letzter", "letztes", "letzten", "letztem", "vergangene", "vergangener", "vergangenes", "vergangenen"),
    *("vorigen", "voriger", "voriges"),
}
_THIS = {"this", "deze", "dit", "diese", "dieser", "dieses", "diesen", "diesem"}
_AGO = {"ago", "geleden"}
_AGO_BEFORE = {"vor"}
_BETWEEN = {"of", "the", "van", "de", "im", "in", "den", "der", "des"}
_BEFORE = {
    *_BETWEEN,
    *("on", "at", "from", "during", "op", "uit", "tijdens", "om", "am", "an", "aus", "vom", "von", "wahrend", "zu"),
}
# Before a date, what it is the end of; and between two, that all is meant which lies between them.
_EARLIER = {"before", "vor", "voor"}
_UNTIL = {"until", "till", "bis", "tot"}
_LATER = {"after", "nach", "na"}
_SINCE = {"since", "seit", "sinds", "ab", "vanaf"}
_TO = {"to", "until", "till", "through", "bis", "tot", "t/m"}
_OF_TWO, _AND = {"between", "zwischen", "tussen"}, {"and", "und", "en"}
_TODAY = _table("\n today vandaag heute\n yesterday gisteren gestern\n eergisteren vorgestern")
_JOINED = {("new", "year"): "newyear", ("new", "years"): "newyear", ("new", "year's"): "newyear"}
_NOT_ALONE = {"may", "mar", "march", "fall", "jan", "dec", "sep", "mai", "mei"}  # are other words, or names, too

_ORDINAL = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|e|de|ste)?\.?")
_YEAR_TEXT = re.compile(r"(?:18|19|20)[0-9]{2}")
_DECADE = re.compile(r"((?:18|19|20)[0-9]0)(?:s|er|ern)")
_YEARS = re.compile(r"((?:18|19|20)[0-9]{2})[-\u2013]((?:18|19|20)[0-9]{2})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?")
_NUMERIC = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})")


def dates_in(terms: Sequence[Term], today: date) -> list[Understood]:
    """What of these terms tells dates, from left to right, each as long as it can be; no quoted or excluded one."""
    reader = _Reader(terms, today)
    found: list[Understood] = []
    at = 0
    while at < len(terms):
        read = reader.read(at)
        if read is None:
            at += 1
            continue
        end, dates = read
        begin, least = at, found[-1].end if found else 0
        bounded = reader.bounded(begin - 1, dates) if begin > least else None
        if bounded is not None:
            begin -= 1
        while begin > least and reader.words[begin - 1] in _BEFORE | _OF_TWO:
            begin -= 1
        found.append(Understood(begin, end, dates if bounded is None else bounded))
        at = end
    return found


_Read = tuple[int, tuple[Dates, ...]]


class _Reader:
    def __init__(self, terms: Sequence[Term], today: date) -> None:
        self.words = ["" if term.is_quoted or term.is_excluded else _plain(term) for term in terms]
        self._today = today

    def read(self, at: int) -> _Read | None:
        """What begins there, and goes on to another date where it says so: where it ends, and what it tells."""
        read = self._one(at)
        if read is None:
            return None
        end, dates = read
        connects = _TO | (_AND if self._word(at - 1) in _OF_TWO else set())
        if self._word(end) in connects and (other := self._one(end + 1)) is not None:
            all_between = _from_to(dates, other[1])
            return read if all_between is None else (other[0], (all_between,))
        follows = self._word(end)
        is_yearly_name = end == at + 1 and any(isinstance(each, Yearly) for each in dates)
        if is_yearly_name and follows and follows not in _BEFORE and self._one(end) is None:
            return None
        return read

    def bounded(self, at: int, dates: tuple[Dates, ...]) -> Open | None:
        """What a word makes of the dates after it; None where it says nothing of them."""
        word = self._word(at)
        spans = [each for each in dates if isinstance(each, Span)]
        if len(spans) < len(dates):
            return None
        first, last = min(each.first for each in spans), max(each.last for each in spans)
        if word in _EARLIER:
            return Open(first - timedelta(days=1), is_end=True)
        if word in _UNTIL:
            return Open(last, is_end=True)
        if word in _LATER:
            return Open(last + timedelta(days=1), is_end=False)
        return Open(first, is_end=False) if word in _SINCE else None

    def _one(self, at: int) -> _Read | None:
        """The longest date that begins there."""
        ways: Sequence[Callable[[int], _Read | None]] = (
            self._ago,
            self._relative,
            self._day_of_month,
            self._month,
            self._season,
            self._holiday,
            self._numeric,
            self._year_alone,
            self._named_day,
        )
        return max((read for way in ways if (read := way(at)) is not None), key=lambda read: read[0], default=None)

    def _word(self, at: int) -> str:
        return self.words[at] if 0 <= at < len(self.words) else ""

    def _over(self, at: int, words: Collection[str] = _BETWEEN) -> int:
        """Past words that may stand between those of a date."""
        while self._word(at) in words:
            at += 1
        return at

    def _year_at(self, at: int) -> tuple[int, int] | None:
        """Where a year that stands there ends, and the year: `2023`, `last year`."""
        at = self._over(at)
        text = self._word(at)
        if text in _LAST | _THIS and _UNITS.get(self._word(at + 1)) == _YEAR:
            return at + 2, self._today.year - (text in _LAST)
        if not _YEAR_TEXT.fullmatch(text) or not FIRST_YEAR <= int(text) <= self._today.year + 1:
            return None
        return at + 1, int(text)

    def _number_at(self, at: int) -> int | None:
        word = self._word(at)
        if word.isascii() and word.isdigit() and 0 < int(word[:4]) <= 200:
            return int(word[:4])
        return _NUMBERS.get(word)

    def _ago(self, at: int) -> _Read | None:
        start = at + 1 if self._word(at) in _AGO_BEFORE else at
        number, unit = self._number_at(start), _UNITS.get(self._word(start + 1))
        end = start + 2 if start > at else start + 3
        if number is None or unit is None or (start == at and self._word(start + 2) not in _AGO):
            return None
        then = self._back(number, unit)
        return None if then is None else (end, (self._around(then, unit),))

    def _relative(self, at: int) -> _Read | None:
        word = self._word(at)
        if word not in _LAST | _THIS:
            return None
        if (number := self._number_at(at + 1)) is not None and word in _LAST:
            unit = _UNITS.get(self._word(at + 2))
            since = None if unit is None else self._back(number, unit)
            return None if since is None else (at + 3, (Span(since, self._today),))
        following = self._word(at + 1)
        if (unit := _UNITS.get(following)) is not None and unit != _DAY:
            then = self._back(1, unit) if word in _LAST else self._today
            return None if then is None else (at + 2, (self._around(then, unit),))
        if (month := _MONTHS.get(following)) is not None:
            return at + 2, (self._latest(word, lambda year: [_month_of(year, month)]),)
        if (season := _SEASONS.get(following)) is not None:
            return at + 2, (self._latest(word, lambda year: [_season_of(year, season)]),)
        if (holiday := self._holiday_at(at + 1)) is not None:
            end, which = holiday
            return end, (self._latest(word, lambda year: [_holiday_of(year, which)]),)
        return None

    def _latest(self, word: str, of_year: Callable[[int], Sequence[Span]]) -> Span:
        """The last one that is over; of this year, where it is this one that is asked for."""
        year = self._today.year
        if word in _THIS:
            spans = [span for each in (year - 1, year) for span in of_year(each)]
            return next((span for span in spans if span.first <= self._today <= span.last), spans[-1])
        return max(
            (span for each in range(year - 2, year + 1) for span in of_year(each) if span.last < self._today),
            key=lambda span: span.last,
        )

    def _day_of_month(self, at: int) -> _Read | None:
        day = _ORDINAL.fullmatch(self._word(at))
        if day:
            month_at = self._over(at + 1, {"of", "van"})
            end = month_at + 1
            number, month = int(day[1]), _MONTHS.get(self._word(month_at))
        else:
            day_at = self._over(at + 1, {"the"})
            month, day = _MONTHS.get(self._word(at)), _ORDINAL.fullmatch(self._word(day_at))
            if not day:
                return None
            end, number = day_at + 1, int(day[1])
        if month is None or not 1 <= number <= _days(2024, month):
            return None
        year = self._year_at(end)
        if year is None:
            return end, (Yearly((month, number), (month, number)),)
        if number > _days(year[1], month):
            return None
        then = date(year[1], month, number)
        return year[0], (Span(then, then),)

    def _month(self, at: int) -> _Read | None:
        month = _MONTHS.get(self._word(at))
        if month is None:
            return None
        year = self._year_at(at + 1)
        if year is not None:
            return year[0], (_month_of(year[1], month),)
        if self._word(at) in _NOT_ALONE and len(self.words) > 1:
            return None
        return at + 1, (Yearly((month, 1), (month, _days(2024, month))),)

    def _season(self, at: int) -> _Read | None:
        season, year = _SEASONS.get(self._word(at)), self._year_at(at + 1)
        if season is None or year is None:
            return None
        winters = (_season_of(year[1] - 1, season),) if season == 4 else ()
        return year[0], (*winters, _season_of(year[1], season))

    def _holiday_at(self, at: int) -> tuple[int, int] | None:
        """Where a holiday's name ends, and which it is."""
        joined = _JOINED.get((self._word(at), self._word(at + 1)))
        if joined is not None:
            return at + 2, _HOLIDAYS[joined]
        word = self._word(at).removesuffix("'s")
        which = _HOLIDAYS.get(word)
        if which is None:
            return None
        return at + 1, which

    def _holiday(self, at: int) -> _Read | None:
        holiday = self._holiday_at(at)
        if holiday is None:
            return None
        end, which = holiday
        year = self._year_at(end)
        if year is not None:
            return year[0], (_holiday_of(year[1], which),)
        if which == _EASTER:
            first = self._today.year - _YEARS_OF_EASTER
            return end, tuple(_holiday_of(each, which) for each in range(first, self._today.year + 1))
        return end, (Yearly(*_FIXED[which]),)

    def _numeric(self, at: int) -> _Read | None:
        word = self._word(at)
        if (match := _YEARS.fullmatch(word)) and int(match[1]) < int(match[2]):
            return at + 1, (Span(date(int(match[1]), 1, 1), date(int(match[2]), 12, 31)),)
        if match := _ISO.fullmatch(word):
            year, month, day = int(match[1]), int(match[2]), match[3]
        elif match := _NUMERIC.fullmatch(word):
            year, month, day = int(match[4]), int(match[3]), match[1]
        else:
            return None
        if not (FIRST_YEAR <= year <= self._today.year + 1 and 1 <= month <= 12):
            return None
        if day is None:
            return at + 1, (_month_of(year, month),)
        if not 1 <= int(day) <= _days(year, month):
            return None
        then = date(year, month, int(day))
        return at + 1, (Span(then, then),)

    def _year_alone(self, at: int) -> _Read | None:
        if match := _DECADE.fullmatch(self._word(at)):
            first = int(match[1])
            return at + 1, (Span(date(first, 1, 1), date(first + 9, 12, 31)),)
        if self._word(at) in _BETWEEN or (year := self._year_at(at)) is None:
            return None
        return year[0], (Span(date(year[1], 1, 1), date(year[1], 12, 31)),)

    def _named_day(self, at: int) -> _Read | None:
        back = _TODAY.get(self._word(at))
        if back is None:
            return None
        then = self._today - timedelta(days=back - 1)
        return at + 1, (Span(then, then),)

    def _back(self, number: int, unit: int) -> date | None:
        """The day that is so many units before today; None before all photography."""
        days, months = {_DAY: 1, _WEEK: 7, _WEEKEND: 7}.get(unit, 0), {_MONTH: 1, _YEAR: 12}.get(unit, 0)
        then = self._today - timedelta(days=days * number) - relativedelta(months=months * number)
        return then if then.year >= FIRST_YEAR else None

    def _around(self, then: date, unit: int) -> Span:
        """The day, week, weekend, month or year that a day is in; of a week its weekend."""
        if unit in (_WEEK, _WEEKEND):
            monday = then - timedelta(days=then.weekday())
            return Span(monday + timedelta(days=5 if unit == _WEEKEND else 0), monday + timedelta(days=6))
        if unit == _MONTH:
            return _month_of(then.year, then.month)
        if unit == _YEAR:
            return Span(date(then.year, 1, 1), date(then.year, 12, 31))
        return Span(then, then)


def _from_to(begin: Sequence[Dates], end: Sequence[Dates]) -> Dates | None:
    """From the first day of one to the last day of the other; None where no day of that is before the other."""
    first, last = begin[0], end[-1]
    if isinstance(first, Yearly) and isinstance(last, Yearly):
        return Yearly(first.first, last.last)
    if isinstance(last, Yearly):
        return None
    if isinstance(first, Yearly):
        # The year is said at the end alone.
        month, day = first.first
        year = last.last.year - ((month, day) > (last.last.month, last.last.day))
        if day > _days(year, month):
            return None
        return Span(date(year, month, day), last.last)
    return Span(first.first, last.last) if first.first <= last.last else None


def _plain(term: Term) -> str:
    """Folded, and without the punctuation around it: what stands between digits stays."""
    return folded(term.text).strip(",;:!?()").rstrip(".")


def _days(year: int, month: int) -> int:
    return (date(year, month, 1) + relativedelta(day=31)).day


def _month_of(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, _days(year, month)))


def _season_of(year: int, season: int) -> Span:
    """season: 1 spring to 4 winter, which ends in the year after."""
    first = date(year, 3 * season, 1)
    last = first + relativedelta(months=2, day=31)
    return Span(first, last)


def _holiday_of(year: int, which: int) -> Span:
    if which == _EASTER:
        sunday = easter(year)
        return Span(sunday - timedelta(days=2), sunday + timedelta(days=1))
    (first, last) = _FIXED[which]
    return Span(date(year, *first), date(year, *last))
