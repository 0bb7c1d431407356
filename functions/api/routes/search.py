"""Search: by words, pictures, dates and other filters."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from api import encoding
from api.endpoint import READ, endpoint
from api.photo_lists import ItemColumns, column_values, signed_until
from api.responses import Answer
from api.wire import Id, WireModel
from pinhole.accounts import User
from pinhole.db import statement, transaction
from pinhole.errors import FieldError, Invalid, NotFound, NotWithThisSet
from pinhole.grid import Cursor
from pinhole.search import searching, suggestions, values
from pinhole.search.filters import FILTERS, MAX_VALUES, Asked, negated
from pinhole.search.searching import Likeness, Query, Why
from pinhole.search.words import MAX_CHARACTERS

routes = Blueprint(__name__)

MAX_PICTURE_CHARACTERS = 500_000

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
    warming: bool = Field(
        description="Whether the model that understands words is being loaded still: pictures were not compared, and"
        " the next request goes on with it"
    )
    unsure: bool = Field(
        description="Whether what was found is only the nearest that there is: it may show nothing of the kind"
    )
    unseen: int = Field(
        description="Photos that no model has looked at yet, so that words alone find them; counted where nothing was"
        " found, else 0"
    )
    text_only: bool = Field(
        description="Whether pictures can't be compared: the model is not there, does not answer, or has seen nothing"
    )


def _fields() -> Mapping[str, Any]:
    """A parameter for each filter, and one that negates it."""
    made: dict[str, Any] = {}
    for name, one in FILTERS.items():
        for wire, about in ((name, one.about), (negated(name), f"None of what `{name}` has with these values")):
            value = Annotated[str, Field(json_schema_extra={"enum": list(one.accepted)} if one.accepted else {})]
            made[f"{wire}_"] = (list[value], Field([], alias=wire, description=about, max_length=MAX_VALUES))
    return made


class _Asked(WireModel):
    """What every search may ask for."""

    q: str = Field("", max_length=MAX_CHARACTERS, description='Words; "in quotes" as they stand; without -these')
    not_: str = Field("", alias="not", max_length=MAX_CHARACTERS, description="Words that nothing found shall be like")
    sort: Literal["relevance", "date"] = Field("relevance", description="date: newest first, among the best")
    today: Today | None = Field(None, description="By which `yesterday` is meant; else today in UTC")

    @property
    def filters(self) -> list[Asked]:
        """Those that were given."""
        return [
            Asked(name, given, turned)
            for name in FILTERS
            for wire, turned in ((name, False), (negated(name), True))
            if (given := getattr(self, f"{wire}_"))
        ]


class _Search(_Asked):
    similar_to: Id | None = Field(None, description="An item whose picture the others shall be like")
    cursor: str | None = Field(None, pattern=_CURSOR, description="`nextCursor` of an earlier page")


SearchQuery: type[_Search] = create_model("SearchQuery", __base__=_Search, **_fields())
ImageSearchQuery: type[_Asked] = create_model("ImageSearchQuery", __base__=_Asked, **_fields())


class SearchedPicture(WireModel):
    """What items found shall be like. It is not kept."""

    picture: str = Field(
        max_length=MAX_PICTURE_CHARACTERS, description="Base64 of a JPEG, PNG or WebP of 1 to 4,194,304 pixels"
    )


@routes.route("/search", methods=["GET"])
@endpoint(scopes=READ, query=SearchQuery, answer=Found, errors=(NotFound,))
def search(query: _Search, caller: User) -> Answer:
    """Find photos and videos by words, by what they look like, by dates and other filters.

    Each filter may be given several times, for any of the values; different ones hold together, and those with `not`
    before their name exclude. Dates in words, such as `july 2024` or `letzten Sommer`, become filters: `understood`
    says which. What has words, or `similarTo`, answers at most 1,000 items, and no cursor; `similarTo` itself is none
    of them.
    """
    return _found(query, caller, query.similar_to, query.cursor, None)


@routes.route("/search/image", methods=["POST"])
@endpoint(
    scopes=READ,
    query=ImageSearchQuery,
    body=SearchedPicture,
    answer=Found,
    errors=(NotWithThisSet,),
    max_body_bytes=MAX_PICTURE_CHARACTERS + 1024,
)
def search_by_picture(query: _Asked, body: SearchedPicture, caller: User) -> Answer:
    """Find what looks like a picture, and fits words and filters too.

    The picture, scaled down by the client, is not kept. 409 with the code `not_with_this_set` where the models that
    are configured have none for it.
    """
    try:
        picture = b64decode(body.picture, validate=True)
    except NotBase64:
        raise Invalid("The picture can't be read.", FieldError("picture", "is no Base64")) from None
    return _found(query, caller, None, None, picture)


def _found(query: _Asked, caller: User, similar_to: str | None, cursor: str | None, picture: bytes | None) -> Answer:
    expires = signed_until(caller)
    today = query.today or datetime.now(UTC).date()
    wanted = Query.of(query.q, query.filters, today, query.not_)
    compares = wanted.has_words or wanted.is_void or picture is not None
    is_of_looks = bool(wanted.look or similar_to) or picture is not None
    begin = None if cursor is None else Cursor.parse(cursor)
    texts = [text for text in (wanted.look, wanted.unlike_look) if text]
    # Before the transaction: a model that is being loaded is waited for.
    made = encoding.encoded(texts, picture) if texts or is_of_looks else None
    with transaction(snapshot=True) as conn:
        results = searching.read(
            conn,
            caller.id,
            wanted,
            _likeness(made, wanted),
            similar_to,
            compares=compares,
            newest_first=query.sort == "date",
            cursor=begin,
            expires=expires,
        )
    warming = made is not None and made.state == "warming"
    found = Found.model_construct(
        **column_values(results.columns),
        scores=[hit.score for hit in results.hits],
        why=[[*hit.why] for hit in results.hits],
        understood=[
            Words(begin=each.begin, end=each.end, filter=each.filter.name, values=[*each.filter.values])
            for each in wanted.understood
        ],
        next_cursor=None if results.next_cursor is None else str(results.next_cursor),
        warming=warming,
        unsure=not results.is_sure,
        unseen=results.unseen,
        text_only=is_of_looks and not results.compared and not warming,
    )
    return Answer(found)


def _likeness(made: encoding.Encoded | None, wanted: Query) -> Likeness | None:
    if made is None or made.model is None:
        return None
    texts = iter(made.texts)
    text = next(texts) if wanted.look else None
    unlike = next(texts) if wanted.unlike_look else None
    return Likeness(
        made.model,
        text=None if text is None else text.vector,
        picture=made.picture,
        unlike=None if unlike is None else unlike.vector,
        chance=None if text is None else text.chance,
        unlike_chance=None if unlike is None else unlike.chance,
        cut=made.cut_off,
    )


class Suggestion(WireModel):
    kind: suggestions.Kind
    text: str
    filter: str | None = Field(description="Which takes the text as its value; null: it is words for `q`")


class Suggestions(WireModel):
    suggestions: list[Suggestion] = Field(description="At most 10")


class Typed(WireModel):
    q: str = Field("", max_length=MAX_CHARACTERS, description="What was typed; nothing: what was searched for last")


@routes.route("/search/suggestions", methods=["GET"])
@endpoint(scopes=READ, query=Typed, answer=Suggestions)
def suggest(query: Typed, caller: User) -> Suggestions:
    """Tell how what was typed may go on: own past searches, and names by which something is found."""
    found = statement(lambda conn: suggestions.suggestions(conn, caller.id, query.q))
    return Suggestions(suggestions=[Suggestion(kind=one.kind, text=one.text, filter=one.filter) for one in found])


class FilterValue(WireModel):
    value: str
    count: int = Field(description="Items that have it; of `minRating`: so many stars or more")


class FilterValues(WireModel):
    name: str
    values: list[FilterValue] = Field(description="The most frequent first, at most 200")


class Filters(WireModel):
    filters: list[FilterValues]
    takes_pictures: bool = Field(description="Whether `POST /search/image` works with the models that are configured")


@routes.route("/search/filters", methods=["GET"])
@endpoint(scopes=READ, answer=Filters)
def list_filters(caller: User) -> Filters:
    """List what filters can be set to, with the number of items each."""
    counted = statement(lambda conn: values.values(conn, caller.id))
    return Filters(
        filters=[
            FilterValues(
                name=name, values=[FilterValue(value=one.value, count=one.count) for one in counted.get(name, ())]
            )
            for name in ("country", "place", "camera", "kind", "favourite", "minRating")
        ],
        takes_pictures=encoding.takes_pictures(),
    )


class Searched(WireModel):
    q: str = Field(min_length=1, max_length=MAX_CHARACTERS)


class Forgotten(WireModel):
    q: str | None = Field(None, max_length=MAX_CHARACTERS, description="What was searched for; else all of it")


@routes.route("/search/history", methods=["POST"])
@endpoint(body=Searched, status=204)
def keep_search(body: Searched, caller: User) -> None:
    """Keep what the caller searched for, to suggest it to them again: of each the newest 100."""
    with transaction() as conn:
        suggestions.keep(conn, caller.id, body.q)


@routes.route("/search/history", methods=["DELETE"])
@endpoint(query=Forgotten, status=204)
def forget_search(query: Forgotten, caller: User) -> None:
    """Forget what the caller searched for. Again is no error."""
    with transaction() as conn:
        suggestions.forget(conn, caller.id, query.q)
