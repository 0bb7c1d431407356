"""What somebody asks for: which change, and of which items."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

from psycopg.sql import SQL, Composable

from pinhole import access, places
from pinhole.db import transaction
from pinhole.errors import FieldError, Invalid
from pinhole.filenames import has_something_to_see
from pinhole.imaging.capture_time import plausible, valid_coordinates
from pinhole.lists import ItemList

# Which of these can't stand beside which, since both say the same thing.
_SAYS = {
    "takenAtLocal": "time",
    "utcOffsetSeconds": "time",
    "shiftSeconds": "time",
    "place": "position",
    "title": "title",
    "description": "description",
    "rating": "rating",
    "keywords": "keywords",
    "addKeywords": "keywords",
    "removeKeywords": "keywords",
}
_EITHER = {"shiftSeconds": ("takenAtLocal",), "addKeywords": ("keywords",), "removeKeywords": ("keywords",)}
_TEXTS = {"title", "description"}
_KEYWORDS = {"keywords", "addKeywords", "removeKeywords"}


@dataclass(frozen=True, slots=True)
class Edit:
    """A change, in the words of the wire: made by `asked`, which checks it.

    set: values by field; a field that is not there stays as it is. `place` is a point {latitude, longitude} or null,
    keywords are a list. reset: what is to be again as file and sidecar say: statements as `item_statement` has them.
    """

    set: Mapping[str, Any]
    reset: frozenset[str]

    def to_json(self) -> dict[str, Any]:
        """As the table keeps it; `from_json` reads it."""
        return {"set": dict(self.set), "reset": sorted(self.reset)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What `to_json` made."""
        return cls(kept["set"], frozenset(kept["reset"]))


def asked(values: Mapping[str, Any], reset: Collection[str]) -> Edit:
    """A change as it is asked for on the wire, where types and lengths were checked.

    Texts lose blanks around them, and are null where nothing of them can be seen; keywords stand once; the name of a
    place becomes its point. Raises Invalid naming each field that contradicts another or has an impossible value, and
    where nothing is asked for; Unavailable.
    """
    edit = Edit({name: _tidy(name, value) for name, value in values.items()}, frozenset(reset))
    wrong = [*_contradictions(edit), *_impossible(edit.set, datetime.now(UTC))]
    if wrong:
        raise Invalid("This can't be changed so.", *wrong)
    if not edit.set and not edit.reset:
        raise Invalid("There is nothing to change.", FieldError("set", "says nothing, and so does reset"))
    return edit


def _tidy(name: str, value: Any) -> Any:
    if name in _TEXTS and value is not None:
        return value.strip() if has_something_to_see(value) else None
    if name == "place" and value is not None:
        return _point(value)
    if name in _KEYWORDS:
        return list(dict.fromkeys(keyword.strip() for keyword in value or [] if has_something_to_see(keyword)))
    return value


def _point(place: Mapping[str, Any]) -> Mapping[str, Any]:
    match place:
        case {"latitude": _, "longitude": _, **others} if not others:
            return place
        case {"name": str(name), **others} if not others:
            with transaction() as conn:
                found = places.named(conn, name.strip())
            if found is not None:
                return {"latitude": found[0], "longitude": found[1]}
            wrong = FieldError("set.place.name", "names no place that is known")
        case _:
            wrong = FieldError("set.place", "is neither a latitude with a longitude, nor a name")
    raise Invalid("This can't be changed so.", wrong)


def _contradictions(edit: Edit) -> Iterator[FieldError]:
    for name in edit.set:
        for other in _EITHER.get(name, ()):
            if other in edit.set:
                yield FieldError(f"set.{name}", f"can't stand beside {other}")
        if _SAYS.get(name) in edit.reset:
            yield FieldError(f"set.{name}", f"can't stand beside a reset of {_SAYS[name]}")
    for keyword in edit.set.get("addKeywords", []):
        if keyword in edit.set.get("removeKeywords", []):
            yield FieldError("set.removeKeywords", "has a keyword that is to be added, too")
            break


def _impossible(values: Mapping[str, Any], now: datetime) -> Iterator[FieldError]:
    local = values.get("takenAtLocal")
    if local is not None and not plausible(datetime.fromisoformat(local).replace(tzinfo=UTC), now):
        yield FieldError("set.takenAtLocal", "is before 1826, or more than a day ahead")
    place = values.get("place")
    if place is not None and not valid_coordinates(place["latitude"], place["longitude"]):
        yield FieldError("set.place", "is no place on earth")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items: those with these ids that their owner may open, and those of a list.

    Of a list: in these sections of it (None: in all), without those with the ids `but`, and only those that were in it
    by `as_of`, so that nothing is touched that who chose did not see. That is the snapshot in which the list was read,
    as PostgreSQL writes a `pg_snapshot`: what came into the list by a transaction that had not ended then is left
    alone. Raises Invalid (field `asOf`) where it is none.
    """

    ids: frozenset[str] = frozenset()
    list: ItemList | None = None
    months: tuple[date, ...] | None = None
    but: frozenset[str] = frozenset()
    as_of: str | None = None

    def __post_init__(self) -> None:
        if self.as_of is not None and not _is_snapshot(self.as_of):
            raise Invalid("It is not clear which items are meant.", FieldError("asOf", "is none that a list told"))

    @property
    def where(self) -> Composable:
        """The condition on `media_item`, which takes `parameters`."""
        ways: list[Composable] = []
        if self.ids:
            ways.append(SQL("({} AND media_item.id = ANY(%(ids)s))").format(access.MAY_OPEN))
        if self.list is not None:
            came_by = self.list.came_by
            of_list = [self.list.where]
            if self.months is not None:
                of_list.append(SQL("{} = ANY(%(months)s::date[])").format(self.list.section))
                came_by += self.list.came_to_section_by
            seen = SQL("pg_visible_in_snapshot({}, %(as_of)s::pg_snapshot) IS NOT FALSE")
            of_list += map(seen.format, came_by)
            if self.but:
                of_list.append(SQL("media_item.id <> ALL(%(but)s)"))
            ways.append(SQL("({})").format(SQL(" AND ").join(of_list)))
        return SQL("({})").format(SQL(" OR ").join(ways))

    def parameters(self, viewer_id: int) -> dict[str, Any]:
        """What `where` takes, by name."""
        own = {"viewer_id": viewer_id} if self.list is None else self.list.parameters(viewer_id)
        return own | {
            "ids": sorted(self.ids),
            "as_of": self.as_of,
            "months": None if self.months is None else [*self.months],
            "but": sorted(self.but),
        }

    def to_json(self) -> dict[str, Any]:
        """As the table keeps it; `from_json` reads it."""
        return {
            "ids": sorted(self.ids),
            "list": None if self.list is None else {"name": self.list.name, "path": self.list.path},
            "months": None if self.months is None else [month.isoformat() for month in self.months],
            "but": sorted(self.but),
            "asOf": self.as_of,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What `to_json` made."""
        months, of_list = kept["months"], kept["list"]
        return cls(
            frozenset(kept["ids"]),
            None if of_list is None else ItemList(of_list["name"], of_list["path"]),
            None if months is None else tuple(map(date.fromisoformat, months)),
            frozenset(kept["but"]),
            kept["asOf"],
        )


def _is_snapshot(text: str) -> bool:
    """Whether PostgreSQL reads it as a `pg_snapshot`: `xmin:xmax:xip_list`, where the list rises between the two."""
    if not re.fullmatch(r"[0-9]{1,18}:[0-9]{1,18}:([0-9]{1,18}(,[0-9]{1,18})*)?", text):
        return False
    xmin, xmax, running = text.split(":")
    first, end, *others = map(int, [xmin, xmax, *filter(None, running.split(","))])
    rises = [first, *others] == sorted([first, *others]) and first <= end and all(one < end for one in others)
    return rises and first % 2**32 > 0 and end % 2**32 > 0  # whatever their epoch, transactions have numbers
