"""Which items are like what somebody looks for: by words and by pictures, joined by reciprocal rank fusion.

Cormack, Clarke, Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods" (2009):
an item's score is the sum of 1 / (60 + its rank) over the lists that it is in.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from psycopg import Connection, sql
from psycopg.sql import SQL, Composable, Placeholder

from pinhole import access, grid
from pinhole.errors import NotFound
from pinhole.grid import Columns, Cursor
from pinhole.search import filters
from pinhole.search.cut_off import FEW, CutOff, Shown, least_sure, shown, shown_alike, shown_beside
from pinhole.search.dates_in_words import dates_in
from pinhole.search.filters import Asked
from pinhole.search.words import Term, essence_of, terms_of
from pinhole.seen import Model, Role
from pinhole.settings import settings
from pinhole.tables import item_redirect, model, timeline_month

RANK_CONSTANT = 60
_UNLIKE = 0.5
_MOST_NOT_CUT = 100  # of pictures, where it is not known how near what shows it is
MOST = 1_000  # items of each list, and of an answer: what is further behind is like nothing that was asked for


Why = Literal["text", "picture"]
"""By which list an item was found."""


@dataclass(frozen=True, slots=True)
class Understood:
    """Words of what was typed that became a filter: where they begin and end, and what they became."""

    begin: int
    end: int
    filter: Asked


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. terms: what is left of what was typed, once dates were understood; unlike: of what is not
    wanted. is_void: whether something was typed that has no word."""

    terms: Sequence[Term]
    unlike: Sequence[Term]
    understood: Sequence[Understood]
    filters: Sequence[Asked]
    is_void: bool

    @property
    def has_words(self) -> bool:
        """Whether a word asks for anything, and does not only exclude."""
        return any(not term.is_excluded for term in self.terms)

    @property
    def look(self) -> str:
        """What pictures shall be like, in words; empty where no word says that."""
        return " ".join(term.text for term in self.terms if not term.is_excluded and term.can_be_seen)

    @property
    def unlike_look(self) -> str:
        """What they shall not be like."""
        excluded = [term for term in self.terms if term.is_excluded and not term.is_quoted]
        return " ".join(term.text for term in [*excluded, *self.unlike] if term.can_be_seen)

    @classmethod
    def of(cls, typed: str, asked: Sequence[Asked], today: date, unlike: str = "") -> "Query":
        """Read what was typed, with the filters that were set beside it. today: by which `last summer` is meant."""
        terms = terms_of(typed)
        found = dates_in(terms, today)
        understood = [
            Understood(terms[each.begin].begin, terms[each.end - 1].end, filters.asked_by(each.dates)) for each in found
        ]
        dated = {number for each in found for number in range(each.begin, each.end)}
        others = [term for number, term in enumerate(terms) if number not in dated]
        return cls(
            essence_of(others, may_be_empty=bool(found)),
            terms_of(unlike),
            understood,
            filters.joined([*asked, *(each.filter for each in understood)]),
            is_void=not terms and bool(typed.strip()),
        )


Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """What pictures are compared with, as vectors of unit length in the space of a model.

    text, picture: what they shall be like: words, a picture, or both at once. unlike: what they shall not be like.
    chance, cut: of `pinhole.search.cut_off`; None where the model's are not known; unlike_chance: of `unlike`.
    """

    model: Model
    text: Vector | None = None
    picture: Vector | None = None
    unlike: Vector | None = None
    chance: float | None = None
    unlike_chance: float | None = None
    cut: CutOff | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether pictures shall be like anything."""
        return self.text is not None or self.picture is not None

    @property
    def wanted(self) -> list[float]:
        """The sum of words and picture, of unit length."""
        return _unit(_sum([vector for vector in (self.text, self.picture) if vector is not None]))

    @property
    def towards(self) -> list[float]:
        """The same, less _UNLIKE of what is not wanted, of unit length."""
        if self.unlike is None:
            return self.wanted
        pairs = zip(self.wanted, self.unlike, strict=True)
        return _unit([wanted - _UNLIKE * unwanted for wanted, unwanted in pairs])

    def shown(self, cosines: Sequence[float], compared: int, *, words_found: bool) -> Shown:
        """How many of the nearest pictures, whose cosines with `wanted` these are, of so many that were compared."""
        if self.cut is None:
            return Shown(min(len(cosines), _MOST_NOT_CUT))
        if self.text is None:
            return shown_alike(cosines, self.cut)
        if self.picture is not None:
            return shown_beside(cosines, self.cut)
        if self.chance is None:
            return Shown(min(len(cosines), _MOST_NOT_CUT))
        return shown(cosines, compared, self.chance, self.cut, words_found=words_found)


def _sum(vectors: Sequence[Vector]) -> list[float]:
    return [math.fsum(values) for values in zip(*vectors, strict=True)]


def _unit(vector: list[float]) -> list[float]:
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else vector


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found: by which lists, and how well by all of them."""

    id: str
    score: float
    why: Sequence[Why]


def fused(lists: Sequence[tuple[Why, Sequence[str]]]) -> list[Hit]:
    """Items of ranked lists, the best first; of those that are as good, the one first that the first list has first."""
    scores: dict[str, float] = {}
    why: dict[str, list[Why]] = {}
    for name, ids in lists:
        for rank, item_id in enumerate(ids, 1):
            scores[item_id] = scores.get(item_id, 0) + 1 / (RANK_CONSTANT + rank)
            why.setdefault(item_id, []).append(name)
    return [Hit(item_id, score, why[item_id]) for item_id, score in sorted(scores.items(), key=lambda one: -one[1])]


@dataclass(frozen=True, slots=True)
class Results:
    """Visible items, the best or the newest first, with an element each of `hits`, which has none where only filters
    were asked for.

    next_cursor: None where no more follow. compared: whether pictures were. is_sure: whether what is found is what
    was asked for, and not only the nearest to it. unseen: photos that were not compared, since no model has looked at
    them yet; counted where nothing was found.
    """

    columns: Columns
    hits: Sequence[Hit]
    next_cursor: Cursor | None
    compared: bool = False
    is_sure: bool = True
    unseen: int = 0


def read(
    conn: Connection,
    viewer_id: int,
    query: Query,
    likeness: Likeness | None,
    similar_to: str | None,
    *,
    compares: bool,
    newest_first: bool,
    cursor: Cursor | None,
    expires: int,
) -> Results:
    """Find what is asked for, of one moment where `conn` is in a snapshot: at most MOST items.

    Where words or pictures ask for something, the best MOST are all that there is, in either order; a cursor is of what
    filters alone ask for, which comes newest first. similar_to: an item whose picture the others shall be like too.
    compares: whether words or pictures ask for something, though `likeness` is None where no model tells of them.
    expires: when the signatures run out, Unix seconds. Raises NotFound for an item that the viewer may not see.
    """
    if similar_to is not None:
        similar_to = item_redirect.follow(conn, viewer_id, similar_to)
        likeness = _with_picture_of(conn, viewer_id, similar_to, likeness)
    if likeness is not None and model.answering(conn, Role.IMAGE_EMBEDDING) != likeness.model:
        likeness = None
    if similar_to is None and not compares:
        return _by_date(conn, viewer_id, query, likeness, cursor, expires)
    by_text = by_words(conn, viewer_id, query) if query.has_words else []
    alike: list[str] = []
    is_sure = True
    compared = likeness is not None and likeness.is_wanted
    if compared and likeness is not None:
        found = by_picture(conn, viewer_id, query, likeness)
        nearest = [each for each in found.cosines.items() if each[0] != similar_to]
        best_first = sorted(nearest, key=lambda each: -each[1])  # which it is not where something is not wanted
        among = len(nearest) if found.are_all else max(MOST, timeline_month.estimate(conn, viewer_id))
        some = likeness.shown([cosine for _, cosine in best_first], among, words_found=len(by_text) > FEW)
        is_sure = some.is_sure or bool(by_text)
        near = {item_id for item_id, _ in best_first[: some.count]}
        alike = [item_id for item_id, _ in nearest if item_id in near]
    hits = fused([("text", by_text), ("picture", alike)])
    unwanted = {similar_to, *_unwanted(conn, viewer_id, [hit.id for hit in hits], likeness)}
    hits = [hit for hit in hits if hit.id not in unwanted][:MOST]
    if any(term.is_quoted for term in query.terms):
        read = _read_in(conn, viewer_id, [hit.id for hit in hits], query)
        hits.sort(key=lambda hit: hit.id not in read)
    row = conn.execute(
        _SHOWN[newest_first],
        {"viewer_id": viewer_id, "ids": [hit.id for hit in hits]},
        binary=True,
    ).fetchone()
    assert row is not None
    columns = Columns.of(row, MOST, expires)
    by_id = {hit.id: hit for hit in hits}
    unseen = _unseen(conn, viewer_id, likeness.model) if compared and likeness is not None and not hits else 0
    return Results(columns, [by_id[item_id] for item_id in columns.ids], None, compared, is_sure, unseen)


def _with_picture_of(conn: Connection, viewer_id: int, item_id: str, likeness: Likeness | None) -> Likeness | None:
    """The same with the picture of an item; None where no model that answers has looked at it."""
    row = conn.execute(
        SQL(
            """
            SELECT embedding::real[], model.name, model.version, model.dimension
            FROM media_item
            LEFT JOIN model ON role = 'image_embedding' AND answers
            LEFT JOIN image_embedding ON image_embedding.owner_id = media_item.owner_id
                AND image_embedding.item_id = media_item.id AND model_id = model.id
            WHERE {may_see} AND media_item.id = %(item_id)s
            ORDER BY percentage LIMIT 1
            """
        ).format(may_see=access.MAY_SEE),
        {"viewer_id": viewer_id, "item_id": item_id},
    ).fetchone()
    if row is None:
        raise NotFound("There is no such item.")
    vector, *of = row
    if vector is None:
        return None
    looked = Model(Role.IMAGE_EMBEDDING, *of)
    if likeness is None or likeness.model != looked:
        return Likeness(looked, picture=vector)
    return replace(likeness, picture=vector)


_OF_MODEL = SQL(
    """
    image_embedding.owner_id = %(viewer_id)s AND model_id = (
        SELECT id FROM model
        WHERE role = 'image_embedding' AND answers AND name = %(name)s AND version = %(version)s
    )
    """
)
# OFFSET has each item looked up by itself: joined, all of an owner's vectors would be read.
_SHOWS_UNWANTED = SQL(
    """
    EXISTS (
        SELECT FROM image_embedding
        WHERE {of_model} AND item_id = media_item.id AND -(embedding <#> %(unlike)s::halfvec) >= %(least)s OFFSET 0
    )
    """
).format(of_model=_OF_MODEL)


def _bound_of_unwanted(conn: Connection, viewer_id: int, likeness: Likeness | None) -> dict[str, Any] | None:
    """Parameters of _SHOWS_UNWANTED: from which cosine on a picture surely shows what is not wanted. None: of none that
    is known."""
    if likeness is None or likeness.unlike is None or likeness.unlike_chance is None or likeness.cut is None:
        return None
    least = least_sure(timeline_month.estimate(conn, viewer_id), likeness.unlike_chance, likeness.cut)
    return {
        "unlike": str(list(likeness.unlike)),
        "least": least,
        "name": likeness.model.name,
        "version": likeness.model.version,
    }


def _unwanted(conn: Connection, viewer_id: int, item_ids: Sequence[str], likeness: Likeness | None) -> list[str]:
    """Those of these items whose pictures surely show what is not wanted."""
    bound = _bound_of_unwanted(conn, viewer_id, likeness)
    if bound is None:
        return []
    rows = conn.execute(
        SQL("SELECT id FROM media_item WHERE {may_see} AND id = ANY(%(ids)s) AND {shows_unwanted}").format(
            may_see=access.MAY_SEE, shows_unwanted=_SHOWS_UNWANTED
        ),
        {"viewer_id": viewer_id, "ids": list(item_ids), **bound},
    )
    return [item_id for (item_id,) in rows]


def _read_in(conn: Connection, viewer_id: int, item_ids: Sequence[str], query: Query) -> set[str]:
    """Those of these items of the viewer's in whose pictures all that is in quotes was read."""
    quoted = [term for term in query.terms if term.is_quoted and not term.is_excluded]
    words, parameters = _words(quoted, [])
    rows = conn.execute(
        SQL(
            """
            SELECT item_id FROM recognised_text JOIN model ON model.id = model_id AND answers, {words} AS words
            WHERE owner_id = %(viewer_id)s AND item_id = ANY(%(ids)s)
            GROUP BY item_id, words.wanted
            HAVING lexemes_of(searchable(string_agg(line, ' ' ORDER BY percentage, number))) @@ words.wanted
            """
        ).format(words=words),
        {"viewer_id": viewer_id, "ids": list(item_ids), **parameters},
    )
    return {item_id for (item_id,) in rows}


def _unseen(conn: Connection, viewer_id: int, by: Model) -> int:
    """How many visible photos this model has not looked at, while it is the one that answers."""
    found = conn.execute(
        SQL(
            """
            SELECT count(*) FROM media_item
            WHERE {may_see} AND kind = 'photo' AND NOT EXISTS (
                SELECT FROM image_embedding WHERE {of_model} AND item_id = media_item.id
            )
            """
        ).format(may_see=access.MAY_SEE, of_model=_OF_MODEL),
        {"viewer_id": viewer_id, "name": by.name, "version": by.version},
    )
    [(count,)] = found.fetchall()
    return int(count)


_NEWEST_FIRST = SQL("media_item.sort_timestamp DESC, media_item.id DESC")
_SHOWN = {
    newest_first: SQL(
        """
        SELECT {columns} FROM (
            SELECT {source} FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS hit (hit_id, rank)
            JOIN media_item ON media_item.id = hit_id
            WHERE {may_see} ORDER BY {order}
        ) AS found
        """
    ).format(columns=grid.COLUMNS, source=grid.SOURCE, may_see=access.MAY_SEE, order=order)
    for newest_first, order in ((True, _NEWEST_FIRST), (False, SQL("rank")))
}


def _by_date(
    conn: Connection, viewer_id: int, query: Query, likeness: Likeness | None, cursor: Cursor | None, expires: int
) -> Results:
    must, parameters = _must(query)
    if (bound := _bound_of_unwanted(conn, viewer_id, likeness)) is not None:
        must, parameters = SQL("{} AND NOT {}").format(must, _SHOWS_UNWANTED), parameters | bound
    row = conn.execute(
        SQL(
            """
            SELECT {columns}, (extract(epoch FROM min(sort_timestamp)) * 1000000)::bigint
            FROM (
                SELECT {source}, sort_timestamp FROM media_item
                WHERE {may_see} AND {must} AND (sort_timestamp, id) <= (%(begin)s::timestamptz, %(id)s)
                ORDER BY {newest_first} LIMIT %(limit)s
            ) AS found
            """
        ).format(
            columns=grid.COLUMNS, source=grid.SOURCE, may_see=access.MAY_SEE, must=must, newest_first=_NEWEST_FIRST
        ),
        {
            "viewer_id": viewer_id,
            "begin": "infinity" if cursor is None else cursor.moments[0],
            "id": "" if cursor is None else cursor.item_id,
            "limit": MOST + 1,
            **parameters,
        },
        binary=True,
    ).fetchone()
    assert row is not None
    *columns, last = row
    ids = grid.texts(columns[0])
    return Results(
        Columns.of(tuple(columns), MOST, expires), [], Cursor((last,), ids[MOST]) if len(ids) > MOST else None
    )


def by_words(conn: Connection, viewer_id: int, query: Query) -> list[str]:
    """Ids of the visible items that have every word, and all that is in quotes: the best first, at most MOST.

    What is a stop word in any language need not be there; where there is nothing else, one of them must be.
    """
    words, parameters = _words(query.terms, query.unlike)
    hold = filters.conditions(query.filters)
    found = conn.execute(
        SQL(
            """
            SELECT media_item.id
            FROM {words} AS words, search_text JOIN media_item
                ON media_item.owner_id = search_text.owner_id AND media_item.id = search_text.item_id
            WHERE search_text.owner_id = %(viewer_id)s AND search_text.document @@ (words.wanted && {on_documents})
                AND {may_see} AND {on_items}
            ORDER BY ts_rank('{{0.05, 0.2, 0.5, 1}}', search_text.document, words.ranked) DESC,
                media_item.sort_timestamp DESC, media_item.id DESC
            LIMIT %(limit)s
            """
        ).format(words=words, may_see=access.MAY_SEE, on_items=hold.on_items, on_documents=hold.on_documents),
        {"viewer_id": viewer_id, "limit": MOST, **parameters, **hold.parameters},
    )
    return [item_id for (item_id,) in found]


# Of all, those few that may not be seen are left out: to look each of the others up takes longer than to compare it.
_ALL_PICTURES = SQL(
    "image_embedding WHERE {of_model} AND item_id NOT IN (SELECT id FROM media_item WHERE {hidden})"
).format(of_model=_OF_MODEL, hidden=access.HIDDEN)


def _some_pictures(must: Composable) -> Composable:
    return SQL(
        """
        image_embedding JOIN media_item
            ON media_item.owner_id = image_embedding.owner_id AND media_item.id = image_embedding.item_id
        WHERE {of_model} AND {may_see} AND {must}
        """
    ).format(of_model=_OF_MODEL, may_see=access.MAY_SEE, must=must)


@dataclass(frozen=True, slots=True)
class Nearest:
    """Cosines with what is wanted, by ids of items, the nearest first. are_all: whether no others were compared."""

    cosines: Mapping[str, float]
    are_all: bool


def by_picture(conn: Connection, viewer_id: int, query: Query, likeness: Likeness) -> Nearest:
    """The visible items whose pictures are nearest to what is wanted, of MOST pictures: of a video its nearest still.

    What is not wanted changes their order, and how far from it they are. What quotes ask for, and what is excluded,
    holds here too. Of the model of `likeness` while it is the one that answers, else none.

    Exact: every picture that passes the filters is compared. An index (HNSW, tried with 300,000 vectors around a
    thousand kinds of pictures) misses up to all of the 100 nearest to words that lie between the kinds.
    """
    compared: Composable = _ALL_PICTURES
    parameters: dict[str, Any] = {}
    if query.filters or any(term.is_quoted or term.is_excluded for term in query.terms) or query.unlike:
        must, parameters = _must(query)
        compared = _some_pictures(must)
    # Named within and used without: where it is written twice, PostgreSQL compares each picture twice.
    measured, cosine = "embedding <#> %(towards)s::halfvec AS distance", "distance"
    if likeness.unlike is not None:
        measured, cosine = f"{measured}, embedding <#> %(wanted)s::halfvec AS from_wanted", "from_wanted"
        parameters = {**parameters, "wanted": str(likeness.wanted)}
    found = conn.execute(
        SQL(
            """
            SELECT item_id, -{cosine} FROM (
                SELECT item_id, {measured} FROM {compared} ORDER BY distance LIMIT %(limit)s
            ) AS nearest
            ORDER BY distance
            """
        ).format(measured=SQL(measured), cosine=SQL(cosine), compared=compared),
        {
            "viewer_id": viewer_id,
            "limit": MOST,
            "towards": str(likeness.towards),
            "name": likeness.model.name,
            "version": likeness.model.version,
            **parameters,
        },
    )
    best: dict[str, float] = {}
    for item_id, cosine in found:
        best.setdefault(item_id, cosine)
    return Nearest(best, are_all=found.rowcount < MOST)


def _words(terms: Sequence[Term], unlike: Sequence[Term]) -> tuple[Composable, dict[str, Any]]:
    """A row of two tsqueries, `wanted` and `ranked`, with its parameters. unlike: what has all of it is left out."""
    parameters: dict[str, Any] = {"languages": list(settings().search_languages)} if terms or unlike else {}
    made: dict[bool, list[Composable]] = {True: [], False: []}
    excluded: list[Composable] = []
    for number, term in enumerate(terms):
        parameters[f"term{number}"] = term.text
        for strict in (True, False):
            part = SQL("search_term({}, {}, {}, %(languages)s::regconfig[])").format(
                Placeholder(f"term{number}"), sql.Literal(term.is_quoted), sql.Literal(strict)
            )
            if not term.is_excluded:
                made[strict].append(part)
        if term.is_excluded:
            excluded.append(SQL("!!{}").format(part))
    nothing = SQL("''::tsquery")
    if unlike:
        every = []
        for number, term in enumerate(unlike):
            parameters[f"unlike{number}"] = term.text
            every.append(
                SQL("search_term({}, {}, false, %(languages)s::regconfig[])").format(
                    Placeholder(f"unlike{number}"), sql.Literal(term.is_quoted)
                )
            )
        excluded.append(SQL("!!({})").format(SQL(" && ").join(every)))
    return (
        SQL(
            "(SELECT CASE WHEN numnode(strict) > 0 THEN strict ELSE ranked END && {excluded} AS wanted, ranked"
            " FROM (SELECT {strict} AS strict, {ranked} AS ranked) AS each)"
        ).format(
            strict=SQL(" && ").join([nothing, *made[True]]),
            ranked=SQL(" || ").join([nothing, *made[False]]),
            excluded=SQL(" && ").join([nothing, *excluded]),
        ),
        parameters,
    )


def _must(query: Query) -> tuple[Composable, dict[str, Any]]:
    """What holds for items that are found in other ways than by words: the filters, what is in quotes, and excluded."""
    hold = filters.conditions(query.filters)
    words, parameters = _words([term for term in query.terms if term.is_quoted or term.is_excluded], query.unlike)
    if not parameters and not hold.asks_documents:
        return hold.on_items, hold.parameters
    return (
        SQL(
            "{on_items} AND media_item.id IN (SELECT item_id FROM search_text, {words} AS words"
            " WHERE search_text.owner_id = %(viewer_id)s AND search_text.document @@ (words.wanted && {on_documents}))"
        ).format(on_items=hold.on_items, words=words, on_documents=hold.on_documents),
        parameters | hold.parameters,
    )
