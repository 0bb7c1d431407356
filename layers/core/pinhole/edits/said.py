"""What holds of an item because somebody said or did it, as values that can be compared, changed and put back.

`favourite`, `archived` and `trashedAt` (ISO 8601, or null) are always there; `time`, `position`, `rating`, `title`,
`description` and `keywords` only where a person said them, also null, as in their layer of `item_statement`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pinhole.edits.asked import Edit

Said = dict[str, Any]

MARKS = ("favourite", "archived", "trashedAt")
MAX_KEYWORDS = 100
_PLAIN = ("title", "description", "rating", "keywords", "favourite", "archived")


class Impossible(Exception):
    """The edit can't be made to this item. field: what of it, as on the wire."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def edited(said: Said, edit: Edit, now: datetime, *, local: datetime, keywords: list[str]) -> Said:
    """The same after an edit. local, keywords: as they hold of the item before it.

    now: aware; when it goes to the trash. Raises Impossible for an item that would get more keywords than it may have.
    """
    after = {name: value for name, value in said.items() if name not in edit.reset}
    after |= {name: edit.set[name] for name in _PLAIN if name in edit.set}
    if "place" in edit.set:
        after["position"] = edit.set["place"]
    if "trashed" in edit.set:
        after["trashedAt"] = (said["trashedAt"] or now.isoformat()) if edit.set["trashed"] else None
    if edit.set.keys() & {"addKeywords", "removeKeywords"}:
        after["keywords"] = _with_keywords(keywords, edit)
    time = dict(after.get("time", {}))
    if "takenAtLocal" in edit.set:
        time["takenAtLocal"] = edit.set["takenAtLocal"]
    if "shiftSeconds" in edit.set:
        time["takenAtLocal"] = _shifted(local, edit.set["shiftSeconds"])
    if "utcOffsetSeconds" in edit.set:
        time["utcOffsetSeconds"] = edit.set["utcOffsetSeconds"]
    return after | ({"time": time} if time else {})


def difference(before: Said, after: Said) -> tuple[Said, Said]:
    """What differs, as it was and as it is. What nobody had said, or says any more, is missing on its side."""
    return _beyond(before, after), _beyond(after, before)


def undone(said: Said, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Said, bool]:
    """With what differed as it was before, where it is still as it was after. Whether all of it was."""
    put_back, all_stood = dict(said), True
    for name in before.keys() | after.keys():
        if (name in said) == (name in after) and said.get(name) == after.get(name):
            put_back.pop(name, None)
            put_back |= {name: before[name]} if name in before else {}
        else:
            all_stood = False
    return put_back, all_stood


def _beyond(one: Said, other: Said) -> Said:
    return {name: value for name, value in one.items() if name not in other or other[name] != value}


def _with_keywords(keywords: list[str], edit: Edit) -> list[str]:
    removed = set(edit.set.get("removeKeywords", ()))
    kept = [keyword for keyword in keywords if keyword not in removed]
    together = list(dict.fromkeys([*kept, *edit.set.get("addKeywords", ())]))
    if len(together) > max(MAX_KEYWORDS, len(keywords)):
        raise Impossible("addKeywords", f"leads to more than {MAX_KEYWORDS} keywords")
    return together


def _shifted(local: datetime, seconds: int) -> str:
    try:
        return (local + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        raise Impossible("shiftSeconds", "leads beyond the years that there are photos of") from None
