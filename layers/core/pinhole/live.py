"""Live updates: a library's open WebSockets are told that it changed, at most once a second.

A change is noted in the database and asks for a message a second later; changes until then join the notice.
The message only says whose notice to look at, so one that comes twice, late or never does no harm.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from psycopg import Connection

from pinhole import aws, queues
from pinhole.db import transaction
from pinhole.errors import Conflict, Unauthenticated, Unavailable
from pinhole.settings import settings
from pinhole.tables import live_connection, live_ticket, notice, timeline_month
from pinhole.tables.notice import LibraryChanged
from pinhole.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

TICKET_LIFETIME = timedelta(seconds=45)
MAX_TICKETS = 20  # of a session, waiting to be used
MAX_CONNECTIONS = 50  # of a session: one per tab


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one WebSocket, once, until `expires_at`. It may stand in a URL, which an access token may not."""

    ticket: str
    expires_at: datetime


def issue_ticket(conn: Connection, session_id: str) -> Ticket:
    """Make a ticket for an open session. It ends with the session, and so does what it opened.

    Of tickets that nobody uses only the newest are good.
    """
    issued = Ticket(secrets.token_urlsafe(32), datetime.now(UTC) + TICKET_LIFETIME)
    live_ticket.add(conn, session_id, _hash(issued.ticket), issued.expires_at, MAX_TICKETS)
    return issued


def connect(conn: Connection, ticket: str, connection_id: str) -> None:
    """Redeem a ticket for a connection.

    Raises Unauthenticated when it is unknown, used or expired, or its session ended; Conflict when the session has as
    many connections as it may. Those that are closed already are found out, and make room, when the library changes.
    """
    session_id = live_ticket.redeem(conn, _hash(ticket))
    if session_id is None:
        raise Unauthenticated("This ticket opens nothing: it is unknown, used or expired.")
    if live_connection.count_of_session(conn, session_id) >= MAX_CONNECTIONS:
        raise Conflict(f"A session has at most {MAX_CONNECTIONS} connections.")
    live_connection.add(conn, connection_id, session_id)


def disconnect(conn: Connection, connection_id: str) -> None:
    """Forget a connection that was closed."""
    live_connection.remove(conn, [connection_id])


def library_changed(owner_id: int, months: Iterable[date], *, upload_id: str | None = None) -> None:
    """Have the owner's connections told that these months changed. Call it after the commit of the change.

    upload_id: what changed them, for the log. Raises Unavailable; the notice then waits for the next change.
    """
    with transaction() as conn:
        due = notice.add_library_changed(conn, owner_id, months)
    if due:
        _request(owner_id, upload_id)
    logger.info("library_change_noted", extra={"owner_id": owner_id, "joins_another": not due})


def sessions_ended(user_id: int) -> None:
    """Have the connections of a user's ended sessions closed. Call it after the commit that ended them.

    They are told nothing from then on. Where the queue does not take it, they are closed when the library next changes.
    """
    with transaction() as conn:
        if not live_connection.exist_ended(conn, user_id):
            return
    try:
        _request(user_id)
    except Unavailable:
        logger.warning("connections_left_open", extra={"owner_id": user_id}, exc_info=True)


def tell(owner_id: int) -> None:
    """Tell each of the owner's connections what changed; forget those that are gone, close those of ended sessions.

    Raises Unavailable when one could not be told: the notice is kept, and told again to all.
    """
    with transaction() as conn:
        ended = live_connection.remove_ended(conn, owner_id)
    _close(ended)
    with transaction() as conn:
        changed = notice.library_changed(conn, owner_id)
        if changed is None:
            return
        message = _message(timeline_month.library_revision(conn, owner_id), changed)
        connection_ids = live_connection.of_user(conn, owner_id)
    told, gone, failure = _post_all(connection_ids, message)
    with transaction() as conn:
        live_connection.remove(conn, gone)
        due = failure is None and notice.finish_library_changed(conn, owner_id, changed)
    logger.info("library_change_told", extra={"owner_id": owner_id, "told": told, "gone": len(gone)})
    if failure is not None:
        raise failure
    if due:
        _request(owner_id)


def _request(owner_id: int, upload_id: str | None = None) -> None:
    cause = {} if upload_id is None else {"uploadId": upload_id}
    queues.send(settings().live_queue_url, {"ownerId": owner_id, **cause}, delay_seconds=1)


def _message(revision: int, changed: LibraryChanged) -> bytes:
    months = [f"{month:%Y-%m}" for month in changed.months]
    return json.dumps({"type": "libraryChanged", "revision": revision, "months": months}).encode()


def _post_all(connection_ids: Iterable[str], message: bytes) -> tuple[int, list[str], Unavailable | None]:
    told, failure = 0, None
    gone: list[str] = []
    for connection_id in connection_ids:
        try:
            with aws.answering("WebSocket API"):
                _api().post_to_connection(ConnectionId=connection_id, Data=message)
            told += 1
        except _api().exceptions.GoneException:
            gone.append(connection_id)
        except Unavailable as error:
            failure = error
    return told, gone, failure


def _close(connection_ids: Iterable[str]) -> None:
    """Close connections that are told nothing any more: one that stays open hears as little as a closed one."""
    for connection_id in connection_ids:
        with suppress(Unavailable, _api().exceptions.GoneException), aws.answering("WebSocket API"):
            _api().delete_connection(ConnectionId=connection_id)


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()


@cache
def _api() -> "ApiGatewayManagementApiClient":
    api: ApiGatewayManagementApiClient = aws.client(
        "apigatewaymanagementapi", endpoint_url=settings().live_connections_url
    )
    return api
