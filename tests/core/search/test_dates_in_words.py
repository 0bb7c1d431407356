"""Dates in what somebody typed."""

from datetime import date

import pytest

from pinhole.search.dates_in_words import Dates, Open, Span, Yearly, dates_in
from pinhole.search.words import terms_of

TODAY = date(2026, 11, 25)  # a Wednesday


def _span(first: str, last: str | None = None) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last or first))


SAID: list[tuple[str, str, tuple[Dates, ...]]] = [
    ("july 2024", "july 2024", (_span("2024-07-01", "2024-07-31"),)),
    ("beach in July of 2024", "in July of 2024", (_span("2024-07-01", "2024-07-31"),)),
    ("März 2023", "März 2023", (_span("2023-03-01", "2023-03-31"),)),
    ("strand im Juli 2024", "im Juli 2024", (_span("2024-07-01", "2024-07-31"),)),
    ("mrt 2023", "mrt 2023", (_span("2023-03-01", "2023-03-31"),)),
    ("february 2024", "february 2024", (_span("2024-02-01", "2024-02-29"),)),
    ("juli", "juli", (Yearly((7, 1), (7, 31)),)),
    ("may", "may", (Yearly((5, 1), (5, 31)),)),
    ("2019", "2019", (_span("2019-01-01", "2019-12-31"),)),
    ("paris 2019 louvre", "2019", (_span("2019-01-01", "2019-12-31"),)),
    ("1990s", "1990s", (_span("1990-01-01", "1999-12-31"),)),
    ("14 july 2024", "14 july 2024", (_span("2024-07-14"),)),
    ("July 14, 2024", "July 14, 2024", (_span("2024-07-14"),)),
    ("the 14th of july 2024", "the 14th of july 2024", (_span("2024-07-14"),)),
    ("am 14. Juli 2024", "am 14. Juli 2024", (_span("2024-07-14"),)),
    ("op 14 juli", "op 14 juli", (Yearly((7, 14), (7, 14)),)),
    ("2024-07-14", "2024-07-14", (_span("2024-07-14"),)),
    ("2024-07", "2024-07", (_span("2024-07-01", "2024-07-31"),)),
    ("14.07.2024", "14.07.2024", (_span("2024-07-14"),)),
    ("14-7-2024", "14-7-2024", (_span("2024-07-14"),)),
    ("zomer 2023", "zomer 2023", (_span("2023-06-01", "2023-08-31"),)),
    ("Frühling 2024", "Frühling 2024", (_span("2024-03-01", "2024-05-31"),)),
    ("winter 2023", "winter 2023", (_span("2022-12-01", "2023-02-28"), _span("2023-12-01", "2024-02-29"))),
    ("last summer", "last summer", (_span("2026-06-01", "2026-08-31"),)),
    ("letzten Winter", "letzten Winter", (_span("2025-12-01", "2026-02-28"),)),
    ("dieser Herbst", "dieser Herbst", (_span("2026-09-01", "2026-11-30"),)),
    ("last july", "last july", (_span("2026-07-01", "2026-07-31"),)),
    ("afgelopen december", "afgelopen december", (_span("2025-12-01", "2025-12-31"),)),
    ("christmas", "christmas", (Yearly((12, 24), (12, 26)),)),
    ("Weihnachten 2020", "Weihnachten 2020", (_span("2020-12-24", "2020-12-26"),)),
    ("last christmas", "last christmas", (_span("2025-12-24", "2025-12-26"),)),
    ("new year's 2024", "new year's 2024", (_span("2024-01-01"),)),
    ("Pasen 2024", "Pasen 2024", (_span("2024-03-29", "2024-04-01"),)),
    ("july last year", "july last year", (_span("2025-07-01", "2025-07-31"),)),
    ("zomer vorig jaar", "zomer vorig jaar", (_span("2025-06-01", "2025-08-31"),)),
    ("Weihnachten letztes Jahr", "Weihnachten letztes Jahr", (_span("2025-12-24", "2025-12-26"),)),
    ("14 july this year", "14 july this year", (_span("2026-07-14"),)),
    ("letztes Wochenende", "letztes Wochenende", (_span("2026-11-21", "2026-11-22"),)),
    ("dit weekend", "dit weekend", (_span("2026-11-28", "2026-11-29"),)),
    ("last week", "last week", (_span("2026-11-16", "2026-11-22"),)),
    ("this month", "this month", (_span("2026-11-01", "2026-11-30"),)),
    ("vorig jaar", "vorig jaar", (_span("2025-01-01", "2025-12-31"),)),
    ("last 3 days", "last 3 days", (_span("2026-11-22", "2026-11-25"),)),
    ("3 years ago", "3 years ago", (_span("2023-01-01", "2023-12-31"),)),
    ("vor zwei Monaten", "vor zwei Monaten", (_span("2026-09-01", "2026-09-30"),)),
    ("twee weken geleden", "twee weken geleden", (_span("2026-11-09", "2026-11-15"),)),
    ("yesterday", "yesterday", (_span("2026-11-24"),)),
    ("vorgestern", "vorgestern", (_span("2026-11-23"),)),
]


@pytest.mark.parametrize(("typed", "words", "dates"), SAID, ids=[said for said, _, _ in SAID])
def test_a_date_in_words_is_understood(typed: str, words: str, dates: tuple[Dates, ...]) -> None:
    terms = terms_of(typed)
    [understood] = dates_in(terms, TODAY)
    assert typed[terms[understood.begin].begin : terms[understood.end - 1].end] == words
    assert understood.dates == dates


@pytest.mark.parametrize(
    "typed",
    [
        *('"july 2024"', "-2024", "IMG_2024", "you may go", "summer", "fall", "2024-13", "32.01.2024"),
        *("1700", "2150", "the", "last", "last photo", "3 ago", "vor", "0 days ago", "14", "in", "99999 years ago"),
    ],
)
def test_what_tells_no_date_is_left_to_the_words(typed: str) -> None:
    assert dates_in(terms_of(typed), TODAY) == []


def test_two_dates_are_understood_each_by_itself() -> None:
    terms = terms_of("july 2023 or july 2024")
    assert [(found.begin, found.end) for found in dates_in(terms, TODAY)] == [(0, 2), (3, 5)]


def test_easter_without_a_year_is_that_of_each() -> None:
    [understood] = dates_in(terms_of("ostern"), TODAY)
    assert isinstance(understood.dates, tuple)
    assert _span("2024-03-29", "2024-04-01") in understood.dates
    assert len(understood.dates) == 61


def test_a_weekend_that_is_not_over_is_not_the_last_one() -> None:
    [understood] = dates_in(terms_of("last weekend"), date(2026, 11, 22))  # a Sunday
    assert understood.dates == (_span("2026-11-14", "2026-11-15"),)


@pytest.mark.parametrize(
    ("typed", "day", "is_end"),
    [
        ("before 2020", "2019-12-31", True),
        ("vor Juli 2021", "2021-06-30", True),
        ("tot 2010", "2010-12-31", True),
        ("after christmas 2022", "2022-12-27", False),
        ("since 14 july 2021", "2021-07-14", False),
        ("vanaf 2020", "2020-01-01", False),
    ],
)
def test_what_is_before_or_after_a_date_has_one_end(typed: str, day: str, is_end: bool) -> None:
    [understood] = dates_in(terms_of(typed), TODAY)
    assert (understood.begin, understood.dates) == (0, Open(date.fromisoformat(day), is_end=is_end))


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("from 2020 to 2022", "2020-01-01", "2022-12-31"),
        ("2020-2022", "2020-01-01", "2022-12-31"),
        ("between 2019 and march 2021", "2019-01-01", "2021-03-31"),
        ("juni bis august 2023", "2023-06-01", "2023-08-31"),
        ("november tot februari 2023", "2022-11-01", "2023-02-28"),
    ],
)
def test_what_is_between_two_dates_is_all_of_it(typed: str, first: str, last: str) -> None:
    [understood] = dates_in(terms_of(typed), TODAY)
    assert (understood.begin, understood.end) == (0, len(terms_of(typed)))
    assert understood.dates == (_span(first, last),)


@pytest.mark.parametrize("typed", ["christmas tree", "june carter", "5 in may", "march of the 12 penguins"])
def test_a_name_that_belongs_to_the_word_after_it_is_no_date(typed: str) -> None:
    assert dates_in(terms_of(typed), TODAY) == []
