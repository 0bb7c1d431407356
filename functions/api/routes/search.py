"""Search: by words, dates and other filters."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from api.endpoint import endpoint
from api.photo_lists import ItemColumns, column_values, signed_until
from api.responses import Answer
from api.wire import WireModel
from pinhole.accounts import User
from pinhole.db import transaction
from pinhole.grid import Cursor
from pinhole.search import searching
from pinhole.search.filters import FILTERS, MAX_VALUES, Asked, negated
from pinhole.search.searching import Query, Why
from pinhole.search.words import MAX_CHARACTERS

routes = Blueprint(__name__)

_CURSOR = r"^-?[0-9]{1,18}\.[0-9A-Za-z]{12}$"
_DAY = "(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def _today(value: str) -> date:
    if not re.fullmatch(_DAY, value):
        raise ValueError("is no day from 1900 to 2199, such as 2024-07-14")
    return date.fromisoformat(value)


Today = Annotated[
    date,
    BeforeValidator(_today),
    WithJsonSchema({"type": "string", "pattern": f"^{_DAY}$", "examples": ["2024-07-14"]}),
]


class Words(WireModel):
    """Words of what was typed that became values of a filter: from which character to which, and what they became."""

    begin: int
    end: int
    filter: str = Field(examples=["on"])
    values: list[str] = Field(examples=[["2024-07-01..2024-07-31"]])


class Found(ItemColumns):
    """Items that are like what was asked for, the best first; those that filters alone ask for newest first.

    Parallel arrays with an element per item. Renditions are addressed as those of a month.
    """

    scores: list[float] = Field(description="How well each fits, by all lists it was found in; empty for filters alone")
    why: list[list[Why]] = Field(description="By which lists each was found")
    understood: list[Words] = Field(description="What of `q` became filters, in its order")
    next_cursor: str | None = Field(description="Asks for the items that follow; null where none do")


def _fields() -> Mapping[str, Any]:
    """A parameter for each filter, and one that negates it."""
    made: dict[str, Any] = {}
    for name, one in FILTERS.items():
        for wire, about in ((name, one.about), (negated(name), f"None of what `{name}` has with these values")):
            value = Annotated[str, Field(json_schema_extra={"enum": list(one.accepted)} if one.accepted else {})]
            made[f"{wire}_"] = (list[value], Field([], alias=wire, description=about, max_length=MAX_VALUES))
    return made


class _Search(WireModel):
    q: str = Field("", max_length=MAX_CHARACTERS, description='Words; "in quotes" as they stand; without -these')
    sort: Literal["relevance", "date"] = Field("relevance", description="date: newest first, among the best")
    today: Today | None = Field(None, description="By which `yesterday` is meant; else today in UTC")
    cursor: str | None = Field(None, pattern=_CURSOR, description="`nextCursor` of an earlier page")


SearchQuery: type[_Search] = create_model("SearchQuery", __base__=_Search, **_fields())


@routes.route("/search", methods=["GET"])
@endpoint(query=SearchQuery, answer=Found)
def search(query: _Search, caller: User) -> Answer:
    """Find photos and videos by words, dates and other filters.

    Each filter may be given several times, for any of the values; different ones hold together, and those with `not`
    before their name exclude. Dates in words, such as `july 2024` or `letzten Sommer`, become filters: `understood`
    says which. What has words answers at most 1,000 items, and no cursor.
    """
    expires = signed_until(caller)
    today = query.today or datetime.now(UTC).date()
    wanted = Query.of(query.q, _asked(query), today)
    begin = None if query.cursor is None else Cursor.parse(query.cursor)
    with transaction(snapshot=True) as conn:
        results = searching.read(
            conn, caller.id, wanted, newest_first=query.sort == "date", cursor=begin, expires=expires
        )
    found = Found.model_construct(
        **column_values(results.columns),
        scores=[hit.score for hit in results.hits],
        why=[[*hit.why] for hit in results.hits],
        understood=[
            Words(begin=each.begin, end=each.end, filter=each.filter.name, values=[*each.filter.values])
            for each in wanted.understood
        ],
        next_cursor=None if results.next_cursor is None else str(results.next_cursor),
    )
    return Answer(found)


def _asked(query: _Search) -> list[Asked]:
    asked = []
    for name in FILTERS:
        for wire, turned in ((name, False), (negated(name), True)):
            if values := getattr(query, f"{wire}_"):
                asked.append(Asked(name, values, turned))
    return asked
