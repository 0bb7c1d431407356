"""What holds of an item because somebody said or did it, as values that can be compared, changed and put back.

`favourite`, `archived` and `trashedAt` (ISO 8601, or null) are always there; `time`, `position`, `rating`, `title`,
`description` and `keywords` only where a person said them, also null, as in their layer of `item_statement`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pinhole.edits.asked import Edit
from pinhole.edits.when import shifted
from pinhole.tables.media_item import Held

Said = dict[str, Any]

MARKS = ("favourite", "archived", "trashedAt")
MAX_KEYWORDS = 100
_TIME = "time."
_NOTHING = object()
_PLAIN = ("title", "description", "rating", "keywords", "favourite", "archived")


class Impossible(Exception):
    """The edit can't be made to this item. field: what of it, as on the wire."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def edited(said: Said, edit: Edit, now: datetime, *, item: Held, keywords: list[str]) -> Said:
    """The same after an edit. item, keywords: as they hold before it.

    now: aware; when it goes to the trash. Keywords that are added or removed are said only where that makes others of
    those that hold, so that what the file says goes on to hold elsewhere. Raises Impossible for an item that would get
    more keywords than it may have.
    """
    after = {name: value for name, value in said.items() if name not in edit.reset}
    after |= {name: edit.set[name] for name in _PLAIN if name in edit.set}
    if "place" in edit.set:
        after["position"] = edit.set["place"]
    if "trashed" in edit.set:
        after["trashedAt"] = (said["trashedAt"] or now.isoformat()) if edit.set["trashed"] else None
    if edit.set.keys() & {"addKeywords", "removeKeywords"}:
        together = _with_keywords(keywords, edit)
        after |= {"keywords": together} if together != keywords else {}
    time = dict(after.get("time", {}))
    if "takenAtLocal" in edit.set:
        time["takenAtLocal"] = edit.set["takenAtLocal"]
        time.pop("takenAtUtc", None)
    if "shiftSeconds" in edit.set:
        time.pop("takenAtUtc", None)
        time |= _shifted(item, edit)
    if "utcOffsetSeconds" in edit.set:
        time["utcOffsetSeconds"] = edit.set["utcOffsetSeconds"]
    return after | ({"time": time} if time else {})


def difference(before: Said, after: Said) -> tuple[Said, Said]:
    """What differs, as it was and as it is. What nobody had said, or says any more, is missing on its side."""
    return _beyond(before, after), _beyond(after, before)


def undone(said: Said, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Said, bool]:
    """With what differed as it was before, where it is still as it was after. Whether all of it is as before then.

    Of the time each part by itself: a date can be taken back though the offset was changed since.
    """
    put_back, was, became = _apart(said), _apart(before), _apart(after)
    all_as_before = True
    for name in was.keys() | became.keys():
        old, new, now = was.get(name, _NOTHING), became.get(name, _NOTHING), put_back.get(name, _NOTHING)
        if old in (new, now):
            continue
        if now != new:
            all_as_before = False
        elif old is _NOTHING:
            del put_back[name]
        else:
            put_back[name] = old
    return _together(put_back), all_as_before


def _apart(said: Mapping[str, Any]) -> Said:
    parts = {f"{_TIME}{name}": value for name, value in said.get("time", {}).items()}
    return {name: value for name, value in said.items() if name != "time"} | parts


def _together(apart: Said) -> Said:
    said = {name: value for name, value in apart.items() if not name.startswith(_TIME)}
    time = {name.removeprefix(_TIME): value for name, value in apart.items() if name.startswith(_TIME)}
    return said | ({"time": time} if time else {})


def _beyond(one: Said, other: Said) -> Said:
    return {name: value for name, value in one.items() if name not in other or other[name] != value}


def _with_keywords(keywords: list[str], edit: Edit) -> list[str]:
    removed = set(edit.set.get("removeKeywords", ()))
    kept = [keyword for keyword in keywords if keyword not in removed]
    together = list(dict.fromkeys([*kept, *edit.set.get("addKeywords", ())]))
    if len(together) > max(MAX_KEYWORDS, len(keywords)):
        raise Impossible("addKeywords", f"leads to more than {MAX_KEYWORDS} keywords")
    return together


def _shifted(item: Held, edit: Edit) -> dict[str, str]:
    # What is to have another zone is shifted by the clock on the wall.
    moves = edit.set.keys() & {"utcOffsetSeconds", "place"} or "position" in edit.reset
    utc = None if moves else item.taken_at_utc
    try:
        return shifted(item.taken_at_local, utc, item.timezone_name, edit.set["shiftSeconds"])
    except OverflowError:
        raise Impossible("shiftSeconds", "leads beyond the years that there are photos of") from None
