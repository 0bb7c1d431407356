"""Live updates: tickets, connections, and what they are told."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import psycopg
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from psycopg import Connection

from live import notices
from live.app import app
from pinhole import live
from pinhole.errors import Unauthenticated
from pinhole.settings import settings
from pinhole.tables import live_connection, live_ticket, notice, session
from tests.fixtures.api import Caller
from tests.fixtures.cloud import Cloud
from tests.fixtures.library import Library, new_library

MAY, JULY = date(2024, 5, 1), date(2024, 7, 1)


@dataclass
class Connections:
    """The WebSocket API's @connections, as far as posting and closing go."""

    posts: list[tuple[str, Any]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    before_each_post: Callable[[], None] = lambda: None

    def of(self, connection_id: str) -> list[Any]:
        return [message for posted_to, message in self.posts if posted_to == connection_id]


@pytest.fixture
def connections(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connections]:
    """A server that posts to connections and closes them; `status` are those that it answers with, 200 else."""
    seen = Connections()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.before_each_post()
            connection_id, status = self.asked()
            if status == 200:
                seen.posts.append((connection_id, json.loads(body)))
            self.answer(status)

        def do_DELETE(self) -> None:
            connection_id, status = self.asked()
            seen.closed.append(connection_id)
            self.answer(status)

        def asked(self) -> tuple[str, int]:
            connection_id = unquote(self.path).removeprefix("/live/@connections/")
            return connection_id, seen.status.get(connection_id, 200)

        def answer(self, status: int) -> None:
            self.send_response(status)
            if status == 410:
                self.send_header("x-amzn-ErrorType", "GoneException")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setenv("PINHOLE_LIVE_CONNECTIONS_URL", f"http://127.0.0.1:{server.server_port}/live")
        settings.cache_clear()
        live._api.cache_clear()
        yield seen
        server.shutdown()
    live._api.cache_clear()


@pytest.fixture
def library(conn: Connection, database_url: str) -> Library:
    """A library whose owner is connected twice."""
    library = new_library(conn, "ann")
    live_connection.add(conn, "phone=", session.insert(conn, library.owner_id))
    live_connection.add(conn, "laptop=", session.insert(conn, library.owner_id))
    return library


def _websocket(route: str, connection_id: str, ticket: str | None = None) -> Any:
    event = {
        "requestContext": {
            "routeKey": route,
            "connectionId": connection_id,
            "domainName": "127.0.0.1",
            "stage": "live",
            "apiId": "local",
        },
        "queryStringParameters": None if ticket is None else {"ticket": ticket},
    }
    return app(event, cast(LambdaContext, None))["statusCode"]


def _ticket(caller: Caller) -> str:
    answer: Any = caller.call("POST", "/live/ticket")
    assert answer.status_code == 201
    return str(answer.json["ticket"])


def _deliver(*owner_ids: int) -> list[str]:
    """Hand messages to the function; ids of those that failed."""
    records = [
        {
            "messageId": f"message-{number}",
            "receiptHandle": "handle",
            "body": json.dumps({"ownerId": owner_id}),
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:live",
            "awsRegion": "us-east-1",
        }
        for number, owner_id in enumerate(owner_ids)
    ]
    answer = notices.handle({"Records": records}, cast(LambdaContext, SimpleNamespace()))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _sent(cloud: Cloud) -> list[Any]:
    sleep(1.1)  # the messages are delayed by a second
    return [json.loads(body) for body in cloud.messages("live")]


@pytest.fixture
def aws_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chalice looks it up for each event of a WebSocket."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.mark.usefixtures("aws_region")
def test_a_ticket_opens_one_connection_once(caller: Caller, conn: Connection) -> None:
    ticket = _ticket(caller)
    assert _websocket("$connect", "first=", ticket) == 200
    assert _websocket("$connect", "second=", ticket) == 401
    assert live_connection.of_user(conn, caller.user.id) == ["first="]


@pytest.mark.usefixtures("aws_region")
def test_without_a_good_ticket_nothing_opens(caller: Caller, conn: Connection) -> None:
    for ticket in (None, "", "made up", "\0", "\udcff", caller.access_token):
        assert _websocket("$connect", "first=", ticket) == 401
    assert live_connection.of_user(conn, caller.user.id) == []


@pytest.mark.usefixtures("aws_region")
def test_an_expired_ticket_opens_nothing_and_is_cleaned_away(caller: Caller, conn: Connection) -> None:
    ticket, _fresh = _ticket(caller), _ticket(caller)
    conn.execute("UPDATE live_ticket SET expires_at = now() WHERE ticket_hash = sha256(%s::bytea)", (ticket.encode(),))
    assert _websocket("$connect", "first=", ticket) == 401
    assert live_ticket.delete_expired(conn) == 1


@pytest.mark.usefixtures("aws_region")
def test_a_ticket_opens_nothing_after_its_session_ended(caller: Caller, conn: Connection) -> None:
    ticket = _ticket(caller)
    caller.call("POST", "/auth/logout")
    assert _websocket("$connect", "first=", ticket) == 401
    assert conn.execute("SELECT FROM live_connection").fetchall() == []


def test_of_tickets_that_nobody_uses_a_session_keeps_the_newest(
    new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    of_bob = _ticket(bob)
    tickets = [_ticket(ann) for _ in range(live.MAX_TICKETS + 2)]
    assert conn.execute("SELECT count(*) FROM live_ticket").fetchone() == (live.MAX_TICKETS + 1,)
    kept = {bytes(ticket_hash) for (ticket_hash,) in conn.execute("SELECT ticket_hash FROM live_ticket")}
    assert kept == {live._hash(ticket) for ticket in [of_bob, *tickets[2:]]}


@pytest.mark.usefixtures("aws_region")
def test_a_session_has_so_many_connections_and_another_when_one_is_closed(
    new_caller: Callable[[str], Caller], conn: Connection
) -> None:
    ann, bob = new_caller("ann"), new_caller("bob")
    [(of_ann,)] = conn.execute("SELECT id FROM session WHERE user_id = %s", [ann.user.id])
    for number in range(live.MAX_CONNECTIONS):
        live_connection.add(conn, f"{number}=", of_ann)
    assert _websocket("$connect", "more=", _ticket(ann)) == 409
    assert _websocket("$connect", "other=", _ticket(bob)) == 200
    _websocket("$disconnect", "7=")
    assert _websocket("$connect", "more=", _ticket(ann)) == 200


def test_a_ticket_is_kept_as_a_hash_only(caller: Caller, conn: Connection) -> None:
    ticket = _ticket(caller)
    [(row,)] = conn.execute("SELECT live_ticket::text FROM live_ticket")
    assert ticket not in row


def test_of_two_that_redeem_a_ticket_at_once_one_gets_in(caller: Caller, database_url: str) -> None:
    ticket = _ticket(caller)

    def connect(number: int) -> bool:
        with psycopg.connect(database_url) as own:
            try:
                live.connect(own, ticket, f"connection-{number}")
            except Unauthenticated:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(connect, range(4))) == [False, False, False, True]


@pytest.mark.usefixtures("aws_region")
def test_a_closed_connection_is_forgotten(caller: Caller, conn: Connection) -> None:
    _websocket("$connect", "first=", _ticket(caller))
    assert _websocket("$disconnect", "first=") == 200
    assert _websocket("$disconnect", "first=") == 200
    assert live_connection.of_user(conn, caller.user.id) == []


@pytest.mark.usefixtures("counted_months")
def test_every_connection_of_the_owner_is_told_what_changed(
    library: Library, connections: Connections, cloud: Cloud, conn: Connection
) -> None:
    live_connection.add(conn, "strangers=", session.insert(conn, new_library(conn, "mallory").owner_id))
    library.add("2024-07-14T12:00:00")
    live.library_changed(library.owner_id, [JULY])
    [message] = _sent(cloud)
    assert message == {"ownerId": library.owner_id}
    assert _deliver(message["ownerId"]) == []
    told = {"type": "libraryChanged", "revision": 1, "months": ["2024-07"]}
    assert sorted(connections.posts) == [("laptop=", told), ("phone=", told)]


def test_many_changes_within_a_second_are_one_message(library: Library, connections: Connections, cloud: Cloud) -> None:
    for month in (JULY, MAY, JULY):
        live.library_changed(library.owner_id, [month])
    assert _sent(cloud) == [{"ownerId": library.owner_id}]
    _deliver(library.owner_id)
    [message] = connections.of("phone=")
    assert message["months"] == ["2024-05", "2024-07"]


def test_a_message_that_comes_twice_tells_once(library: Library, connections: Connections) -> None:
    live.library_changed(library.owner_id, [JULY])
    assert _deliver(library.owner_id, library.owner_id) == []
    assert len(connections.of("phone=")) == 1


def test_a_lost_message_is_made_good_by_the_next_change(
    library: Library, connections: Connections, cloud: Cloud, conn: Connection
) -> None:
    live.library_changed(library.owner_id, [MAY])
    assert len(_sent(cloud)) == 1  # and is lost
    conn.execute("UPDATE notice SET requested_at = requested_at - interval '6 seconds'")
    live.library_changed(library.owner_id, [JULY])
    assert len(_sent(cloud)) == 1
    _deliver(library.owner_id)
    assert connections.of("phone=")[0]["months"] == ["2024-05", "2024-07"]


def test_connections_that_are_gone_are_forgotten(library: Library, connections: Connections, conn: Connection) -> None:
    connections.status["phone="] = 410
    live.library_changed(library.owner_id, [JULY])
    assert _deliver(library.owner_id) == []
    assert live_connection.of_user(conn, library.owner_id) == ["laptop="]
    assert len(connections.of("laptop=")) == 1


@pytest.mark.parametrize("status", [200, 410, 500])
def test_a_connection_of_a_session_that_ended_is_told_nothing_but_closed_and_forgotten(
    library: Library, connections: Connections, conn: Connection, status: int
) -> None:
    live_connection.add(conn, "stolen=", ended := session.insert(conn, library.owner_id))
    connections.status["stolen="] = status
    session.end(conn, library.owner_id, ended)
    live.library_changed(library.owner_id, [JULY])
    assert _deliver(library.owner_id) == []
    assert {connection_id for connection_id, _ in connections.posts} == {"phone=", "laptop="}
    assert set(connections.closed) == {"stolen="}
    [(left,)] = conn.execute("SELECT count(*) FROM live_connection")
    assert left == 2


@pytest.mark.usefixtures("aws_region")
def test_nobody_is_told_after_a_stolen_refresh_token_ended_all_sessions(
    caller: Caller, connections: Connections
) -> None:
    _websocket("$connect", "first=", _ticket(caller))
    selector, _, _ = caller.refresh_token.partition(".")
    caller.client.post("/auth/refresh", json={"refreshToken": f"{selector}.wrong"})
    live.library_changed(caller.user.id, [JULY])
    assert _deliver(caller.user.id) == []
    assert (connections.posts, connections.closed) == ([], ["first="])


@pytest.mark.usefixtures("aws_region")
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/auth/logout"), ("DELETE", "/auth/sessions"), ("DELETE", "/auth/sessions/{}")],
)
def test_the_connections_of_a_session_that_ends_are_closed_although_nothing_changed(
    caller: Caller, connections: Connections, conn: Connection, cloud: Cloud, method: str, path: str
) -> None:
    _websocket("$connect", "first=", _ticket(caller))
    [(session_id,)] = conn.execute("SELECT id FROM session")
    assert caller.call(method, path.format(session_id)).status_code == 204
    assert _sent(cloud) == [{"ownerId": caller.user.id}]
    assert _deliver(caller.user.id) == []
    assert (connections.posts, connections.closed) == ([], ["first="])


@pytest.mark.usefixtures("aws_region")
def test_who_is_disabled_is_told_nothing_and_opens_nothing(
    caller: Caller, connections: Connections, conn: Connection
) -> None:
    _websocket("$connect", "first=", _ticket(caller))
    ticket = _ticket(caller)
    conn.execute("UPDATE users SET disabled_at = now()")
    assert _websocket("$connect", "second=", ticket) == 401
    live.library_changed(caller.user.id, [JULY])
    assert _deliver(caller.user.id) == []
    assert (connections.posts, connections.closed) == ([], ["first="])


def test_a_connection_that_can_not_be_told_stops_no_other_and_is_told_later(
    library: Library, connections: Connections, conn: Connection
) -> None:
    connections.status["phone="] = 500
    live.library_changed(library.owner_id, [JULY])
    other = new_library(conn, "bob").owner_id
    assert _deliver(library.owner_id, other) == ["message-0"]
    assert len(connections.of("laptop=")) == 1
    connections.status.clear()
    assert _deliver(library.owner_id) == []
    assert len(connections.of("phone=")) == 1


def test_a_change_while_an_earlier_one_is_told_gets_a_message_of_its_own(
    library: Library, connections: Connections, cloud: Cloud, conn: Connection
) -> None:
    live.library_changed(library.owner_id, [MAY])
    assert len(_sent(cloud)) == 1
    connections.before_each_post = lambda: live.library_changed(library.owner_id, [JULY])
    _deliver(library.owner_id)
    connections.before_each_post = lambda: None
    assert connections.of("phone=")[0]["months"] == ["2024-05"]
    assert _sent(cloud) == [{"ownerId": library.owner_id}]
    _deliver(library.owner_id)
    assert connections.of("phone=")[1]["months"] == ["2024-05", "2024-07"]
    assert notice.library_changed(conn, library.owner_id) is None
