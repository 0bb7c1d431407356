"""Edits of items, of one or of thousands at once; how far they have come, and how to take them back."""

import re
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal, Self

from chalice.app import Blueprint
from pydantic import Field, NaiveDatetime

from api.endpoint import READ, endpoint
from api.requests import Request
from api.responses import Answer
from api.wire import WHOLE, Id, WireModel
from pinhole import edits
from pinhole.accounts import User
from pinhole.edits import Edit, Selection
from pinhole.errors import Conflict, FieldError, Invalid, PreconditionFailed, PreconditionRequired
from pinhole.lists import MAX_PATH_CHARACTERS, ItemList

MAX_SECONDS = 200 * 366 * 86_400  # by which a clock may have been wrong: all the years that there are photos of
MAX_OFFSET_SECONDS = 18 * 3600
MAX_AS_OF = 20_000  # it names each transaction that was running
MAX_TITLE, MAX_DESCRIPTION, MAX_KEYWORD, MAX_KEYWORDS, MAX_NAME = 500, 10_000, 100, edits.MAX_KEYWORDS, 200

routes = Blueprint(__name__)

_ABSENT: Any = None
"""Of a field that may be left out but can't be null. What was sent is told by `model_fields_set`."""

Keywords = Annotated[list[Annotated[str, Field(min_length=1, max_length=MAX_KEYWORD)]], Field(max_length=MAX_KEYWORDS)]

Offset = Annotated[int, Field(ge=-MAX_OFFSET_SECONDS, le=MAX_OFFSET_SECONDS), WHOLE]
Shift = Annotated[int, Field(ge=-MAX_SECONDS, le=MAX_SECONDS), WHOLE]
Rating = Annotated[int, Field(ge=0, le=5), WHOLE]
Section = Annotated[str, Field(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$", examples=["2024-07"])]


class PlaceValue(WireModel):
    """Where it was: a point (WGS 84, in degrees), or a name as `GET /places` knows it; of several the largest place."""

    latitude: float = Field(_ABSENT, ge=-90, le=90)
    longitude: float = Field(_ABSENT, ge=-180, le=180)
    name: str = Field(_ABSENT, min_length=1, max_length=MAX_NAME)


class ItemValues(WireModel):
    """What an item is to be; what is left out stays as it is."""

    taken_at_local: NaiveDatetime = Field(
        _ABSENT,
        description="Without zone, from 1826 to a day ahead. Zone or offset stay as they are, and UTC follows",
    )
    utc_offset_seconds: Offset | None = Field(
        None,
        description="null: unknown, and so is UTC. No zone is shown any more",
    )
    shift_seconds: Shift = Field(
        _ABSENT,
        description="By how much the local time of each item is moved: by whole days of the calendar, and by what is"
        " left as time passes, also where the clocks change",
    )
    place: PlaceValue | None = Field(
        None, description="null: nowhere. The zone follows where nobody has said an offset"
    )
    title: str | None = Field(None, max_length=MAX_TITLE)
    description: str | None = Field(None, max_length=MAX_DESCRIPTION)
    rating: Rating | None = None
    keywords: Keywords | None = Field(None, description="In place of all that there are; null: none")
    add_keywords: Keywords = _ABSENT
    remove_keywords: Keywords = _ABSENT
    favourite: bool = _ABSENT
    archived: bool = _ABSENT
    trashed: bool = _ABSENT


Statement = Literal["time", "position", "title", "description", "rating", "keywords"]


class ItemEdit(WireModel):
    """What is to be changed: values that are set, and what is to be again as file and sidecar say."""

    set: ItemValues = Field(default_factory=ItemValues)
    reset: list[Statement] = Field(default_factory=list, max_length=6)
    change_id: Id | None = Field(
        None,
        description="The id that the change gets: drawn by the client, of 12 letters and digits, and sent again with"
        " the same where the answer was lost. That is done once, and answered as it is by then",
    )

    def asked(self) -> Edit:
        """As the use case takes it. Raises Invalid."""
        return edits.asked(self.set.model_dump(mode="json", by_alias=True, exclude_unset=True), self.reset)


class ListedItems(WireModel):
    """Items of a list, but for some."""

    name: Literal["timeline", "favourites", "archive", "trash", "recent", "folder"]
    path: str | None = Field(None, max_length=MAX_PATH_CHARACTERS, description="Of a folder; '' is the top")
    months: list[Section] | None = Field(
        None, max_length=10_000, description="Only in these sections of the list; left out: in all"
    )
    but: list[Id] = Field(default_factory=list, alias="except", max_length=edits.MAX_AT_ONCE)

    def shown(self) -> ItemList:
        """The list. Raises Invalid."""
        try:
            return ItemList(self.name, self.path)
        except Invalid as wrong:
            fields = (replace(each, field=f"list.{each.field}") for each in wrong.fields)
            raise Invalid(wrong.detail, *fields) from wrong


class ItemsEdit(ItemEdit):
    """A change of items with these ids, and of those of a list."""

    ids: list[Id] = Field(default_factory=list, max_length=edits.MAX_AT_ONCE)
    of_list: ListedItems | None = Field(None, alias="list")
    as_of: str | None = Field(
        None,
        max_length=MAX_AS_OF,
        description="`asOf` of the list as it was shown: what came into it later is not touched. Required with `list`",
    )

    def asked(self) -> Edit:
        """As the use case takes it. Raises Invalid."""
        edit = super().asked()
        if self.set.shift_seconds is not None and self.change_id is None:
            message = "is missing: a shift that is sent again would be done again"
            raise Invalid("This can't be changed so.", FieldError("changeId", message))
        return edit

    def selection(self) -> Selection:
        """Which items. Raises Invalid."""
        if self.of_list is None and not self.ids:
            raise Invalid("No items are chosen.", FieldError("ids", "is missing, and so is list"))
        if (self.of_list is None) != (self.as_of is None):
            message = "is missing" if self.as_of is None else "is only of a list"
            raise Invalid("It is not clear which items are meant.", FieldError("asOf", message))
        if self.of_list is None:
            return Selection(frozenset(self.ids))
        of_list = self.of_list.months
        months = None if of_list is None else tuple(date.fromisoformat(f"{month}-01") for month in of_list)
        return Selection(frozenset(self.ids), self.of_list.shown(), months, frozenset(self.of_list.but), self.as_of)


class Change(WireModel):
    """A change, as far as it has come."""

    id: Id
    state: Literal["running", "done", "failed"] = Field(description="failed: it stays as far as it has come")
    total: int = Field(description="Items that it is of")
    done: int = Field(description="Of these, as asked")
    skipped: int = Field(
        description="Of these, not: they are not there, can't be edited, or what was to be undone was changed since"
    )
    undoes: Id | None = Field(description="The change that it takes back")
    undone: bool = Field(description="Whether another change takes it back, which is not taken back itself")

    @classmethod
    def of(cls, change: edits.Change) -> Self:
        return cls(**{name: getattr(change, name) for name in cls.model_fields})


@routes.route("/items/{item_id}", methods=["PATCH"])
@endpoint(body=ItemEdit, answer=Change, errors=(PreconditionRequired, PreconditionFailed, Conflict))
def edit_item(item_id: Id, body: ItemEdit, caller: User, request: Request) -> Change:
    """Change an item, if it still has the revision that was looked at.

    `If-Match` names it: `"<revision>"`, in quotes, as `GET /items/{item_id}` tells it. So two pages don't overwrite
    each other. An item in the trash can be changed too.
    """
    edit, revision = body.asked(), _revision(request)
    return Change.of(edits.edit_item(caller.id, item_id, revision, edit, change_id=body.change_id))


@routes.route("/items", methods=["PATCH"])
@endpoint(body=ItemsEdit, answer=Change, also={202: Change}, errors=(Conflict,))
def edit_items(body: ItemsEdit, caller: User) -> Answer:
    """Change many items: those with these ids, and those of a list.

    Up to 10,000 are changed when it answers, all or none; of more, and of those with long texts, the change may be
    running, and `GET /changes/{change_id}` tells how far it has come. Ids that the caller may not edit are skipped, and
    items that would get a time or keywords that none may have; where it could be done to none for that, it is refused.
    A shift needs a `changeId`.
    """
    return _answer(edits.edit_items(caller.id, body.selection(), body.asked(), change_id=body.change_id))


@routes.route("/changes/{change_id}", methods=["GET"])
@endpoint(scopes=READ, answer=Change)
def read_change(change_id: Id, caller: User) -> Change:
    """Tell how far a change has come."""
    return Change.of(edits.read(caller.id, change_id))


@routes.route("/changes/{change_id}/undo", methods=["POST"])
@endpoint(answer=Change, also={202: Change}, errors=(Conflict,))
def undo_change(change_id: Id, caller: User) -> Answer:
    """Put back what a change changed, item by item and field by field, where it still is as the change left it.

    That is a change too, and can be undone in turn. Of one that is undone already it answers what undid it, and goes on
    where that failed. It is done anew where that skipped items, or was undone itself. Not while it is running.
    """
    return _answer(edits.undo(caller.id, change_id))


def _answer(change: edits.Change) -> Answer:
    return Answer(Change.of(change), status=202 if change.state == "running" else None)


def _revision(request: Request) -> int:
    sent = request.headers.get("if-match")
    if sent is None:
        raise PreconditionRequired('Say in If-Match which revision is to be changed: "<revision>", in quotes.')
    tag = re.fullmatch(r'"([0-9]{1,18})"', sent.strip())
    return int(tag[1]) if tag else -1  # none that an item has: what is sent is not current
