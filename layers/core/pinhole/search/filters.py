"""Filters of a search, each by its name, and of values of one any that holds. Features beside photos add theirs here.

Some are conditions on `media_item`. What lies in other tables is in the documents of `search_text` too, as lexemes that
no word is like: so one index finds what has the words and passes the filters.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Literal, Placeholder

from pinhole.errors import FieldError, Invalid
from pinhole.search.dates_in_words import Dates, Open, Said, Span, Yearly

MAX_VALUES = 100
_MAX_CHARACTERS = 200

_YEARLY = re.compile(r"--([0-9]{2})-([0-9]{2})(?:\.\.--([0-9]{2})-([0-9]{2}))?")
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


@dataclass(frozen=True, slots=True)
class Filter:
    """about: what its values are, for people who read the API.

    parse: a value as it is compared; raises ValueError, with what it is instead, in words that follow the name.
    condition: on `media_item`, of the parsed values, and the name under which parameters of its own begin. None: the
    parsed values are a list of texts each, and documents have them by this name. accepted: all values that there are,
    where they can be listed.
    """

    about: str
    parse: Callable[[str], Any]
    condition: Callable[[Sequence[Any], str], tuple[Composable, dict[str, Any]]] | None
    accepted: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Values of one filter: any of them holds, or none where it is negated."""

    name: str
    values: Sequence[str]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Conditions:
    """What holds where all filters hold: on `media_item`, and as a tsquery on documents, '' where it asks for nothing.

    parameters: of both, beside `viewer_id`.
    """

    on_items: Composable
    on_documents: Composable
    asks_documents: bool
    parameters: dict[str, Any]


def conditions(asked: Sequence[Asked]) -> Conditions:
    """Of all of these. Raises Invalid, with the name of the filter, for values that it does not know."""
    on_items: list[Composable] = [SQL("true")]
    on_documents: list[Composable] = [SQL("''::tsquery")]
    parameters: dict[str, Any] = {}
    for number, one in enumerate(asked):
        prefix = f"filter{number}"
        known = FILTERS[one.name]
        values = _parsed(one)
        if known.condition is None:
            part: Composable = SQL("search_tags({}, {}::text[])").format(Literal(one.name), Placeholder(prefix))
            on_documents.append(SQL("!!{}").format(part) if one.negated else part)
            parameters[prefix] = [text for value in values for text in value]
        else:
            part, own = known.condition(values, prefix)
            on_items.append(SQL("({}) IS NOT TRUE" if one.negated else "({})").format(part))
            parameters |= own
    return Conditions(SQL(" AND ").join(on_items), SQL(" && ").join(on_documents), len(on_documents) > 1, parameters)


def _parsed(asked: Asked) -> list[Any]:
    name = negated(asked.name) if asked.negated else asked.name
    if len(asked.values) > MAX_VALUES:
        raise Invalid("The search is too long.", FieldError(name, f"has more than {MAX_VALUES} values"))
    known = FILTERS[asked.name]
    if known.accepted and not set(asked.values) <= set(known.accepted):
        raise Invalid("The search can't be done.", FieldError(name, f"is none of {', '.join(known.accepted)}"))
    try:
        return [known.parse(value[:_MAX_CHARACTERS]) for value in asked.values]
    except ValueError as error:
        raise Invalid("The search can't be done.", FieldError(name, str(error))) from error


def negated(name: str) -> str:
    """The name under which a filter is asked for the other way round: `notCountry`."""
    return f"not{name[0].upper()}{name[1:]}"


def _any_of(text: str) -> Callable[[Sequence[Any], str], tuple[Composable, dict[str, Any]]]:
    """A condition that has the array of all values at `{}`."""

    def made(values: Sequence[Any], prefix: str) -> tuple[Composed, dict[str, Any]]:
        return SQL(text).format(Placeholder(prefix)), {prefix: list(values)}

    return made


def _text(value: str) -> list[str]:
    return [value]


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value if re.fullmatch("[0-9]{4}(-[0-9]{2}){2}", value) else "")
    except ValueError:
        raise ValueError("is no day such as 2024-07-14") from None


def _one_of(value: str) -> str:
    return value


def _least(value: str) -> list[str]:
    return [str(stars) for stars in range(int(value), 6)]


def written(dates: Dates) -> str:
    """As a value of the filter `on`: `2024-07-14`, `2024-07-01..2024-07-31`, or `--12-24..--12-26` of every year."""
    if isinstance(dates, Span):
        first, last = dates.first.isoformat(), dates.last.isoformat()
    else:
        first, last = (f"--{month:02}-{day:02}" for month, day in (dates.first, dates.last))
    return first if first == last else f"{first}..{last}"


def asked_by(said: Said) -> Asked:
    """The filter that dates in words ask for."""
    if isinstance(said, Open):
        return Asked("to" if said.is_end else "from", [said.day.isoformat()])
    return Asked("on", [written(dates) for dates in said])


def joined(asked: Sequence[Asked]) -> list[Asked]:
    """The same, each filter once with all of its values: two wishes of one kind are either. What is said twice, as in
    two languages, is one."""
    values: dict[tuple[str, bool], dict[str, None]] = {}
    for one in asked:
        values.setdefault((one.name, one.negated), {}).update(dict.fromkeys(one.values))
    return [Asked(name, list(own), negated) for (name, negated), own in values.items()]


def _dates(value: str) -> Dates:
    """What `written` writes, and a year or a month alone."""
    try:
        if match := _YEARLY.fullmatch(value):
            first_month, first_day = int(match[1]), int(match[2])
            last_month, last_day = (int(match[3]), int(match[4])) if match[3] else (first_month, first_day)
            date(2024, first_month, first_day), date(2024, last_month, last_day)
            return Yearly((first_month, first_day), (last_month, last_day))
        begin, _, end = value.partition("..")
        return _span(_ends(begin)[0], _ends(end or begin)[1])
    except ValueError:
        raise ValueError(
            "is no day, month or year such as 2024-07-14, 2024-07, 2024, nor from one to another as 2024-07..2024-09,"
            " nor of every year as --12-24..--12-26"
        ) from None


def _span(first: date, last: date) -> Span:
    if last < first:
        raise ValueError
    return Span(first, last)


def _ends(text: str) -> tuple[date, date]:
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise ValueError
    year, month, day = int(match[1]), match[2], match[3]
    first = date(year, int(month or 1), int(day or 1))
    if day:
        return first, first
    following = date(year + (not month or month == "12"), 1 if not month or month == "12" else int(month) + 1, 1)
    return first, date.fromordinal(following.toordinal() - 1)


_DAY_OF_YEAR = SQL(
    "(extract(month FROM media_item.taken_at_local) * 100 + extract(day FROM media_item.taken_at_local))::int"
)


def _days(yearly: Yearly) -> Iterator[int]:
    """All days of it, each as 100 times the month and the day."""
    first, last = date(2024, *yearly.first), date(2024, *yearly.last)
    number = (last - first).days % 366
    for day in (first + timedelta(days=each) for each in range(number + 1)):
        yield day.month * 100 + day.day


def _on(values: Sequence[Dates], prefix: str) -> tuple[Composable, dict[str, Any]]:
    """By whole days, of the clock on the wall."""
    spans = [f"[{dates.first},{dates.last}]" for dates in values if isinstance(dates, Span)]
    days = {day for dates in values if isinstance(dates, Yearly) for day in _days(dates)}
    parts: list[Composable] = []
    parameters: dict[str, Any] = {}
    if spans:
        parts.append(SQL("media_item.taken_at_local::date <@ ANY({}::daterange[])").format(Placeholder(prefix)))
        parameters[prefix] = spans
    if days:
        parts.append(SQL("{} = ANY({}::int[])").format(_DAY_OF_YEAR, Placeholder(f"{prefix}_yearly")))
        parameters[f"{prefix}_yearly"] = sorted(days)
    return SQL(" OR ").join(parts), parameters


FILTERS: Mapping[str, Filter] = {
    "from": Filter(
        "The first day, by the clock on the wall: 2024-07-14",
        _day,
        _any_of("media_item.taken_at_local::date >= ANY({}::date[])"),
    ),
    "to": Filter("The last day, included", _day, _any_of("media_item.taken_at_local::date <= ANY({}::date[])")),
    "on": Filter(
        "A day, month or year (2024-07-14, 2024-07, 2024), from one to another (2024-07..2024-09), or of every year"
        " (--12-24..--12-26)",
        _dates,
        _on,
    ),
    "kind": Filter(
        "photo or video", _one_of, _any_of("media_item.kind = ANY({}::media_kind[])"), accepted=("photo", "video")
    ),
    "favourite": Filter(
        "true or false", _one_of, _any_of("media_item.favourite = ANY({}::boolean[])"), accepted=("true", "false")
    ),
    "country": Filter("The name of a country, or its code of ISO 3166-1: Italy, IT", _text, None),
    "place": Filter(
        "The name of a neighbourhood, city, region or country, or as photos are named by it: Naples, Italy", _text, None
    ),
    "camera": Filter("A camera as its files name it, with or without its maker", _text, None),
    "minRating": Filter("Stars, 1 to 5", _least, None, accepted=("1", "2", "3", "4", "5")),
}
