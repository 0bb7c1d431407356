"""What somebody may go on typing: what they searched for before, and names that their items are found by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from psycopg import Connection
from psycopg.sql import SQL

from pinhole import access
from pinhole.search.filters import FILTERS
from pinhole.search.words import folded
from pinhole.tables import past_search

MOST = 10
_MOST_SEARCHES_KEPT = 100
_MOST_SEARCHES_BESIDE_NAMES = 3
_MOST_LOOKED_UP = 40  # of names that have the words: whether anything is found by them costs a lookup each

Kind = Literal["search", "place", "country", "camera", "object", "tag"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """filter: which takes the text as its value; None where the text is words."""

    kind: Kind
    text: str
    filter: str | None


def suggestions(conn: Connection, viewer_id: int, typed: str) -> Sequence[Suggestion]:
    """At most MOST; nothing typed: what was searched for last, the newest first.

    Names have a word that begins with what was typed, those first that begin with it. Names by which nothing is found
    that the viewer may see are left out.
    """
    searches = _searches(conn, viewer_id, typed)
    if not typed.strip():
        return searches[:MOST]
    found = [*searches[:_MOST_SEARCHES_BESIDE_NAMES], *_names(conn, viewer_id, typed)]
    # An object and a tag of one name are the same words, as what was searched for may be.
    once = {(folded(one.text), one.filter): one for one in reversed(found)}
    return [one for one in found if once[folded(one.text), one.filter] is one][:MOST]


def keep(conn: Connection, viewer_id: int, typed: str) -> None:
    """Note that somebody searched for it; of what they searched for the newest 100 are kept, and blanks are not."""
    if typed.strip():
        past_search.note(conn, viewer_id, typed.strip(), _MOST_SEARCHES_KEPT)


def forget(conn: Connection, viewer_id: int, typed: str | None) -> None:
    """Forget that somebody searched for it; None: all that they searched for."""
    past_search.forget(conn, viewer_id, typed)


def _searches(conn: Connection, viewer_id: int, typed: str) -> list[Suggestion]:
    rows = conn.execute(
        """
        SELECT typed FROM past_search
        WHERE owner_id = %(viewer_id)s
            AND starts_with(' ' || searchable(typed), rtrim(' ' || searchable(%(typed)s)))
        ORDER BY searched_at DESC LIMIT %(most)s
        """,
        {"viewer_id": viewer_id, "typed": typed, "most": MOST},
    )
    return [Suggestion("search", text, None) for (text,) in rows]


_ORDER = SQL(
    "NOT starts_with(searched, searchable(%(typed)s)), array_position(%(kinds)s, filter), length(value), value"
)


def _names(conn: Connection, viewer_id: int, typed: str) -> list[Suggestion]:
    rows = conn.execute(
        SQL(
            """
            SELECT filter, value FROM (
                SELECT filter, value, searched
                FROM search_value, searchable(%(typed)s) AS wanted
                WHERE owner_id = %(viewer_id)s AND wanted <> '' AND strpos(' ' || searched, ' ' || wanted) > 0
                ORDER BY {order} LIMIT %(looked_up)s
            ) AS named
            WHERE EXISTS (
                SELECT FROM search_text JOIN media_item
                    ON media_item.owner_id = search_text.owner_id AND media_item.id = search_text.item_id
                WHERE search_text.owner_id = %(viewer_id)s AND document @@ CASE
                    WHEN filter = ANY(%(filters)s) THEN search_tags(filter, ARRAY[value])
                    ELSE phraseto_tsquery('pg_catalog.simple', searched)
                END AND {may_see}
            )
            ORDER BY {order} LIMIT %(most)s
            """
        ).format(may_see=access.MAY_SEE, order=_ORDER),
        {
            "viewer_id": viewer_id,
            "typed": typed,
            "kinds": ["country", "place", "object", "tag", "camera"],
            "filters": list(FILTERS),
            "looked_up": _MOST_LOOKED_UP,
            "most": MOST,
        },
    )
    return [Suggestion(name, value, name if name in FILTERS else None) for name, value in rows]
