"""Edits for processes of their own."""

from typing import Any

from pinhole import edits
from pinhole.edits import Selection


def shift(request: dict[str, Any], _context: object = None) -> None:
    """Move the clocks of items by a minute, so many times, some of them at a time."""
    ids: list[str] = request["ids"]
    for number in range(request["times"]):
        some = frozenset(ids[number % len(ids) :] + ids[: number % len(ids)])
        change = edits.edit_items(request["ownerId"], Selection(ids=some), edits.asked({"shiftSeconds": 60}, ()))
        assert change.done == len(ids)


def shift_once(request: dict[str, Any], _context: object = None) -> None:
    """Move the clocks of items by a minute, by a change of this id."""
    selection = Selection(ids=frozenset(request["ids"]))
    edit = edits.asked({"shiftSeconds": 60}, ())
    edits.edit_items(request["ownerId"], selection, edit, change_id=request["changeId"])


def undo(request: dict[str, Any], _context: object = None) -> None:
    """Take a change back."""
    edits.undo(request["ownerId"], request["changeId"])
