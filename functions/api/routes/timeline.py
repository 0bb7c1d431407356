"""The timeline: what there is by month, and the items of a month."""

from chalice.app import Blueprint

from api.endpoint import READ, endpoint
from api.photo_lists import (
    PROTOBUF,
    LibraryCovers,
    LibraryTimeline,
    Month,
    MonthItems,
    MonthQuery,
    covers_answer,
    entity_tag,
    month_answer,
    months_answer,
    signed_until,
)
from api.requests import Request
from api.responses import Answer, NotModified, Raw
from pinhole.accounts import User
from pinhole.db import statement, transaction
from pinhole.lists import TIMELINE
from pinhole.timeline import covers, months

routes = Blueprint(__name__)


@routes.route("/timeline", methods=["GET"])
@endpoint(scopes=READ, answer=LibraryTimeline, produces=(PROTOBUF,), conditional=True)
def read_timeline(caller: User, request: Request) -> Answer | Raw | NotModified:
    """Tell which months there are, how many items each has, and the shape of every item.

    A client keeps what it fetched of a month by the month's revision, and fetches again what moved.
    """
    expires = signed_until(caller)
    if request.is_conditional:
        etag = entity_tag(request, statement(lambda conn: months.revision(conn, caller.id)), expires)
        if request.holds(etag):
            return NotModified(etag)
    return months_answer(request, months.current(caller.id), expires)


@routes.route("/timeline/covers", methods=["GET"])
@endpoint(scopes=READ, answer=LibraryCovers, conditional=True)
def read_covers(caller: User, request: Request) -> Answer | NotModified:
    """Tell which photos stand for each month, four at most: favourites and what is rated well, spread over the month.

    They are chosen among some of each month, and change with what is listed in it.
    """
    expires = signed_until(caller)
    if request.is_conditional:
        etag = entity_tag(request, statement(lambda conn: months.revision(conn, caller.id)), expires)
        if request.holds(etag):
            return NotModified(etag)
    with transaction(snapshot=True) as conn:
        chosen = covers.read(conn, caller.id, expires)
    return covers_answer(request, chosen, expires)


@routes.route("/timeline/{month}", methods=["GET"])
@endpoint(scopes=READ, query=MonthQuery, answer=MonthItems, produces=(PROTOBUF,), conditional=True)
def read_month(month: Month, query: MonthQuery, caller: User, request: Request) -> Answer | Raw | NotModified:
    """List the items of a month, 5,000 a page, with what it takes to show them.

    Each page is of one moment and carries the month's revision then. A cursor names a place: it stays good whatever
    becomes of the items around it. A client joins pages by id, keeps the lowest revision, and fetches the month again
    while the timeline tells a higher one. A month without items is an empty list.
    """
    return month_answer(caller, request, TIMELINE, month, query.cursor)
