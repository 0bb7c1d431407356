"""Tickets for the WebSocket that tells of changes."""

from chalice.app import Blueprint
from pydantic import Field

from api.endpoint import endpoint
from api.wire import Timestamp, WireModel
from pinhole import live
from pinhole.accounts import Session
from pinhole.db import transaction

routes = Blueprint(__name__)


class LiveTicket(WireModel):
    ticket: str = Field(description="Opens `/live?ticket=…` once; an access token never stands in a URL")
    expires_at: Timestamp


@routes.route("/live/ticket", methods=["POST"])
@endpoint(answer=LiveTicket, status=201)
def issue_ticket(session: Session) -> LiveTicket:
    """Make a ticket that opens one WebSocket, for as long as the caller's session lasts.

    It tells `{"type": "libraryChanged", "revision": …, "months": ["2024-07", …]}`, at most once a second.
    A client that has just connected reads the timeline: nobody kept for it what happened before.
    """
    with transaction() as conn:
        issued = live.issue_ticket(conn, session.id)
    return LiveTicket(ticket=issued.ticket, expires_at=issued.expires_at)
