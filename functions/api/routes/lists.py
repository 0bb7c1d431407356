"""Lists of photos beside the timeline, and the folders that photos lie in."""

from typing import Literal

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import READ, endpoint
from api.photo_lists import (
    PROTOBUF,
    LibraryTimeline,
    Month,
    MonthItems,
    MonthQuery,
    entity_tag,
    month_answer,
    months_answer,
    signed_until,
)
from api.requests import Request
from api.responses import Answer, NotModified, Raw
from api.wire import WireModel
from pinhole import folders
from pinhole.accounts import User
from pinhole.db import statement
from pinhole.lists import MAX_PATH_CHARACTERS, ItemList
from pinhole.timeline import months

routes = Blueprint(__name__)

ListName = Literal["favourites", "archive", "trash", "recent", "folder"]
_PAGE = 2_000
_PATH = Field(None, max_length=MAX_PATH_CHARACTERS, description="Of a folder, as /folders tells it; empty: the top")


class ListQuery(WireModel):
    path: str | None = _PATH


class ListMonthQuery(MonthQuery):
    path: str | None = _PATH


@routes.route("/lists/{list}", methods=["GET"])
@endpoint(scopes=READ, query=ListQuery, answer=LibraryTimeline, produces=(PROTOBUF,), conditional=True)
def read_list(list: ListName, query: ListQuery, caller: User, request: Request) -> Answer | Raw | NotModified:  # noqa: A002
    """Tell which months a list has, how many items each has, and the shape of every item, as of the timeline.

    Months of `recent` are those in which items arrived, of `trash` those in which they were thrown away, in UTC. A
    revision is a hash of what is there: it says whether something changed, and not what is newer. That of `recent` as a
    whole is the timeline's.
    """
    items, expires = ItemList(list, query.path), signed_until(caller)
    if request.is_conditional:
        current = statement(lambda conn: months.revision_of_list(conn, caller.id, items))
        if request.holds(etag := entity_tag(request, current, expires)):
            return NotModified(etag)
    return months_answer(request, statement(lambda conn: months.of_list(conn, caller.id, items)), expires)


@routes.route("/lists/{list}/{month}", methods=["GET"])
@endpoint(scopes=READ, query=ListMonthQuery, answer=MonthItems, produces=(PROTOBUF,), conditional=True)
def read_list_month(
    list: ListName,  # noqa: A002
    month: Month,
    query: ListMonthQuery,
    caller: User,
    request: Request,
) -> Answer | Raw | NotModified:
    """List the items of a month of a list, 5,000 a page, with what it takes to show them.

    Each page is of one moment and carries the month's revision then. A client joins pages by id, and fetches the month
    again where their revisions differ, or from what the list tells.
    """
    return month_answer(caller, request, ItemList(list, query.path), month, query.cursor)


class Folder(WireModel):
    path: str = Field(description="With slashes between folders; empty: the top")
    count: int = Field(description="Of the items in it and below")


class Folders(WireModel):
    folders: list[Folder]
    next_after: str | None = Field(description="Asks by `after` for the folders that follow; null where none do")


class FoldersQuery(WireModel):
    after: str | None = Field(None, description="Only folders whose path is greater: `nextAfter` of an earlier page")


@routes.route("/folders", methods=["GET"])
@endpoint(scopes=READ, query=FoldersQuery, answer=Folders)
def list_folders(query: FoldersQuery, caller: User) -> Folders:
    """List the folders that photos came in, by path, 2,000 a page: each that has an item in it or below.

    What came without a folder lies at the top. The trash counts in none.
    """
    counts = statement(lambda conn: folders.count(conn, caller.id))
    following = sorted(path for path in counts if query.after is None or path > query.after)
    page = following[:_PAGE]
    return Folders(
        folders=[Folder(path=path, count=counts[path]) for path in page],
        next_after=page[-1] if len(following) > _PAGE else None,
    )
